//! The command `signer`: one subcommand a file.

mod completions;
mod deferred;
mod extend;
mod in_order;
mod inspect;
mod key;
mod language;
mod look;
mod network;
mod output;
mod sign;
mod verify;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::error::{Error, Result};
use language::Language;

/// Usage errors and unreadable input; the codes below belong to verdicts. The numbers are those of sysexits.
const USAGE: u8 = 64;
/// Bytes that are not what they should be.
const DATA: u8 = 65;
/// An input or output that cannot be read or written.
const UNREADABLE: u8 = 66;
/// An authority that does not answer.
const UNAVAILABLE: u8 = 69;
/// A password or PIN that is wrong.
const NO_PERMISSION: u8 = 77;

#[derive(Parser)]
#[command(name = "signer", version, about = "Signs and verifies PDF documents (PAdES)")]
struct Command {
    /// The language of the help; default: LANG's.
    #[arg(long, value_enum, global = true, value_name = "LANGUAGE")]
    lang: Option<Language>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Signs a PDF file.
    Sign(Box<sign::Arguments>),
    /// Makes a file ready to be signed elsewhere: the state waits in a file.
    Prepare(Box<deferred::PrepareArguments>),
    /// Completes a prepared signature with the value made elsewhere.
    Complete(Box<deferred::CompleteArguments>),
    /// Raises signed files to a higher level, or renews them by a further time-stamp.
    Extend(extend::Arguments),
    /// Judges the signatures of PDF files.
    Verify(verify::Arguments),
    /// Shows the revisions, fields and signatures of a PDF file without judging them.
    Inspect(inspect::Arguments),
    /// Prints what a shell needs to complete this command's words.
    Completions(completions::Arguments),
}

/// Runs the command and returns its exit code.
pub fn run() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let variable = |name: &str| std::env::var(name).ok();
    let mut command = Command::command();
    if language::wanted(&arguments, variable) == Language::Vi {
        command = language::vietnamese(command);
    }
    let parsed = command
        .clone()
        .try_get_matches_from(arguments)
        .and_then(|matches| Command::from_arg_matches(&matches));
    match parsed {
        Ok(parsed) => parsed.action.run(command, parsed.lang),
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}

impl Action {
    fn run(&self, command: clap::Command, language: Option<Language>) -> ExitCode {
        match self {
            Self::Sign(arguments) => sign::run(arguments),
            Self::Prepare(arguments) => deferred::run_prepare(arguments),
            Self::Complete(arguments) => deferred::run_complete(arguments),
            Self::Extend(arguments) => extend::run(arguments),
            Self::Verify(arguments) => verify::run(arguments, language),
            Self::Inspect(arguments) => inspect::run(arguments),
            Self::Completions(arguments) => completions::run(arguments, command),
        }
    }
}

/// The exit code of what makes files; says on standard error what went wrong.
fn finish(result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    eprintln!("signer: {error}");
    ExitCode::from(exit_code(&error))
}

fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Misuse { .. } => USAGE,
        Error::Refused { subject: "file", .. } => UNREADABLE,
        Error::Refused { subject: "fetch", .. } => UNAVAILABLE,
        Error::Refused {
            subject: "password", ..
        } => NO_PERMISSION,
        _ => DATA,
    }
}

/// Maps a file into memory, so that large documents are hashed without a copy.
fn map(path: &Path) -> io::Result<memmap2::Mmap> {
    let file = std::fs::File::open(path)?;
    // SAFETY: the map is read only; a file that another process truncates meanwhile ends this process with SIGBUS, which
    // a command may accept and a server may not (it reads blobs that never change).
    unsafe { memmap2::Mmap::map(&file) }
}
