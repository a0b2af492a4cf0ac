//! The key signs once: the leader's signature, and the agency's.
//!
//! What the key made is kept as *pending* in the transaction that moves the document on, with the job that completes it.
//! Then completion is tried at once, for as long as a person waits. So a slow or silent time-stamp authority, or a stop
//! of this program, costs time and never a second PIN.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hoian_signer::appearance::{Appearance, place as find};
use hoian_signer::pdf::place::{POINTS_PER_MM, Place};
use hoian_signer::pdf::text;
use hoian_signer::sign::{self, Algorithm, Level, Request, Signed};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::appendix::{self, SignedAppendix};
use super::desk::{NewVersion, Step};
use super::elsewhere::{self, Used};
use super::error::{Error, Result};
use super::place::{self, CodePlace, Places, Second};
use super::{Custody, Presence, key};
use crate::domain::document::{Action, DocumentId, Purpose, State};
use crate::domain::holder::Holder;
use crate::domain::id::{AgencyId, PersonId};
use crate::fail_point;
use crate::store::blob::{self, Sha256, Stored};
use crate::store::entity::{
    agency, document, document_version, person, signature_image, signature_pending, signing_key,
};

/// What became of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new version is stored.
    Stored,
    /// The signature is made and kept; a job stores the version when the time-stamp arrives.
    Waiting,
}

/// What is to be signed.
pub(super) struct Task {
    /// The version whose bytes are signed over, or prepared first.
    pub base: document_version::Model,
    pub document: Bytes,
    /// What is prepared before the first signature.
    pub places: Option<Places>,
    pub field: &'static str,
    /// Name in the signature dictionary: information, never identity.
    pub name: String,
    pub appearance: Option<Appearance>,
    /// Files that the same key signs beside, with the number and symbol they bear.
    appendices: Vec<(i32, Bytes)>,
    code: String,
}

/// What a key has made: a signature's value with what it stands in, or a whole file where another program signed it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Kept {
    File { file: Sha256, size_bytes: u64 },
    Value(Box<Signed>),
}

impl Kept {
    pub fn of(stored: &Stored) -> Self {
        Self::File {
            file: stored.sha256.clone(),
            size_bytes: stored.size_bytes,
        }
    }
}

/// What the key has made, not stored yet.
pub(super) struct Made {
    pub prepared: Option<Vec<u8>>,
    pub signed: Kept,
    pub appendices: Vec<SignedAppendix>,
    /// The request by which it was made elsewhere: used up with it.
    pub request: Option<Used>,
}

impl Custody {
    /// The leader signs: the places are prepared, the key signs over them. A second signatory signs over what the first signed.
    ///
    /// `wish` is where the signer put the signature by hand, in points of the page's user space; the second one's place stands
    /// under the first signature, and is not moved.
    ///
    /// # Errors
    /// The rules', the PIN's, the certificate's, the place's; nothing remains then.
    pub async fn sign(
        &self,
        presence: &Presence,
        id: &DocumentId,
        pin: &str,
        wish: Option<Place>,
    ) -> Result<Outcome> {
        let step = self.permit(presence, id, Action::Sign, None).await?;
        let holder = Holder::Person(presence.person_id.clone());
        let task = self.signing_task(presence, &step, wish).await?;
        let change = placed(task.places.as_ref())?;
        self.make(presence, step, &holder, pin, task, change).await
    }

    /// What this person's signature is over, with the places that are prepared before the first one.
    ///
    /// # Errors
    /// The place's.
    pub(super) async fn signing_task(
        &self,
        presence: &Presence,
        step: &Step,
        wish: Option<Place>,
    ) -> Result<Task> {
        let id = &step.row.id;
        let holder = Holder::Person(presence.person_id.clone());
        if step.row.state == State::FirstSigned {
            let base = self.latest(id, Purpose::Signed).await?;
            let task = Task {
                document: self.content(&base).await?,
                base,
                places: None,
                field: place::COSIGNER,
                name: self.person_name(&presence.person_id).await?,
                appearance: self.appearance(&holder).await?,
                appendices: Vec::new(),
                code: String::new(),
            };
            return Ok(task);
        }
        let base = self.latest(id, Purpose::Draft).await?;
        let document = self.content(&base).await?;
        let places = self.places(&step.row, document.clone(), wish).await?;
        let places = self.with_code(places, document.clone()).await?;
        Ok(Task {
            base,
            document,
            places: Some(places),
            field: place::LEADER,
            name: self.person_name(&step.row.signer_id).await?,
            appearance: self.appearance(&holder).await?,
            appendices: Vec::new(),
            code: String::new(),
        })
    }

    /// The clerk seals: the agency's key signs over the numbered version, the second agency's over what the first has sealed.
    /// Appendices are signed by the first alone.
    ///
    /// # Errors
    /// The rules', the PIN's, the certificate's; nothing remains then.
    pub async fn seal(&self, presence: &Presence, id: &DocumentId, pin: &str) -> Result<Outcome> {
        let step = self.permit(presence, id, Action::Seal, None).await?;
        let second = step.row.state == State::FirstSealed;
        let (agency, field, before) = match (second, step.row.partner_id.clone()) {
            (true, Some(partner)) => (partner, place::PARTNER, Purpose::Sealed),
            _ => (step.row.agency_id.clone(), place::AGENCY, Purpose::Numbered),
        };
        let base = self.latest(id, before).await?;
        let name = self.agency_name(&agency).await?;
        let holder = Holder::Agency(agency);
        let task = Task {
            document: self.content(&base).await?,
            base,
            places: None,
            field,
            name,
            appearance: self.appearance(&holder).await?,
            appendices: match second {
                true => Vec::new(),
                false => self.unsealed_appendices(id).await?,
            },
            code: appendix::code(&step.row)?,
        };
        self.make(
            presence,
            step,
            &holder,
            pin,
            task,
            document::ActiveModel::default(),
        )
        .await
    }

    async fn make(
        &self,
        presence: &Presence,
        step: Step,
        holder: &Holder,
        pin: &str,
        task: Task,
        change: document::ActiveModel,
    ) -> Result<Outcome> {
        let row = self.key_of(holder).await?;
        let chain = key::chain(&row)?;
        self.check_certificate(&chain).await?;
        let key = self.open_key(presence, &row, pin).await?;
        let Task {
            base,
            document,
            places,
            field,
            name,
            appearance,
            appendices,
            code,
        } = task;
        let signing_time = self.clock.now_utc();
        let made = self
            .sign_with(key, move |key| {
                let request = request(field, name.clone(), appearance, signing_time, key.algorithm());
                let (prepared, signed) = sign_over(&document, places.as_ref(), &request, key)?;
                let beside = appendices
                    .iter()
                    .map(|file| appendix::sign_over(file, &code, &name, signing_time, key));
                Ok::<_, Error>(Made {
                    prepared,
                    signed: Kept::Value(Box::new(signed)),
                    appendices: beside.collect::<Result<_>>()?,
                    request: None,
                })
            })
            .await?;
        fail_point::hit("signing.key_used");
        self.keep(presence, &step, &base, &row, made, change).await?;
        fail_point::hit("signing.kept");
        self.complete_while_waiting(&step.row.id).await
    }

    /// Stores the finished signature as pending, with the prepared version it stands on.
    pub(super) async fn keep(
        &self,
        presence: &Presence,
        step: &Step,
        base: &document_version::Model,
        key: &signing_key::Model,
        made: Made,
        change: document::ActiveModel,
    ) -> Result<()> {
        let Made {
            prepared,
            signed,
            appendices,
            request,
        } = made;
        let stored = match prepared {
            Some(prepared) => Some(self.store.blobs().put(prepared).await?),
            None => None,
        };
        let now = self.clock.now();
        let id = &step.row.id;
        let file = match &signed {
            Kept::File { file, size_bytes } => Some(Stored {
                sha256: file.clone(),
                size_bytes: *size_bytes,
            }),
            Kept::Value(_) => None,
        };
        let signed = serde_json::to_string(&signed).map_err(|_| Error::Row("signature_pending.signed"))?;
        let pending = signature_pending::Model {
            document_id: id.clone(),
            id: self.clock.new_id(),
            version: base.number,
            key_id: key.id.clone(),
            person_id: presence.person_id.clone(),
            signed,
            attempts: 0,
            last_error: None,
            created_at: now,
        };
        let detail = json!({ "key": key.id, "issuer": key.issuer, "serial": key.serial });
        // The person's own attempt comes first; the job takes over when it did not succeed or the program stopped.
        let due = now.after(self.settings.wait() * 2);
        self.store
            .write(async |tx| {
                if let Some(used) = &request {
                    elsewhere::use_up(tx, &used.request).await?;
                    if used.told {
                        let whose = (&used.request[..], &presence.person_id);
                        self.tell_signed(tx, now, &step.row, whose).await?;
                    }
                }
                step.take(tx, now, &presence.actor(), change, detail).await?;
                let mut pending = pending;
                if let Some(file) = &file {
                    blob::record(tx, file, now).await?;
                }
                if let Some(stored) = &stored {
                    let version = NewVersion {
                        purpose: Purpose::Prepared,
                        continues: Some(base.number),
                        stored,
                        level: None,
                        by: &presence.person_id,
                    };
                    pending.version = version.insert(tx, now, id).await?;
                }
                let row = signature_pending::ActiveModel::from(pending);
                signature_pending::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                appendix::keep(tx, id, &appendices).await?;
                Ok::<_, Error>(self.outbox.complete(tx, id, due).await?)
            })
            .await
    }

    /// The places with one for the code that leads to the record, where the margin is free and codes are wanted. Each
    /// signature has a word of its own: what was given up leads nowhere.
    async fn with_code(&self, places: Places, document: Bytes) -> Result<Places> {
        let find = move || {
            let pages = text::pages(&document)?;
            Ok::<_, Error>(find::lower_left(&pages, place::CODE_MM * POINTS_PER_MM))
        };
        let place = if self.settings.codes {
            self.run(find).await??
        } else {
            None
        };
        let Some(place) = place else {
            return Ok(Places { code: None, ..places });
        };
        let word = URL_SAFE_NO_PAD.encode(self.clock.random_bytes::<16>());
        let code = CodePlace {
            place,
            address: format!("{}/tra-cuu/{word}", self.origin),
            word,
        };
        Ok(Places {
            code: Some(code),
            ..places
        })
    }

    /// The places for this document now; those found at upload unless the signer wishes another.
    async fn places(&self, row: &document::Model, document: Bytes, wish: Option<Place>) -> Result<Places> {
        if let (None, Some(found)) = (wish, &row.places) {
            let found: Places = serde_json::from_str(found).map_err(|_| Error::Row("document.places"))?;
            // A signature that was given up has left its field's name.
            return Ok(Places {
                own_field: None,
                ..found
            });
        }
        let wish = wish.ok_or(Error::PlaceUnknown)?;
        let pages = self.run(move || text::pages(&document)).await??;
        if !place::is_inside(&pages, &wish) {
            return Err(Error::PlaceOutside);
        }
        let (signature, seal) = self.sizes(&row.signer_id, &row.agency_id).await?;
        let second = match &row.cosigner_id {
            Some(cosigner) => {
                let cosigner = person::Entity::find_by_id(cosigner.clone())
                    .one(self.store.read())
                    .await?
                    .ok_or(Error::Row("document.cosigner_id"))?;
                let partner = row.partner_id.as_ref().unwrap_or(&row.agency_id);
                Some(Second {
                    presided: row.are_minutes(),
                    ..self.second(&row.agency_id, &cosigner, partner).await?
                })
            }
            None => None,
        };
        let places = place::find_places(&pages, "", Some(wish), signature, seal, second.as_ref())
            .ok_or(Error::PlaceUnknown)?;
        // Moving the signature moves no blank; those of a typeset paper are known better than they can be found.
        let known: Option<Places> = row
            .places
            .as_deref()
            .and_then(|known| serde_json::from_str(known).ok());
        Ok(match known {
            Some(known) => Places {
                texts: known.texts,
                ..places
            },
            None => places,
        })
    }

    async fn appearance(&self, holder: &Holder) -> Result<Option<Appearance>> {
        Ok(self
            .image(holder)
            .await?
            .map(|png| Appearance::Image { png: png.to_vec() }))
    }

    /// The PNG of a holder's signature or seal, if one is enrolled.
    ///
    /// # Errors
    /// The store's.
    pub async fn image(&self, holder: &Holder) -> Result<Option<Bytes>> {
        let image = signature_image::Entity::find_by_id(holder.to_string())
            .one(self.store.read())
            .await?;
        match image {
            Some(image) => Ok(Some(self.store.blobs().get(&image.blob).await?)),
            None => Ok(None),
        }
    }

    async fn person_name(&self, id: &PersonId) -> Result<String> {
        let person = person::Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?;
        Ok(person.ok_or(Error::Row("document.signer_id"))?.full_name)
    }

    async fn agency_name(&self, id: &AgencyId) -> Result<String> {
        let agency = agency::Entity::find_by_id(id.clone())
            .one(self.store.read())
            .await?;
        Ok(agency.ok_or(Error::Row("document.agency_id"))?.name)
    }
}

/// What becomes of a document's row with these places.
/// What the document's row keeps of the places.
pub(super) fn placed(places: Option<&Places>) -> Result<document::ActiveModel> {
    let Some(places) = places else {
        return Ok(document::ActiveModel::default());
    };
    let kept = serde_json::to_string(places).map_err(|_| Error::Row("document.places"))?;
    Ok(document::ActiveModel {
        places: Set(Some(kept)),
        lookup: Set(places.code.as_ref().map(|code| code.word.clone())),
        ..Default::default()
    })
}

pub(super) fn request(
    field: &str,
    name: String,
    appearance: Option<Appearance>,
    signing_time: time::OffsetDateTime,
    algorithm: Algorithm,
) -> Request {
    Request {
        field: field.to_owned(),
        place: None,
        appearance,
        signing_time,
        algorithm,
        level: Level::BT,
        name: Some(name),
        reason: None,
        location: None,
        certify: None,
    }
}

/// Prepares the fields, if any, and signs: the prepared file where one was made, and the signature that waits.
fn sign_over(
    document: &[u8],
    places: Option<&Places>,
    request: &Request,
    key: &dyn sign::Key,
) -> Result<(Option<Vec<u8>>, Signed)> {
    let prepared = places.map(|places| places.prepare(document)).transpose()?;
    let ready = sign::prepare(prepared.as_deref().unwrap_or(document), request, key.chain())?;
    let signature = key.sign(ready.signed_attributes())?;
    Ok((prepared, ready.with_signature(signature)?))
}
