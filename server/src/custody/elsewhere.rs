//! A signature made elsewhere: by a key that stays with its holder, on a token at their own PC.
//!
//! Asking and signing are two steps. [`Custody::ask_to_sign`] prepares everything but the signature value and keeps it for some
//! minutes as a *request* with a word that opens it once. Whoever holds the key fetches with that word what is to be signed
//! ([`Custody::open_request`]), reads it themselves, and the page brings the signature back in the session that asked
//! ([`Custody::sign_elsewhere`]). From there on it is as any other: pending, time-stamped, judged by our own validator. Nothing
//! of a document changes before the signature is there, so a request that nobody answers leaves nothing behind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hoian_signer::pdf::place::Place;
use hoian_signer::sign::{self, Algorithm, Prepared};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroizing;

use super::certificate::Facts;
use super::desktop::{Handed, HandedStatement};
use super::error::{Error, Result};
use super::place::Places;
use super::signing::{Kept, Made, Task, placed, request};
use super::{Custody, Outcome, Presence, key};
use crate::clock::Timestamp;
use crate::domain::document::{Action, DocumentId};
use crate::domain::holder::Holder;
use crate::domain::numbering::Kind;
use crate::store::Tx;
use crate::store::entity::signature_request::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{document, document_version, session, signing_key};

/// What was asked for, as the page that asks knows it.
pub struct Asked {
    pub id: String,
    /// Opens what is to be signed, once.
    pub word: Zeroizing<String>,
    /// The digest of what is signed, lower-case hexadecimal; its first bytes are shown where the PIN is asked for.
    pub digest: String,
    pub expires_at: Timestamp,
}

/// What is to be signed, as whoever holds the key gets it.
pub struct Opened {
    pub is_document: bool,
    /// SHA-256 of the certificate whose key is asked, lower-case hexadecimal.
    pub certificate: String,
    pub algorithm: String,
    pub title: String,
    /// A PDF whose place for the signature is empty, or words.
    pub content: Bytes,
}

/// What a request keeps.
#[derive(Serialize, Deserialize)]
pub(super) enum Content {
    Document(Box<Document>),
    Enrolment(Enrolment),
    /// A file that another program signs whole.
    Handed(Box<Handed>),
    HandedStatement(HandedStatement),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    pub id: DocumentId,
    /// Of the document's row: a step that anybody takes meanwhile ends the request.
    revision: i64,
    /// The version signed over, or prepared first.
    base: i32,
    places: Option<Places>,
    title: String,
    pub prepared: Prepared,
}

/// A key whose holder proves to have it.
#[derive(Serialize, Deserialize)]
pub(super) struct Enrolment {
    pub algorithm: String,
    /// As in `signing_key`.
    pub chain: String,
    /// What the key signs to prove it.
    pub words: String,
    /// As in `signing_key`.
    #[serde(default)]
    pub remote: Option<String>,
}

/// A request that a signature uses up.
pub(super) struct Used {
    pub request: String,
    /// Whether its signer is told, because nobody waits for it any more.
    pub told: bool,
}

/// In which session something is asked for: its hash.
pub type SessionHash<'a> = &'a str;

impl Custody {
    /// Prepares this person's signature for a key that stays with them. An earlier request of theirs is over then.
    ///
    /// # Errors
    /// The rules', the certificate's, the place's; [`Error::KeyHere`].
    pub async fn ask_to_sign(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        id: &DocumentId,
        wish: Option<Place>,
    ) -> Result<Asked> {
        let row = self.key_of(&Holder::Person(presence.person_id.clone())).await?;
        if row.remote.is_some() {
            return Err(Error::KeyRemote);
        }
        let content = self.prepared_for(presence, &row, id, wish).await?;
        let digest = hex::encode(content.prepared.message_digest());
        self.ask(presence, session, &Content::Document(Box::new(content)), digest)
            .await
    }

    /// Everything of this person's signature but its value, for a key that is elsewhere.
    pub(super) async fn prepared_for(
        &self,
        presence: &Presence,
        key: &signing_key::Model,
        id: &DocumentId,
        wish: Option<Place>,
    ) -> Result<Document> {
        let step = self.permit(presence, id, Action::Sign, None).await?;
        let algorithm = key.algorithm.as_deref().ok_or(Error::KeyHere)?;
        let algorithm = Algorithm::named(algorithm).ok_or(Error::Row("signing_key.algorithm"))?;
        let chain = key::chain(key)?;
        self.check_certificate(&chain).await?;
        let task = self.signing_task(presence, &step, wish).await?;
        let Task {
            base,
            document,
            places,
            field,
            name,
            appearance,
            ..
        } = task;
        let request = request(field, name, appearance, self.clock.now_utc(), algorithm);
        let ready = places.clone();
        let prepared = self.run(move || {
            let document = prepared(document, ready.as_ref())?;
            Ok::<_, Error>(sign::prepare(&document, &request, &chain)?)
        });
        let prepared = prepared.await??;
        let kind = Kind::from_code(&step.row.kind)
            .map(|kind| kind.name)
            .unwrap_or_default();
        Ok(Document {
            id: id.clone(),
            revision: step.row.revision,
            base: base.number,
            places,
            title: format!("{kind}: {}", step.row.subject),
            prepared,
        })
    }

    /// Keeps a request, and forgets those of this person and those that are over.
    pub(super) async fn ask(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        content: &Content,
        digest: String,
    ) -> Result<Asked> {
        let (row, word) = self.request(presence, session, content, LASTS)?;
        let over = Condition::any()
            .add(Column::PersonId.eq(presence.person_id.clone()))
            .add(Column::ExpiresAt.lte(row.created_at));
        let (id, expires_at) = (row.id.clone(), row.expires_at);
        self.store
            .write(async |tx| {
                let over = Entity::delete_many()
                    .filter(over)
                    .filter(Column::Remote.is_null());
                over.exec(tx).await?;
                let row = ActiveModel::from(row.clone());
                Entity::insert(row).exec_without_returning(tx).await
            })
            .await?;
        Ok(Asked {
            id,
            word,
            digest,
            expires_at,
        })
    }

    /// A request that is not kept yet, and its word.
    pub(super) fn request(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        content: &Content,
        lasts: Duration,
    ) -> Result<(Model, Zeroizing<String>)> {
        let now = self.clock.now();
        let word = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.clock.random_bytes::<32>()));
        let row = Model {
            id: self.clock.new_id(),
            word_hash: hash(&word),
            person_id: presence.person_id.clone(),
            session_hash: session.to_owned(),
            content: serde_json::to_string(content).map_err(|_| Error::Row("signature_request.content"))?,
            created_at: now,
            expires_at: now.after(lasts),
            opened_at: None,
            document_id: None,
            remote: None,
            failure: None,
        };
        Ok((row, word))
    }

    /// Hands out what is to be signed to whoever brings the word: once, and only while the session lives that asked.
    ///
    /// # Errors
    /// [`Error::RequestOver`].
    pub async fn open_request(&self, word: &str) -> Result<Opened> {
        match content(&self.open(word).await?)? {
            Content::Document(asked) => self.opened_document(*asked).await,
            Content::Enrolment(asked) => {
                let own = key::certificates(&asked.chain)?;
                Ok(Opened {
                    is_document: false,
                    certificate: fingerprint(&own)?,
                    algorithm: asked.algorithm,
                    title: ENROLMENT.to_owned(),
                    content: asked.words.into_bytes().into(),
                })
            }
            Content::Handed(_) | Content::HandedStatement(_) => Err(Error::RequestOver),
        }
    }

    /// Opens a request, once.
    pub(super) async fn open(&self, word: &str) -> Result<Model> {
        let (now, word) = (self.clock.now(), hash(word));
        self.check_known(&word).await?;
        let open = Entity::update_many()
            .col_expr(Column::OpenedAt, Expr::value(now))
            .filter(Column::WordHash.eq(&word))
            .filter(Column::OpenedAt.is_null())
            .filter(Column::Remote.is_null())
            .filter(Column::ExpiresAt.gt(now));
        let row = self.store.write(async |tx| {
            if open.exec(tx).await?.rows_affected != 1 {
                return Err(Error::RequestOver);
            }
            let row = Entity::find().filter(Column::WordHash.eq(&word)).one(tx).await?;
            let row = row.ok_or(Error::RequestOver)?;
            let asking = session::Entity::find_by_id(&row.session_hash).one(tx).await?;
            asking.map(|_| row).ok_or(Error::RequestOver)
        });
        row.await
    }

    async fn opened_document(&self, asked: Document) -> Result<Opened> {
        let row = document::Entity::find_by_id(asked.id.clone())
            .one(self.store.read())
            .await?;
        if row.is_none_or(|row| row.revision != asked.revision) {
            return Err(Error::RequestOver);
        }
        let (_, document) = self.signed_over(&asked).await?;
        let Document { title, prepared, .. } = asked;
        Ok(Opened {
            is_document: true,
            certificate: fingerprint(prepared.chain())?,
            algorithm: prepared.algorithm().name().to_owned(),
            title,
            content: [document, prepared.unsigned_update()?.into()].concat().into(),
        })
    }

    /// Takes the signature that was asked for, in the session that asked.
    ///
    /// # Errors
    /// [`Error::RequestOver`], [`Error::SignatureUnfit`]; the rules', and [`Error::Stale`] where the document has changed.
    /// Nothing remains then.
    pub async fn sign_elsewhere(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        (id, request): (&DocumentId, &str),
        signature: Vec<u8>,
    ) -> Result<Outcome> {
        let row = self.asked(presence, session, request).await?;
        let Content::Document(asked) = content(&row)? else {
            return Err(Error::RequestOver);
        };
        if asked.id != *id {
            return Err(Error::RequestOver);
        }
        let used = Used {
            request: row.id,
            told: false,
        };
        self.complete_with(presence, *asked, used, signature).await
    }

    /// Takes a signature by a key that is elsewhere: from here on it is as any other.
    pub(super) async fn complete_with(
        &self,
        presence: &Presence,
        asked: Document,
        used: Used,
        signature: Vec<u8>,
    ) -> Result<Outcome> {
        let id = &asked.id;
        let step = self.permit(presence, id, Action::Sign, None).await?;
        if step.row.revision != asked.revision {
            return Err(Error::Stale);
        }
        let key = self.key_of(&Holder::Person(presence.person_id.clone())).await?;
        if key::chain(&key)?.first() != asked.prepared.chain().first() {
            return Err(Error::RequestOver);
        }
        let (base, document) = self.signed_over(&asked).await?;
        let signed = asked.prepared.clone().with_signature(signature);
        let made = Made {
            prepared: asked.places.is_some().then(|| document.to_vec()),
            signed: Kept::Value(Box::new(signed.map_err(Error::SignatureUnfit)?)),
            appendices: Vec::new(),
            request: Some(used),
        };
        let change = placed(asked.places.as_ref())?;
        self.keep(presence, &step, &base, &key, made, change).await?;
        self.complete_while_waiting(id).await
    }

    /// Whoever guesses words costs a look, and no turn among those who write.
    pub(super) async fn check_known(&self, word_hash: &str) -> Result<()> {
        let found = Entity::find().filter(Column::WordHash.eq(word_hash));
        let found = found.one(self.store.read()).await?;
        found.map(drop).ok_or(Error::RequestOver)
    }

    /// A request that was opened and not used yet.
    ///
    /// # Errors
    /// [`Error::RequestOver`].
    pub(super) async fn asked(
        &self,
        presence: &Presence,
        session: SessionHash<'_>,
        request: &str,
    ) -> Result<Model> {
        let found = Entity::find_by_id(request)
            .filter(Column::PersonId.eq(presence.person_id.clone()))
            .filter(Column::SessionHash.eq(session))
            .filter(Column::OpenedAt.is_not_null())
            .filter(Column::Remote.is_null())
            .filter(Column::ExpiresAt.gt(self.clock.now()));
        found.one(self.store.read()).await?.ok_or(Error::RequestOver)
    }

    /// The version that stands before the signature, and the bytes that are signed over: made anew, and the same.
    async fn signed_over(&self, asked: &Document) -> Result<(document_version::Model, Bytes)> {
        let base = document_version::Entity::find_by_id((asked.id.clone(), asked.base));
        let base = base.one(self.store.read()).await?.ok_or(Error::RequestOver)?;
        let document = self.content(&base).await?;
        let places = asked.places.clone();
        let asked = asked.prepared.clone();
        let document = self.run(move || {
            let document = prepared(document, places.as_ref())?;
            asked.check(&document)?;
            Ok::<_, Error>(document)
        });
        Ok((base, document.await??))
    }
}

/// Takes a request out: of two who bring its signature one does.
pub(super) async fn use_up(tx: &Tx, request: &str) -> Result<()> {
    let used = Entity::delete_many()
        .filter(Column::Id.eq(request))
        .filter(Column::Failure.is_null())
        .exec(tx)
        .await?;
    (used.rows_affected == 1).then_some(()).ok_or(Error::RequestOver)
}

pub(super) fn content(row: &Model) -> Result<Content> {
    serde_json::from_str(&row.content).map_err(|_| Error::Row("signature_request.content"))
}

pub(super) fn prepared(document: Bytes, places: Option<&Places>) -> Result<Bytes> {
    match places {
        Some(places) => Ok(places.prepare(&document)?.into()),
        None => Ok(document),
    }
}

fn fingerprint(chain: &[Vec<u8>]) -> Result<String> {
    let own = chain.first().ok_or(Error::Row("signing_key.chain"))?;
    Ok(Facts::of(own)?.fingerprint)
}

pub(super) fn hash(word: &str) -> String {
    hex::encode(ring::digest::digest(&ring::digest::SHA256, word.as_bytes()))
}

/// Finding the token, reading, and a PIN mistaken twice; not a pause.
const LASTS: Duration = Duration::from_secs(300);

/// What a person reads before the PIN when they enrol.
const ENROLMENT: &str = "Đăng ký khóa ký của đồng chí";
