//! One question and its answer, over HTTP or TLS.

use std::sync::OnceLock;
use std::time::Duration;

use thiserror::Error;
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};
use url::Url;

use super::trust::Roots;

/// What is sent.
#[derive(Debug)]
pub enum Question {
    Get,
    /// A media type and a body.
    Post(&'static str, Vec<u8>),
}

/// What came back.
#[derive(Debug)]
pub enum Answer {
    Body(Vec<u8>),
    /// A status, and the address to which it leads where the question may be asked again there.
    Redirect(StatusCode, Option<Url>),
}

/// What an answer may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub size_bytes: u64,
    /// From the question of the name to the last byte.
    pub time: Duration,
}

/// Why there is no answer; the address is left to whoever knows whether it may be told.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the server answers with status {0}")]
    Status(StatusCode),
    #[error("the answer is too large")]
    TooLarge,
    #[error("no answer in time")]
    Late,
    #[error("{0}")]
    Connection(String),
}

/// A client without TLS, and one with it that is made when it is first needed: reading the system's roots takes longer than
/// an answer of a near host.
pub struct Clients {
    plain: Agent,
    secure: OnceLock<Agent>,
    roots: Roots,
}

impl Clients {
    /// Clients that trust servers of HTTPS by the roots of the system (or of `SSL_CERT_FILE`, `SSL_CERT_DIR`) and by `roots`.
    pub fn new(roots: Roots) -> Self {
        Self {
            plain: agent(TlsConfig::builder().build()),
            secure: OnceLock::new(),
            roots,
        }
    }

    /// Asks one address, and waits; redirects are handed back, not followed.
    ///
    /// # Errors
    /// [`Error`]: no connection, a TLS certificate that is not trusted, a status that is no success, an answer over `limits`.
    pub fn exchange(&self, url: &Url, question: &Question, limits: Limits) -> Result<Answer, Error> {
        let answer = self.ask(url, question, limits)?;
        let status = answer.status();
        if status.is_redirection() {
            return Ok(Answer::Redirect(status, redirect(url, question, &answer)));
        }
        body(answer, limits).map(Answer::Body)
    }

    /// Asks one address, and waits for the head of its answer, whatever its status.
    ///
    /// # Errors
    /// As [`Clients::exchange`], but for status and size.
    pub fn ask(&self, url: &Url, question: &Question, limits: Limits) -> Result<Response<Body>, Error> {
        let agent = match url.scheme() {
            "https" => self.secure.get_or_init(|| self.secure_agent()),
            _ => &self.plain,
        };
        let time = Some(limits.time);
        let sent = match question {
            Question::Get => agent
                .get(url.as_str())
                .config()
                .timeout_global(time)
                .build()
                .call(),
            Question::Post(kind, body) => agent
                .post(url.as_str())
                .header(header::CONTENT_TYPE, *kind)
                .config()
                .timeout_global(time)
                .build()
                .send(&body[..]),
        };
        sent.map_err(|e| failed(&e))
    }

    fn secure_agent(&self) -> Agent {
        let roots = RootCerts::from(self.roots.all());
        agent(TlsConfig::builder().root_certs(roots).build())
    }
}

/// The rest of an answer.
///
/// # Errors
/// A status that is no success; an answer over `limits`.
pub fn body(mut answer: Response<Body>, limits: Limits) -> Result<Vec<u8>, Error> {
    if !answer.status().is_success() {
        return Err(Error::Status(answer.status()));
    }
    let body = answer
        .body_mut()
        .with_config()
        .limit(limits.size_bytes)
        .read_to_vec();
    body.map_err(|e| failed(&e))
}

fn agent(tls: TlsConfig) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECTION))
        .max_redirects(0)
        .max_redirects_will_error(false)
        // Proxies of the environment would be asked in the place of the hosts that were named.
        .proxy(None)
        .user_agent("signer")
        .tls_config(tls)
        .build()
        .into()
}

/// Where an answer leads. A question with a body is asked again only where the answer says so (RFC 9110, 15.4).
fn redirect(url: &Url, question: &Question, answer: &Response<Body>) -> Option<Url> {
    let kept = matches!(answer.status().as_u16(), 307 | 308);
    let changed = matches!(answer.status().as_u16(), 301..=303) && matches!(question, Question::Get);
    let location = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    url.join(location).ok().filter(|_| kept || changed)
}

/// A host that is gone is not waited for as long as one that is slow; with the handshake of TLS.
const CONNECTION: Duration = Duration::from_secs(10);

fn failed(error: &ureq::Error) -> Error {
    match error {
        ureq::Error::BodyExceedsLimit(_) => Error::TooLarge,
        ureq::Error::Timeout(_) => Error::Late,
        other => Error::Connection(other.to_string()),
    }
}
