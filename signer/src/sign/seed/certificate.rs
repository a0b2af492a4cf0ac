//! The certificate that the author of a form wants to see signing (ISO 32000-2, 12.7.5.5, table 238). The entries of
//! signature policies have no bit that could require them, so they stay wishes.

use lopdf::{Dictionary, Object};
use unicode_normalization::UnicodeNormalization as _;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::X509Certificate;

use super::{requires, unmet, words};
use crate::error::{Error, Result};
use crate::pdf::writer::Update;
use crate::sign::algorithm;
use crate::x509::Certificate;

/// Refuses a chain (DER, the signer's first) whose certificates the `/Cert` dictionary does not want.
pub(super) fn check(update: &Update, constraints: &Object, chain: &[Vec<u8>]) -> Result<()> {
    let Ok(values) = constraints.as_dict() else {
        return Ok(());
    };
    let wanted = Wanted { update, values };
    let own = chain.first().map_or(&[][..], Vec::as_slice);
    let certificate = algorithm::parse(own)?;
    let met = wanted
        .subject(own)
        .and_then(|()| wanted.issuer(chain))
        .and_then(|()| wanted.policies(&certificate))
        .and_then(|()| wanted.subject_name(&certificate))
        .and_then(|()| wanted.key_usage(&certificate));
    met.map_err(|error| wanted.with_address(error))
}

struct Wanted<'a> {
    update: &'a Update,
    values: &'a Dictionary,
}

impl Wanted<'_> {
    fn subject(&self, own: &[u8]) -> Result<()> {
        let subjects = self.listed(b"Subject");
        let met = subjects.iter().any(|subject| subject == own);
        self.hold(1, subjects.is_empty() || met, "the certificate of another signer")
    }

    /// "Directly or indirectly": one of the chain's issuers, or who signed its last certificate.
    fn issuer(&self, chain: &[Vec<u8>]) -> Result<()> {
        let issuers = self.listed(b"Issuer");
        let of_chain = || chain.iter().skip(1).any(|one| issuers.contains(one));
        let above = || {
            let Some(Ok(last)) = chain.last().map(|der| Certificate::parse(der)) else {
                return false;
            };
            let parsed = issuers.iter().filter_map(|der| Certificate::parse(der).ok());
            let mut signers =
                parsed.filter(|one| last.may_be_issued_by(one) && last.is_signed_by(one).is_ok());
            signers.next().is_some()
        };
        let met = issuers.is_empty() || of_chain() || above();
        self.hold(2, met, "a certificate of another issuer")
    }

    fn policies(&self, own: &X509Certificate<'_>) -> Result<()> {
        let wanted = words(self.update, self.value(b"OID"));
        let extensions = own.extensions().iter().map(|one| one.parsed_extension());
        let of_own: Vec<String> = extensions
            .filter_map(|one| match one {
                ParsedExtension::CertificatePolicies(policies) => Some(policies),
                _ => None,
            })
            .flat_map(|policies| policies.iter().map(|policy| policy.policy_id.to_id_string()))
            .collect();
        let missing = wanted.iter().find(|policy| !of_own.contains(policy));
        let what = format!(
            "a certificate under the policy {}",
            missing.map_or("", String::as_str)
        );
        self.hold(3, missing.is_none(), &what)
    }

    /// Every attribute of every dictionary stands in the certificate's subject, which may have more.
    fn subject_name(&self, own: &X509Certificate<'_>) -> Result<()> {
        let names = self.value(b"SubjectDN").as_array().into_iter().flatten();
        for name in names {
            let Ok(attributes) = self.update.resolve(name).as_dict() else {
                continue;
            };
            for (kind, value) in attributes {
                let kind = String::from_utf8_lossy(kind).into_owned();
                let Ok(value) = lopdf::decode_text_string(self.update.resolve(value)) else {
                    continue;
                };
                let what = format!("a certificate whose subject has {kind}={value}");
                self.hold(4, has_attribute(own, &kind, &value), &what)?;
            }
        }
        Ok(())
    }

    /// Patterns of `0`, `1` and `X`, digitalSignature first; what is neither 0 nor 1 does not matter.
    fn key_usage(&self, own: &X509Certificate<'_>) -> Result<()> {
        let patterns = words(self.update, self.value(b"KeyUsage"));
        let usage = own
            .key_usage()
            .map_err(|e| Error::malformed("certificate", e.to_string()))?;
        // A certificate that does not say how its key is used lets it be used for everything.
        let flags = usage.map_or(u16::MAX, |usage| usage.value.flags);
        let fits = |pattern: &String| {
            pattern
                .chars()
                .take(KEY_USAGES)
                .enumerate()
                .all(|(bit, wanted)| match wanted {
                    '0' => flags >> bit & 1 == 0,
                    '1' => flags >> bit & 1 == 1,
                    _ => true,
                })
        };
        let met = patterns.is_empty() || patterns.iter().any(fits);
        self.hold(6, met, "a key of another usage")
    }

    /// Refuses where the constraint with this bit position of `/Ff` is required and not met.
    fn hold(&self, bit: u32, met: bool, wanted: &str) -> Result<()> {
        if met || !requires(self.update, self.values, bit) {
            Ok(())
        } else {
            Err(unmet(wanted))
        }
    }

    /// Tells who was refused where the author of the form says that a fitting certificate is had.
    fn with_address(&self, error: Error) -> Error {
        let browser = match self.value(b"URLType") {
            Object::Name(kind) => kind == b"Browser",
            _ => true,
        };
        let address = lopdf::decode_text_string(self.value(b"URL"));
        match (error, address) {
            (Error::Refused { subject, reason }, Ok(address)) if browser && !address.is_empty() => {
                Error::refused(subject, format!("{reason} (one is had at {address})"))
            }
            (error, _) => error,
        }
    }

    fn value(&self, key: &[u8]) -> &Object {
        self.update.value(self.values, key)
    }

    fn listed(&self, key: &[u8]) -> Vec<Vec<u8>> {
        let items = self.value(key).as_array().into_iter().flatten();
        items
            .filter_map(|item| Some(self.update.resolve(item).as_str().ok()?.to_vec()))
            .collect()
    }
}

/// Whether the subject has the attribute, by its usual short name or its dotted identifier; case, white space and
/// composition of letters do not count (RFC 5280, 7.1).
fn has_attribute(certificate: &X509Certificate<'_>, kind: &str, value: &str) -> bool {
    let short = SHORT_NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(kind));
    let wanted = short.map_or(kind, |(_, identifier)| identifier);
    let mut attributes = certificate.subject().iter_attributes();
    attributes.any(|attribute| {
        attribute.attr_type().to_id_string() == wanted
            && attribute
                .as_str()
                .is_ok_and(|found| folded(found) == folded(value))
    })
}

fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").nfc().collect::<String>().to_lowercase()
}

/// Attribute types as people write them (RFC 4519; PKCS #9).
const SHORT_NAMES: [(&str, &str); 14] = [
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("title", "2.5.4.12"),
    ("GN", "2.5.4.42"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("E", "1.2.840.113549.1.9.1"),
    ("email", "1.2.840.113549.1.9.1"),
];

/// digitalSignature to decipherOnly.
const KEY_USAGES: usize = 9;
