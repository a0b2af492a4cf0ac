//! Certificates from files and folders.

use std::io;
use std::path::Path;

use crate::error::{Error, Result};

/// The certificates (DER) of a DER or PEM file, or of every file of a directory.
///
/// # Errors
/// *Refused* where something cannot be read, *malformed* where it is no PEM.
pub fn certificates(path: &Path) -> Result<Vec<Vec<u8>>> {
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
