//! Time-stamps (EN 319 102-1 clause 5.4): what they cover, and whether what they state can be relied upon.

use time::OffsetDateTime;

use super::covered::Covered;
use super::cryptography::{self, Checked};
use super::evidence::Evidence;
use super::existence::Existence;
use super::format::SubFilter;
use super::past::Case;
use super::policy::Revocation;
use super::report::SubIndication;
use super::trust::{Refusal, Trusted};
use crate::cms::TimeStamp;
use crate::error::Error;
use crate::x509::Purpose;
use crate::x509::algorithm::{Digest, earlier};

/// What is known of a time-stamp before it is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'p> {
    /// The moment asked about.
    pub(super) control: OffsetDateTime,
    /// The earliest at which a later time-stamp proves that this one existed.
    pub(super) best: Option<OffsetDateTime>,
    pub(super) revocation: Revocation,
    pub(super) existence: Existence<'p>,
}

impl Known<'_> {
    /// The moment until which the time-stamp could have been forged.
    pub(super) fn moment(&self) -> OffsetDateTime {
        self.best.map_or(self.control, |best| best.min(self.control))
    }
}

impl Evidence {
    /// Judges a time-stamp over `stamped`.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub(super) fn time_stamp(
        &self,
        stamp: &TimeStamp,
        stamped: &Covered<'_>,
        known: Known<'_>,
    ) -> Result<(Checked, Trusted), Refusal> {
        let unknown = |error: Error| (SubIndication::CryptoConstraintsFailure, error.to_string());
        let digest = Digest::of(&stamp.imprint_algorithm).map_err(unknown)?;
        if stamped.digest(digest) != stamp.imprint {
            return Err((
                SubIndication::HashFailure,
                "the time-stamp is of other data".to_owned(),
            ));
        }
        let data = &stamp.signed_data;
        let candidates = &self.store.intermediates;
        let checked = cryptography::check(data, SubFilter::TimeStamp, &Covered::of(&[]), candidates)?;
        let case = Case {
            evidence: self,
            certificate: &checked.certificate,
            purpose: Purpose::TimeStamp,
            // What is known of an authority that was revoked counts in any case: its stamps prove nothing.
            revocation: match known.revocation {
                Revocation::Require => Revocation::Require,
                Revocation::IfAvailable | Revocation::Ignore => Revocation::IfAvailable,
            },
            control: known.control,
            best: known.best,
            existence: known.existence,
        };
        let trusted = case.judge()?;
        let weak_from = earlier(checked.weak_from, trusted.weak_from);
        if !trusted.embedded && weak_from.is_some_and(|from| known.moment() >= from) {
            return Err((
                SubIndication::CryptoConstraintsFailureNoPoe,
                "an algorithm or key of the time-stamp is too weak to prove anything".to_owned(),
            ));
        }
        Ok((checked, trusted))
    }
}
