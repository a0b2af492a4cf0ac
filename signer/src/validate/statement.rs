//! Words that somebody signed beside themselves: whether the detached CMS is over these very words.

use super::covered::Covered;
use super::cryptography;
use super::format::SubFilter;
use crate::cms::SignedData;
use crate::error::{Error, Result};
use crate::x509::Certificate;

/// Checks a detached CMS over `statement`: digest, attributes and signature value. Comes back with the signer's certificate,
/// which nobody has judged: whether to trust it is for whoever asks.
///
/// # Errors
/// *Malformed* where it is no CMS; *refused* where it is not over these words, or its mathematics do not hold.
pub fn check_statement(statement: &[u8], cms: &[u8]) -> Result<Certificate> {
    let data = SignedData::parse(cms)?;
    let covered = Covered::of(statement);
    let checked = cryptography::check(&data, SubFilter::Cades, &covered, &[]);
    let checked = checked.map_err(|(_, reason)| Error::refused("statement", reason))?;
    Ok(checked.certificate)
}
