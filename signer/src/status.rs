//! What an authority says about a certificate, by a list or by an online answer, and of which moments it speaks.

use ::time::{Duration, OffsetDateTime};

use crate::x509::Certificate;

/// What an answer says about one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Good,
    /// Since when, by the issuer.
    Revoked {
        at: OffsetDateTime,
    },
    /// The answer is about others, out of date, or the responder does not know.
    Unknown,
}

/// An authority's word on one certificate, whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub status: Status,
    /// Revoked for a time only (certificateHold, RFC 5280 section 5.3.1).
    pub on_hold: bool,
    /// thisUpdate.
    pub issued: OffsetDateTime,
    /// nextUpdate.
    pub next: Option<OffsetDateTime>,
    /// The authority keeps the entries of certificates that expired since then: archiveCutoff (RFC 6960 section 4.4.4) or
    /// expiredCertsOnCRL (X.509 clause 9.5.2.8).
    pub archived_from: Option<OffsetDateTime>,
    /// From when the algorithm or key that signed the answer proves nothing any more.
    pub weak_from: Option<OffsetDateTime>,
}

impl News {
    /// Whether good news says anything about `certificate`: authorities drop those that expired before, unless they say
    /// that they keep them. A revocation stays, however old the news.
    pub fn speaks_of(&self, certificate: &Certificate) -> bool {
        self.issued <= certificate.not_after
            || self
                .archived_from
                .is_some_and(|from| from <= certificate.not_after)
    }

    /// Whether good news still counts at `moment` (EN 319 102-1 clause 5.2.5).
    pub fn is_fresh(&self, moment: OffsetDateTime) -> bool {
        moment <= self.issued || moment <= self.next.unwrap_or(self.issued + UNDATED)
    }

    /// The status of `certificate` at `moment` by this word alone.
    pub fn at(&self, certificate: &Certificate, moment: OffsetDateTime) -> Status {
        match &self.status {
            Status::Good if self.is_fresh(moment) && self.speaks_of(certificate) => Status::Good,
            Status::Revoked { at } => Status::Revoked { at: *at },
            _ => Status::Unknown,
        }
    }
}

/// Without nextUpdate newer news can be had at any time (RFC 6960 section 4.2.2.1): it counts for a day.
const UNDATED: Duration = Duration::DAY;

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn good(issued: OffsetDateTime, next: Option<OffsetDateTime>) -> News {
        News {
            status: Status::Good,
            on_hold: false,
            issued,
            next,
            archived_from: None,
            weak_from: None,
        }
    }

    #[test]
    fn good_news_counts_until_the_next_and_for_all_that_was_before() {
        let issued = datetime!(2026-03-01 00:00 UTC);
        let dated = good(issued, Some(datetime!(2026-03-08 00:00 UTC)));
        assert!(dated.is_fresh(datetime!(2020-01-01 00:00 UTC)));
        assert!(dated.is_fresh(datetime!(2026-03-08 00:00 UTC)));
        assert!(!dated.is_fresh(datetime!(2026-03-08 00:00:01 UTC)));
        let undated = good(issued, None);
        assert!(undated.is_fresh(datetime!(2026-03-02 00:00 UTC)));
        assert!(!undated.is_fresh(datetime!(2026-03-02 00:00:01 UTC)));
    }
}
