//! Paths from a certificate to an anchor, and their rules (RFC 5280 section 6).

use std::cell::Cell;

use ::time::OffsetDateTime;

use super::algorithm::{Digest, earlier};
use super::certificate::{Certificate, purpose_of};
use super::constraint;
use crate::limits;

/// Certificates at hand.
#[derive(Debug, Default)]
pub struct Store {
    /// Trusted by themselves.
    pub anchors: Vec<Anchor>,
    /// May stand between, and are not trusted by themselves.
    pub intermediates: Vec<Certificate>,
}

/// A certificate that is trusted by itself.
#[derive(Debug)]
pub struct Anchor {
    pub certificate: Certificate,
    pub regime: String,
    /// When trust in it ended, or will.
    pub trusted_until: Option<OffsetDateTime>,
}

/// What the certificate is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Signature,
    TimeStamp,
    Ocsp,
}

/// A path that obeys the rules.
#[derive(Debug, Clone)]
pub struct Path {
    /// From the certificate judged to the anchor.
    pub certificates: Vec<Certificate>,
    pub regime: String,
    /// When trust in its anchor ended, or will.
    pub trusted_until: Option<OffsetDateTime>,
    /// From when the algorithm or issuer's key that signed each certificate below the anchor proves nothing any more.
    pub weak: Vec<Option<OffsetDateTime>>,
}

impl Path {
    /// The earliest of the ends of all algorithms and keys below the anchor.
    pub fn weak_from(&self) -> Option<OffsetDateTime> {
        self.weak.iter().copied().fold(None, earlier)
    }
}

/// Why there is no path. The order is of how far the search came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// No chain of issuers ends in an anchor.
    NoPath,
    /// An algorithm beyond this crate stands in the way.
    Unsupported(String),
    /// A chain exists and breaks a rule.
    Rule(String),
    NotYetValid(String),
    Expired(String),
}

struct Search<'s> {
    store: &'s Store,
    moment: Option<OffsetDateTime>,
    steps: Cell<usize>,
}

/// Finds a path for `certificate` that obeys the rules at `moment` (`None`: at some moment, which all certificates below the
/// anchor have in common: EN 319 102-1 clause 5.6.2.1).
///
/// Tries at most [`limits::PATH_STEPS`] issuers.
pub fn build(
    certificate: &Certificate,
    store: &Store,
    purpose: Purpose,
    moment: Option<OffsetDateTime>,
) -> Result<Path, Fault> {
    let search = Search {
        store,
        moment,
        steps: Cell::new(0),
    };
    let mut way = Way {
        chain: vec![certificate.clone()],
        weak: Vec::new(),
    };
    let path = search.climb(&mut way)?;
    // A signer that is itself trusted was trusted as it is.
    if path.certificates.len() > 1 {
        leaf(certificate, purpose)?;
    }
    Ok(path)
}

/// The certificates climbed so far, and the ends of what signed each but the last.
struct Way {
    chain: Vec<Certificate>,
    weak: Vec<Option<OffsetDateTime>>,
}

impl Search<'_> {
    fn climb(&self, way: &mut Way) -> Result<Path, Fault> {
        let Some(last) = way.chain.last().cloned() else {
            return Err(Fault::NoPath);
        };
        let anchors = &self.store.anchors;
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.certificate.der == last.der) {
            return self.arrive(way, anchor);
        }
        if way.chain.len() >= limits::PATH_LENGTH {
            return Err(Fault::NoPath);
        }
        let anchors = anchors.iter().map(|anchor| &anchor.certificate);
        let mut worst = Fault::NoPath;
        for issuer in anchors.chain(&self.store.intermediates) {
            let fits = last.may_be_issued_by(issuer) && way.chain.iter().all(|one| one.der != issuer.der);
            if !fits {
                continue;
            }
            match self.step(way, &last, issuer) {
                Ok(path) => return Ok(path),
                Err(fault) => worst = worst.max(fault),
            }
        }
        Err(worst)
    }

    /// At an anchor: what counts over the whole path.
    fn arrive(&self, way: &Way, anchor: &Anchor) -> Result<Path, Fault> {
        match way.chain.as_slice() {
            // An anchor is trusted as it is; a signer that is itself an anchor still has to be in force.
            [single] => self.in_force(single)?,
            [below @ .., _] if self.moment.is_none() => overlap(below)?,
            _ => {}
        }
        constraint::check(&way.chain).map_err(Fault::Rule)?;
        if let (Some(moment), Some(until)) = (self.moment, anchor.trusted_until)
            && moment >= until
        {
            let name = &anchor.certificate.subject.text;
            return Err(Fault::Expired(format!("trust in {name} ended at {until}")));
        }
        Ok(Path {
            certificates: way.chain.clone(),
            regime: anchor.regime.clone(),
            trusted_until: anchor.trusted_until,
            weak: way.weak.clone(),
        })
    }

    fn step(&self, way: &mut Way, last: &Certificate, issuer: &Certificate) -> Result<Path, Fault> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > limits::PATH_STEPS {
            return Err(Fault::NoPath);
        }
        let digest = match last.is_signed_by(issuer) {
            Ok(digest) => digest,
            Err(super::algorithm::Failure::Mismatch) => {
                return Err(Fault::Rule(format!(
                    "{} is not signed by its issuer",
                    last.subject.text
                )));
            }
            Err(super::algorithm::Failure::Algorithm(error)) => {
                return Err(Fault::Unsupported(error.to_string()));
            }
        };
        let own = earlier(digest.and_then(Digest::weak_from), issuer.public_key.weak_from());
        way.chain.push(issuer.clone());
        way.weak.push(own);
        let path = self.climb(way);
        let below = way.chain[1..way.chain.len() - 1]
            .iter()
            .filter(|one| !one.is_self_issued())
            .count();
        way.chain.pop();
        way.weak.pop();
        let path = path?;
        authority(issuer, below)?;
        self.in_force(last)?;
        match &last.unknown_critical {
            Some(extension) => Err(Fault::Rule(format!("unknown critical extension {extension}"))),
            None => Ok(path),
        }
    }

    fn in_force(&self, certificate: &Certificate) -> Result<(), Fault> {
        let Some(moment) = self.moment else { return Ok(()) };
        if moment < certificate.not_before {
            return Err(Fault::NotYetValid(certificate.subject.text.clone()));
        }
        if moment > certificate.not_after {
            return Err(Fault::Expired(certificate.subject.text.clone()));
        }
        Ok(())
    }
}

/// Whether there is a moment at which all of these are in force.
fn overlap(certificates: &[Certificate]) -> Result<(), Fault> {
    let begin = certificates.iter().map(|one| one.not_before).max();
    let end = certificates.iter().min_by_key(|one| one.not_after);
    match (begin, end) {
        (Some(begin), Some(end)) if begin > end.not_after => Err(Fault::Expired(end.subject.text.clone())),
        _ => Ok(()),
    }
}

/// RFC 5280 section 6.1.4 (k) to (n). Version 1 anchors have no extensions to ask for.
fn authority(issuer: &Certificate, below: usize) -> Result<(), Fault> {
    let rule = |what: &str| Err(Fault::Rule(format!("{} {what}", issuer.subject.text)));
    match issuer.authority {
        None if issuer.key_usage.is_none() && issuer.is_self_issued() => {}
        None => return rule("is no certification authority"),
        Some(Some(limit)) if below > limit as usize => return rule("allows no path this long"),
        Some(_) => {}
    }
    if issuer.key_usage.is_some_and(|usage| !usage.certificate_sign) {
        return rule("may not sign certificates");
    }
    Ok(())
}

fn leaf(certificate: &Certificate, purpose: Purpose) -> Result<(), Fault> {
    let signs = |usage: super::KeyUsage| usage.digital_signature || usage.non_repudiation;
    if certificate.key_usage.is_some_and(|usage| !signs(usage)) {
        return Err(Fault::Rule("the key may not sign documents".to_owned()));
    }
    match purpose_of(purpose) {
        Some(wanted) if !certificate.has_purpose(wanted) => Err(Fault::Rule(
            "the certificate is not meant for this use".to_owned(),
        )),
        _ => Ok(()),
    }
}
