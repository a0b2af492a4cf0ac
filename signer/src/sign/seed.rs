//! Seed values: what the author of a form wants of a signature (ISO 32000-2, 12.7.5.5, tables 237 and 238). A constraint
//! that is required and that we cannot meet refuses the signature; a wish that is not required is left.

use lopdf::{Dictionary, Object, ObjectId};

use super::{Certification, Digest, Level, Request};
use crate::error::{Error, Result};
use crate::pdf::writer::Update;
use crate::sign::algorithm;

/// Refuses a signature that the field's `/SV` does not want.
pub(super) fn check(update: &Update, field: ObjectId, request: &Request, chain: &[Vec<u8>]) -> Result<()> {
    let widget = update.dictionary(field)?;
    let Ok(values) = update.value(widget, b"SV").as_dict() else {
        return Ok(());
    };
    let seed = Seed { update, values };
    seed.filters()?;
    seed.digests(request)?;
    seed.reasons(request)?;
    seed.certification(request)?;
    seed.time_stamp(request)?;
    seed.what_is_not_made()?;
    match update.value(values, b"Cert").as_dict() {
        Ok(values) => Certificates { update, values }.check(chain),
        Err(_) => Ok(()),
    }
}

struct Seed<'a> {
    update: &'a Update,
    values: &'a Dictionary,
}

impl Seed<'_> {
    fn value(&self, key: &[u8]) -> &Object {
        self.update.value(self.values, key)
    }

    /// Whether the constraint with this bit position (from 1) of `/Ff` is required.
    fn requires(&self, bit: u32) -> bool {
        requires(self.update, self.values, bit)
    }

    fn filters(&self) -> Result<()> {
        let filter = self.value(b"Filter").as_name().ok();
        if self.requires(1) && filter.is_some_and(|name| name != b"Adobe.PPKLite") {
            return Err(unmet("another signature handler"));
        }
        let formats = names(self.update, self.value(b"SubFilter"));
        if self.requires(2) && !formats.is_empty() && !formats.contains(&b"ETSI.CAdES.detached".as_slice()) {
            return Err(unmet("a format other than ETSI.CAdES.detached"));
        }
        let version = self.value(b"V").as_float().unwrap_or(0.0);
        if self.requires(3) && version > KNOWN_VERSION {
            return Err(unmet("a newer reader of its seed values"));
        }
        Ok(())
    }

    fn digests(&self, request: &Request) -> Result<()> {
        let ours = match request.algorithm.digest() {
            Digest::Sha256 => "SHA256",
            Digest::Sha384 => "SHA384",
            Digest::Sha512 => "SHA512",
        };
        let wanted = texts(self.update, self.value(b"DigestMethod"));
        if self.requires(7) && !wanted.is_empty() && !wanted.iter().any(|one| one.replace('-', "") == ours) {
            return Err(unmet(format!("the digest {}", wanted.join(" or "))));
        }
        Ok(())
    }

    /// An empty list, or one that holds a period alone, forbids a reason.
    fn reasons(&self, request: &Request) -> Result<()> {
        if !self.requires(4) || self.value(b"Reasons").is_null() {
            return Ok(());
        }
        let wanted = texts(self.update, self.value(b"Reasons"));
        let forbidden = wanted.is_empty() || wanted == ["."];
        match &request.reason {
            None if forbidden => Ok(()),
            Some(_) if forbidden => Err(unmet("no reason to be given")),
            Some(reason) if wanted.contains(reason) => Ok(()),
            _ => Err(unmet(format!("one of the reasons {}", wanted.join("; ")))),
        }
    }

    /// `/MDP` is always a constraint: 0 wants an approval signature, 1 to 3 that certification.
    fn certification(&self, request: &Request) -> Result<()> {
        let Ok(wanted) = self.value(b"MDP").as_dict() else {
            return Ok(());
        };
        let wanted = self.update.value(wanted, b"P").as_i64().unwrap_or(0);
        let given = request.certify.map_or(0, Certification::level);
        if wanted == given {
            Ok(())
        } else if wanted == 0 {
            Err(unmet("a signature that does not certify"))
        } else {
            Err(unmet(format!("a certification of level {wanted}")))
        }
    }

    fn time_stamp(&self, request: &Request) -> Result<()> {
        let required = self
            .value(b"TimeStamp")
            .as_dict()
            .is_ok_and(|values| requires(self.update, values, 1));
        if required && request.level == Level::BB {
            return Err(unmet("a time-stamp"));
        }
        Ok(())
    }

    fn what_is_not_made(&self) -> Result<()> {
        if self.requires(5) && !self.value(b"LegalAttestation").is_null() {
            return Err(unmet("a legal attestation"));
        }
        if self.requires(6) && matches!(self.value(b"AddRevInfo"), Object::Boolean(true)) {
            return Err(unmet(
                "revocation data inside the signature, which PAdES keeps beside it",
            ));
        }
        if self.requires(8)
            && self
                .value(b"LockDocument")
                .as_name()
                .is_ok_and(|name| name == b"true")
        {
            return Err(unmet("the document locked by another means than certification"));
        }
        if self.requires(9) && !self.value(b"AppearanceFilter").is_null() {
            return Err(unmet("an appearance of its own"));
        }
        Ok(())
    }
}

/// The certificate seed value dictionary (table 238).
struct Certificates<'a> {
    update: &'a Update,
    values: &'a Dictionary,
}

impl Certificates<'_> {
    fn check(&self, chain: &[Vec<u8>]) -> Result<()> {
        let listed = |key: &[u8]| self.listed(key);
        let subjects = listed(b"Subject");
        if self.requires(1)
            && !subjects.is_empty()
            && !chain.first().is_some_and(|own| subjects.contains(own))
        {
            return Err(unmet("the certificate of another signer"));
        }
        let issuers = listed(b"Issuer");
        if self.requires(2) && !issuers.is_empty() && !chain.iter().skip(1).any(|one| issuers.contains(one)) {
            return Err(unmet("a certificate of another issuer"));
        }
        let usages = texts(self.update, self.update.value(self.values, b"KeyUsage"));
        if self.requires(6) && !usages.is_empty() && !has_usage(chain, &usages)? {
            return Err(unmet("a key of another usage"));
        }
        // Policies and parts of names would need rules of their own; none of 1,100 signed files had them.
        for (bit, key, what) in [
            (3, b"OID".as_slice(), "a certificate policy"),
            (4, b"SubjectDN", "a subject's name"),
        ] {
            if self.requires(bit) && !self.update.value(self.values, key).is_null() {
                return Err(unmet(format!("{what}, which is not looked at")));
            }
        }
        Ok(())
    }

    fn requires(&self, bit: u32) -> bool {
        requires(self.update, self.values, bit)
    }

    fn listed(&self, key: &[u8]) -> Vec<Vec<u8>> {
        let items = self.update.value(self.values, key).as_array();
        items
            .into_iter()
            .flatten()
            .filter_map(|item| Some(self.update.resolve(item).as_str().ok()?.to_vec()))
            .collect()
    }
}

/// Whether the signer's key usage fits one of the patterns of `0`, `1` and `X`, digitalSignature first.
fn has_usage(chain: &[Vec<u8>], patterns: &[String]) -> Result<bool> {
    let certificate = algorithm::parse(chain.first().map_or(&[], Vec::as_slice))?;
    let usage = certificate
        .key_usage()
        .map_err(|e| Error::malformed("certificate", e.to_string()))?;
    let Some(usage) = usage else { return Ok(true) };
    let fits = |pattern: &String| {
        pattern.chars().enumerate().all(|(bit, wanted)| match wanted {
            '0' => usage.value.flags >> bit & 1 == 0,
            '1' => usage.value.flags >> bit & 1 == 1,
            _ => true,
        })
    };
    Ok(patterns.iter().any(fits))
}

fn requires(update: &Update, values: &Dictionary, bit: u32) -> bool {
    let flags = update.value(values, b"Ff").as_i64().unwrap_or(0);
    flags >> (bit - 1) & 1 == 1
}

fn names<'a>(update: &'a Update, list: &'a Object) -> Vec<&'a [u8]> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| update.resolve(item).as_name().ok())
        .collect()
}

fn texts(update: &Update, list: &Object) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| lopdf::decode_text_string(update.resolve(item)).ok())
        .collect()
}

fn unmet(wanted: impl std::fmt::Display) -> Error {
    Error::refused("field", format!("its seed values want {wanted}"))
}

/// ISO 32000-2 defines version 3.
const KNOWN_VERSION: f32 = 3.0;
