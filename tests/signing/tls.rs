//! Time-stamps over TLS: the server is trusted by a certificate that is named, and a redirect stays where it may.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;
use std::thread;

use hoian_signer::shell::clock;
use hoian_tests::binary;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::{blank, fixture};

#[test]
fn an_authority_over_tls_is_trusted_by_the_certificate_that_is_named() {
    let desk = Desk::new();
    let tsa = desk.serve("localhost", Answers::Stamps);
    let by_option = desk.sign(&tsa, &["--tls-ca", "tls-root.pem"], None);
    assert!(by_option.status.success(), "{}", said(&by_option));
    desk.check();
    let by_environment = desk.sign(&tsa, &[], Some("tls-root.pem"));
    assert!(by_environment.status.success(), "{}", said(&by_environment));
    desk.check();

    for (output, words) in [
        (desk.sign(&tsa, &[], Some("other-root.pem")), "UnknownIssuer"),
        (
            desk.sign(&tsa, &["--tls-ca", "other-root.pem"], Some("other-root.pem")),
            "UnknownIssuer",
        ),
        (
            desk.sign(
                &desk.serve("elsewhere.example", Answers::Stamps),
                &["--tls-ca", "tls-root.pem"],
                None,
            ),
            "not valid for",
        ),
    ] {
        assert_eq!(output.status.code(), Some(69), "{}", said(&output));
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
        assert!(!desk.path("out.pdf").exists());
    }
}

#[test]
fn a_root_that_is_none_is_said_before_anything_is_asked() {
    let desk = Desk::new();
    for (file, code) in [("nowhere.pem", 66), ("password", 65)] {
        let output = desk.sign("https://localhost:9/", &["--tls-ca", file], None);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    }
}

#[test]
fn redirects_stay_inside_the_list_and_inside_tls() {
    let desk = Desk::new();
    let tsa = desk.serve("localhost", Answers::Stamps);
    let trusted = ["--tls-ca", "tls-root.pem"];
    let inside = desk.serve("localhost", Answers::Redirects(307, tsa.clone()));
    let output = desk.sign(&inside, &trusted, None);
    assert!(output.status.success(), "{}", said(&output));
    desk.check();

    let by_number = tsa.replace("localhost", "127.0.0.1");
    let plain = tsa.replace("https", "http");
    for (answers, words) in [
        (
            Answers::Redirects(307, by_number),
            "is not on the list: --allow 127.0.0.1 puts it there",
        ),
        (Answers::Redirects(308, plain), "leads from HTTPS to http://"),
        // A question with a body is not asked again by another method.
        (Answers::Redirects(302, tsa.clone()), "answers with status 302"),
        (Answers::Status(503), "answers with status 503"),
    ] {
        let output = desk.sign(&desk.serve("localhost", answers), &trusted, None);
        assert_eq!(output.status.code(), Some(69), "{words}: {}", said(&output));
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
}

/// What a server says.
#[derive(Clone)]
enum Answers {
    Stamps,
    Redirects(u16, String),
    Status(u16),
}

/// A folder with a key, a paper and the roots of two TLS authorities.
struct Desk {
    folder: TempDir,
    pki: Arc<fixture::Pki>,
    issuer: Issuer<'static, KeyPair>,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let making = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        fixture::openssl_key(folder.path(), &making, &[]);
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("password", fixture::OPENSSL_PASSWORD.as_bytes());
        write("paper.pdf", &blank());
        let root = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut root = CertificateParams::default();
            root.distinguished_name.push(DnType::CommonName, name);
            root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let pem = root.self_signed(&key).unwrap().pem();
            (Issuer::new(root, key), pem)
        };
        let (issuer, pem) = root("Một");
        write("tls-root.pem", pem.as_bytes());
        write("other-root.pem", root("Hai").1.as_bytes());
        Self {
            folder,
            pki: Arc::new(fixture::Pki::new(clock::now())),
            issuer,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A server whose certificate is for `name`; it is reached as `localhost`.
    fn serve(&self, name: &str, answers: Answers) -> String {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let own = own.signed_by(&key, &self.issuer).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let settings = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], private)
            .unwrap();
        let (settings, pki) = (Arc::new(settings), Arc::clone(&self.pki));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = ServerConnection::new(Arc::clone(&settings)).unwrap();
                // Whoever does not trust the certificate goes away in the middle.
                drop(answer(StreamOwned::new(session, stream), &answers, &pki));
            }
        });
        address
    }

    fn sign(&self, tsa: &str, options: &[&str], roots: Option<&str>) -> Output {
        let _ = std::fs::remove_file(self.path("out.pdf"));
        let mut command = Command::new(binary::signer());
        command
            .args([
                "sign",
                "--p12",
                "key.p12",
                "--password-file",
                "password",
                "--level",
                "B-T",
                "--tsa",
                tsa,
            ])
            .args(options)
            .args(["-o", "out.pdf", "paper.pdf"])
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .env_remove("SSL_CERT_DIR");
        match roots {
            Some(file) => command.env("SSL_CERT_FILE", self.path(file)),
            None => command.env_remove("SSL_CERT_FILE"),
        };
        command.output().unwrap()
    }

    fn check(&self) {
        let judged = Command::new(binary::signer())
            .args(["verify", "--json", "--trust-embedded"])
            .arg(self.path("out.pdf"))
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&judged.stdout).unwrap();
        assert_eq!(report["verdict"], "TOTAL-PASSED", "{report:#}");
        assert_eq!(report["signatures"][0]["level"], "B-T", "{report:#}");
    }
}

fn answer(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    answers: &Answers,
    pki: &fixture::Pki,
) -> std::io::Result<()> {
    let question = read_question(&mut stream)?;
    let (status, header, body) = match answers {
        Answers::Stamps => (
            200,
            String::new(),
            fixture::stamp(&question, &pki.time_stamps, clock::now()),
        ),
        Answers::Redirects(status, to) => (*status, format!("Location: {to}\r\n"), Vec::new()),
        Answers::Status(status) => (*status, String::new(), Vec::new()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} x\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), &body].concat())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// The body of a question.
fn read_question(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        read.extend(byte);
    }
    let head = String::from_utf8_lossy(&read).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
