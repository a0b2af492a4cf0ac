//! The way from a certificate to its anchor, with the status of each certificate on it.

use ::time::OffsetDateTime;

use super::source::Subject;
use super::{Asked, Gathering, Material, Need, Question, is_answer, question};
use crate::cms::oid;
use crate::error::{Error, Result};
use crate::limits;
use crate::ocsp::Status;
use crate::x509::Certificate;

/// An answer at hand about one certificate.
enum Answer<'g> {
    Response(&'g [u8], &'g crate::ocsp::Response),
    List(&'g [u8]),
}

impl Gathering {
    /// The first thing on the way up from `leaf` that is not at hand.
    pub(super) fn open_of(
        &self,
        leaf: &Certificate,
        covered_at: Option<OffsetDateTime>,
    ) -> Option<(Asked, Need)> {
        let mut current = leaf;
        for _ in 0..limits::PATH_LENGTH {
            if self.ends_at(current) {
                return None;
            }
            let Some(issuer) = self.issuer(current) else {
                return self.ask_for_issuer(current);
            };
            if let Some(need) = self.open_status((current, issuer), covered_at, 0) {
                return Some(need);
            }
            current = issuer;
        }
        None
    }

    /// Adds what proves `leaf` good, which signed `subject`, to `material`.
    pub(super) fn collect(
        &self,
        leaf: &Certificate,
        subject: &Subject,
        material: &mut Material,
    ) -> Result<()> {
        let mut current = leaf;
        for _ in 0..limits::PATH_LENGTH {
            put(&mut material.certificates, &current.der);
            if self.ends_at(current) {
                return Ok(());
            }
            let issuer = self.issuer(current).ok_or_else(|| {
                Error::refused(
                    "validation data",
                    format!("the issuer of {} cannot be had", current.subject.text),
                )
            })?;
            self.collect_status((current, issuer), subject, 0, material)?;
            current = issuer;
        }
        Err(Error::refused("validation data", "a chain of certificates loops"))
    }

    fn collect_status(
        &self,
        (certificate, issuer): (&Certificate, &Certificate),
        subject: &Subject,
        depth: usize,
        material: &mut Material,
    ) -> Result<()> {
        if certificate.ocsp_no_check {
            return Ok(());
        }
        let name = &certificate.subject.text;
        let Some((answer, status)) = self.answer((certificate, issuer), subject.covered_at) else {
            return Err(Error::refused(
                "validation data",
                format!("the status of {name} cannot be had"),
            ));
        };
        if let Status::Revoked { at } = status
            && subject.time.is_none_or(|proven| at <= proven)
        {
            return Err(Error::refused(
                "validation data",
                format!("{name} was revoked at {at}"),
            ));
        }
        match answer {
            Answer::List(der) => put(&mut material.revocation_lists, der),
            Answer::Response(der, response) => {
                put(&mut material.ocsp_responses, der);
                for responder in responders(response, issuer) {
                    put(&mut material.certificates, &responder.der);
                    // A responder without id-pkix-ocsp-nocheck is judged as any other certificate, by a list if need be.
                    if responder.der != certificate.der && depth < RESPONDER_DEPTH {
                        self.collect_status((responder, issuer), subject, depth + 1, material)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn open_status(
        &self,
        (certificate, issuer): (&Certificate, &Certificate),
        covered_at: Option<OffsetDateTime>,
        depth: usize,
    ) -> Option<(Asked, Need)> {
        if certificate.ocsp_no_check {
            return None;
        }
        match self.answer((certificate, issuer), covered_at) {
            Some((Answer::Response(_, response), _)) => responders(response, issuer)
                .into_iter()
                .filter(|one| one.der != certificate.der && depth < RESPONDER_DEPTH)
                .find_map(|one| self.open_status((one, issuer), covered_at, depth + 1)),
            Some(_) => None,
            None => self.ask_for_status(certificate, issuer),
        }
    }

    /// OCSP first: a response is small and fresh.
    fn ask_for_status(&self, certificate: &Certificate, issuer: &Certificate) -> Option<(Asked, Need)> {
        let of = certificate.subject.text.clone();
        let asked = (Question::Ocsp, certificate.der.clone());
        let addresses = &certificate.locations.ocsp;
        if !addresses.is_empty()
            && !self.given_up.contains(&asked)
            && let Some(request) = question(certificate, issuer)
        {
            let addresses = addresses.clone();
            return Some((
                asked,
                Need::Ocsp {
                    of,
                    addresses,
                    request,
                },
            ));
        }
        let asked = (Question::List, certificate.der.clone());
        let addresses = certificate.locations.revocation_lists.clone();
        let open = !addresses.is_empty() && !self.given_up.contains(&asked);
        open.then_some((asked, Need::List { of, addresses }))
    }

    fn ask_for_issuer(&self, certificate: &Certificate) -> Option<(Asked, Need)> {
        let asked = (Question::Issuer, certificate.der.clone());
        let addresses = certificate.locations.issuers.clone();
        let of = certificate.subject.text.clone();
        let open = !addresses.is_empty() && !self.given_up.contains(&asked);
        open.then_some((asked, Need::Issuer { of, addresses }))
    }

    fn ends_at(&self, certificate: &Certificate) -> bool {
        let trusted = self.anchors.iter().any(|anchor| anchor.der == certificate.der);
        trusted || certificate.is_self_issued() && certificate.is_signed_by(certificate).is_ok()
    }

    fn issuer(&self, certificate: &Certificate) -> Option<&Certificate> {
        self.anchors
            .iter()
            .chain(&self.pool)
            .filter(|one| one.der != certificate.der)
            .find(|one| certificate.may_be_issued_by(one) && certificate.is_signed_by(one).is_ok())
    }

    /// The newest answer about a certificate; bad news outweighs good. Where none holds now, one that held when a document
    /// time-stamp covered what it is about: years later nobody answers for a certificate that has ended.
    fn answer(
        &self,
        about: (&Certificate, &Certificate),
        covered_at: Option<OffsetDateTime>,
    ) -> Option<(Answer<'_>, Status)> {
        let then = || self.answer_at(about, covered_at?);
        self.answer_at(about, self.now).or_else(then)
    }

    fn answer_at(
        &self,
        (certificate, issuer): (&Certificate, &Certificate),
        moment: OffsetDateTime,
    ) -> Option<(Answer<'_>, Status)> {
        let responses = self.responses.iter().rev().filter_map(|(der, response)| {
            let status = response.status(certificate, issuer, moment).ok()?;
            Some((Answer::Response(der, response), status))
        });
        let lists = self.lists.iter().rev().filter_map(|(der, list)| {
            let status = list.status(certificate, issuer, moment).ok()?;
            Some((Answer::List(der), status))
        });
        let mut answers: Vec<_> = responses
            .chain(lists)
            .filter(|(_, status)| is_answer(status))
            .collect();
        let revoked = answers
            .iter()
            .position(|(_, status)| matches!(status, Status::Revoked { .. }));
        (!answers.is_empty()).then(|| answers.swap_remove(revoked.unwrap_or(0)))
    }
}

/// Certificates of delegated responders in a response (RFC 6960, 4.2.2.2).
fn responders<'r>(response: &'r crate::ocsp::Response, issuer: &Certificate) -> Vec<&'r Certificate> {
    let delegated = |one: &&Certificate| {
        one.has_purpose(oid::OCSP_SIGNING) && one.may_be_issued_by(issuer) && one.is_signed_by(issuer).is_ok()
    };
    response.certificates().iter().filter(delegated).collect()
}

fn put(list: &mut Vec<Vec<u8>>, der: &[u8]) {
    if !list.iter().any(|known| known == der) {
        list.push(der.to_vec());
    }
}

/// A responder's own status may come from another responder; a third would be a circle.
const RESPONDER_DEPTH: usize = 2;
