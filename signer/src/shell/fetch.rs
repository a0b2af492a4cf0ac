//! Asking time-stamp authorities over HTTP (RFC 3161, 3.4), within limits.

use std::io::Read as _;
use std::time::Duration;

use reqwest::blocking::Client;
use reqwest::redirect;
use reqwest::{Url, header};

use crate::error::{Error, Result};

/// Fetches from hosts that were named beforehand and no others: addresses in certificates come from strangers.
pub struct Fetcher {
    client: Client,
    allowed_hosts: Vec<String>,
}

impl Fetcher {
    /// `timeout` bounds a whole answer: 180 s for the state's authority, which has been seen to take 131.
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
        let answer = request
            .send()
            .and_then(reqwest::blocking::Response::error_for_status);
        let answer = answer.map_err(|e| Error::refused("fetch", e.to_string()))?;
        let mut body = Vec::new();
        let limited = answer.take(ANSWER_LIMIT + 1).read_to_end(&mut body);
        limited.map_err(|e| Error::refused("fetch", e.to_string()))?;
        if body.len() as u64 > ANSWER_LIMIT {
            return Err(Error::refused("fetch", "the answer is too large"));
        }
        Ok(body)
    }

    fn allowed(&self, address: &str) -> Result<Url> {
        let url = Url::parse(address).map_err(|e| Error::misuse("fetch", e.to_string()))?;
        let listed = url
            .host_str()
            .is_some_and(|host| self.allowed_hosts.iter().any(|allowed| allowed == host));
        if listed {
            Ok(url)
        } else {
            Err(Error::refused("fetch", format!("{address} is not on the list")))
        }
    }
}

/// The host of an address, to be put on the list by who chose the address.
pub fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

/// A response with four certificates has about 8 kB.
const ANSWER_LIMIT: u64 = 64 * 1024;
