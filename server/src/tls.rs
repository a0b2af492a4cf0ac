//! TLS for HTTP where no proxy ends it: certificate and key from PEM files, read again when the program is told to, so that
//! a renewed certificate needs no restart and ends no meeting.

pub mod client;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Certificate and key as they were read last; cheap to clone.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {source}")]
    Pem { path: PathBuf, source: pem::Error },
    #[error("the certificate and its key do not do: {0}")]
    Unfit(#[from] rustls::Error),
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// When one cannot be read, or they do not belong together.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let current = read(certificate, key)?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current: Arc::new(RwLock::new(Arc::new(current))),
        })
    }

    /// Reads both files again. Connections that stand keep what they have.
    ///
    /// # Errors
    /// As [`Tls::open`]; what was read before then goes on being used.
    pub fn reload(&self) -> Result<(), Error> {
        let next = Arc::new(read(&self.certificate, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }
}

/// When the first certificate of a PEM file ends.
///
/// # Errors
/// The file is not there, is no PEM, or holds no certificate first.
pub fn not_after(certificate: &Path) -> Result<OffsetDateTime, Error> {
    let failed = |source| Error::Pem {
        path: certificate.to_owned(),
        source,
    };
    let first = CertificateDer::from_pem_file(certificate).map_err(failed)?;
    let (_, first) = X509Certificate::from_der(&first).map_err(|_| Error::Unfit(BAD_ENCODING))?;
    Ok(first.validity().not_after.to_datetime())
}

const BAD_ENCODING: rustls::Error = rustls::Error::InvalidCertificate(rustls::CertificateError::BadEncoding);

fn read(certificate: &Path, key: &Path) -> Result<ServerConfig, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::Pem { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(failed(certificate))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(failed(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(failed(key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    // WebSockets begin in HTTP/1.1 (RFC 6455).
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at the same time; more wait in the system's queue.
const HANDSHAKES: usize = 1024;
/// Before the next attempt where the system has no more files to give.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// Connections whose handshake is done. Each shakes hands in a task of its own: one that is slow holds up no other.
pub struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Begins to take connections until `stopping`.
    ///
    /// # Errors
    /// When the socket does not know its own address.
    pub fn begin(tcp: TcpListener, tls: Tls, stopping: CancellationToken) -> io::Result<Self> {
        let address = tcp.local_addr()?;
        let (done, ready) = mpsc::channel(64);
        tokio::spawn(take(tcp, tls, done, stopping));
        Ok(Self { address, ready })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The program stops: nobody comes any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

async fn take(
    tcp: TcpListener,
    tls: Tls,
    done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    stopping: CancellationToken,
) {
    let turns = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = tcp.accept() => accepted,
            () = stopping.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "cannot take a connection");
                tokio::time::sleep(EXHAUSTED).await;
                continue;
            }
        };
        let (acceptor, done) = (tls.acceptor(), done.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            drop(turn);
            match shaken {
                Ok(Ok(stream)) => drop(done.send((stream, peer)).await),
                Ok(Err(error)) => debug!(%error, "a handshake failed"),
                Err(_) => debug!("a handshake took too long"),
            }
        });
    }
}
