//! Documents that come on paper: scanned, typed in and registered by the clerk, in the same sequence as all that comes; and the
//! stamp "ĐẾN" on what came.
//!
//! A scan proves nothing by itself, and nothing here says otherwise. Its digital copy is a sao y with the agency's signature
//! ([`super::copy`]). A received electronic document is never stamped: its bytes are signed; the stamped view is made for the
//! question, says that it bears no signature, and is not kept.

use std::collections::BTreeSet;

use bytes::Bytes;
use hoian_signer::appearance::{Appearance, Stamp, imprint, place as find};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::pdf::text;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use super::correspondence::add_status;
use super::error::{Error, Result};
use super::numbering::take_next;
use super::receipt::{arrivals, as_column};
use super::{Custody, Presence, extract, intake};
use crate::domain::dispatch::{DispatchId, Recall, Status};
use crate::domain::document::{DocumentId, Refusal};
use crate::domain::id::AgencyId;
use crate::domain::numbering::{self, VIETNAM};
use crate::domain::paper_arrival::{self, Described};
use crate::domain::register::{day, row_day};
use crate::domain::role::{Action, may};
use crate::domain::search::{of_kind, of_year, received_by, words};
use crate::fail_point;
use crate::render::raster;
use crate::store::audit;
use crate::store::blob::{self, Stored};
use crate::store::entity::{agency, dispatch, paper_arrival as papers, person};
use crate::store::search::{self, Entry};

impl Custody {
    /// Registers a document that came on paper: comes back as its dispatch, accepted under the next arrival number.
    ///
    /// `again` says that the clerk has seen the warning of a double.
    ///
    /// # Errors
    /// [`Error::Refused`] for others than the agency's clerks; [`Error::Paper`] for what is typed; [`Error::Upload`] for a file
    /// that is no scan.
    pub async fn register_paper(
        &self,
        presence: &Presence,
        agency_id: &AgencyId,
        described: Described,
        scan: &Stored,
        again: bool,
    ) -> Result<DispatchId> {
        if !may(&presence.held, Action::Receive, agency_id) {
            return Err(Refusal::NotYours.into());
        }
        let now_utc = self.clock.now_utc();
        let today = numbering::local_date(now_utc);
        let described = described.checked(today)?;
        let key = described.double_key().unwrap_or_default();
        if !again && !key.is_empty() && self.stands_already(agency_id, &key).await? {
            return Err(paper_arrival::Refusal::Double.into());
        }
        let file = self.store.blobs().get(&scan.sha256).await?;
        let pages = self.run(move || intake::check(&file, now_utc)).await??;
        let (id, document_id) = (DispatchId(self.clock.new_id()), DocumentId(self.clock.new_id()));
        let entry = entry(&document_id, agency_id, &described, today.year(), &pages);
        let now = self.clock.now();
        let paper = papers::ActiveModel {
            document_id: Set(document_id.clone()),
            agency_id: Set(agency_id.clone()),
            page_count: Set(i32::try_from(pages.len()).unwrap_or(i32::MAX)),
            size_bytes: Set(i64::try_from(scan.size_bytes).unwrap_or(i64::MAX)),
            person_id: Set(presence.person_id.clone()),
            registered_at: Set(now),
            ..typed(&described, key)
        };
        let sequence = arrivals(agency_id, today);
        let subject = format!("dispatch/{id}");
        self.store
            .write(async |tx| {
                blob::record(tx, scan, now).await?;
                let number = take_next(tx, &sequence).await?;
                papers::Entity::insert(paper).exec_without_returning(tx).await?;
                let row = dispatch::ActiveModel {
                    id: Set(id.clone()),
                    document_id: Set(document_id),
                    sender_id: Set(AgencyId(String::new())),
                    receiver_id: Set(agency_id.clone()),
                    version: Set(0),
                    blob: Set(scan.sha256.clone()),
                    status: Set(Status::Accepted),
                    recall: Set(Recall::None),
                    sent_at: Set(now),
                    arrival_number: Set(Some(as_column(number)?)),
                    arrival_year: Set(Some(sequence.year)),
                    registered_at: Set(Some(now)),
                    ..Default::default()
                };
                dispatch::Entity::insert(row).exec_without_returning(tx).await?;
                add_status(tx, now, &id, Status::Arrived, None, None).await?;
                add_status(tx, now, &id, Status::Accepted, None, Some(&presence.person_id)).await?;
                search::add(tx, std::slice::from_ref(&entry)).await?;
                let detail = json!({ "number": number, "code": described.code, "author": described.author, "blob": scan.sha256 });
                audit::append(tx, now, &presence.actor(), "dispatch.paper_registered", &subject, detail).await?;
                Ok::<_, Error>(())
            })
            .await?;
        fail_point::hit("paper.registered");
        Ok(id)
    }

    /// Corrects what the clerk typed: the registers, the stamp and the search say the new words; the scan and the arrival
    /// number stay. What stood before is in the audit chain.
    ///
    /// `again` as for [`Custody::register_paper`].
    ///
    /// # Errors
    /// As [`Custody::register_paper`]; [`Error::NotFound`] where it did not come on paper.
    pub async fn correct_paper(
        &self,
        presence: &Presence,
        id: &DispatchId,
        described: Described,
        again: bool,
    ) -> Result<()> {
        let row = self.received(presence, id).await?;
        let before = self.paper_of(&row).await?.ok_or(Error::NotFound)?;
        if !may(&presence.held, Action::Receive, &row.receiver_id) {
            return Err(Refusal::NotYours.into());
        }
        let came_on = numbering::local_date(before.registered_at.to_offset_date_time());
        let described = described.checked(came_on)?;
        let key = described.double_key().unwrap_or_default();
        let is_other = !key.is_empty() && key != before.double_key;
        if !again && is_other && self.stands_already(&row.receiver_id, &key).await? {
            return Err(paper_arrival::Refusal::Double.into());
        }
        let meta = said(&described, came_on.year());
        let subject = format!("dispatch/{id}");
        let after = typed(&described, key);
        let now = self.clock.now();
        self.store
            .write(async |tx| {
                let corrected = papers::ActiveModel {
                    document_id: Unchanged(before.document_id.clone()),
                    ..after
                };
                let after = papers::Entity::update(corrected).exec(tx).await?;
                search::reword(tx, &before.document_id, &meta).await?;
                let detail = json!({ "before": words_of(&before), "after": words_of(&after) });
                audit::append(
                    tx,
                    now,
                    &presence.actor(),
                    "dispatch.paper_corrected",
                    &subject,
                    detail,
                )
                .await?;
                Ok::<_, Error>(())
            })
            .await
    }

    /// What the clerk typed of a dispatch that came on paper; nothing for one that came through the system.
    ///
    /// # Errors
    /// The database's.
    pub async fn paper_of(&self, row: &dispatch::Model) -> Result<Option<papers::Model>> {
        let paper = papers::Entity::find_by_id(row.document_id.clone());
        Ok(paper.one(self.store.read()).await?)
    }

    /// What came, with the stamp "ĐẾN" as it stands now: the scan, or a view of the signed document without its signatures.
    ///
    /// # Errors
    /// [`Error::NotFound`] also before it stands in the register.
    pub async fn stamped(&self, presence: &Presence, id: &DispatchId) -> Result<Bytes> {
        let row = self.received(presence, id).await?;
        let stamp = self.stamp(&row).await?;
        let file = self.store.blobs().get(&row.blob).await?;
        match self.paper_of(&row).await? {
            Some(_) => self.run(move || stamped(&file, &stamp)).await?,
            None => {
                self.run(move || stamped(&extract::unsigned(&file)?, &stamp))
                    .await?
            }
        }
    }

    /// The scan of a dispatch that came on paper, with its stamp.
    pub(super) async fn stamped_scan(&self, row: &dispatch::Model) -> Result<Bytes> {
        let stamp = self.stamp(row).await?;
        let file = self.store.blobs().get(&row.blob).await?;
        self.run(move || stamped(&file, &stamp)).await?
    }

    async fn stamp(&self, row: &dispatch::Model) -> Result<Stamp> {
        let (number, at) = row.arrival_number.zip(row.registered_at).ok_or(Error::NotFound)?;
        let read = self.store.read();
        let agency = agency::Entity::find_by_id(row.receiver_id.clone())
            .one(read)
            .await?;
        let lead = match &row.lead_id {
            Some(lead) => person::Entity::find_by_id(lead.clone()).one(read).await?,
            None => None,
        };
        Ok(Stamp {
            agency: agency
                .map(|agency| agency.name.to_uppercase())
                .unwrap_or_default(),
            arrival_number: numbering::printed(u32::try_from(number).unwrap_or(0)),
            date: day(at.to_offset_date_time().to_offset(VIETNAM).date()),
            forwarded_to: lead.map(|lead| lead.full_name).unwrap_or_default(),
            file_code: String::new(),
        })
    }

    async fn stands_already(&self, agency: &AgencyId, key: &str) -> Result<bool> {
        let same = papers::Entity::find()
            .filter(papers::Column::AgencyId.eq(agency.clone()))
            .filter(papers::Column::DoubleKey.eq(key))
            .count(self.store.read())
            .await?;
        Ok(same > 0)
    }
}

/// The file with the stamp on the blank of its first page.
fn stamped(file: &[u8], stamp: &Stamp) -> Result<Bytes> {
    let pages = text::pages(file)?;
    let (width, height) = Stamp::size();
    let place = find::below_number(&pages, width, height)
        .or_else(|| {
            let rect = raster::blank(file, width, height)?;
            // Only where the page is not turned does a point of the picture stand where it is seen.
            let (x, y, upright) = pages
                .first()
                .map(|page| (page.crop_box.x, page.crop_box.y, page.rotation == 0))?;
            let rect = Rect {
                x: rect.x + x,
                y: rect.y + y,
                ..rect
            };
            upright.then_some(Place { page: 1, rect })
        })
        .or_else(|| find::left_column(&pages, width, height))
        .ok_or(Error::PlaceUnknown)?;
    Ok(Bytes::from(imprint(
        file,
        &place,
        &Appearance::Stamp(stamp.clone()),
    )?))
}

/// The columns of what was typed.
fn typed(described: &Described, double_key: String) -> papers::ActiveModel {
    papers::ActiveModel {
        author: Set(described.author.clone()),
        code: Set(described.code.clone()),
        issued_on: Set(described.issued_on.map(row_day)),
        kind: Set(described.kind.code.to_owned()),
        subject: Set(described.subject.clone()),
        urgency: Set(described.urgency),
        signer: Set(described.signer.clone()),
        double_key: Set(double_key),
        ..Default::default()
    }
}

/// The same for the audit chain.
fn words_of(paper: &papers::Model) -> Value {
    json!({
        "author": paper.author, "code": paper.code, "issued_on": paper.issued_on, "kind": paper.kind,
        "subject": paper.subject, "urgency": paper.urgency, "signer": paper.signer,
    })
}

/// What the index of words keeps of it: what was typed, and the text that the scanner recognised, if any.
fn entry(
    id: &DocumentId,
    agency: &AgencyId,
    described: &Described,
    year: i32,
    pages: &[text::Page],
) -> Entry {
    let lines = pages.iter().flat_map(|page| &page.lines);
    let runs = lines.flat_map(|line| line.runs.iter().map(|run| run.text.as_str()).chain([" "]));
    Entry {
        number: 0,
        document_id: id.clone(),
        meta: said(described, year),
        body: joined(words(&runs.collect::<String>())),
        scope: received_by(agency),
    }
}

/// The words under which it is found by what was typed.
fn said(described: &Described, year: i32) -> String {
    let said = [
        described.kind.name,
        &described.subject,
        &described.author,
        &described.code,
        described.signer.as_deref().unwrap_or_default(),
    ];
    let mut meta = words(&said.join(" "));
    meta.insert(of_kind(described.kind.code));
    meta.insert(of_year(year));
    joined(meta)
}

fn joined(words: BTreeSet<String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}
