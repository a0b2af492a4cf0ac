//! Native messaging as Chromium and Firefox speak it: lengths, limits, and the shapes of questions and answers.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

use crate::shell::pkcs11::present::PinState;

/// What the extension asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// Stands in every answer to it.
    pub id: u64,
    /// Of the page that asks, as the browser told the extension.
    pub origin: String,
    #[serde(default)]
    pub language: Language,
    pub command: Command,
}

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Command {
    /// Whether the host is there and serves this origin: `{version}`.
    Status,
    /// The certificates on the tokens that are plugged in, without a PIN.
    Certificates,
    /// A signature for the request that `word` opens.
    Sign { word: String },
}

/// Of what the person reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Language {
    #[default]
    Vi,
    En,
}

/// Why there is no result.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Refusal {
    /// The question breaks the protocol.
    Malformed,
    /// The settings of this PC cannot be read.
    Settings,
    /// This PC's settings do not list the page's origin.
    OriginRefused,
    /// The server did not hand out what is to be signed: the address was used before, is too old, or is nobody's.
    RequestOver,
    /// The server could not be reached, or its answer is too large.
    Unreachable,
    /// What came is not what may be signed.
    DocumentRefused,
    /// No token is plugged in.
    NoToken,
    /// No token holds the certificate.
    NoCertificate,
    /// The person closed the window of the PIN, or let it wait too long.
    Cancelled,
    /// There is no program that asks for a PIN.
    NoPinentry,
    /// So many PINs were wrong, and the host asks no further.
    WrongPin { wrong: u32, pin: PinState },
    /// The token has locked its PIN.
    PinLocked,
    /// The token was pulled out.
    TokenGone,
    /// The token failed otherwise.
    TokenFailed,
}

/// The bytes of the next message; `None` where the browser has closed the pipe.
pub(super) fn read(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let length = u32::from_ne_bytes(length) as usize;
    if length > QUESTION_BYTES {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("a question of {length} bytes"),
        ));
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes one message.
pub(super) fn write(output: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let bytes = serde_json::to_vec(message)?;
    if bytes.len() > ANSWER_BYTES {
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("an answer of {} bytes", bytes.len()),
        ));
    }
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    output.write_all(&length.to_ne_bytes())?;
    output.write_all(&bytes)?;
    output.flush()
}

/// A question holds an origin and a word.
const QUESTION_BYTES: usize = 16 * 1024;

/// Chromium takes 1 MB from a host (developer.chrome.com, native messaging).
const ANSWER_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written_and_the_end_is_told_from_a_break() {
        let mut pipe = Vec::new();
        write(&mut pipe, &"chữ ký").unwrap();
        let mut input = &pipe[..];
        assert_eq!(
            read(&mut input).unwrap().unwrap(),
            serde_json::to_vec("chữ ký").unwrap()
        );
        assert!(read(&mut input).unwrap().is_none());
        assert!(read(&mut &pipe[..pipe.len() - 1]).is_err());
        assert!(read(&mut &u32::MAX.to_ne_bytes()[..]).is_err());
        assert!(write(&mut Vec::new(), &"x".repeat(ANSWER_BYTES)).is_err());
    }

    #[test]
    fn questions_are_these_and_no_others() {
        let read = |text: &str| serde_json::from_str::<Question>(text);
        let sign = read(r#"{"id":1,"origin":"https://a","language":"en","command":{"sign":{"word":"w"}}}"#);
        let sign = sign.unwrap();
        assert!(matches!(sign.command, Command::Sign { word } if word == "w"));
        assert!(read(r#"{"id":1,"origin":"https://a","command":"status"}"#).is_ok());
        for text in [
            r#"{"id":1,"command":"status"}"#,
            r#"{"id":1,"origin":"https://a","command":"format"}"#,
            r#"{"id":1,"origin":"https://a","command":"status","pin":"1"}"#,
            r#"{"id":1,"origin":"https://a","command":{"sign":{"word":"w","hash":"00"}}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
