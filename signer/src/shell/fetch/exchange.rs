//! One question and its answer, over HTTP or TLS.

use std::sync::OnceLock;
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};
use url::Url;

use super::trust::Roots;
use crate::error::{Error, Result};

/// What is sent.
pub(super) enum Question {
    Get,
    /// A media type and a body.
    Post(&'static str, Vec<u8>),
}

/// What came back.
pub(super) enum Answer {
    Body(Vec<u8>),
    Redirect(Url),
}

/// A client without TLS, and one with it that is made when it is first needed: reading the system's roots takes longer than
/// an answer of a near host.
pub(super) struct Clients {
    timeout: Duration,
    plain: Agent,
    secure: OnceLock<Agent>,
    roots: Roots,
}

impl Clients {
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            plain: agent(timeout, TlsConfig::builder().build()),
            secure: OnceLock::new(),
            roots: Roots::default(),
        }
    }

    pub(super) fn with_roots(self, roots: Roots) -> Self {
        Self {
            roots,
            secure: OnceLock::new(),
            ..self
        }
    }

    /// Asks one address; redirects are handed back.
    pub(super) fn exchange(&self, url: &Url, question: &Question, limit: u64) -> Result<Answer> {
        let agent = match url.scheme() {
            "https" => self.secure.get_or_init(|| self.secure_agent()),
            _ => &self.plain,
        };
        let sent = match question {
            Question::Get => agent.get(url.as_str()).call(),
            Question::Post(kind, body) => agent
                .post(url.as_str())
                .header(header::CONTENT_TYPE, *kind)
                .send(&body[..]),
        };
        let mut answer = sent.map_err(|e| failed(url, &e))?;
        let status = answer.status();
        if status.is_redirection() {
            return redirect(url, question, &answer).map(Answer::Redirect);
        }
        if !status.is_success() {
            return Err(Error::refused(
                "fetch",
                format!("{url} answers with status {status}"),
            ));
        }
        let body = answer.body_mut().with_config().limit(limit).read_to_vec();
        body.map(Answer::Body).map_err(|e| failed(url, &e))
    }

    fn secure_agent(&self) -> Agent {
        let roots = RootCerts::from(self.roots.all());
        agent(self.timeout, TlsConfig::builder().root_certs(roots).build())
    }
}

fn agent(timeout: Duration, tls: TlsConfig) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
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
fn redirect(url: &Url, question: &Question, answer: &Response<Body>) -> Result<Url> {
    let kept = matches!(answer.status().as_u16(), 307 | 308);
    let changed = matches!(answer.status().as_u16(), 301..=303) && matches!(question, Question::Get);
    let location = answer.headers().get(header::LOCATION);
    let next = location
        .and_then(|location| location.to_str().ok())
        .and_then(|location| url.join(location).ok());
    match next {
        Some(next) if kept || changed => Ok(next),
        _ => Err(Error::refused(
            "fetch",
            format!("{url} answers with status {}", answer.status()),
        )),
    }
}

fn failed(url: &Url, error: &ureq::Error) -> Error {
    let reason = match error {
        ureq::Error::BodyExceedsLimit(_) => "the answer is too large".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    };
    Error::refused("fetch", format!("{url}: {reason}"))
}
