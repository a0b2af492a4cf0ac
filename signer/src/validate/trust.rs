//! A certificate at one moment: its path, the status of each certificate on it (EN 319 102-1 clauses 5.2.5 and 5.2.6).

use time::OffsetDateTime;

use super::evidence::Evidence;
use super::policy::Revocation;
use super::report::{RevocationStatus, SubIndication};
use crate::status::{News, Status};
use crate::x509::{self, Certificate, Fault, Path, Purpose};

/// What a certificate was found to be.
#[derive(Debug, Clone)]
pub(super) struct Trusted {
    pub(super) regime: Option<String>,
    pub(super) revocation: RevocationStatus,
    /// From when an algorithm or key of the chain proves nothing any more.
    pub(super) weak_from: Option<OffsetDateTime>,
    /// The anchor came out of the signature.
    pub(super) embedded: bool,
    /// From the certificate judged to the anchor.
    pub(super) path: Vec<Certificate>,
}

/// Why a certificate is not trusted.
pub(super) type Refusal = (SubIndication, String);

impl Trusted {
    pub(super) fn over(path: &Path, revocation: RevocationStatus) -> Self {
        Self {
            regime: Some(path.regime.clone()),
            revocation,
            weak_from: path.weak_from(),
            embedded: false,
            path: path.certificates.clone(),
        }
    }
}

impl Evidence {
    /// Judges a certificate at `moment`.
    pub(super) fn judge(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        moment: OffsetDateTime,
        revocation: Revocation,
    ) -> Result<Trusted, Refusal> {
        match x509::build(certificate, &self.store, purpose, Some(moment)) {
            Ok(path) => self.with_revocation(&path, moment, revocation),
            Err(_) if self.trust_embedded => Ok(Trusted {
                regime: None,
                revocation: RevocationStatus::NotChecked,
                weak_from: None,
                embedded: true,
                path: Vec::new(),
            }),
            Err(Fault::Expired(what)) => Err(self.expired(certificate, purpose, (moment, revocation), &what)),
            Err(fault) => Err(refusal(fault)),
        }
    }

    fn with_revocation(
        &self,
        path: &Path,
        moment: OffsetDateTime,
        revocation: Revocation,
    ) -> Result<Trusted, Refusal> {
        let mut trusted = Trusted::over(path, RevocationStatus::NotChecked);
        if revocation == Revocation::Ignore {
            return Ok(trusted);
        }
        trusted.revocation = RevocationStatus::Good;
        for (index, pair) in path.certificates.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            let name = &certificate.subject.text;
            match self.standing(certificate, issuer, moment) {
                // A proof that the signature was made after the revocation, which REVOKED asks for, is looked for later.
                Standing::Revoked(at) if at <= moment => {
                    let sub = if index == 0 {
                        SubIndication::RevokedNoPoe
                    } else {
                        SubIndication::RevokedCaNoPoe
                    };
                    return Err((sub, format!("{name} was revoked at {at}")));
                }
                Standing::OnHold(at) if at <= moment => {
                    return Err((SubIndication::TryLater, format!("{name} is suspended since {at}")));
                }
                Standing::Unknown if !certificate.ocsp_no_check => {
                    trusted.revocation = RevocationStatus::Unknown
                }
                _ => {}
            }
        }
        if trusted.revocation == RevocationStatus::Unknown && revocation == Revocation::Require {
            return Err((
                SubIndication::TryLater,
                "the revocation status is unknown".to_owned(),
            ));
        }
        Ok(trusted)
    }

    /// Past its end: known revoked, known not to be (annex A tells the two), or neither.
    fn expired(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        (moment, revocation): (OffsetDateTime, Revocation),
        what: &str,
    ) -> Refusal {
        let reason = format!("expired: {what}");
        let unknown = (SubIndication::OutOfBoundsNoPoe, reason.clone());
        if revocation == Revocation::Ignore {
            return unknown;
        }
        let Ok(path) = x509::build(certificate, &self.store, purpose, None) else {
            return unknown;
        };
        let mut known = true;
        for pair in path.certificates.windows(2) {
            let [certificate, issuer] = pair else { continue };
            let end = certificate.not_after.min(moment);
            known &= match self.standing(certificate, issuer, end) {
                Standing::Revoked(at) if at <= end => return revoked(certificate, &path, at),
                Standing::Good | Standing::Revoked(_) => true,
                Standing::OnHold(_) | Standing::Unknown => certificate.ocsp_no_check,
            };
        }
        if known {
            (SubIndication::OutOfBoundsNotRevoked, reason)
        } else {
            unknown
        }
    }

    /// What all answers together say of a certificate at `moment`. A revocation is final; a suspension holds until newer
    /// news lifts it.
    pub(super) fn standing(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        moment: OffsetDateTime,
    ) -> Standing {
        let news = self.news(certificate, issuer);
        let revoked = |news: &News| match news.status {
            Status::Revoked { at } if !news.on_hold => Some(at),
            _ => None,
        };
        if let Some(at) = news.iter().filter_map(|(news, _)| revoked(news)).min() {
            return Standing::Revoked(at);
        }
        let latest = news
            .iter()
            .filter(|(news, _)| news.status != Status::Unknown)
            .max_by_key(|(news, _)| news.issued);
        if let Some((
            News {
                status: Status::Revoked { at },
                ..
            },
            _,
        )) = latest
        {
            return Standing::OnHold(*at);
        }
        if news
            .iter()
            .any(|(news, _)| news.at(certificate, moment) == Status::Good)
        {
            Standing::Good
        } else {
            Standing::Unknown
        }
    }

    /// The first revision whose document time-stamp would cover an answer of the file itself about this certificate, good
    /// for `moment`; `None` where the file holds no such answer.
    pub(super) fn validation_data(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        moment: OffsetDateTime,
    ) -> Option<usize> {
        let path = x509::build(certificate, &self.store, purpose, None).ok()?;
        let [certificate, issuer, ..] = &path.certificates[..] else {
            return Some(0);
        };
        let news = self.news(certificate, issuer);
        let speaking = news
            .iter()
            .filter(|(news, _)| news.at(certificate, moment) != Status::Unknown);
        speaking.filter_map(|(_, held)| held.origin.covered_from).min()
    }
}

/// What is known of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    Revoked(OffsetDateTime),
    OnHold(OffsetDateTime),
    Unknown,
}

fn revoked(certificate: &Certificate, path: &Path, at: OffsetDateTime) -> Refusal {
    let is_leaf = path
        .certificates
        .first()
        .is_some_and(|leaf| leaf.der == certificate.der);
    let sub = if is_leaf {
        SubIndication::RevokedNoPoe
    } else {
        SubIndication::RevokedCaNoPoe
    };
    (sub, format!("{} was revoked at {at}", certificate.subject.text))
}

pub(super) fn refusal(fault: Fault) -> Refusal {
    match fault {
        Fault::NoPath => (
            SubIndication::NoCertificateChainFound,
            "no chain ends in a trusted certificate".to_owned(),
        ),
        Fault::Unsupported(what) => (SubIndication::CertificateChainGeneralFailure, what),
        Fault::Rule(what) => (SubIndication::ChainConstraintsFailure, what),
        Fault::NotYetValid(what) => (SubIndication::NotYetValid, format!("not valid yet: {what}")),
        Fault::Expired(what) => (SubIndication::OutOfBoundsNoPoe, format!("expired: {what}")),
    }
}
