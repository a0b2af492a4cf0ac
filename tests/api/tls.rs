//! The program ends TLS by itself, and takes a renewed certificate without a restart.

use std::io::Write as _;
use std::net::TcpStream;

use hoian_tests::Server;
use hoian_tests::tls::ask;
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

/// Writes a certificate for localhost and its key; comes back as the certificate.
fn renew(folder: &TempDir) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(folder.path().join("tls.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.path().join("tls.key"), key.serialize_pem()).unwrap();
    certificate.der().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_by_its_own_certificate_and_by_the_renewed_one_once_told() {
    let folder = tempfile::tempdir().unwrap();
    let first = renew(&folder);
    let server = Server::start_with(|config| {
        config.http.tls_certificate = Some(folder.path().join("tls.pem"));
        config.http.tls_key = Some(folder.path().join("tls.key"));
    })
    .await;
    let port = server.running.http.port();
    let asked = async |trusted: &CertificateDer<'static>| {
        let trusted = trusted.clone();
        tokio::task::spawn_blocking(move || ask(port, &trusted, "/healthz"))
            .await
            .unwrap()
    };
    let answer = asked(&first).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("strict-transport-security"),
        "{answer}"
    );

    // Who does not speak TLS, or says nothing, holds up nobody.
    let silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut plain = TcpStream::connect(("127.0.0.1", port)).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\n\r\n").unwrap();
    asked(&first).await.unwrap();
    drop((silent, plain));

    let second = renew(&folder);
    assert!(asked(&second).await.is_err(), "it is not read before it is told");
    server.running.read_again().unwrap();
    asked(&second).await.unwrap();
    assert!(asked(&first).await.is_err());

    std::fs::write(folder.path().join("tls.pem"), "torn").unwrap();
    assert!(server.running.read_again().is_err());
    asked(&second).await.unwrap();
    server.stop().await;
}
