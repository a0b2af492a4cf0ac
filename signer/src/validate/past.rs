//! Whom a signature or time-stamp belongs to, at the time that is proven for it: validation with time (EN 319 102-1 clause
//! 5.5.4) and past validation (5.6.2).

use time::{Duration, OffsetDateTime};

use super::evidence::Evidence;
use super::existence::Existence;
use super::policy::Revocation;
use super::report::{RevocationStatus, SubIndication as Sub};
use super::trust::{self, Refusal, Trusted};
use crate::status::{News, Status};
use crate::x509::algorithm::earlier;
use crate::x509::{self, Certificate, Purpose};

/// A signer's certificate under judgement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'c> {
    pub(super) evidence: &'c Evidence,
    pub(super) certificate: &'c Certificate,
    pub(super) purpose: Purpose,
    pub(super) revocation: Revocation,
    /// The moment asked about.
    pub(super) control: OffsetDateTime,
    /// Best-signature-time: the earliest at which the signature is proven to have existed.
    pub(super) best: Option<OffsetDateTime>,
    pub(super) existence: Existence<'c>,
}

impl Case<'_> {
    /// At the control time first (5.3); where that leaves a doubt, by the proven time (5.5), and by sliding (5.6).
    pub(super) fn judge(&self) -> Result<Trusted, Refusal> {
        let current = self.at(self.control);
        let Some(best) = self.best else {
            return current;
        };
        match current {
            // 5.5.4, 4) b): nobody signs before there is a certificate to sign with.
            Ok(trusted) if !trusted.embedded && best + CLOCK_SKEW < self.certificate.not_before => {
                Err(self.not_yet_valid(best))
            }
            // The answers at hand were fresh when the signature was made, or are proven by later time-stamps.
            Ok(trusted) if trusted.revocation == RevocationStatus::Unknown => {
                Ok(self.known_then(best).unwrap_or(trusted))
            }
            Err((sub, reason)) if may_be_helped(sub) => self.helped(sub, reason, best),
            current => current,
        }
    }

    fn at(&self, moment: OffsetDateTime) -> Result<Trusted, Refusal> {
        self.evidence
            .judge(self.certificate, self.purpose, moment, self.revocation)
    }

    fn known_then(&self, best: OffsetDateTime) -> Option<Trusted> {
        let slid = || self.slide().ok().filter(|slid| best <= slid.control);
        let then = self.at(best).ok().or_else(|| slid().map(|slid| slid.trusted));
        then.filter(|then| then.revocation == RevocationStatus::Good)
    }

    /// A doubt at the control time, and a proof from before.
    fn helped(&self, sub: Sub, reason: String, best: OffsetDateTime) -> Result<Trusted, Refusal> {
        if best + CLOCK_SKEW < self.certificate.not_before {
            return Err(self.not_yet_valid(best));
        }
        // 5.5.4, 4) b): where nothing is known of a certificate that expired, being in time does not help; a policy that
        // does without answers does without this too.
        if (sub, self.revocation) != (Sub::OutOfBoundsNoPoe, Revocation::Require) {
            match self.at(best) {
                Ok(trusted) => return Ok(trusted),
                // 5.5.4, 4) a) iii: revoked, but out of its bounds before that.
                Err((Sub::OutOfBoundsNoPoe | Sub::OutOfBoundsNotRevoked, then))
                    if is_revoked(sub) && best > self.certificate.not_after =>
                {
                    return Err((Sub::OutOfBoundsNotRevoked, then));
                }
                Err((Sub::RevokedNoPoe | Sub::RevokedCaNoPoe, _)) if is_revoked(sub) => {}
                // What is known of that moment tells more than what is doubtful now.
                Err((then @ (Sub::RevokedNoPoe | Sub::RevokedCaNoPoe), why)) => return Err((then, why)),
                Err(_) => {}
            }
        }
        self.past(best).map_err(|doubt| match doubt {
            Some(doubt) => (sub, format!("{reason}; past validation: {doubt}")),
            None => (sub, reason),
        })
    }

    /// Past signature validation (5.6.2.4), for a signature that existed at `best`.
    fn past(&self, best: OffsetDateTime) -> Result<Trusted, Option<String>> {
        let slid = self.slide().map_err(|(_, why)| Some(why))?;
        if best > slid.control {
            return Err(Some(format!(
                "trust in the certificate reaches until {}, the signature is proven since {best}",
                slid.control
            )));
        }
        if best > self.certificate.not_after {
            return Err(None);
        }
        Ok(slid.trusted)
    }

    fn not_yet_valid(&self, best: OffsetDateTime) -> Refusal {
        let name = &self.certificate.subject.text;
        let from = self.certificate.not_before;
        (
            Sub::NotYetValid,
            format!("signed before {best}, when the certificate of {name}, of {from}, did not exist"),
        )
    }

    /// Past certificate validation by sliding the time (5.6.2.1, 5.6.2.2): from the anchor downward, each certificate is
    /// judged by what is proven to have been known of it while the one above could be relied upon.
    ///
    /// # Errors
    /// NO_POE where a status is required and nothing proven speaks of it; the path's own faults.
    pub(super) fn slide(&self) -> Result<Slid, Refusal> {
        let path = x509::build(self.certificate, &self.evidence.store, self.purpose, None);
        let path = path.map_err(trust::refusal)?;
        let mut status = match self.revocation {
            Revocation::Ignore => RevocationStatus::NotChecked,
            _ => RevocationStatus::Good,
        };
        let mut control = path
            .trusted_until
            .map_or(self.control, |until| self.control.min(until));
        for (pair, weak) in path.certificates.windows(2).zip(&path.weak).rev() {
            let [certificate, issuer] = pair else { continue };
            let asked = self.revocation != Revocation::Ignore && !certificate.ocsp_no_check;
            let news = self.latest(certificate, issuer, control).filter(|_| asked);
            let mut weak = *weak;
            match &news {
                Some(news) => {
                    control = control.min(until(news, control));
                    weak = earlier(weak, news.weak_from);
                }
                None if asked && self.revocation == Revocation::Require => {
                    let name = &certificate.subject.text;
                    return Err((
                        Sub::NoPoe,
                        format!("no status of {name} is proven to have been known at {control}"),
                    ));
                }
                // Where nothing is said a certificate stands for itself until its end.
                None => {
                    control = control.min(certificate.not_after);
                    if asked {
                        status = RevocationStatus::Unknown;
                    }
                }
            }
            control = weak.map_or(control, |weak| control.min(weak));
        }
        Ok(Slid {
            control,
            trusted: Trusted::over(&path, status),
        })
    }

    /// 5.6.2.2.4, 2) a): of the answers that were given, and with the certificate proven to exist, by `control`, a
    /// revocation or the last one.
    fn latest(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        control: OffsetDateTime,
    ) -> Option<News> {
        let existence = &self.existence;
        let was_there = |origin| existence.since(origin) <= control;
        let is_signer = certificate.der == self.certificate.der;
        // The signature names its signer's certificate by its hash, so that both existed when it did.
        let named = is_signer && self.best.is_some_and(|best| best <= control);
        if !named && !was_there(self.evidence.origin(certificate)) {
            return None;
        }
        let news = self.evidence.news(certificate, issuer).into_iter();
        let counts = |news: &News, origin| {
            let says = match news.status {
                Status::Good => news.speaks_of(certificate),
                Status::Revoked { .. } => true,
                Status::Unknown => false,
            };
            says && news.issued <= control && was_there(origin)
        };
        let mut found: Vec<News> = news
            .filter(|(news, held)| counts(news, held.origin))
            .map(|(news, _)| news)
            .collect();
        found.sort_by_key(|news| (is_final(news), news.issued));
        found.pop()
    }
}

/// Until when an answer lets its certificate be relied upon (5.6.2.2.4, 2) b) and c)).
fn until(news: &News, control: OffsetDateTime) -> OffsetDateTime {
    match news.status {
        Status::Revoked { at } => at,
        _ if news.is_fresh(control) => control,
        _ => news.issued,
    }
}

fn is_final(news: &News) -> bool {
    matches!(news.status, Status::Revoked { .. }) && !news.on_hold
}

/// How far sliding came.
#[derive(Debug)]
pub(super) struct Slid {
    /// Until when the certificate can be relied upon.
    pub(super) control: OffsetDateTime,
    pub(super) trusted: Trusted,
}

fn is_revoked(sub: Sub) -> bool {
    matches!(sub, Sub::RevokedNoPoe | Sub::RevokedCaNoPoe)
}

/// What a proof of existence before the fact can mend (5.5.4, 2), 5.6.2.4).
fn may_be_helped(sub: Sub) -> bool {
    matches!(
        sub,
        Sub::OutOfBoundsNoPoe
            | Sub::OutOfBoundsNotRevoked
            | Sub::RevokedNoPoe
            | Sub::RevokedCaNoPoe
            | Sub::TryLater
    )
}

/// Clocks of authorities differ a little, and some certificates are made for the signature of the same minute.
const CLOCK_SKEW: Duration = Duration::minutes(5);
