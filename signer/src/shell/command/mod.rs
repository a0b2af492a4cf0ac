//! The command `signer`: one subcommand a file.

mod in_order;
mod inspect;
mod sign;
mod verify;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{Error, Result};

/// Usage errors and unreadable input; the codes below belong to verdicts.
const USAGE: u8 = 64;
/// An input or output that cannot be read or written (sysexits' EX_NOINPUT).
const UNREADABLE: u8 = 66;

#[derive(Parser)]
#[command(name = "signer", version, about = "Signs and verifies PDF documents (PAdES)")]
struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Signs a PDF file.
    Sign(Box<sign::Arguments>),
    /// Judges the signatures of PDF files.
    Verify(verify::Arguments),
    /// Shows the revisions, fields and signatures of a PDF file without judging them.
    Inspect(inspect::Arguments),
}

/// Runs the command and returns its exit code.
pub fn run() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match command.action {
        Action::Sign(arguments) => sign::run(&arguments),
        Action::Verify(arguments) => verify::run(&arguments),
        Action::Inspect(arguments) => inspect::run(&arguments),
    }
}

/// Maps a file into memory, so that large documents are hashed without a copy.
fn map(path: &Path) -> io::Result<memmap2::Mmap> {
    let file = std::fs::File::open(path)?;
    // SAFETY: the map is read only; a file that another process truncates meanwhile ends this process with SIGBUS, which
    // a command may accept and a server may not (it reads blobs that never change).
    unsafe { memmap2::Mmap::map(&file) }
}

/// The certificates (DER) of a DER or PEM file, or of every file of a directory.
fn certificates(path: &Path) -> Result<Vec<Vec<u8>>> {
    let unreadable = |error: io::Error| Error::refused("trust", format!("{}: {error}", path.display()));
    if path.is_dir() {
        let mut found = Vec::new();
        let mut entries: Vec<_> = std::fs::read_dir(path)
            .map_err(unreadable)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        for entry in entries.iter().filter(|entry| entry.is_file()) {
            found.extend(certificates(entry)?);
        }
        return Ok(found);
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if !bytes.starts_with(b"-----") {
        return Ok(vec![bytes]);
    }
    x509_parser::pem::Pem::iter_from_buffer(&bytes)
        .map(|pem| {
            pem.map(|pem| pem.contents)
                .map_err(|error| Error::malformed("trust", error.to_string()))
        })
        .collect()
}
