//! TLS for HTTP where no proxy ends it: certificate and key from PEM files, read again when the program is told to, so that
//! a renewed certificate needs no restart and ends no meeting.

pub mod client;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;
use tokio_rustls::TlsAcceptor;
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

    /// What shakes hands with a client.
    pub fn acceptor(&self) -> TlsAcceptor {
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
    // WebSockets begin in HTTP/1.1 (RFC 6455). A client of the relay names that first of all (RFC 7443), whatever else it speaks.
    config.alpn_protocols = [&b"stun.turn"[..], b"stun.nat-discovery", b"http/1.1"]
        .map(<[u8]>::to_vec)
        .to_vec();
    Ok(config)
}
