//! A signature by the state's desktop tool: a program at the signer's PC that fetches a file by its address, signs it whole and
//! sends it back.
//!
//! It has no session here, so a request ([`super::elsewhere`]) with a random word stands for one: of one person and session, one
//! document and revision, some minutes; the word hands the file out once and takes one file back. What is handed out is the
//! paper with all its places prepared but the signer's own, since the tool makes that field itself and puts the signature where
//! its user wants it (Nghị định 30/2020/NĐ-CP says between position and name; who signs sees to that, as on paper). What comes
//! back is taken only if it begins with those bytes and nothing was added but one signature over the whole file, by the very
//! certificate that its person has enrolled, and our validator passes it. Anything else ends the request and stands in the audit
//! chain; the document is as it was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hoian_signer::pdf::place::Place;
use hoian_signer::sign::{Algorithm, Digest};
use hoian_signer::validate::{Level, added_signature};
use ring::digest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::elsewhere::{Asked, Content, SessionHash, Used, content, hash, prepared, use_up};
use super::error::{Error, Result};
use super::place::Places;
use super::signing::{Kept, Made, Task, placed};
use super::{Custody, Outcome, Presence, key};
use crate::domain::document::{Action, DocumentId, State};
use crate::domain::holder::Holder;
use crate::render;
use crate::store::audit;
use crate::store::entity::signature_request::{Column, Entity, Model};
use crate::store::entity::{document_version, session};

/// A paper that is handed out to be signed.
#[derive(Serialize, Deserialize)]
pub(super) struct Handed {
    id: DocumentId,
    /// Of the document's row: a step that anybody takes meanwhile ends the request.
    revision: i64,
    base: i32,
    places: Places,
    /// SHA-256 of the file as it is handed out.
    sha256: String,
}

/// Words as a PDF, which a key signs to prove that it is there.
#[derive(Serialize, Deserialize)]
pub(super) struct HandedStatement {
    full_name: String,
    /// Base64.
    file: String,
}

impl Custody {
    /// Where the state's tool answers at people's own PCs, if the settings name it.
    pub fn desktop_tool(&self) -> Option<&str> {
        self.settings.desktop_tool.as_deref()
    }

    /// Keeps a request for the tool to sign this document as its first signatory. An earlier request of theirs is over then.
    ///
    /// # Errors
    /// The rules', the certificate's, the place's; [`Error::KeyHere`], [`Error::KeyRemote`]; [`Error::NoTool`], also for who
    /// signs second: that field stands under the first signature, and the tool makes one of its own.
    pub async fn hand_out(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        id: &DocumentId,
        wish: Option<Place>,
    ) -> Result<Asked> {
        let step = self.permit(presence, id, Action::Sign, None).await?;
        if self.desktop_tool().is_none() || step.row.state != State::Submitted {
            return Err(Error::NoTool);
        }
        let key = self.key_of(&Holder::Person(presence.person_id.clone())).await?;
        match (&key.algorithm, &key.remote) {
            (None, _) => return Err(Error::KeyHere),
            (Some(_), Some(_)) => return Err(Error::KeyRemote),
            (Some(_), None) => {}
        }
        self.check_certificate(&key::chain(&key)?).await?;
        let Task {
            base,
            document,
            places,
            ..
        } = self.signing_task(presence, &step, wish).await?;
        let places = Places {
            own_field: Some(String::new()),
            ..places.ok_or(Error::NoTool)?
        };
        let ready = places.clone();
        let file = self.run(move || prepared(document, Some(&ready))).await??;
        let sha256 = sha256(&file);
        let handed = Handed {
            id: id.clone(),
            revision: step.row.revision,
            base: base.number,
            places,
            sha256: sha256.clone(),
        };
        self.ask(presence, session, &Content::Handed(Box::new(handed)), sha256)
            .await
    }

    /// Keeps a request for the tool to sign words, so that its key can be enrolled.
    ///
    /// # Errors
    /// [`Error::NoTool`].
    pub async fn hand_out_statement(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        full_name: &str,
    ) -> Result<Asked> {
        if self.desktop_tool().is_none() {
            return Err(Error::NoTool);
        }
        let nonce = hex::encode(self.clock.random_bytes::<16>());
        let words = format!("Tôi, {full_name}, đăng ký khóa này để ký số. Mã: {nonce}");
        let now = self.clock.now_utc();
        let file = self
            .run(move || render::typeset_statement("Đăng ký khóa ký", &words, now))
            .await?;
        let file = file.map_err(|_| Error::Row("the statement's template"))?;
        let sha256 = sha256(&file);
        let handed = HandedStatement {
            full_name: full_name.to_owned(),
            file: STANDARD.encode(file),
        };
        self.ask(presence, session, &Content::HandedStatement(handed), sha256)
            .await
    }

    /// Hands the file out to whoever brings the word: once, and only while the session lives that asked.
    ///
    /// # Errors
    /// [`Error::RequestOver`].
    pub async fn handed_file(&self, word: &str) -> Result<Bytes> {
        let row = self.open(word).await?;
        match content(&row)? {
            Content::Handed(handed) => Ok(self.handed_out(&handed).await?.1),
            Content::HandedStatement(handed) => handed.bytes(),
            Content::Document(_) | Content::Enrolment(_) => Err(Error::RequestOver),
        }
    }

    /// Whether the word takes a file back now: asked before the file is read.
    ///
    /// # Errors
    /// [`Error::RequestOver`].
    pub async fn awaits_file(&self, word: &str) -> Result<()> {
        self.awaited(word).await.map(drop)
    }

    /// Takes the file back that was handed out with this word, signed: once, whatever it is.
    ///
    /// # Errors
    /// [`Error::RequestOver`]; [`Error::FileUnfit`], [`Error::AnothersSignature`], [`Error::SelfCheck`]; the rules' and the
    /// certificate's. Nothing remains then but the record.
    pub async fn take_signed(&self, word: &str, file: Bytes) -> Result<Outcome> {
        let row = self.awaited(word).await?;
        let presence = self.owner(&row.person_id).await?;
        let taken = match content(&row)? {
            Content::Handed(handed) => self.signed_paper(&presence, &row, *handed, file).await,
            Content::HandedStatement(handed) => self.signed_statement(&presence, &row, &handed, file).await,
            Content::Document(_) | Content::Enrolment(_) => return Err(Error::RequestOver),
        };
        match taken {
            Err(error @ (Error::Database(_) | Error::Blob(_) | Error::Pool)) => Err(error),
            Err(error) => {
                self.refuse_file(&presence, &row, &error).await?;
                Err(error)
            }
            done => done,
        }
    }

    async fn signed_paper(
        &self,
        presence: &Presence,
        row: &Model,
        handed: Handed,
        file: Bytes,
    ) -> Result<Outcome> {
        let step = self.permit(presence, &handed.id, Action::Sign, None).await?;
        if step.row.revision != handed.revision {
            return Err(Error::Stale);
        }
        let key = self.key_of(&Holder::Person(presence.person_id.clone())).await?;
        let chain = key::chain(&key)?;
        let (base, given) = self.handed_out(&handed).await?;
        let (before, whole) = (given.clone(), file.clone());
        let added = self.run(move || added_signature(&before, &whole)).await?;
        let added = added.map_err(Error::FileUnfit)?;
        if added.certificates.first() != chain.first() {
            return Err(Error::AnothersSignature);
        }
        self.check_certificate(&chain).await?;
        self.self_check_at(file.clone(), &[&added.field], Level::BB)
            .await?;
        let places = Places {
            own_field: Some(added.field),
            ..handed.places
        };
        let made = Made {
            prepared: Some(given.to_vec()),
            signed: Kept::of(&self.store.blobs().put(file).await?),
            appendices: Vec::new(),
            request: Some(Used {
                request: row.id.clone(),
                told: false,
            }),
        };
        let change = placed(Some(&places))?;
        self.keep(presence, &step, &base, &key, made, change).await?;
        self.complete_while_waiting(&handed.id).await
    }

    async fn signed_statement(
        &self,
        presence: &Presence,
        row: &Model,
        handed: &HandedStatement,
        file: Bytes,
    ) -> Result<Outcome> {
        let given = handed.bytes()?;
        let added = self.run(move || added_signature(&given, &file)).await?;
        let certificates = added.map_err(Error::FileUnfit)?.certificates;
        let own = certificates.first().ok_or(Error::Row("signing_key.chain"))?;
        let algorithm = match Algorithm::for_certificate(own)? {
            // What tokens of the field sign with.
            Algorithm::RsaPss(_) => Algorithm::RsaPkcs1(Digest::Sha256),
            other => other,
        };
        let enrolment = self
            .enrolment(
                (&presence.person_id, &handed.full_name),
                certificates,
                algorithm,
                None,
            )
            .await?;
        self.enrolled(presence, &row.id, enrolment.0).await?;
        Ok(Outcome::Stored)
    }

    /// The version that stands before, and the file as it was handed out: made anew, and the same.
    async fn handed_out(&self, handed: &Handed) -> Result<(document_version::Model, Bytes)> {
        let base = document_version::Entity::find_by_id((handed.id.clone(), handed.base));
        let base = base.one(self.store.read()).await?.ok_or(Error::RequestOver)?;
        let (document, places) = (self.content(&base).await?, handed.places.clone());
        let file = self.run(move || prepared(document, Some(&places))).await??;
        match sha256(&file) == handed.sha256 {
            true => Ok((base, file)),
            false => Err(Error::Row("what was handed out cannot be made anew")),
        }
    }

    /// A request whose file was handed out and did not come back yet, while the session lives that asked.
    async fn awaited(&self, word: &str) -> Result<Model> {
        let found = Entity::find()
            .filter(Column::WordHash.eq(hash(word)))
            .filter(Column::OpenedAt.is_not_null())
            .filter(Column::Remote.is_null())
            .filter(Column::ExpiresAt.gt(self.clock.now()));
        let row = found.one(self.store.read()).await?.ok_or(Error::RequestOver)?;
        let asking = session::Entity::find_by_id(&row.session_hash);
        let asking = asking.one(self.store.read()).await?;
        asking.map(|_| row).ok_or(Error::RequestOver)
    }

    async fn refuse_file(&self, presence: &Presence, row: &Model, error: &Error) -> Result<()> {
        let now = self.clock.now();
        let subject = match content(row)? {
            Content::Handed(handed) => format!("document/{}", handed.id),
            _ => format!("person/{}", row.person_id),
        };
        tracing::warn!(subject, %error, "a signed file was refused");
        let detail = json!({ "reason": error.to_string() });
        self.store
            .write(async |tx| match use_up(tx, &row.id).await {
                Ok(()) => {
                    let actor = presence.actor();
                    Ok(audit::append(tx, now, &actor, "signature.file_refused", &subject, detail).await?)
                }
                // Of two files at once the other was quicker.
                Err(Error::RequestOver) => Ok(()),
                Err(error) => Err(error),
            })
            .await
    }
}

impl HandedStatement {
    fn bytes(&self) -> Result<Bytes> {
        let file = STANDARD.decode(&self.file);
        Ok(file.map_err(|_| Error::Row("signature_request.content"))?.into())
    }
}

fn sha256(file: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, file))
}
