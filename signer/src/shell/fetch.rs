//! Asking authorities over HTTP and HTTPS: time-stamps (RFC 3161, 3.4), OCSP (RFC 6960, appendix A), lists and certificates.
//! Within limits, and only hosts that were named beforehand: addresses in certificates come from strangers.

pub mod exchange;
mod trust;

use std::path::Path;
use std::time::Duration;

use url::Url;

use crate::error::{Error, Result};
use exchange::{Answer, Clients, Limits, Question};
pub use trust::Roots;

/// Fetches from hosts that were named beforehand and no others.
pub struct Fetcher {
    clients: Clients,
    timeout: Duration,
    allowed_hosts: Vec<String>,
}

impl Fetcher {
    /// `allowed_hosts` are names, each for every port, or `name:port`. `timeout` bounds a whole answer: 180 s for the
    /// state's authority, which has been seen to take 131. Servers of HTTPS are trusted by the roots of the system (or of
    /// `SSL_CERT_FILE`, `SSL_CERT_DIR`).
    pub fn new(allowed_hosts: Vec<String>, timeout: Duration) -> Self {
        Self {
            clients: Clients::new(Roots::default()),
            timeout,
            allowed_hosts,
        }
    }

    /// Trusts servers of HTTPS by the certificates of this PEM or DER file too.
    ///
    /// # Errors
    /// *Refused*: a file that cannot be read; *malformed*: one that holds no certificate.
    pub fn with_tls_roots(mut self, file: &Path) -> Result<Self> {
        self.clients = Clients::new(Roots::of_file(file)?);
        Ok(self)
    }

    /// Sends a `TimeStampReq` and comes back with the `TimeStampResp`.
    ///
    /// # Errors
    /// *Refused*: a host that is not on the list, no answer in time, an answer that is no success or too large, a server
    /// whose TLS certificate is not trusted.
    pub fn time_stamp(&self, address: &str, request: Vec<u8>) -> Result<Vec<u8>> {
        let question = Question::Post("application/timestamp-query", request);
        self.ask(address, &question, TIME_STAMP_LIMIT)
    }

    /// Sends an `OCSPRequest` and comes back with the `OCSPResponse`.
    ///
    /// # Errors
    /// As [`Fetcher::time_stamp`].
    pub fn ocsp(&self, address: &str, request: Vec<u8>) -> Result<Vec<u8>> {
        let question = Question::Post("application/ocsp-request", request);
        self.ask(address, &question, OCSP_LIMIT)
    }

    /// Gets a revocation list (DER).
    ///
    /// # Errors
    /// As [`Fetcher::time_stamp`].
    pub fn revocation_list(&self, address: &str) -> Result<Vec<u8>> {
        self.ask(address, &Question::Get, LIST_LIMIT)
    }

    /// Gets a certificate: DER, or the first of a PEM file.
    ///
    /// # Errors
    /// As [`Fetcher::time_stamp`]; *malformed* PEM.
    pub fn certificate(&self, address: &str) -> Result<Vec<u8>> {
        let bytes = self.ask(address, &Question::Get, CERTIFICATE_LIMIT)?;
        if !bytes.starts_with(b"-----") {
            return Ok(bytes);
        }
        let first = x509_parser::pem::Pem::iter_from_buffer(&bytes).next();
        match first {
            Some(Ok(pem)) => Ok(pem.contents),
            _ => Err(Error::malformed("certificate", "it is not PEM")),
        }
    }

    /// Follows redirects as long as they stay on the list, and never from HTTPS to HTTP.
    fn ask(&self, address: &str, question: &Question, size_bytes: u64) -> Result<Vec<u8>> {
        let limits = Limits {
            size_bytes,
            time: self.timeout,
        };
        let mut url = Url::parse(address).map_err(|e| Error::misuse("fetch", format!("{address}: {e}")))?;
        for _ in 0..=REDIRECTS {
            self.check(&url)?;
            let answer = self.clients.exchange(&url, question, limits);
            let next = match answer.map_err(|e| Error::refused("fetch", format!("{url}: {e}")))? {
                Answer::Body(body) => return Ok(body),
                Answer::Redirect(_, Some(next)) => next,
                Answer::Redirect(status, None) => {
                    let reason = format!("{url}: the server answers with status {status}");
                    return Err(Error::refused("fetch", reason));
                }
            };
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(Error::refused(
                    "fetch",
                    format!("{url} leads from HTTPS to {next}"),
                ));
            }
            url = next;
        }
        Err(Error::refused(
            "fetch",
            format!("{address} leads from one address to another without end"),
        ))
    }

    fn check(&self, url: &Url) -> Result<()> {
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
        let listed = self
            .allowed_hosts
            .iter()
            .any(|allowed| allowed == host || Some(allowed) == with_port.as_ref());
        if listed && !host.is_empty() && matches!(url.scheme(), "http" | "https") {
            Ok(())
        } else {
            Err(Error::refused(
                "fetch",
                format!("{url} is not on the list: --allow {host} puts it there"),
            ))
        }
    }
}

/// The host of an address, to be put on the list by who chose the address.
pub fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

/// From one name to another, and from there to where the file is.
const REDIRECTS: usize = 3;

/// A response with four certificates has about 8 kB.
const TIME_STAMP_LIMIT: u64 = 64 * 1024;

/// A response with its responder's certificate has about 3 kB.
const OCSP_LIMIT: u64 = 256 * 1024;

/// Lists of 100,000 entries have about 4 MB.
const LIST_LIMIT: u64 = 32 << 20;

const CERTIFICATE_LIMIT: u64 = 256 * 1024;
