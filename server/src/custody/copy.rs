//! Certified copies and extracts: the agency's key signs the copy while its clerk is there, and the number is taken in the
//! transaction that keeps the signature.

use bytes::Bytes;
use hoian_signer::appearance;
use hoian_signer::sign::Signed;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::error::{Error, Result};
use super::numbering::take_next;
use super::{Custody, Outcome, Presence, appendix, extract, intake, key, place};
use crate::domain::copy::{self, Form, Original, Region};
use crate::domain::dispatch::{DispatchId, Status};
use crate::domain::document::{DocumentId, Purpose, Refusal};
use crate::domain::holder::Holder;
use crate::domain::id::AgencyId;
use crate::domain::numbering::{self, SequenceKey};
use crate::domain::role::{Action, may};
use crate::fail_point;
use crate::store::audit;
use crate::store::blob::{self, Stored};
use crate::store::entity::document_copy::{ActiveModel, Column, Entity, Model};
use crate::store::entity::{agency, document};

/// What is copied.
#[derive(Debug, Clone)]
pub enum Source {
    /// A document that this agency has issued.
    Issued(DocumentId),
    /// A document that has come to this agency and stands in its register.
    Received(DispatchId),
    /// A scan of a paper, described in words.
    Scan { stored: Stored, title: String },
}

/// The copy that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub form: Form,
    pub source: Source,
    /// `1, 3-5`; all where it is empty.
    pub pages: Option<String>,
    /// Parts of pages, in place of whole ones.
    pub regions: Vec<Region>,
}

/// What stands before the key signs.
struct Ready {
    original: Original,
    file: Bytes,
    document_id: Option<DocumentId>,
    dispatch_id: Option<DispatchId>,
    title: String,
}

impl Custody {
    /// Makes a copy: comes back as its id, and whether it waits for its time-stamp.
    ///
    /// # Errors
    /// [`Error::Copy`] for a copy that the law does not know; [`Error::NotFound`]; the PIN's and the certificate's.
    pub async fn make_copy(
        &self,
        presence: &Presence,
        agency_id: &AgencyId,
        wanted: Wanted,
        pin: &str,
    ) -> Result<(String, Outcome)> {
        if !may(&presence.held, Action::Seal, agency_id) {
            return Err(Refusal::NotYours.into());
        }
        let agency = agency::Entity::find_by_id(agency_id.clone())
            .one(self.store.read())
            .await?
            .ok_or(Error::NotFound)?;
        let ready = self.ready(presence, agency_id, &wanted.source).await?;
        let (asked, form, original) = (wanted.clone(), wanted.form, ready.original);
        let file = ready.file.clone();
        let now = self.clock.now_utc();
        let part = self.run(move || part_of(&file, &asked, original, now)).await??;
        let holder = Holder::Agency(agency_id.clone());
        let row = self.key_of(&holder).await?;
        let chain = key::chain(&row)?;
        self.check_certificate(&chain).await?;
        let key = self.open_key(presence, &row, pin).await?;
        let signing_time = self.clock.now_utc();
        let lines = vec![
            form.title().to_owned(),
            agency.name.clone(),
            appearance::signing_time(signing_time)?,
        ];
        let (name, file) = (agency.name.clone(), part.clone());
        let signed = self
            .sign_with(key, move |key| {
                appendix::top_right(&file, lines, &name, signing_time, key)
            })
            .await?;
        let draft = self.store.blobs().put(part).await?;
        let id = self
            .keep_copy(presence, &agency, wanted, ready, draft, &signed)
            .await?;
        fail_point::hit("copy.kept");
        match self.complete_copy_within(&id, self.settings.wait()).await {
            Ok(()) => Ok((id, Outcome::Stored)),
            Err(Error::TimeStamp(_)) => Ok((id, Outcome::Waiting)),
            Err(error) => Err(error),
        }
    }

    /// Completes a copy whose signature waits for its time-stamp; may be called again after it succeeded.
    ///
    /// # Errors
    /// [`Error::TimeStamp`] when the authority did not answer in time.
    pub async fn complete_copy(&self, id: &str) -> Result<()> {
        self.complete_copy_within(id, self.settings.time_stamp_time())
            .await
    }

    async fn complete_copy_within(&self, id: &str, patience: std::time::Duration) -> Result<()> {
        let row = Entity::find_by_id(id.to_owned()).one(self.store.read()).await?;
        let row = row.ok_or(Error::NotFound)?;
        let Some(pending) = row.pending else {
            return Ok(());
        };
        let signed: Signed =
            serde_json::from_str(&pending).map_err(|_| Error::Row("document_copy.pending"))?;
        let signed = self.time_stamped(signed, patience).await?;
        let draft = self.store.blobs().get(&row.draft).await?;
        let finished = self.completed(signed, draft, &[place::AGENCY]).await?;
        let stored = self.store.blobs().put(finished).await?;
        let now = self.clock.now();
        let sealed = ActiveModel {
            pending: Set(None),
            sealed: Set(Some(stored.sha256.clone())),
            size_bytes: Set(Some(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX))),
            ..Default::default()
        };
        let take = Entity::update_many()
            .set(sealed)
            .filter(Column::Id.eq(id))
            .filter(Column::Pending.eq(pending));
        self.store
            .write(async |tx| {
                blob::record(tx, &stored, now).await?;
                take.exec(tx).await?;
                Ok::<_, Error>(())
            })
            .await?;
        fail_point::hit("copy.sealed");
        Ok(())
    }

    /// The original's bytes, and what it is called.
    async fn ready(&self, presence: &Presence, agency: &AgencyId, source: &Source) -> Result<Ready> {
        match source {
            Source::Issued(id) => {
                let (row, _) = self.document(presence, id).await?;
                if row.agency_id != *agency {
                    return Err(Error::NotFound);
                }
                let version = self.latest(id, Purpose::Sealed).await?;
                Ok(Ready {
                    original: Original::Electronic,
                    file: self.content(&version).await?,
                    title: titled(&row)?,
                    document_id: Some(id.clone()),
                    dispatch_id: None,
                })
            }
            Source::Received(id) => {
                let row = self.received(presence, id).await?;
                if row.receiver_id != *agency || matches!(row.status, Status::Arrived | Status::Returned) {
                    return Err(Error::NotFound);
                }
                // What came on paper is copied from its scan, which bears the stamp.
                if let Some(paper) = self.paper_of(&row).await? {
                    let named = [paper.code, paper.subject]
                        .into_iter()
                        .filter(|part| !part.is_empty());
                    return Ok(Ready {
                        original: Original::Paper,
                        file: self.stamped_scan(&row).await?,
                        title: named.collect::<Vec<_>>().join(", "),
                        document_id: None,
                        dispatch_id: Some(id.clone()),
                    });
                }
                let paper = document::Entity::find_by_id(row.document_id.clone())
                    .one(self.store.read())
                    .await?;
                Ok(Ready {
                    original: Original::Electronic,
                    file: self.store.blobs().get(&row.blob).await?,
                    title: titled(&paper.ok_or(Error::Row("dispatch.document_id"))?)?,
                    document_id: None,
                    dispatch_id: Some(id.clone()),
                })
            }
            Source::Scan { stored, title } => Ok(Ready {
                original: Original::Paper,
                file: self.store.blobs().get(&stored.sha256).await?,
                title: title.clone(),
                document_id: None,
                dispatch_id: None,
            }),
        }
    }

    /// The number, the signature and the job, in one transaction.
    async fn keep_copy(
        &self,
        presence: &Presence,
        agency: &agency::Model,
        wanted: Wanted,
        ready: Ready,
        draft: Stored,
        signed: &Signed,
    ) -> Result<String> {
        let pending = serde_json::to_string(signed).map_err(|_| Error::Row("document_copy.pending"))?;
        let regions = match &wanted.regions[..] {
            [] => None,
            regions => Some(serde_json::to_string(regions).map_err(|_| Error::Row("document_copy.regions"))?),
        };
        let id = self.clock.new_id();
        let now = self.clock.now();
        let sequence = SequenceKey {
            agency_id: agency.id.clone(),
            name: copy::COPIES.to_owned(),
            year: numbering::local_date(self.clock.now_utc()).year(),
        };
        let notation = wanted.form.notation(&agency.symbol);
        let due = now.after(self.settings.wait() * 2);
        let subject = format!("copy/{id}");
        self.store
            .write(async |tx| {
                blob::record(tx, &draft, now).await?;
                let number = take_next(tx, &sequence).await?;
                let detail = json!({ "code": numbering::code(number, &notation), "of": ready.title, "blob": draft.sha256 });
                let row = Model {
                    id: id.clone(),
                    agency_id: agency.id.clone(),
                    form: wanted.form,
                    document_id: ready.document_id,
                    dispatch_id: ready.dispatch_id,
                    title: ready.title,
                    pages: wanted.pages,
                    regions,
                    number: i32::try_from(number).map_err(|_| Error::Row("number_sequence.last"))?,
                    year: sequence.year,
                    notation: notation.clone(),
                    draft: draft.sha256.clone(),
                    pending: Some(pending),
                    sealed: None,
                    size_bytes: None,
                    person_id: presence.person_id.clone(),
                    made_at: now,
                };
                Entity::insert(ActiveModel::from(row)).exec_without_returning(tx).await?;
                self.outbox.complete_copy(tx, &id, due).await?;
                audit::append(tx, now, &presence.actor(), "copy.made", &subject, detail).await?;
                Ok::<_, Error>(())
            })
            .await?;
        Ok(id)
    }
}

/// The pages of the copy as a file that bears no signature yet.
fn part_of(file: &[u8], wanted: &Wanted, original: Original, now: time::OffsetDateTime) -> Result<Bytes> {
    let shown = hoian_signer::pdf::text::pages(file)?;
    let part = if wanted.regions.is_empty() {
        let count = u32::try_from(shown.len()).unwrap_or(u32::MAX);
        let pages = copy::permit(wanted.form, original, wanted.pages.as_deref(), count)?;
        match original {
            Original::Paper if pages.len() == shown.len() => file.to_vec(),
            _ => extract::pages(file, &pages)?,
        }
    } else {
        let page = |page: &hoian_signer::pdf::text::Page| Region {
            page: page.number,
            x: page.crop_box.x,
            y: page.crop_box.y,
            width: page.crop_box.width,
            height: page.crop_box.height,
        };
        let shown: Vec<_> = shown.iter().map(page).collect();
        let regions = copy::permit_regions(wanted.form, original, wanted.regions.clone(), &shown)?;
        extract::regions(file, &regions)?
    };
    intake::check(&part, now)?;
    Ok(Bytes::from(part))
}

fn titled(row: &document::Model) -> Result<String> {
    Ok(format!("{}, {}", appendix::code(row)?, row.subject))
}
