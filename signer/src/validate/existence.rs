//! Proofs of existence (EN 319 102-1 clause 5.6.2.3): since when something is proven to have been there.

use time::OffsetDateTime;

/// A time proven by a document time-stamp, and the revision that it covers with everything before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proof {
    /// Counted from 0.
    pub(super) revision: usize,
    pub(super) time: OffsetDateTime,
}

/// Where an object stands, in the file or outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Origin {
    /// The first revision whose document time-stamp covers it; `None` where it is not in the file.
    pub(super) covered_from: Option<usize>,
    /// The revision of the signature whose signed attributes hold it.
    pub(super) signed_in: Option<usize>,
}

impl Origin {
    /// Handed over by the caller.
    pub(super) const OUTSIDE: Self = Self {
        covered_from: None,
        signed_in: None,
    };

    /// In an object that `revision` wrote: a time-stamp of the same revision covers it.
    pub(super) fn written_in(revision: usize) -> Self {
        Self {
            covered_from: Some(revision),
            signed_in: None,
        }
    }

    /// In the `/Contents` of the signature of `revision`, which its own byte range leaves out.
    pub(super) fn contained_in(revision: usize) -> Self {
        Self::written_in(revision + 1)
    }

    /// In its signed attributes.
    pub(super) fn signed_in(revision: usize) -> Self {
        Self {
            signed_in: Some(revision),
            ..Self::contained_in(revision)
        }
    }

    /// The same object found a second time.
    pub(super) fn join(&mut self, other: Self) {
        let first = self.covered_from.into_iter().chain(other.covered_from).min();
        self.covered_from = first;
        self.signed_in = self.signed_in.or(other.signed_in);
    }
}

/// What is proven while one signature or time-stamp is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Existence<'p> {
    /// Everything at hand exists now.
    pub(super) now: OffsetDateTime,
    pub(super) stamps: &'p [Proof],
    /// The signature under judgement: its revision, and the time its own time-stamp proves. What it signs existed then.
    pub(super) own: Option<(usize, OffsetDateTime)>,
}

impl Existence<'_> {
    /// The earliest moment at which an object is proven to have existed.
    pub(super) fn since(&self, origin: Origin) -> OffsetDateTime {
        let covering = |proof: &&Proof| origin.covered_from.is_some_and(|from| proof.revision >= from);
        let stamps = self.stamps.iter().filter(covering).map(|proof| proof.time);
        let own = self
            .own
            .filter(|(revision, _)| origin.signed_in == Some(*revision))
            .map(|(_, time)| time);
        stamps.chain(own).fold(self.now, OffsetDateTime::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_time_stamp_proves_what_stood_before_it_and_nothing_else() {
        let (first, second, now) = (
            datetime!(2021-01-01 00:00 UTC),
            datetime!(2024-01-01 00:00 UTC),
            datetime!(2026-01-01 00:00 UTC),
        );
        let stamps = [
            Proof {
                revision: 4,
                time: second,
            },
            Proof {
                revision: 2,
                time: first,
            },
        ];
        let existence = Existence {
            now,
            stamps: &stamps,
            own: Some((0, datetime!(2020-01-01 00:00 UTC))),
        };
        assert_eq!(existence.since(Origin::written_in(2)), first);
        assert_eq!(existence.since(Origin::contained_in(2)), second);
        assert_eq!(existence.since(Origin::written_in(5)), now);
        assert_eq!(existence.since(Origin::OUTSIDE), now);
        assert_eq!(existence.since(Origin::contained_in(0)), first);
        assert_eq!(
            existence.since(Origin::signed_in(0)),
            datetime!(2020-01-01 00:00 UTC)
        );
        let mut twice = Origin::OUTSIDE;
        twice.join(Origin::written_in(3));
        assert_eq!(existence.since(twice), second);
    }
}
