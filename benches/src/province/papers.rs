//! A province's documents, put straight into the tables, since signing a million would take weeks.

use anyhow::Result;
use hoian_server::app::App;
use hoian_server::clock::Timestamp;
use hoian_server::domain::dispatch::{DispatchId, Recall, Status};
use hoian_server::domain::document::{DocumentId, State};
use hoian_server::domain::id::{AgencyId, PersonId};
use hoian_server::domain::organisation::AgencyKind;
use hoian_server::domain::search::{belongs_to, issued_by, of_kind, of_year, received_by, words};
use hoian_server::store::blob::{self, Sha256};
use hoian_server::store::entity::{agency, dispatch, document};
use hoian_server::store::search::{self, Entry};
use sea_orm::ActiveValue::Set;
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};

use super::words::{Paper, Words};

/// A transaction's worth.
const BATCH: usize = 1_000;
/// Of two hundred documents one goes to everybody.
const TO_ALL: usize = 200;

/// Makes so many agencies more and `count` documents, issued and received, with their entries in the index. Nobody drafted
/// or signed them.
///
/// # Errors
/// The database's.
pub async fn fill(app: &App, more_agencies: usize, count: usize) -> Result<()> {
    let agencies = agencies(app, more_agencies).await?;
    let mut province = Province {
        words: Words::new(141),
        blob: blob::of(b"a generated document"),
        agencies,
        drafter: PersonId("nobody".into()),
        signer: PersonId("nobody-either".into()),
        now: app.clock.now(),
    };
    let mut at = 0;
    while at < count {
        let upto = count.min(at + BATCH);
        let (mut documents, mut dispatches, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for number in at..upto {
            let (document, sent, entry) = province.document(number);
            documents.push(document.into_active_model());
            dispatches.extend(sent.into_iter().map(IntoActiveModel::into_active_model));
            entries.push(entry);
        }
        app.store
            .write(async |tx| {
                // SQLite takes 32,766 values in a statement.
                for documents in documents.chunks(1_000) {
                    document::Entity::insert_many(documents.to_vec())
                        .exec_without_returning(tx)
                        .await?;
                }
                for dispatches in dispatches.chunks(1_000) {
                    dispatch::Entity::insert_many(dispatches.to_vec())
                        .exec_without_returning(tx)
                        .await?;
                }
                search::add(tx, &entries).await
            })
            .await?;
        at = upto;
        if at.is_multiple_of(100_000) {
            println!("  {at} documents are in");
        }
    }
    Ok(())
}

async fn agencies(app: &App, more: usize) -> Result<Vec<AgencyId>> {
    let stored = agency::Entity::find().all(app.store.read()).await?;
    let mut ids: Vec<_> = stored.into_iter().map(|row| row.id).collect();
    let now = app.clock.now();
    let rows: Vec<_> = (0..more)
        .map(|at| agency::ActiveModel {
            id: Set(AgencyId(format!("agency-{at:03}"))),
            organ_id: Set(format!("H99.{}", 200 + at)),
            name: Set(format!("Ủy ban nhân dân xã số {at}")),
            symbol: Set("UBND".into()),
            kind: Set(AgencyKind::Commune),
            parent_id: Set(None),
            place: Set("Lam Giang".into()),
            created_at: Set(now),
        })
        .collect();
    ids.extend((0..more).map(|at| AgencyId(format!("agency-{at:03}"))));
    let insert = agency::Entity::insert_many(rows);
    app.store
        .write(async |tx| insert.exec_without_returning(tx).await.map(|_| ()))
        .await
        .map_err(|error: DbErr| error)?;
    Ok(ids)
}

struct Province {
    words: Words,
    blob: Sha256,
    /// The province's first; it issues a tenth of everything.
    agencies: Vec<AgencyId>,
    drafter: PersonId,
    signer: PersonId,
    now: Timestamp,
}

impl Province {
    fn document(&mut self, number: usize) -> (document::Model, Vec<dispatch::Model>, Entry) {
        let paper = self.words.paper(number);
        let from = match self.words.below(10) {
            0 => 0,
            _ => self.words.below(self.agencies.len()),
        };
        let receivers = self.receivers(number, from);
        let id = DocumentId(format!("{number:08}"));
        let document = self.row(number, id.clone(), from, &paper);
        let sent = receivers
            .iter()
            .map(|to| self.sent(number, &document, *to))
            .collect();
        let entry = self.entry(&document, paper, &receivers);
        (document, sent, entry)
    }

    fn receivers(&mut self, number: usize, from: usize) -> Vec<usize> {
        if number.is_multiple_of(TO_ALL) {
            return (0..self.agencies.len()).filter(|to| *to != from).collect();
        }
        let mut to = vec![self.words.below(self.agencies.len())];
        // Half of everything goes to the province too.
        if self.words.below(2) == 0 {
            to.push(0);
        }
        to.sort_unstable();
        to.dedup();
        to.retain(|to| *to != from);
        to
    }

    fn row(&self, number: usize, id: DocumentId, from: usize, paper: &Paper) -> document::Model {
        let year = 2019 + i32::try_from(number / 125_000).unwrap_or(0);
        document::Model {
            id,
            agency_id: self.agencies[from].clone(),
            drafter_id: self.drafter.clone(),
            signer_id: self.signer.clone(),
            kind: paper.kind.to_owned(),
            subject: paper.subject.clone(),
            urgency: i16::from(number.is_multiple_of(50)),
            notation: format!("{}-UBND", paper.kind),
            state: State::Issued,
            leader_signed: true,
            numbered: true,
            agency_signed: true,
            number: i32::try_from(number + 1).ok(),
            number_year: Some(year),
            issued_on: Some(format!("{year}-{:02}-{:02}", number % 12 + 1, number % 28 + 1)),
            places: None,
            remark: None,
            revision: 6,
            created_at: self.now,
            updated_at: self.now,
            reply_to: None,
            content_reviewer_id: None,
            form_reviewer_id: None,
            content_initialled: false,
            form_initialled: false,
            cosigner_id: None,
            partner_id: None,
            lookup: None,
        }
    }

    /// Most of what came is done; of each agency's, some wait, are handled or late.
    fn sent(&self, number: usize, document: &document::Model, to: usize) -> dispatch::Model {
        let status = match number % 1_000 {
            0..=2 => Status::Arrived,
            3..=9 => Status::Assigned,
            10..=12 => Status::InProgress,
            13 => Status::Accepted,
            14..=20 => Status::Returned,
            _ => Status::Completed,
        };
        let registered = !matches!(status, Status::Arrived | Status::Returned);
        dispatch::Model {
            id: DispatchId(format!("{number:08}-{to:03}")),
            document_id: document.id.clone(),
            sender_id: document.agency_id.clone(),
            receiver_id: self.agencies[to].clone(),
            version: 1,
            blob: self.blob.clone(),
            status,
            verification_id: None,
            sent_at: self.now,
            revision: 1,
            recall: Recall::None,
            arrival_number: registered.then(|| i32::try_from(number + 1).unwrap_or(0)),
            arrival_year: registered.then_some(document.number_year).flatten(),
            registered_at: registered.then_some(self.now),
            instruction: None,
            instructed_by: None,
            instructed_at: None,
            lead_id: None,
            due_on: (number.is_multiple_of(3)).then(|| format!("2025-{:02}-15", number % 12 + 1)),
            outcome: None,
            completed_at: None,
            forwarded_from: None,
            forwarded_by: None,
            part: None,
            wanted_on: None,
        }
    }

    fn entry(&self, document: &document::Model, paper: Paper, receivers: &[usize]) -> Entry {
        let mut meta = words(&paper.subject);
        meta.insert(of_kind(paper.kind));
        meta.extend(document.number_year.map(of_year));
        meta.extend(words(&format!(
            "{}/{}",
            document.number.unwrap_or(0),
            document.notation
        )));
        let mut scope = vec![issued_by(&document.agency_id), belongs_to(&self.signer)];
        scope.extend(receivers.iter().map(|to| received_by(&self.agencies[*to])));
        let meta: Vec<_> = meta.into_iter().collect();
        Entry {
            number: 0,
            document_id: document.id.clone(),
            meta: meta.join(" "),
            body: paper.body.join(" "),
            scope: scope.join(" "),
        }
    }
}
