//! Raising a signed document to a level: the core says what it needs, this fetches it.

use ring::rand::{SecureRandom as _, SystemRandom};

use super::clock;
use super::fetch::Fetcher;
use crate::error::{Error, Result};
use crate::sign::extend::{self, Gathering, Need};
use crate::sign::{DocumentTimeStamp, Signed};
use crate::validate::{Policy, Verdict, validate};

/// A level above B-B (EN 319 142-1, clause 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    BT,
    BLT,
    BLTA,
}

/// With what a document is raised.
pub struct Means<'a> {
    pub fetcher: &'a Fetcher,
    pub tsa: Option<&'a str>,
    /// Trusted certificates (DER), at which paths end; else they end at a self-signed one.
    pub anchors: &'a [Vec<u8>],
    /// Certificates (DER) that may stand between.
    pub certificates: &'a [Vec<u8>],
    pub password: Option<&'a str>,
    /// Told what is being waited for.
    pub progress: &'a dyn Fn(&str),
}

impl Means<'_> {
    /// Appends to `document` what `target` asks for and is not there yet; at B-LTA always one more time-stamp, which
    /// renews what was there.
    ///
    /// # Errors
    /// *Refused*: a signature that does not hold, a certificate that was revoked, an authority that does not answer.
    pub fn raise(&self, document: &mut Vec<u8>, target: Target) -> Result<()> {
        self.check(document)?;
        if !extend::is_time_stamped(document, self.password)? {
            self.stamp(document)?;
        }
        if target >= Target::BLT {
            self.add_validation_data(document)?;
        }
        if target == Target::BLTA {
            self.stamp(document)?;
        }
        Ok(())
    }

    /// The signature's own time-stamp.
    ///
    /// # Errors
    /// *Misuse*: no authority is named; else the authority's.
    pub fn time_stamp(&self, signed: Signed) -> Result<Signed> {
        let nonce = nonce()?;
        let response = self.ask(signed.time_stamp_request(nonce)?)?;
        signed.with_time_stamp(&response, nonce, clock::now())
    }

    /// Appends a document time-stamp.
    ///
    /// # Errors
    /// As [`Means::time_stamp`].
    pub fn stamp(&self, document: &mut Vec<u8>) -> Result<()> {
        let prepared = DocumentTimeStamp::prepare(document, self.password)?;
        let nonce = nonce()?;
        let response = self.ask(prepared.request(nonce))?;
        document.extend(prepared.update(&response, nonce, clock::now())?);
        Ok(())
    }

    fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>> {
        let address = self
            .tsa
            .ok_or_else(|| Error::misuse("time-stamp", "--tsa must name an authority"))?;
        (self.progress)(&format!("time-stamp from {address}"));
        self.fetcher.time_stamp(address, request)
    }

    fn add_validation_data(&self, document: &mut Vec<u8>) -> Result<()> {
        let mut gathering = Gathering::of(
            document,
            self.password,
            self.anchors,
            self.certificates,
            clock::now(),
        )?;
        let refusals = fetch_needs(&mut gathering, self.fetcher, self.progress);
        let collected = gathering.finish().map_err(|error| explain(error, &refusals))?;
        document.extend(collected.update(document, self.password)?);
        Ok(())
    }

    /// Nobody is helped by evidence beside a broken signature.
    fn check(&self, document: &[u8]) -> Result<()> {
        let mut policy = Policy::new(clock::now());
        policy.trust_embedded = true;
        policy.password = self.password.map(str::to_owned);
        let report = validate(document, &policy);
        match report.verdict {
            Verdict::Malformed if report.signatures.is_empty() => Err(Error::refused(
                "document",
                "it is no sound PDF, so it is not extended",
            )),
            Verdict::TotalFailed | Verdict::Malformed => Err(Error::refused(
                "document",
                "a signature in it does not hold, so it is not extended",
            )),
            Verdict::NoSignature => Err(Error::refused("document", "it holds no signature to be extended")),
            _ => Ok(()),
        }
    }
}

/// Fetches what is needed until nothing more can be had; comes back with what was refused.
pub(crate) fn fetch_needs(
    gathering: &mut Gathering,
    fetcher: &Fetcher,
    progress: &dyn Fn(&str),
) -> Vec<String> {
    let mut refusals = Vec::new();
    for _ in 0..FETCH_LIMIT {
        let Some(need) = gathering.need() else { break };
        if let Err(error) = meet(gathering, &need, fetcher, progress) {
            refusals.push(error.to_string());
            gathering.give_up(&need);
        }
    }
    refusals
}

/// Asks one address after another.
fn meet(gathering: &mut Gathering, need: &Need, fetcher: &Fetcher, progress: &dyn Fn(&str)) -> Result<()> {
    let mut last = Error::refused("fetch", "no address is named");
    for address in need.addresses() {
        progress(&format!("validation data from {address}"));
        let answer = match need {
            Need::Issuer { .. } => fetcher.certificate(address),
            Need::Ocsp { request, .. } => fetcher.ocsp(address, request.clone()),
            Need::List { .. } => fetcher.revocation_list(address),
        };
        match answer {
            Ok(answer) if gathering.supply(need, &answer) => return Ok(()),
            Ok(_) => last = Error::refused("fetch", format!("the answer of {address} does not hold")),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Names what could not be fetched beside what is missing for it.
fn explain(error: Error, refusals: &[String]) -> Error {
    match error {
        Error::Refused { subject, reason } if !refusals.is_empty() => {
            Error::refused(subject, format!("{reason} ({})", refusals.join("; ")))
        }
        other => other,
    }
}

fn nonce() -> Result<u64> {
    let mut nonce = [0; 8];
    let filled = SystemRandom::new().fill(&mut nonce);
    filled.map_err(|_| Error::unsupported("random source", "it gives nothing"))?;
    Ok(u64::from_be_bytes(nonce))
}

/// Answers fetched for one document: three a certificate of twenty signatures with chains of three.
const FETCH_LIMIT: usize = 180;
