//! One signature: the request is opened, its token found, the PIN asked for, the key used.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::message::{Question, Refusal};
use super::pinentry::{Pinentry, Shown};
use super::request::{self, Request};
use super::settings::Settings;
use super::{certificates, origin, words};
use crate::shell::pkcs11::Key;
use crate::shell::pkcs11::present::{self, PinState, Token, Usable};
use crate::sign::{Key as _, Unsigned};
use crate::x509::Certificate;

/// Signs what `word` opens: `{signature}` in base64, ECDSA as DER.
///
/// # Errors
/// [`Refusal`]; the request is used up then.
pub(super) fn sign(
    settings: &Settings,
    question: &Question,
    word: &str,
    progress: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Value, Refusal> {
    let mut tell = |step| progress(step).map_err(|_| Refusal::Cancelled);
    let origin = origin::check(&question.origin, &settings.origins)?;
    // Before the request is spent: a token that is not plugged in costs nothing.
    let tokens = certificates::tokens(settings)?;
    tell("request")?;
    let request = request::open(settings, &origin, word)?;
    let (token, usable) = holder(&tokens, &request.head.certificate)?;
    let own = usable.chain.first().ok_or(Refusal::NoCertificate)?;
    let unsigned = request.unsigned(own)?;
    tell("pin")?;
    let key = open(settings, question, &request, &unsigned, (token, usable))?;
    tell("signing")?;
    let value = key.sign(&unsigned.signed_attributes);
    let value = value.map_err(|error| refusal(token.unless_gone(error), 0, PinState::Fine))?;
    Ok(json!({ "signature": STANDARD.encode(value) }))
}

/// The token with this certificate.
fn holder<'t>(tokens: &'t [Token], fingerprint: &str) -> Result<(&'t Token, &'t Usable), Refusal> {
    let is_it = |usable: &Usable| {
        let own = usable.chain.first().and_then(|der| Certificate::parse(der).ok());
        own.is_some_and(|own| hexadecimal(&own.fingerprint()) == fingerprint)
    };
    let found = tokens.iter().find_map(|token| {
        let usable = token.certificates.iter().find(|usable| is_it(usable));
        usable.map(|usable| (token, usable))
    });
    found.ok_or(Refusal::NoCertificate)
}

/// Asks for the PIN until it is right, a few times at the most and never again where the token would lock.
fn open(
    settings: &Settings,
    question: &Question,
    request: &Request,
    unsigned: &Unsigned,
    (token, usable): (&Token, &Usable),
) -> Result<Key, Refusal> {
    if token.pin() == PinState::Locked {
        return Err(Refusal::PinLocked);
    }
    if token.asks_itself() {
        let opened = token.open(usable, request.algorithm, None);
        return opened.map_err(|why| refusal(why, 1, token.pin()));
    }
    let program = settings.pinentry().ok_or(Refusal::NoPinentry)?;
    let language = question.language;
    let digest = &unsigned.message_digest;
    let description = words::description(language, &question.origin, request, digest, token);
    let [title, prompt, accept, cancel] = words::fixed(language);
    let shown = Shown {
        title,
        description: &description,
        prompt,
        accept,
        cancel,
    };
    let mut window = Pinentry::start(program, &shown)?;
    let mut error = None;
    for wrong in 1..=TRIES {
        let pin = window.ask(error.as_deref())?;
        match token.open(usable, request.algorithm, Some(&pin)) {
            Err(present::Refusal::WrongPin) if wrong < TRIES => {
                error = Some(words::wrong(language, TRIES - wrong, token.pin()));
            }
            opened => return opened.map_err(|why| refusal(why, wrong, token.pin())),
        }
    }
    Err(Refusal::Cancelled)
}

fn refusal(why: present::Refusal, wrong: u32, pin: PinState) -> Refusal {
    match why {
        present::Refusal::WrongPin => Refusal::WrongPin { wrong, pin },
        present::Refusal::Locked => Refusal::PinLocked,
        present::Refusal::Gone => Refusal::TokenGone,
        present::Refusal::Failed(error) => {
            eprintln!("hoian-token: {error}");
            Refusal::TokenFailed
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tokens lock after three to ten; who has mistaken it three times should think, not type.
const TRIES: u32 = 3;
