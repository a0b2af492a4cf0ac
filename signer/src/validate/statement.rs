//! Words that somebody signed beside themselves: whether the detached CMS is over these very words.

use time::OffsetDateTime;

use super::covered::Covered;
use super::cryptography;
use super::format::SubFilter;
use super::trust::refusal;
use crate::cms::SignedData;
use crate::error::{Error, Result};
use crate::x509::{self, Anchor, Certificate, Purpose, Store};

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

/// Whether the certificate that signed a statement leads to one of `anchors` (DER) at `moment`, over the certificates that the
/// CMS itself holds. Nothing is fetched, so whether one of them was revoked then is not asked.
///
/// # Errors
/// *Malformed* where an anchor or the CMS cannot be read; *refused* where there is no path that obeys the rules.
pub fn trust_statement(
    cms: &[u8],
    signer: &Certificate,
    anchors: &[Vec<u8>],
    moment: OffsetDateTime,
) -> Result<()> {
    let data = SignedData::parse(cms)?;
    let anchor = |der: &Vec<u8>| -> Result<Anchor> {
        Ok(Anchor {
            certificate: Certificate::parse(der)?,
            regime: String::new(),
            trusted_until: None,
        })
    };
    let store = Store {
        anchors: anchors.iter().map(anchor).collect::<Result<_>>()?,
        // What stands beside the signature is a help, and no more.
        intermediates: data
            .certificates
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect(),
    };
    x509::build(signer, &store, Purpose::Signature, Some(moment))
        .map(|_| ())
        .map_err(|fault| Error::refused("certificate", refusal(fault).1))
}
