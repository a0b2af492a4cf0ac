//! Files in and out, and what is said meanwhile.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What a new file consists of.
pub(super) enum Piece<'a> {
    /// A whole file of the size it had when it was read; the kernel copies it.
    File {
        path: &'a Path,
        size_bytes: usize,
    },
    Bytes(&'a [u8]),
}

/// Writes the pieces beside the output and renames, so that a broken run leaves no half file. `before_it_counts` runs when
/// all is on disk under the other name, which no other process uses: two that write the same output do not meet.
///
/// # Errors
/// *Refused*: what cannot be written, or is there and no regular file: the new file would stand in the place of a device.
pub(super) fn write(
    path: &Path,
    pieces: &[Piece<'_>],
    before_it_counts: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let path = &regular(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let write = || {
        let mut file = std::fs::File::create(&beside)?;
        for piece in pieces {
            match piece {
                Piece::File { path, size_bytes } => {
                    let copied = std::io::copy(&mut std::fs::File::open(path)?, &mut file)?;
                    if copied != *size_bytes as u64 {
                        return Err(std::io::Error::other("it changed while it was signed"));
                    }
                }
                Piece::Bytes(bytes) => file.write_all(bytes)?,
            }
        }
        file.sync_all()
    };
    let written = write()
        .map_err(|e| unreadable(path, &e))
        .and_then(|()| before_it_counts())
        .and_then(|()| {
            std::fs::rename(&beside, path)
                .and_then(|()| sync_folder(path))
                .map_err(|e| unreadable(path, &e))
        });
    if written.is_err() {
        // Whatever stopped it, nothing half done stays.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// What is to be replaced: a link stays, and the file to which it leads becomes another.
fn regular(path: &Path) -> Result<PathBuf> {
    let Ok(found) = path.canonicalize() else {
        return Ok(path.to_owned());
    };
    if found.is_file() {
        return Ok(found);
    }
    let what = "it is there and no regular file, so that no file can take its place";
    Err(unreadable(path, &std::io::Error::other(what)))
}

/// Whether two names lead to one file.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// A name lives in its folder: after a loss of power it is there only if the folder was written too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A folder that may be written and not read cannot be synchronised.
    std::fs::File::open(folder.unwrap_or(Path::new("."))).map_or(Ok(()), |folder| folder.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| unreadable(path, &e))
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::refused("file", format!("{}: {error}", path.display()))
}

/// Says on standard error what a person waits for: steps over the network on a terminal, and all steps of a long file.
pub(super) struct Progress {
    steps: bool,
    waits: bool,
}

impl Progress {
    pub(super) fn new(document: &[u8]) -> Self {
        Self {
            steps: document.len() >= LONG_FILE,
            waits: std::io::stderr().is_terminal(),
        }
    }

    /// A step over the bytes of the file.
    pub(super) fn step(&self, what: &str) {
        if self.steps {
            eprintln!("signer: {what} ...");
        }
    }

    /// Waiting for somebody else.
    pub(super) fn wait(&self, what: &str) {
        if self.steps || self.waits {
            eprintln!("signer: {what} ...");
        }
    }
}

/// Hashing less than this is done before a person has read the line.
const LONG_FILE: usize = 32 << 20;
