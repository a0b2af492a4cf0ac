//! A person's own key on a token: its certificate is enrolled, and the key stays with them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hoian_signer::sign::{Algorithm, Unsigned, statement_container, unsigned_statement};
use hoian_signer::x509::{self, Anchor, Certificate, Fault, Purpose, Store};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use unicode_normalization::UnicodeNormalization as _;

use super::certificate::Facts;
use super::elsewhere::{Asked, Content, Enrolment, SessionHash, content, use_up};
use super::error::{Error, Result};
use super::key::{self, TRIES};
use super::{Custody, Presence, enrol};
use crate::domain::holder::Holder;
use crate::domain::id::PersonId;
use crate::store::entity::signing_key::{Column, Entity, Model};

impl Custody {
    /// Asks the key of this certificate to prove that it is there, after judging the certificate: it leads to a trusted root, is
    /// meant for signatures, is in force, not revoked, and names this person. `full_name` is the person's own.
    ///
    /// `chain` is DER, the key's own certificate first; `algorithm` is what the token signs with ([`Algorithm::name`]).
    ///
    /// # Errors
    /// The certificate's: [`Error::CertificateUntrusted`], [`Error::CertificateUnfit`], [`Error::CertificateOfAnother`], expired,
    /// revoked, enrolled already.
    pub async fn ask_to_enrol(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        full_name: &str,
        (chain, algorithm): (Vec<Vec<u8>>, &str),
    ) -> Result<Asked> {
        let algorithm = Algorithm::named(algorithm);
        let algorithm =
            algorithm.ok_or_else(|| Error::CertificateUnfit("an unknown algorithm".to_owned()))?;
        let (enrolment, unsigned) = self
            .enrolment((&presence.person_id, full_name), chain, algorithm, None)
            .await?;
        let digest = hex::encode(unsigned.message_digest);
        self.ask(presence, session, &Content::Enrolment(enrolment), digest)
            .await
    }

    /// What the key of this certificate is asked to sign to prove that it is there, once the certificate is judged.
    pub(super) async fn enrolment(
        &self,
        (person, full_name): (&PersonId, &str),
        chain: Vec<Vec<u8>>,
        algorithm: Algorithm,
        remote: Option<String>,
    ) -> Result<(Enrolment, Unsigned)> {
        let chain = self.judged(&Holder::Person(person.clone()), chain).await?;
        let own = chain.first().ok_or(Error::Row("signing_key.chain"))?;
        let facts = Facts::of(own)?;
        let known = Entity::find()
            .filter(Column::Issuer.eq(&facts.issuer))
            .filter(Column::Serial.eq(&facts.serial));
        if known.one(self.store.read()).await?.is_some() {
            return Err(Error::AlreadyEnrolled);
        }
        let nonce = hex::encode(self.clock.random_bytes::<16>());
        let words = format!("Tôi, {full_name}, đăng ký khóa này để ký số. Mã: {nonce}");
        let unsigned = unsigned_statement(words.as_bytes(), algorithm, own);
        let unsigned = unsigned.map_err(|error| Error::CertificateUnfit(error.to_string()))?;
        let chain: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        let enrolment = Enrolment {
            algorithm: algorithm.name().to_owned(),
            chain: serde_json::to_string(&chain).map_err(|_| Error::Row("signing_key.chain"))?,
            words,
            remote,
        };
        Ok((enrolment, unsigned))
    }

    /// Enrols the key that has signed what [`Custody::ask_to_enrol`] asked; an earlier key of the person is retired.
    ///
    /// # Errors
    /// [`Error::RequestOver`], [`Error::SignatureUnfit`], [`Error::AlreadyEnrolled`].
    pub async fn enrol_elsewhere(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        request: &str,
        signature: &[u8],
    ) -> Result<()> {
        let row = self.asked(presence, session, request).await?;
        let Content::Enrolment(asked) = content(&row)? else {
            return Err(Error::RequestOver);
        };
        self.enrol_with(presence, request, asked, signature).await
    }

    /// Enrols the key that has signed what it was asked.
    pub(super) async fn enrol_with(
        &self,
        presence: &Presence,
        request: &str,
        asked: Enrolment,
        signature: &[u8],
    ) -> Result<()> {
        let chain = key::certificates(&asked.chain)?;
        let algorithm = Algorithm::named(&asked.algorithm).ok_or(Error::Row("signature_request.content"))?;
        statement_container(asked.words.as_bytes(), algorithm, &chain, signature)
            .map_err(Error::SignatureUnfit)?;
        self.enrolled(presence, request, asked).await
    }

    /// Enrols the key that has proven to be there.
    pub(super) async fn enrolled(&self, presence: &Presence, request: &str, asked: Enrolment) -> Result<()> {
        let chain = key::certificates(&asked.chain)?;
        let facts = Facts::of(chain.first().ok_or(Error::Row("signing_key.chain"))?)?;
        let now = self.clock.now();
        let key = Model {
            id: self.clock.new_id(),
            holder: Holder::Person(presence.person_id.clone()).to_string(),
            issuer: facts.issuer,
            serial: facts.serial,
            subject: facts.subject,
            not_before: facts.not_before.into(),
            not_after: facts.not_after.into(),
            chain: asked.chain,
            algorithm: Some(asked.algorithm),
            hsm_key: None,
            remote: asked.remote,
            wrapped: Vec::new(),
            salt: Vec::new(),
            tries_left: TRIES,
            tries_open: 0,
            created_at: now,
            retired_at: None,
        };
        let actor = presence.actor();
        self.store
            .write(async |tx| {
                use_up(tx, request).await?;
                enrol::insert(tx, now, &actor, key).await.map_err(enrol::taken)
            })
            .await
    }

    /// The certificates from the key's own towards a root that this house trusts.
    pub(super) async fn trusted_chain(&self, given: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>> {
        let own = given.first().map(|der| Certificate::parse(der));
        let own = own.ok_or_else(|| Error::CertificateUnfit("there is none".to_owned()))??;
        if own.authority.is_some() {
            return Err(Error::CertificateUnfit("it issues certificates".to_owned()));
        }
        let policy = self.rules().await?.policy;
        let now = self.clock.now_utc();
        let anchors = policy.anchors.into_iter().filter_map(|anchor| {
            Some(Anchor {
                certificate: Certificate::parse(&anchor.certificate).ok()?,
                regime: anchor.regime,
                trusted_until: anchor.trusted_until,
            })
        });
        // Trust that has ended begins nothing new.
        let anchors = anchors.filter(|anchor| anchor.trusted_until.is_none_or(|end| now < end));
        let others = policy.intermediates.iter().chain(given.iter().skip(1).take(MOST));
        let store = Store {
            anchors: anchors.collect(),
            intermediates: others.filter_map(|der| Certificate::parse(der).ok()).collect(),
        };
        match x509::build(&own, &store, Purpose::Signature, Some(now)) {
            Ok(path) => Ok(path.certificates.into_iter().map(|one| one.der).collect()),
            Err(Fault::Expired(_)) if now > own.not_after => Err(Error::CertificateExpired(own.not_after)),
            Err(Fault::NotYetValid(_)) if now < own.not_before => {
                Err(Error::CertificateNotYetValid(own.not_before))
            }
            Err(Fault::Rule(reason) | Fault::Unsupported(reason)) => Err(Error::CertificateUnfit(reason)),
            Err(fault) => Err(Error::CertificateUntrusted(format!("{fault:?}"))),
        }
    }
}

/// Whether a certificate of this common name is this person's or agency's: the same letters, whatever their case and how their marks are
/// written.
pub(super) fn is_name_of(common_name: &str, full_name: &str) -> bool {
    let plain = |name: &str| {
        let name = name.nfc().collect::<String>().to_lowercase();
        name.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(common_name) == plain(full_name)
}

/// Certificates that a token brings beside the key's own.
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_capitals_and_with_marks_of_their_own() {
        assert!(is_name_of("TRẦN VĂN MINH", "Trần Văn Minh"));
        assert!(is_name_of("Tra\u{302}\u{300}n  Văn Minh ", "Trần Văn Minh"));
        assert!(!is_name_of("Trần Văn Mình", "Trần Văn Minh"));
        assert!(!is_name_of("Tran Van Minh", "Trần Văn Minh"));
    }
}
