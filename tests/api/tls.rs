//! The program ends TLS by itself, and takes a renewed certificate without a restart.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use hoian_tests::Server;
use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
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

/// Asks over TLS, trusting one certificate alone; comes back as head and body.
fn ask(port: u16, trusted: &CertificateDer<'static>, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(("127.0.0.1", port))?);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
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
