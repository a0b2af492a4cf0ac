//! Certificates, revocation answers and moments: what a document and its policy offer as evidence.

use time::OffsetDateTime;

use super::covered::Covered;
use super::cryptography::{self, Checked};
use super::format::SubFilter;
use super::policy::{Policy, Revocation};
use super::report::{RevocationStatus, SubIndication};
use crate::cms::{SignedData, TimeStamp};
use crate::crl;
use crate::error::Result;
use crate::limits;
use crate::ocsp::{self, Status};
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::reader::View;
use crate::x509::algorithm::{Digest, earlier};
use crate::x509::{self, Certificate, Fault, Path, Purpose, Store};

/// Everything at hand to judge certificates.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) store: Store,
    responses: Vec<ocsp::Response>,
    lists: Vec<crl::List>,
    /// Whether the document carries validation data of its own (its DSS).
    pub(super) has_security_store: bool,
    trust_embedded: bool,
}

/// What a certificate was found to be.
#[derive(Debug, Clone)]
pub(super) struct Trusted {
    pub(super) regime: Option<String>,
    pub(super) revocation: RevocationStatus,
    /// From when an algorithm or key of the chain proves nothing any more.
    pub(super) weak_from: Option<OffsetDateTime>,
    /// The anchor came out of the signature.
    pub(super) embedded: bool,
}

impl Evidence {
    pub(super) fn gather(view: View<'_>, policy: &Policy) -> Self {
        let mut evidence = Self {
            trust_embedded: policy.trust_embedded,
            ..Self::default()
        };
        for anchor in &policy.anchors {
            if let Ok(certificate) = Certificate::parse(&anchor.certificate) {
                evidence.store.anchors.push((certificate, anchor.regime.clone()));
            }
        }
        policy
            .intermediates
            .iter()
            .for_each(|der| evidence.add_certificate(der));
        policy
            .ocsp_responses
            .iter()
            .for_each(|der| evidence.add_response(der));
        policy
            .revocation_lists
            .iter()
            .for_each(|der| evidence.add_list(der));
        // A store that cannot be read offers nothing; its faults are the difference analysis' concern.
        let _ = evidence.security_store(view);
        evidence
    }

    fn add_certificate(&mut self, der: &[u8]) {
        if self.store.intermediates.len() < limits::CERTIFICATES
            && let Ok(certificate) = Certificate::parse(der)
            && self
                .store
                .intermediates
                .iter()
                .all(|known| known.der != certificate.der)
        {
            self.store.intermediates.push(certificate);
        }
    }

    fn add_response(&mut self, der: &[u8]) {
        if self.responses.len() < limits::REVOCATION_ANSWERS
            && let Ok(response) = ocsp::Response::parse(der)
        {
            for certificate in response.certificates().to_vec() {
                self.add_certificate(&certificate.der);
            }
            self.responses.push(response);
        }
    }

    fn add_list(&mut self, der: &[u8]) {
        if self.lists.len() < limits::REVOCATION_ANSWERS
            && let Ok(list) = crl::List::parse(der)
        {
            self.lists.push(list);
        }
    }

    /// Takes over what a CMS carries.
    pub(super) fn add_signed_data(&mut self, data: &SignedData) {
        data.certificates.iter().for_each(|der| self.add_certificate(der));
        let (lists, responses) = data.signer.adobe_revocation().unwrap_or_default();
        data.revocation_lists
            .iter()
            .chain(&lists)
            .for_each(|der| self.add_list(der));
        data.ocsp_responses
            .iter()
            .chain(&responses)
            .for_each(|der| self.add_response(der));
    }

    fn security_store(&mut self, view: View<'_>) -> Result<()> {
        let (_, catalog) = view.catalog()?;
        let Object::Dictionary(store) = view.value(&catalog, "DSS")? else {
            return Ok(());
        };
        for bytes in streams(view, &store, "Certs")? {
            self.add_certificate(&bytes);
        }
        for bytes in streams(view, &store, "OCSPs")? {
            self.has_security_store = true;
            self.add_response(&bytes);
        }
        for bytes in streams(view, &store, "CRLs")? {
            self.has_security_store = true;
            self.add_list(&bytes);
        }
        Ok(())
    }

    /// Judges a certificate at `moment`.
    pub(super) fn judge(
        &self,
        certificate: &Certificate,
        purpose: Purpose,
        moment: OffsetDateTime,
        revocation: Revocation,
    ) -> Result<Trusted, (SubIndication, String)> {
        match x509::build(certificate, &self.store, purpose, Some(moment)) {
            Ok(path) => self.with_revocation(&path, moment, revocation),
            Err(_) if self.trust_embedded => Ok(Trusted {
                regime: None,
                revocation: RevocationStatus::NotChecked,
                weak_from: None,
                embedded: true,
            }),
            Err(fault) => Err(refusal(fault)),
        }
    }

    fn with_revocation(
        &self,
        path: &Path,
        moment: OffsetDateTime,
        revocation: Revocation,
    ) -> Result<Trusted, (SubIndication, String)> {
        let mut trusted = Trusted {
            regime: Some(path.regime.clone()),
            revocation: RevocationStatus::NotChecked,
            weak_from: path.weak_from,
            embedded: false,
        };
        if revocation == Revocation::Ignore {
            return Ok(trusted);
        }
        trusted.revocation = RevocationStatus::Good;
        for (index, pair) in path.certificates.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            match self.status(certificate, issuer, moment) {
                Status::Revoked { at } if at <= moment => {
                    // A proof that the signature was made after the revocation, which REVOKED asks for, no file can hold.
                    let sub = if index == 0 {
                        SubIndication::RevokedNoPoe
                    } else {
                        SubIndication::RevokedCaNoPoe
                    };
                    return Err((sub, format!("{} was revoked at {at}", certificate.subject.text)));
                }
                Status::Unknown if !certificate.ocsp_no_check => {
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

    /// The worst that any answer says; an answer that does not hold says nothing.
    fn status(&self, certificate: &Certificate, issuer: &Certificate, moment: OffsetDateTime) -> Status {
        let responses = self
            .responses
            .iter()
            .filter_map(|one| one.status(certificate, issuer, moment).ok());
        let lists = self
            .lists
            .iter()
            .filter_map(|one| one.status(certificate, issuer, moment).ok());
        let mut found = Status::Unknown;
        for status in responses.chain(lists) {
            match status {
                Status::Revoked { .. } => return status,
                Status::Good => found = Status::Good,
                Status::Unknown => {}
            }
        }
        found
    }

    /// Whether any answer at hand is about this certificate.
    pub(super) fn has_answer(&self, certificate: &Certificate, moment: OffsetDateTime) -> bool {
        let Ok(path) = x509::build(certificate, &self.store, Purpose::Signature, None) else {
            return false;
        };
        match &path.certificates[..] {
            [certificate, issuer, ..] => self.status(certificate, issuer, moment) != Status::Unknown,
            _ => true,
        }
    }

    /// Judges a time-stamp over `stamped`; returns the time it proves.
    pub(super) fn time_stamp(
        &self,
        stamp: &TimeStamp,
        stamped: &Covered<'_>,
        moment: OffsetDateTime,
    ) -> Result<(Checked, Trusted), (SubIndication, String)> {
        let unknown =
            |error: crate::error::Error| (SubIndication::CryptoConstraintsFailure, error.to_string());
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
        let trusted = self.judge(
            &checked.certificate,
            Purpose::TimeStamp,
            moment,
            Revocation::IfAvailable,
        )?;
        let weak_from = earlier(checked.weak_from, trusted.weak_from);
        if !trusted.embedded && weak_from.is_some_and(|from| moment >= from) {
            return Err((
                SubIndication::CryptoConstraintsFailureNoPoe,
                "an algorithm or key of the time-stamp is too weak to prove anything".to_owned(),
            ));
        }
        Ok((checked, trusted))
    }
}

fn refusal(fault: Fault) -> (SubIndication, String) {
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

fn streams(view: View<'_>, store: &Dictionary, key: &str) -> Result<Vec<Vec<u8>>> {
    let Object::Array(items) = view.value(store, key)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for item in items.iter().take(limits::REVOCATION_ANSWERS) {
        if let Object::Stream(stream) = view.resolve(item)? {
            found.push(view.decode(&stream)?.into_owned());
        }
    }
    Ok(found)
}
