//! A `TimeStampToken` and what it states.

use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Tag, Tagged as _};
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use super::{elements, malformed};
use crate::error::{Error, Result};
use crate::sign::{Digest, TIME_STAMP_INFO};

/// A token as it came, and its statement. Its signature is for `validate` to judge.
#[derive(Debug, Clone)]
pub struct Token {
    der: Vec<u8>,
    info: Info,
}

/// `TSTInfo` (RFC 3161, 2.4.2): what the authority states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    pub policy: ObjectIdentifier,
    pub digest_algorithm: ObjectIdentifier,
    pub imprint: Vec<u8>,
    /// The INTEGER's own octets.
    pub serial_number: Vec<u8>,
    pub time: OffsetDateTime,
    /// The INTEGER's own octets.
    pub nonce: Option<Vec<u8>>,
}

impl Token {
    /// Reads a `ContentInfo` in DER.
    ///
    /// # Errors
    /// *Malformed*: anything but a SignedData over one `TSTInfo`.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let content_info = elements(der)?;
        let explicit = content_info.get(1).ok_or_else(malformed)?;
        let signed_data = elements(explicit.value())?;
        let contents: Vec<AnyRef<'_>> = signed_data
            .get(2)
            .ok_or_else(malformed)?
            .decode_as()
            .map_err(|_| malformed())?;
        let kind: ObjectIdentifier = contents
            .first()
            .ok_or_else(malformed)?
            .decode_as()
            .map_err(|_| malformed())?;
        if kind != TIME_STAMP_INFO {
            return Err(malformed());
        }
        let octets =
            AnyRef::from_der(contents.get(1).ok_or_else(malformed)?.value()).map_err(|_| malformed())?;
        if octets.tag() != Tag::OctetString {
            return Err(malformed());
        }
        Ok(Self {
            der: der.to_vec(),
            info: Info::parse(octets.value())?,
        })
    }

    /// What it states.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// The token as it came.
    pub fn into_der(self) -> Vec<u8> {
        self.der
    }

    /// Whether it answers this request, now.
    ///
    /// # Errors
    /// *Refused*: another imprint or nonce, or a time more than ten minutes from `now`: one of the two clocks is wrong.
    pub fn answers(&self, digest: Digest, imprint: &[u8], nonce: u64, now: OffsetDateTime) -> Result<()> {
        let Info {
            digest_algorithm,
            imprint: stamped,
            time,
            nonce: echoed,
            ..
        } = &self.info;
        let refused = |reason: &'static str| Err(Error::refused("time-stamp", reason));
        if Digest::from_oid(*digest_algorithm) != Some(digest) || stamped != imprint {
            return refused("it stamps something else");
        }
        let sent = crate::encode::integer(nonce);
        if echoed.as_deref() != sent.get(2..) {
            return refused("it answers another request");
        }
        if (*time - now).abs() > CLOCK_TOLERANCE {
            return refused("its time is far from ours");
        }
        Ok(())
    }
}

impl Info {
    /// Reads a `TSTInfo` in DER.
    ///
    /// # Errors
    /// *Malformed* bytes.
    pub fn parse(der: &[u8]) -> Result<Self> {
        let parts = elements(der)?;
        let part = |index: usize| parts.get(index).ok_or_else(malformed);
        let imprint: Vec<AnyRef<'_>> = part(2)?.decode_as().map_err(|_| malformed())?;
        let [algorithm, hashed] = imprint.as_slice() else {
            return Err(malformed());
        };
        let algorithm: Vec<AnyRef<'_>> = algorithm.decode_as().map_err(|_| malformed())?;
        if part(4)?.tag() != Tag::GeneralizedTime || hashed.tag() != Tag::OctetString {
            return Err(malformed());
        }
        // After the time come accuracy (SEQUENCE), ordering (BOOLEAN), nonce (INTEGER), tsa [0] and extensions [1].
        let nonce = parts.iter().skip(5).find(|part| part.tag() == Tag::Integer);
        Ok(Self {
            policy: part(1)?.decode_as().map_err(|_| malformed())?,
            digest_algorithm: algorithm
                .first()
                .ok_or_else(malformed)?
                .decode_as()
                .map_err(|_| malformed())?,
            imprint: hashed.value().to_vec(),
            serial_number: part(3)?.value().to_vec(),
            time: generalized_time(part(4)?.value()).ok_or_else(malformed)?,
            nonce: nonce.map(|nonce| nonce.value().to_vec()),
        })
    }
}

/// `YYYYMMDDhhmmss[.f…]Z`: the fraction is what ordinary DER times lack (2.4.2).
fn generalized_time(text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let format = time::macros::format_description!("[year][month][day][hour][minute][second]");
    let moment = PrimitiveDateTime::parse(whole, &format).ok()?.assume_utc();
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: u64 = format!("{fraction:0<9}").parse().ok()?;
    Some(moment + Duration::nanoseconds(nanoseconds as i64))
}

/// Clocks of offices drift by minutes; an authority's does not.
const CLOCK_TOLERANCE: Duration = Duration::minutes(10);

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn reads_times_with_and_without_fraction() {
        let cases: [(&[u8], Option<OffsetDateTime>); 5] = [
            (b"20261123085153Z", Some(datetime!(2026-11-23 08:51:53 UTC))),
            (b"20261123085153.25Z", Some(datetime!(2026-11-23 08:51:53.25 UTC))),
            (b"20261123085153", None),
            (b"20261123085153.Z", None),
            (b"20261323085153Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                generalized_time(text),
                expected,
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }
}
