//! What the tokens hold, for enrolment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::message::Refusal;
use super::settings::Settings;
use crate::shell::pkcs11::present::{self, PinState, Token, Usable};
use crate::sign::common_name;
use crate::x509::Certificate;

/// A certificate as the page shows it.
#[derive(Serialize)]
struct Shown {
    /// The token's label.
    token: String,
    pin: PinState,
    subject: String,
    issuer: String,
    #[serde(with = "time::serde::rfc3339")]
    not_after: OffsetDateTime,
    algorithm: &'static str,
    /// DER in base64, its own first.
    chain: Vec<String>,
}

/// All tokens that are plugged in.
///
/// # Errors
/// [`Refusal::NoToken`].
pub(super) fn tokens(settings: &Settings) -> Result<Vec<Token>, Refusal> {
    let mut found = Vec::new();
    for path in settings.modules() {
        match present::tokens(path) {
            Ok(tokens) => found.extend(tokens),
            Err(error) => eprintln!("hoian-token: {}: {error}", path.display()),
        }
    }
    match found.is_empty() {
        true => Err(Refusal::NoToken),
        false => Ok(found),
    }
}

/// The certificates on them.
///
/// # Errors
/// [`Refusal::NoToken`], [`Refusal::NoCertificate`].
pub(super) fn list(settings: &Settings) -> Result<Value, Refusal> {
    let tokens = tokens(settings)?;
    let shown = tokens.iter().flat_map(|token| {
        let one = |usable: &Usable| shown(token, usable);
        token.certificates.iter().filter_map(one).collect::<Vec<_>>()
    });
    let shown: Vec<Shown> = shown.take(MOST).collect();
    match shown.is_empty() {
        true => Err(Refusal::NoCertificate),
        false => Ok(json!({ "certificates": shown })),
    }
}

fn shown(token: &Token, usable: &Usable) -> Option<Shown> {
    let own = Certificate::parse(usable.chain.first()?).ok()?;
    let name =
        |chain: &[Vec<u8>], otherwise: &str| common_name(chain).unwrap_or_else(|_| otherwise.to_owned());
    Some(Shown {
        token: token.label.clone(),
        pin: token.pin(),
        subject: name(&usable.chain, &own.subject.text),
        issuer: own.issuer.text.clone(),
        not_after: own.not_after,
        algorithm: usable.algorithm.name(),
        chain: usable.chain.iter().map(|der| STANDARD.encode(der)).collect(),
    })
}

/// An answer has a limit.
const MOST: usize = 32;
