//! A server over TLS that answers every question in the same way, the authority that certifies it, and the client of all other
//! tests, which asks in the clear.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use hoian_server::tls::client;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// An HTTP client that trusts nobody's TLS: what the tests ask stands on this machine, in the clear.
pub fn http() -> reqwest::ClientBuilder {
    let tls = client::trusting(RootCertStore::empty()).unwrap();
    reqwest::Client::builder().tls_backend_preconfigured(tls)
}

/// Asks over TLS, trusting one certificate alone; comes back as head and body.
pub fn ask(port: u16, trusted: &CertificateDer<'static>, path: &str) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = client::trusting(roots).unwrap();
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

/// What comes back.
pub struct Answer {
    pub status: u16,
    /// Whole lines, each with its end.
    pub headers: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Success with this body.
    pub fn of(body: Vec<u8>) -> Self {
        Self {
            status: 200,
            headers: String::new(),
            body,
        }
    }

    /// A status with nothing in it.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: String::new(),
            body: Vec::new(),
        }
    }

    /// A status that leads to another address.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self {
            status,
            headers: format!("Location: {to}\r\n"),
            body: Vec::new(),
        }
    }
}

/// Who certifies servers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub pem: String,
}

impl Authority {
    /// A new one of this name.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::default();
        root.distinguished_name.push(DnType::CommonName, name);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = root.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(root, key),
            pem,
        }
    }

    /// A server whose certificate is for `name`; comes back as the address `https://localhost:PORT/`, under which it is
    /// reached until the test ends.
    pub fn serve(&self, name: &str, answers: impl Fn(&[u8]) -> Answer + Send + 'static) -> String {
        let settings = Arc::new(self.settings(name));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let session = ServerConnection::new(Arc::clone(&settings)).unwrap();
                // Whoever does not trust the certificate, or has read enough, goes away in the middle.
                drop(answer(StreamOwned::new(session, stream), &answers));
            }
        });
        address
    }

    /// A certificate for `name` and its key, in PEM.
    pub fn certify(&self, name: &str) -> (String, String) {
        let (own, key) = self.issue(name);
        (own.pem(), key.serialize_pem())
    }

    fn issue(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (own.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn settings(&self, name: &str) -> ServerConfig {
        let (own, key) = self.issue(name);
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], private)
            .unwrap()
    }
}

fn answer(
    mut stream: StreamOwned<ServerConnection, TcpStream>,
    answers: &impl Fn(&[u8]) -> Answer,
) -> std::io::Result<()> {
    let question = question(&mut stream)?;
    let Answer {
        status,
        headers,
        body,
    } = answers(&question);
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), &body].concat())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// The body of a question.
fn question(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> std::io::Result<Vec<u8>> {
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
