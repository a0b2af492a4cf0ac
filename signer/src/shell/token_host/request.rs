//! What is to be signed, fetched by the host itself: once, from the page's own origin.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::message::Refusal;
use super::settings::Settings;
use crate::shell::fetch::Roots;
use crate::shell::fetch::exchange::{self, Clients, Limits, Question};
use crate::sign::{self, Algorithm, Unsigned};

/// What the server says of a request, beside what is signed.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub kind: Kind,
    /// SHA-256 of the certificate in DER, lower-case hexadecimal.
    pub certificate: String,
    /// [`Algorithm::name`].
    pub algorithm: String,
    /// What the person reads before the PIN.
    pub title: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A PDF with an empty place for the signature.
    Document,
    /// Words, signed as they stand.
    Statement,
}

/// What is to be signed.
pub(super) struct Request {
    pub head: Head,
    pub algorithm: Algorithm,
    content: Vec<u8>,
}

/// Opens the request of this word, which opens nothing a second time.
///
/// # Errors
/// [`Refusal::RequestOver`], [`Refusal::Unreachable`], [`Refusal::Malformed`].
pub(super) fn open(settings: &Settings, origin: &Url, word: &str) -> Result<Request, Refusal> {
    if URL_SAFE_NO_PAD.decode(word).map(|bytes| bytes.len()) != Ok(WORD_BYTES) {
        return Err(Refusal::Malformed);
    }
    let roots = match &settings.tls_roots {
        Some(file) => Roots::of_file(file).map_err(|error| told(Refusal::Settings, &error))?,
        None => Roots::default(),
    };
    let address = origin.join(PATH).map_err(|_| Refusal::Malformed)?;
    let question = Question::Post(
        "application/json",
        json!({ "word": word }).to_string().into_bytes(),
    );
    let answer = Clients::new(roots).ask(&address, &question, LIMITS);
    let answer = answer.map_err(|error| told(Refusal::Unreachable, &error))?;
    if answer.status().is_client_error() {
        return Err(Refusal::RequestOver);
    }
    let head = answer.headers().get(HEADER).and_then(|value| value.to_str().ok());
    let head = head.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let head: Option<Head> = head.and_then(|json| serde_json::from_slice(&json).ok());
    let content = exchange::body(answer, LIMITS).map_err(|error| told(Refusal::Unreachable, &error))?;
    let head = head.ok_or(Refusal::DocumentRefused)?;
    let algorithm = Algorithm::named(&head.algorithm).ok_or(Refusal::DocumentRefused)?;
    Ok(Request {
        head,
        algorithm,
        content,
    })
}

impl Request {
    /// What the key of `certificate` signs: computed here from what was fetched.
    ///
    /// # Errors
    /// [`Refusal::DocumentRefused`].
    pub fn unsigned(&self, certificate: &[u8]) -> Result<Unsigned, Refusal> {
        let unsigned = match self.head.kind {
            Kind::Document => sign::unsigned_document(&self.content, self.algorithm, certificate),
            Kind::Statement => {
                let words = words(&self.content).ok_or(Refusal::DocumentRefused)?;
                sign::unsigned_statement(words.as_bytes(), self.algorithm, certificate)
            }
        };
        unsigned.map_err(|error| told(Refusal::DocumentRefused, &error))
    }

    /// The words of a statement, to be read before they are signed.
    pub fn statement(&self) -> Option<&str> {
        match self.head.kind {
            Kind::Document => None,
            Kind::Statement => words(&self.content),
        }
    }
}

/// A statement that a person can read whole where the PIN is asked for; a document is none.
fn words(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let is_read = text.chars().count() <= STATEMENT_CHARACTERS && !text.chars().any(char::is_control);
    is_read.then_some(text)
}

fn told(refusal: Refusal, error: &dyn std::error::Error) -> Refusal {
    eprintln!("hoian-token: {error}");
    refusal
}

const PATH: &str = "/api/v1/signature-requests/opening";
const HEADER: &str = "hoian-signature-request";
/// As the server makes them.
const WORD_BYTES: usize = 32;

/// All of it fits into the window of the PIN.
pub(super) const STATEMENT_CHARACTERS: usize = 200;

/// The server takes uploads of 200 MB by default; fields and appearances come on top.
const LIMITS: Limits = Limits {
    size_bytes: 256 << 20,
    time: Duration::from_secs(120),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_no_statement() {
        assert!(words("Tôi đăng ký khóa này.".as_bytes()).is_some());
        assert!(words(b"%PDF-1.7\n1 0 obj").is_none());
        assert!(words(&[0xFF, 0xFE]).is_none());
        assert!(words("ữ".repeat(201).as_bytes()).is_none());
    }
}
