//! Appendices in files of their own: brought with the draft, signed by the agency when it seals, issued with the main paper.
//!
//! Nghị định 30/2020/NĐ-CP, annex I, part IV: an appendix in a separate file bears the agency's signature without an image:
//! number and symbol of the document and the signing time, at the top right of its first page.

use bytes::Bytes;
use hoian_signer::appearance::{self, Appearance, place as find};
use hoian_signer::pdf::text;
use hoian_signer::sign::{Key, Level, Request, Signed};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use time::OffsetDateTime;

use super::error::{Error, Result};
use super::{Custody, Presence, intake, place};
use crate::domain::appendix::{Standing, all_sealed};
use crate::domain::document::{Action, DocumentId};
use crate::domain::numbering;
use crate::fail_point;
use crate::store::Tx;
use crate::store::blob::{self, Stored};
use crate::store::entity::document_appendix::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{self, document};

/// No document has more: each is signed while its clerk waits.
const MOST: usize = 30;
/// Characters of an appendix's title: as a subject (annex VI, S500).
const LONGEST_TITLE: usize = 500;

/// What the key has signed of one appendix.
pub(super) struct SignedAppendix {
    pub number: i32,
    pub signed: Signed,
}

impl Custody {
    /// The appendices of a document, in their order.
    ///
    /// # Errors
    /// The database's.
    pub async fn appendices(&self, id: &DocumentId) -> Result<Vec<Model>> {
        let find = Entity::find().filter(Column::DocumentId.eq(id.clone()));
        Ok(find.order_by_asc(Column::Number).all(self.store.read()).await?)
    }

    /// Adds a file to a draft as an appendix.
    ///
    /// # Errors
    /// The rules' (a draft only); [`Error::Upload`] for a file that cannot be signed; [`Error::Appendix`] beyond a limit.
    pub async fn add_appendix(
        &self,
        presence: &Presence,
        id: &DocumentId,
        title: &str,
        stored: &Stored,
    ) -> Result<()> {
        let step = self.permit(presence, id, Action::Revise, None).await?;
        let title = title.trim();
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(Error::Appendix(
                "the title is missing or longer than 500 characters",
            ));
        }
        let before = self.appendices(id).await?;
        if before.len() >= MOST {
            return Err(Error::Appendix("a document has at most 30 appendices"));
        }
        let file = self.store.blobs().get(&stored.sha256).await?;
        let now = self.clock.now_utc();
        let pages = self.run(move || intake::check(&file, now)).await??;
        let now = self.clock.now();
        let row = ActiveModel {
            document_id: Set(id.clone()),
            number: Set(before.last().map_or(0, |last| last.number) + 1),
            title: Set(title.to_owned()),
            draft: Set(stored.sha256.clone()),
            size_bytes: Set(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX)),
            page_count: Set(i32::try_from(pages.len()).unwrap_or(i32::MAX)),
            pending: Set(None),
            sealed: Set(None),
            sealed_size_bytes: Set(None),
            created_by: Set(presence.person_id.clone()),
            created_at: Set(now),
        };
        let detail = json!({ "appendix_added": title, "blob": stored.sha256 });
        self.store
            .write(async |tx| {
                blob::record(tx, stored, now).await?;
                step.take(tx, now, &presence.actor(), changed(), detail).await?;
                Entity::insert(row).exec_without_returning(tx).await?;
                Ok::<_, Error>(())
            })
            .await?;
        fail_point::hit("appendix.added");
        Ok(())
    }

    /// Takes an appendix out of a draft; its bytes stay under their digest, which the audit chain names.
    ///
    /// # Errors
    /// The rules'; [`Error::NotFound`].
    pub async fn remove_appendix(&self, presence: &Presence, id: &DocumentId, number: i32) -> Result<()> {
        let step = self.permit(presence, id, Action::Revise, None).await?;
        let key = (id.clone(), number);
        let row = Entity::find_by_id(key.clone()).one(self.store.read()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let detail = json!({ "appendix_removed": row.title, "blob": row.draft });
        self.store
            .write(async |tx| {
                step.take(tx, now, &presence.actor(), changed(), detail).await?;
                Entity::delete_by_id(key).exec(tx).await?;
                Ok::<_, Error>(())
            })
            .await
    }

    /// The files that the seal is to sign beside the main paper.
    pub(super) async fn unsealed_appendices(&self, id: &DocumentId) -> Result<Vec<(i32, Bytes)>> {
        let mut files = Vec::new();
        for row in self.appendices(id).await? {
            files.push((row.number, self.store.blobs().get(&row.draft).await?));
        }
        Ok(files)
    }

    /// Completes every appendix whose signature waits for its time-stamp, one after another; may be called again.
    pub(super) async fn complete_appendices(
        &self,
        id: &DocumentId,
        patience: std::time::Duration,
    ) -> Result<()> {
        for row in self.appendices(id).await? {
            let Some(pending) = row.pending else { continue };
            let signed: Signed =
                serde_json::from_str(&pending).map_err(|_| Error::Row("document_appendix.pending"))?;
            let signed = self.time_stamped(signed, patience).await?;
            let document = self.store.blobs().get(&row.draft).await?;
            let finished = self.completed(signed, document, &[place::AGENCY]).await?;
            let stored = self.store.blobs().put(finished).await?;
            let now = self.clock.now();
            let sealed = ActiveModel {
                pending: Set(None),
                sealed: Set(Some(stored.sha256.clone())),
                sealed_size_bytes: Set(Some(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX))),
                ..Default::default()
            };
            // Where another attempt was quicker, or the seal was given up meanwhile, nothing changes.
            let take = Entity::update_many()
                .set(sealed)
                .filter(Column::DocumentId.eq(id.clone()))
                .filter(Column::Number.eq(row.number))
                .filter(Column::Pending.eq(pending));
            self.store
                .write(async |tx| {
                    blob::record(tx, &stored, now).await?;
                    take.exec(tx).await?;
                    Ok::<_, Error>(())
                })
                .await?;
            fail_point::hit("appendix.sealed");
        }
        Ok(())
    }
}

/// Where this appendix stands.
pub(super) fn standing(row: &Model) -> Standing {
    match (&row.pending, &row.sealed) {
        (_, Some(_)) => Standing::Sealed,
        (Some(_), None) => Standing::Signed,
        (None, None) => Standing::Brought,
    }
}

/// Whether all of them are sealed, in the transaction that keeps the paper's own seal.
pub(super) async fn all_sealed_now(tx: &Tx, id: &DocumentId) -> Result<bool> {
    let rows = Entity::find()
        .filter(Column::DocumentId.eq(id.clone()))
        .all(tx)
        .await?;
    Ok(all_sealed(rows.iter().map(standing)))
}

/// Keeps what the key signed, in the transaction of the seal.
pub(super) async fn keep(tx: &Tx, id: &DocumentId, signed: &[SignedAppendix]) -> Result<()> {
    for appendix in signed {
        let pending =
            serde_json::to_string(&appendix.signed).map_err(|_| Error::Row("document_appendix.pending"))?;
        let change = ActiveModel {
            pending: Set(Some(pending)),
            ..Default::default()
        };
        set(tx, id, Some(appendix.number), change).await?;
    }
    Ok(())
}

/// Forgets what was signed of them: the seal was given up, and the next one signs them anew.
pub(super) async fn forget(tx: &Tx, id: &DocumentId) -> Result<()> {
    let change = ActiveModel {
        pending: Set(None),
        sealed: Set(None),
        sealed_size_bytes: Set(None),
        ..Default::default()
    };
    set(tx, id, None, change).await
}

async fn set(tx: &Tx, id: &DocumentId, number: Option<i32>, change: ActiveModel) -> Result<()> {
    let mut update = Entity::update_many()
        .set(change)
        .filter(Column::DocumentId.eq(id.clone()));
    if let Some(number) = number {
        update = update.filter(Column::Number.eq(number));
    }
    update.exec(tx).await?;
    Ok(())
}

/// Signs over one appendix: number and symbol, signing time, at the top right of its first page.
pub(super) fn sign_over(
    (number, document): &(i32, Bytes),
    code: &str,
    name: &str,
    signing_time: OffsetDateTime,
    key: &dyn Key,
) -> Result<SignedAppendix> {
    let lines = vec![code.to_owned(), appearance::signing_time(signing_time)?];
    let request = top_right(document, lines, name, signing_time, key)?;
    Ok(SignedAppendix {
        number: *number,
        signed: request,
    })
}

/// A signature of the agency as lines of text at the top right of the first page.
pub(super) fn top_right(
    document: &Bytes,
    lines: Vec<String>,
    name: &str,
    signing_time: OffsetDateTime,
    key: &dyn Key,
) -> Result<Signed> {
    let (width, height) = appearance::text_size(&lines)?;
    let pages = text::pages(document)?;
    let place = find::top_right(&pages, width, height).ok_or(Error::PlaceUnknown)?;
    let request = Request {
        field: place::AGENCY.to_owned(),
        place: Some(place),
        appearance: Some(Appearance::Text { lines }),
        signing_time,
        algorithm: key.algorithm(),
        level: Level::BT,
        name: Some(name.to_owned()),
        reason: None,
        location: None,
        certify: None,
    };
    let prepared = hoian_signer::sign::prepare(document, &request, key.chain())?;
    let value = key.sign(prepared.signed_attributes())?;
    Ok(prepared.with_signature(value)?)
}

/// The number and symbol that an appendix of this document bears.
pub(super) fn code(row: &document::Model) -> Result<String> {
    let number = row.number.and_then(|number| u32::try_from(number).ok());
    let number = number.ok_or(Error::Row("document.number"))?;
    Ok(numbering::code(number, &row.notation))
}

fn changed() -> entity::document::ActiveModel {
    entity::document::ActiveModel::default()
}
