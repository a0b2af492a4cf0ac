//! Seed values: what the author of a form wants of a signature in a field (ISO 32000-2, 12.7.5.5, table 237). What is
//! required is met where neither the request nor the signer's certificate contradicts it, and else refused with the
//! sentence that names it; a wish that is not required is left to the signer.

mod certificate;

use lopdf::{Dictionary, Object, ObjectId};

use super::{Algorithm, Certification, Digest, Level, Request};
use crate::error::{Error, Result};
use crate::pdf::writer::Update;

/// What must be known of a field's seed values before a key is opened and an authority chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The digests that are acceptable and that we make, in the author's order; empty where every one is.
    pub digests: Vec<Digest>,
    pub time_stamp: Option<TimeStampWish>,
}

/// The time-stamp that the author of a form wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampWish {
    /// An authority. The address comes from the file, so from a stranger.
    pub address: Option<String>,
    pub required: bool,
}

/// What of a request the seed values decided.
pub(super) struct Met {
    pub reason: Option<String>,
    pub certify: Option<Certification>,
    /// The document is to be locked, and no certification does it.
    pub locks: bool,
}

/// What the field's `/SV` says of digests and time-stamps.
pub(super) fn wishes(update: &Update, field: ObjectId) -> Result<Wishes> {
    Ok(Seed::of(update, field)?.map_or_else(Wishes::default, |seed| seed.wishes()))
}

/// Completes the request by what the field's `/SV` requires, or refuses what it does not want.
pub(super) fn meet(update: &Update, field: ObjectId, request: &Request, chain: &[Vec<u8>]) -> Result<Met> {
    let mut met = Met {
        reason: request.reason.clone(),
        certify: request.certify,
        locks: false,
    };
    let Some(seed) = Seed::of(update, field)? else {
        return Ok(met);
    };
    seed.formats()?;
    seed.digests(request.algorithm)?;
    seed.time_stamp(request.level)?;
    met.reason = seed.reason(met.reason)?;
    met.certify = seed.certification(met.certify)?;
    met.locks = seed.locks(met.certify)?;
    seed.what_is_not_made(met.certify)?;
    certificate::check(update, seed.value(b"Cert"), chain)?;
    Ok(met)
}

struct Seed<'a> {
    update: &'a Update,
    values: &'a Dictionary,
}

impl<'a> Seed<'a> {
    fn of(update: &'a Update, field: ObjectId) -> Result<Option<Self>> {
        let values = update.value(update.dictionary(field)?, b"SV").as_dict().ok();
        Ok(values.map(|values| Self { update, values }))
    }

    fn value(&self, key: &[u8]) -> &'a Object {
        self.update.value(self.values, key)
    }

    /// Whether the constraint with this bit position (from 1) of `/Ff` is required.
    fn requires(&self, bit: u32) -> bool {
        requires(self.update, self.values, bit)
    }

    fn wishes(&self) -> Wishes {
        let named = words(self.update, self.value(b"DigestMethod"));
        let stamp = self.value(b"TimeStamp").as_dict().ok();
        Wishes {
            digests: named.iter().filter_map(|name| digest(name)).collect(),
            time_stamp: stamp.map(|values| TimeStampWish {
                address: lopdf::decode_text_string(self.update.value(values, b"URL")).ok(),
                required: requires(self.update, values, 1),
            }),
        }
    }

    fn formats(&self) -> Result<()> {
        let filter = self.value(b"Filter").as_name().ok();
        if self.requires(1) && filter.is_some_and(|name| name != b"Adobe.PPKLite") {
            return Err(unmet("another signature handler"));
        }
        let formats = words(self.update, self.value(b"SubFilter"));
        if self.requires(2) && !formats.is_empty() && !formats.iter().any(|one| one == FORMAT) {
            return Err(unmet(format!("a format other than {FORMAT}")));
        }
        let version = self.value(b"V").as_float().unwrap_or(0.0);
        if self.requires(3) && version > KNOWN_VERSION {
            return Err(unmet("a newer reader of its seed values"));
        }
        Ok(())
    }

    /// Where the mechanism has a digest of its own, as our curves have, the entry is ignored (errata of ISO 32000-2, 158).
    fn digests(&self, algorithm: Algorithm) -> Result<()> {
        let wanted = words(self.update, self.value(b"DigestMethod"));
        let free = matches!(algorithm, Algorithm::RsaPss(_) | Algorithm::RsaPkcs1(_));
        let met = wanted.iter().any(|name| digest(name) == Some(algorithm.digest()));
        if self.requires(7) && free && !wanted.is_empty() && !met {
            return Err(unmet(format!("the digest {}", wanted.join(" or "))));
        }
        Ok(())
    }

    /// An array that is missing, or holds a period alone, forbids a reason; the only one there is is taken.
    fn reason(&self, given: Option<String>) -> Result<Option<String>> {
        if !self.requires(4) {
            return Ok(given);
        }
        let mut wanted = words(self.update, self.value(b"Reasons"));
        let forbidden = wanted.is_empty() || wanted == ["."];
        match given {
            given @ None if forbidden => Ok(given),
            Some(_) if forbidden => Err(unmet("no reason to be given")),
            Some(reason) if wanted.contains(&reason) => Ok(Some(reason)),
            None if wanted.len() == 1 => Ok(wanted.pop()),
            _ => Err(unmet(format!("one of the reasons {}", wanted.join("; ")))),
        }
    }

    /// `/MDP` is always a constraint: 0 wants an approval signature, 1 to 3 that certification.
    fn certification(&self, given: Option<Certification>) -> Result<Option<Certification>> {
        let Ok(wanted) = self.value(b"MDP").as_dict() else {
            return Ok(given);
        };
        let wanted = match self.update.value(wanted, b"P").as_i64() {
            Ok(0) => None,
            Ok(level) => Some(Certification::of_level(level).ok_or_else(|| {
                Error::malformed(
                    "field",
                    format!("its seed values want a certification of level {level}"),
                )
            })?),
            Err(_) => return Ok(given),
        };
        match (wanted, given) {
            (wanted, None) => Ok(wanted),
            (Some(wanted), Some(given)) if wanted == given => Ok(Some(given)),
            (None, Some(_)) => Err(unmet("a signature that does not certify")),
            (Some(wanted), _) => Err(unmet(format!("a certification of level {}", wanted.level()))),
        }
    }

    fn time_stamp(&self, level: Level) -> Result<()> {
        let required = self.wishes().time_stamp.is_some_and(|stamp| stamp.required);
        if required && level == Level::BB {
            return Err(unmet("a time-stamp"));
        }
        Ok(())
    }

    /// Whether the document is to be locked otherwise than by certification.
    fn locks(&self, certify: Option<Certification>) -> Result<bool> {
        let wanted = match self.value(b"LockDocument") {
            Object::Name(name) => name == b"true",
            Object::Boolean(wanted) => *wanted,
            _ => return Ok(false),
        };
        let free = matches!(self.value(b"LockDocument"), Object::Name(name) if name == b"auto");
        if !self.requires(8) || free {
            return Ok(false);
        }
        match (wanted, certify) {
            (true, None) => Ok(true),
            (true, Some(Certification::NoChanges)) => Ok(false),
            (true, Some(_)) => Err(unmet("the document locked, so a certification of level 1")),
            (false, Some(Certification::NoChanges)) => Err(unmet("the document not to be locked")),
            (false, _) => Ok(false),
        }
    }

    fn what_is_not_made(&self, certify: Option<Certification>) -> Result<()> {
        // Attestations go with certifications alone, and are a person's to make.
        if self.requires(5) && certify.is_some() && !self.value(b"LegalAttestation").is_null() {
            return Err(unmet("a legal attestation"));
        }
        if self.requires(6) && matches!(self.value(b"AddRevInfo"), Object::Boolean(true)) {
            return Err(unmet(
                "revocation data inside the signature, which PAdES keeps beside it",
            ));
        }
        if self.requires(9) && !self.value(b"AppearanceFilter").is_null() {
            return Err(unmet("an appearance of its own"));
        }
        Ok(())
    }
}

fn digest(name: &str) -> Option<Digest> {
    match name.replace('-', "").to_ascii_uppercase().as_str() {
        "SHA256" => Some(Digest::Sha256),
        "SHA384" => Some(Digest::Sha384),
        "SHA512" => Some(Digest::Sha512),
        _ => None,
    }
}

fn requires(update: &Update, values: &Dictionary, bit: u32) -> bool {
    let flags = update.value(values, b"Ff").as_i64().unwrap_or(0);
    flags >> (bit - 1) & 1 == 1
}

/// The names or text strings of an array: writers mix them up.
fn words(update: &Update, list: &Object) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| match update.resolve(item) {
            Object::Name(name) => Some(String::from_utf8_lossy(name).into_owned()),
            other => lopdf::decode_text_string(other).ok(),
        })
        .collect()
}

fn unmet(wanted: impl std::fmt::Display) -> Error {
    Error::refused("field", format!("its seed values want {wanted}"))
}

/// What we make.
const FORMAT: &str = "ETSI.CAdES.detached";

/// ISO 32000-2 defines version 3.
const KNOWN_VERSION: f32 = 3.0;
