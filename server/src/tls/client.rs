//! TLS as a client: whom the program trusts when it asks others by itself, and HTTP over that.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

/// Why nobody can be asked over TLS.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {source}")]
    Pem { path: PathBuf, source: pem::Error },
    #[error("{0} holds no certificate")]
    Empty(PathBuf),
    #[error("a certificate cannot be trusted: {0}")]
    Unfit(#[from] rustls::Error),
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

/// Trusts the roots of the system, and those in the PEM file `roots`.
///
/// # Errors
/// When the file cannot be read, or holds no certificate.
pub fn config(roots: Option<&Path>) -> Result<ClientConfig, Error> {
    let mut trusted = RootCertStore::empty();
    // A root of the system that cannot be read is trusted by nobody: that refuses and never lets in.
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = roots {
        let failed = |source| Error::Pem {
            path: path.to_owned(),
            source,
        };
        let found = CertificateDer::pem_file_iter(path).map_err(failed)?;
        let found: Vec<_> = found.collect::<Result<_, _>>().map_err(failed)?;
        if found.is_empty() {
            return Err(Error::Empty(path.to_owned()));
        }
        for certificate in found {
            trusted.add(certificate)?;
        }
    }
    Ok(trusting(trusted)?)
}

/// Trusts `roots` and nobody else.
///
/// # Errors
/// When the provider has no version of TLS in common with the library.
pub fn trusting(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Why the body of an answer is not there.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer is too long")]
    TooLong,
}

/// The body of an answer that may have at most `limit_bytes`.
///
/// # Errors
/// When it is longer, or the line breaks.
pub async fn body(mut response: reqwest::Response, limit_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit_bytes {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// How long a server may take to be there.
const CONNECT: Duration = Duration::from_secs(5);
/// How long it may be silent in the middle.
const SILENCE: Duration = Duration::from_secs(15);

/// An HTTP client over [`config`]. It follows no redirect, so that nobody sends it to another host, and uses no proxy.
///
/// # Errors
/// As [`config`].
pub fn http(roots: Option<&Path>) -> Result<reqwest::Client, Error> {
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(config(roots)?)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .build()?)
}
