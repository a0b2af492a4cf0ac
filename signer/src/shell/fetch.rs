//! Asking authorities over HTTP: time-stamps (RFC 3161, 3.4), OCSP (RFC 6960, appendix A), lists and certificates. Within
//! limits, and only hosts that were named beforehand: addresses in certificates come from strangers.

use std::io::Read as _;
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::redirect;
use reqwest::{Url, header};

use crate::error::{Error, Result};

/// Fetches from hosts that were named beforehand and no others.
pub struct Fetcher {
    client: Client,
    allowed_hosts: Vec<String>,
}

impl Fetcher {
    /// `allowed_hosts` are names, each for every port, or `name:port`. `timeout` bounds a whole answer: 180 s for the
    /// state's authority, which has been seen to take 131.
    ///
    /// # Errors
    /// The HTTP client cannot start.
    pub fn new(allowed_hosts: Vec<String>, timeout: Duration) -> Result<Self> {
        // Without redirects: a redirect would leave the list.
        let client = Client::builder()
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .build();
        let client = client.map_err(|e| Error::unsupported("fetch", e.to_string()))?;
        Ok(Self {
            client,
            allowed_hosts,
        })
    }

    /// Sends a `TimeStampReq` and comes back with the `TimeStampResp`.
    ///
    /// # Errors
    /// *Refused*: a host that is not on the list, no answer in time, an answer that is no success or too large.
    pub fn time_stamp(&self, address: &str, request: Vec<u8>) -> Result<Vec<u8>> {
        let url = self.allowed(address)?;
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/timestamp-query")
            .body(request);
        answer(request, TIME_STAMP_LIMIT)
    }

    /// Sends an `OCSPRequest` and comes back with the `OCSPResponse`.
    ///
    /// # Errors
    /// As [`Fetcher::time_stamp`].
    pub fn ocsp(&self, address: &str, request: Vec<u8>) -> Result<Vec<u8>> {
        let url = self.allowed(address)?;
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/ocsp-request")
            .body(request);
        answer(request, OCSP_LIMIT)
    }

    /// Gets a revocation list (DER).
    ///
    /// # Errors
    /// As [`Fetcher::time_stamp`].
    pub fn revocation_list(&self, address: &str) -> Result<Vec<u8>> {
        answer(self.client.get(self.allowed(address)?), LIST_LIMIT)
    }

    /// Gets a certificate: DER, or the first of a PEM file.
    ///
    /// # Errors
    /// As [`Fetcher::time_stamp`]; *malformed* PEM.
    pub fn certificate(&self, address: &str) -> Result<Vec<u8>> {
        let bytes = answer(self.client.get(self.allowed(address)?), CERTIFICATE_LIMIT)?;
        if !bytes.starts_with(b"-----") {
            return Ok(bytes);
        }
        let first = x509_parser::pem::Pem::iter_from_buffer(&bytes).next();
        match first {
            Some(Ok(pem)) => Ok(pem.contents),
            _ => Err(Error::malformed("certificate", "it is not PEM")),
        }
    }

    fn allowed(&self, address: &str) -> Result<Url> {
        let url = Url::parse(address).map_err(|e| Error::misuse("fetch", e.to_string()))?;
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port_or_known_default().map(|port| format!("{host}:{port}"));
        let listed = self
            .allowed_hosts
            .iter()
            .any(|allowed| allowed == host || Some(allowed) == with_port.as_ref());
        if listed && !host.is_empty() && matches!(url.scheme(), "http" | "https") {
            Ok(url)
        } else {
            Err(Error::refused(
                "fetch",
                format!("{address} is not on the list: --allow {host} puts it there"),
            ))
        }
    }
}

/// The host of an address, to be put on the list by who chose the address.
pub fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

fn answer(request: RequestBuilder, limit: u64) -> Result<Vec<u8>> {
    let answer = request.send().and_then(Response::error_for_status);
    let answer = answer.map_err(|e| Error::refused("fetch", e.to_string()))?;
    let mut body = Vec::new();
    let limited = answer.take(limit + 1).read_to_end(&mut body);
    limited.map_err(|e| Error::refused("fetch", e.to_string()))?;
    if body.len() as u64 > limit {
        return Err(Error::refused("fetch", "the answer is too large"));
    }
    Ok(body)
}

/// A response with four certificates has about 8 kB.
const TIME_STAMP_LIMIT: u64 = 64 * 1024;

/// A response with its responder's certificate has about 3 kB.
const OCSP_LIMIT: u64 = 256 * 1024;

/// Lists of 100,000 entries have about 4 MB.
const LIST_LIMIT: u64 = 32 << 20;

const CERTIFICATE_LIMIT: u64 = 256 * 1024;
