//! Fetching from addresses that stand in certificates, so from strangers: an allow-list, limits, no redirects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use hoian_signer::shell::fetch::Roots;
use hoian_signer::shell::fetch::exchange::{self, Answer, Clients, Limits, Question};
use thiserror::Error;
use tokio::sync::{Semaphore, oneshot};
use url::Url;

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
    NoAnswer(#[from] exchange::Error),
    // It would lead past the allow-list.
    #[error("the server leads elsewhere with status {0}, where nobody is asked")]
    Redirect(u16),
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    #[error("no thread for a question")]
    Thread,
}

/// The one client for such addresses; cheap to clone.
#[derive(Clone)]
pub struct Fetch {
    clients: Arc<Clients>,
    /// Each question waits on a thread of its own.
    turns: Arc<Semaphore>,
    /// Hosts, with the port where one is named, that may be asked.
    allowed: BTreeSet<String>,
    /// Hosts that stand in old certificates and are gone, and the host that answers for them now.
    mapped: BTreeMap<String, String>,
}

impl Fetch {
    /// A client that reaches `allowed` hosts and, instead of the keys of `mapped`, their values; those of HTTPS are trusted by
    /// the system's roots and by `roots`.
    pub fn new(allowed: BTreeSet<String>, mapped: BTreeMap<String, String>, roots: Roots) -> Self {
        Self {
            clients: Arc::new(Clients::new(roots)),
            turns: Arc::new(Semaphore::new(TURNS)),
            allowed,
            mapped,
        }
    }

    /// What stands at `address`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get(&self, address: &str, limits: Limits) -> Result<Bytes, Error> {
        self.ask(address, Question::Get, limits).await
    }

    /// The answer to `question`, sent as `media_type`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn post(
        &self,
        address: &str,
        media_type: &'static str,
        question: Vec<u8>,
        limits: Limits,
    ) -> Result<Bytes, Error> {
        self.ask(address, Question::Post(media_type, question), limits)
            .await
    }

    async fn ask(&self, address: &str, question: Question, limits: Limits) -> Result<Bytes, Error> {
        let url = self.admit(address)?;
        let exchange = self.on_a_thread(url, question, limits);
        match tokio::time::timeout(limits.time, exchange).await {
            Ok(Ok(Answer::Body(body))) => Ok(body.into()),
            Ok(Ok(Answer::Redirect(status, _))) => Err(Error::Redirect(status.as_u16())),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::Late(limits.time)),
        }
    }

    /// A plain thread, since the runtime would wait for its own at the end of the program: an authority has up to three
    /// minutes for its answer.
    async fn on_a_thread(&self, url: Url, question: Question, limits: Limits) -> Result<Answer, Error> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| Error::Thread)?;
        let clients = Arc::clone(&self.clients);
        let (answer, answered) = oneshot::channel();
        let work = move || {
            let _turn = turn;
            // Whoever asked may have gone.
            drop(answer.send(clients.exchange(&url, &question, limits)));
        };
        let thread = thread::Builder::new().name("authority".into()).spawn(work);
        thread.map_err(|_| Error::Thread)?;
        Ok(answered.await.map_err(|_| Error::Thread)??)
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

/// Four of them are the time-stamp authority's at most; the others have seconds each.
const TURNS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_only_allowed_hosts_and_those_that_answer_for_dead_ones() {
        let allowed = ["ocsp.ca.gov.vn", "127.0.0.1:8080"].map(str::to_owned).into();
        let mapped = [("ocsp.ca.ptc".to_owned(), "ocsp.ca.gov.vn".to_owned())].into();
        let fetch = Fetch::new(allowed, mapped, Roots::default());
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
