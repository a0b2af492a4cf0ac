//! The native messaging host: a browser starts it, and through it a page asks the token at this PC for a signature.
//!
//! The page is trusted with nothing. Its origin comes from the extension, and must be one that the administrator of this PC has
//! listed. What is signed the host fetches itself, from an address of that origin that opens once; it hashes the document itself
//! and makes the signed attributes itself. The PIN goes from the person to [`pinentry`] and the token, and nowhere else.
//!
//! One message is a length of 32 bits in the machine's order and so many bytes of JSON ([`message`]). Each question gets any
//! number of `progress` and then one `result` or `refusal`.

mod certificates;
mod message;
mod origin;
mod pinentry;
mod request;
mod settings;
mod signing;
mod words;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use message::{Command, Question, Refusal};
use settings::Settings;

/// Answers the browser's questions one after another, until it closes the pipe.
pub fn run() -> ExitCode {
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hoian-token: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    while let Some(bytes) = message::read(input)? {
        let question: Question = match serde_json::from_slice(&bytes) {
            Ok(question) => question,
            Err(error) => {
                eprintln!("hoian-token: a question that cannot be read: {error}");
                message::write(output, &said(None, "refusal", &Refusal::Malformed))?;
                continue;
            }
        };
        let id = question.id;
        let mut progress = |step: &str| message::write(output, &said(Some(id), "progress", &step));
        let answer = answer(&question, &mut progress);
        let answer = match &answer {
            Ok(result) => said(Some(id), "result", result),
            Err(refusal) => said(Some(id), "refusal", refusal),
        };
        message::write(output, &answer)?;
    }
    Ok(())
}

fn answer(question: &Question, progress: &mut dyn FnMut(&str) -> io::Result<()>) -> Result<Value, Refusal> {
    let settings = Settings::read()?;
    origin::check(&question.origin, &settings.origins)?;
    match &question.command {
        Command::Status => Ok(json!({ "version": env!("CARGO_PKG_VERSION") })),
        Command::Certificates => certificates::list(&settings),
        Command::Sign { word } => signing::sign(&settings, question, word, progress),
    }
}

fn said(id: Option<u64>, kind: &str, what: &impl Serialize) -> Value {
    json!({ "id": id, kind: what })
}
