//! Certificates and revocation answers: what a document and its policy offer as evidence, and where each stands.

use std::cell::RefCell;
use std::collections::HashMap;

use super::existence::{Existence, Origin};
use super::policy::Policy;
use super::report::{ObjectKind, ValidationObject};
use crate::cms::SignedData;
use crate::crl;
use crate::error::Result;
use crate::limits;
use crate::ocsp;
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::reader::View;
use crate::status::News;
use crate::x509::algorithm::Digest;
use crate::x509::{self, Certificate, Store};

/// Everything at hand to judge certificates.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) store: Store,
    /// Of each certificate, by its DER.
    origins: HashMap<Vec<u8>, Origin>,
    answers: Vec<Held>,
    by_digest: HashMap<Vec<u8>, usize>,
    /// What each answer says of a certificate of an issuer: signatures are checked once.
    heard: RefCell<HashMap<Asked, Option<News>>>,
    /// Whether the document carries validation data of its own (its DSS).
    pub(super) has_security_store: bool,
    pub(super) trust_embedded: bool,
}

/// The place of an answer, and the fingerprints of certificate and issuer.
type Asked = (usize, Vec<u8>);

/// An answer and where it stands.
#[derive(Debug)]
pub(super) struct Held {
    answer: Answer,
    der: Vec<u8>,
    pub(super) origin: Origin,
}

#[derive(Debug)]
enum Answer {
    Response(ocsp::Response),
    List(crl::List),
}

impl Evidence {
    pub(super) fn gather(view: View<'_>, policy: &Policy) -> Self {
        let mut evidence = Self {
            trust_embedded: policy.trust_embedded,
            ..Self::default()
        };
        for anchor in &policy.anchors {
            if let Ok(certificate) = Certificate::parse(&anchor.certificate) {
                evidence.store.anchors.push(x509::Anchor {
                    certificate,
                    regime: anchor.regime.clone(),
                    trusted_until: anchor.trusted_until,
                });
            }
        }
        for der in &policy.intermediates {
            evidence.add_certificate(der, Origin::OUTSIDE);
        }
        for der in &policy.ocsp_responses {
            evidence.add_response(der, Origin::OUTSIDE);
        }
        for der in &policy.revocation_lists {
            evidence.add_list(der, Origin::OUTSIDE);
        }
        // A store that cannot be read offers nothing; its faults are the difference analysis' concern.
        let _ = evidence.security_store(view);
        evidence
    }

    fn add_certificate(&mut self, der: &[u8], origin: Origin) {
        if let Some(known) = self.origins.get_mut(der) {
            known.join(origin);
        } else if self.store.intermediates.len() < limits::CERTIFICATES
            && let Ok(certificate) = Certificate::parse(der)
        {
            self.store.intermediates.push(certificate);
            self.origins.insert(der.to_vec(), origin);
        }
    }

    fn add_response(&mut self, der: &[u8], origin: Origin) {
        self.add_answer(der, origin, || ocsp::Response::parse(der).map(Answer::Response));
    }

    fn add_list(&mut self, der: &[u8], origin: Origin) {
        self.add_answer(der, origin, || crl::List::parse(der).map(Answer::List));
    }

    fn add_answer(&mut self, der: &[u8], origin: Origin, parse: impl FnOnce() -> Result<Answer>) {
        let digest = Digest::Sha256.hash(&[der]);
        if let Some(known) = self.by_digest.get(&digest) {
            self.answers[*known].origin.join(origin);
            return;
        }
        if self.answers.len() >= limits::REVOCATION_ANSWERS {
            return;
        }
        let Ok(answer) = parse() else { return };
        if let Answer::Response(response) = &answer {
            for certificate in response.certificates().to_vec() {
                self.add_certificate(&certificate.der, origin);
            }
        }
        self.by_digest.insert(digest, self.answers.len());
        self.answers.push(Held {
            answer,
            der: der.to_vec(),
            origin,
        });
    }

    /// Takes over what the CMS of the signature of `revision` carries.
    pub(super) fn add_signed_data(&mut self, data: &SignedData, revision: usize) {
        let contained = Origin::contained_in(revision);
        for der in &data.certificates {
            self.add_certificate(der, contained);
        }
        for der in &data.revocation_lists {
            self.add_list(der, contained);
        }
        for der in &data.ocsp_responses {
            self.add_response(der, contained);
        }
        let signed = Origin::signed_in(revision);
        let (lists, responses) = data.signer.adobe_revocation().unwrap_or_default();
        lists.iter().for_each(|der| self.add_list(der, signed));
        responses.iter().for_each(|der| self.add_response(der, signed));
    }

    fn security_store(&mut self, view: View<'_>) -> Result<()> {
        let (_, catalog) = view.catalog()?;
        let Object::Dictionary(store) = view.value(&catalog, "DSS")? else {
            return Ok(());
        };
        for (bytes, origin) in streams(view, &store, "Certs")? {
            self.add_certificate(&bytes, origin);
        }
        for (bytes, origin) in streams(view, &store, "OCSPs")? {
            self.has_security_store = true;
            self.add_response(&bytes, origin);
        }
        for (bytes, origin) in streams(view, &store, "CRLs")? {
            self.has_security_store = true;
            self.add_list(&bytes, origin);
        }
        Ok(())
    }

    pub(super) fn origin(&self, certificate: &Certificate) -> Origin {
        let known = self.origins.get(&certificate.der);
        known.copied().unwrap_or(Origin::OUTSIDE)
    }

    /// Everything at hand, the anchors last.
    pub(super) fn objects(&self, existence: &Existence<'_>) -> Vec<ValidationObject> {
        let object = |kind, der: &[u8], origin| ValidationObject {
            kind,
            fingerprint: Digest::Sha256
                .hash(&[der])
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            der: der.to_vec(),
            existed_at: existence.since(origin),
        };
        let intermediates = self.store.intermediates.iter();
        let anchors = self.store.anchors.iter().map(|anchor| &anchor.certificate);
        let anchors = anchors.filter(|anchor| !self.origins.contains_key(&anchor.der));
        let certificates = intermediates
            .chain(anchors)
            .map(|one| object(ObjectKind::Certificate, &one.der, self.origin(one)));
        let answers = self.answers.iter().map(|held| {
            let kind = match held.answer {
                Answer::Response(_) => ObjectKind::OcspResponse,
                Answer::List(_) => ObjectKind::RevocationList,
            };
            object(kind, &held.der, held.origin)
        });
        certificates.chain(answers).collect()
    }

    /// What the answers at hand say of a certificate; one that does not hold says nothing.
    pub(super) fn news(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<(News, &Held)> {
        let pair = [certificate.fingerprint(), issuer.fingerprint()].concat();
        let mut found = Vec::new();
        for (index, held) in self.answers.iter().enumerate() {
            let mut heard = self.heard.borrow_mut();
            let news = heard.entry((index, pair.clone())).or_insert_with(|| {
                let news = match &held.answer {
                    Answer::Response(response) => response.news(certificate, issuer),
                    Answer::List(list) => list.news(certificate, issuer),
                };
                news.ok().flatten()
            });
            found.extend(news.clone().map(|news| (news, held)));
        }
        found
    }
}

/// Streams under a key of the store, with the revision that wrote each.
fn streams(view: View<'_>, store: &Dictionary, key: &str) -> Result<Vec<(Vec<u8>, Origin)>> {
    let Object::Array(items) = view.value(store, key)? else {
        return Ok(Vec::new());
    };
    let revisions = view.document().revisions();
    let mut found = Vec::new();
    for item in items.iter().take(limits::REVOCATION_ANSWERS) {
        if let Object::Stream(stream) = view.resolve(item)? {
            let written = revisions
                .iter()
                .position(|revision| revision.extent.contains(&stream.data.start));
            let origin = written.map_or(Origin::OUTSIDE, Origin::written_in);
            found.push((view.decode(&stream)?.into_owned(), origin));
        }
    }
    Ok(found)
}
