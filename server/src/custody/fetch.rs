//! Fetching from addresses that stand in certificates, so from strangers: an allow-list, limits, no redirects.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use thiserror::Error;
use url::Url;

/// What an answer may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub size_bytes: usize,
    pub time: Duration,
}

/// OCSP answers and time-stamps are a few kilobytes; an answer with a whole chain stays under this.
pub const ANSWER: Limits = Limits {
    size_bytes: 64 * 1024,
    time: Duration::from_secs(10),
};
/// The state's revocation lists are under a megabyte; a list of a large public authority reaches ten.
pub const LIST: Limits = Limits {
    size_bytes: 16 * 1024 * 1024,
    time: Duration::from_secs(20),
};

/// Why nothing was fetched.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the address {0} is not allowed")]
    NotAllowed(String),
    #[error("no answer: {0}")]
    NoAnswer(String),
    #[error("the server answered {0}")]
    Status(u16),
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// The one client for such addresses; cheap to clone.
#[derive(Clone)]
pub struct Fetch {
    client: reqwest::Client,
    /// Hosts, with the port where one is named, that may be asked.
    allowed: BTreeSet<String>,
    /// Hosts that stand in old certificates and are gone, and the host that answers for them now.
    mapped: BTreeMap<String, String>,
}

impl Fetch {
    /// A client that reaches `allowed` hosts and, instead of the keys of `mapped`, their values.
    ///
    /// # Errors
    /// When the TLS or socket layer cannot start.
    pub fn new(allowed: BTreeSet<String>, mapped: BTreeMap<String, String>) -> Result<Self, reqwest::Error> {
        // A redirect would lead past the allow-list; a proxy of the environment would hide who is asked.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self {
            client,
            allowed,
            mapped,
        })
    }

    /// What stands at `address`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get(&self, address: &str, limits: Limits) -> Result<Bytes, Error> {
        let address = self.admit(address)?;
        receive(self.client.get(address), limits).await
    }

    /// The answer to `question`, sent as `media_type`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post(
        &self,
        address: &str,
        media_type: &str,
        question: Vec<u8>,
        limits: Limits,
    ) -> Result<Bytes, Error> {
        let address = self.admit(address)?;
        receive(
            self.client
                .post(address)
                .header("content-type", media_type)
                .body(question),
            limits,
        )
        .await
    }

    /// The address to be asked, if it may be.
    fn admit(&self, address: &str) -> Result<Url, Error> {
        let refused = || Error::NotAllowed(address.to_owned());
        let mut url = Url::parse(address).map_err(|_| refused())?;
        if let Some(host) = place(&url).and_then(|place| self.mapped.get(&place)) {
            let (host, port) = host
                .rsplit_once(':')
                .map_or((host.as_str(), None), |(host, port)| (host, Some(port)));
            let port = port.map(str::parse).transpose().map_err(|_| refused())?;
            url.set_host(Some(host)).map_err(|_| refused())?;
            url.set_port(port).map_err(|()| refused())?;
        }
        let allowed = place(&url).is_some_and(|place| self.allowed.contains(&place));
        let plain =
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        (allowed && plain).then_some(url).ok_or_else(refused)
    }
}

/// Host, with the port where one is written: the allow-list names exactly that.
fn place(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}

async fn receive(request: reqwest::RequestBuilder, limits: Limits) -> Result<Bytes, Error> {
    let no_answer = |error: reqwest::Error| Error::NoAnswer(error.without_url().to_string());
    let exchange = async {
        let mut response = request.send().await.map_err(no_answer)?;
        if !response.status().is_success() {
            return Err(Error::Status(response.status().as_u16()));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            if body.len() + chunk.len() > limits.size_bytes {
                return Err(Error::TooLong(limits.size_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    let late = |_| Error::NoAnswer(format!("not within {} s", limits.time.as_secs()));
    tokio::time::timeout(limits.time, exchange).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_only_allowed_hosts_and_those_that_answer_for_dead_ones() {
        let allowed = ["ocsp.ca.gov.vn", "127.0.0.1:8080"].map(str::to_owned).into();
        let mapped = [("ocsp.ca.ptc".to_owned(), "ocsp.ca.gov.vn".to_owned())].into();
        let fetch = Fetch::new(allowed, mapped).unwrap();
        let cases = [
            ("http://ocsp.ca.gov.vn/", Some("http://ocsp.ca.gov.vn/")),
            ("http://ocsp.ca.ptc/a", Some("http://ocsp.ca.gov.vn/a")),
            (
                "http://127.0.0.1:8080/pki/ocsp",
                Some("http://127.0.0.1:8080/pki/ocsp"),
            ),
            ("http://127.0.0.1/", None),
            ("http://127.0.0.1:5432/", None),
            ("http://169.254.169.254/latest", None),
            ("http://ocsp.ca.gov.vn@evil.example/", None),
            ("http://user@ocsp.ca.gov.vn/", None),
            ("file:///etc/passwd", None),
            ("ldap://ocsp.ca.gov.vn/", None),
            ("not an address", None),
        ];
        for (address, expected) in cases {
            assert_eq!(
                fetch.admit(address).ok().map(|url| url.to_string()).as_deref(),
                expected,
                "{address}"
            );
        }
    }
}
