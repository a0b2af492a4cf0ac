//! What the index of words keeps of a document, made with the draft, or later of one that is older than the index.

use std::collections::BTreeSet;

use hoian_signer::pdf::text;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Custody;
use super::error::{Error, Result};
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::numbering::{self, Kind};
use crate::domain::search::{belongs_to, fold, in_file, issued_by, of_kind, of_year, received_by, words};
use crate::store::entity::{agency, case_paper, dispatch, document, document_version, person};
use crate::store::search::{self, Entry};

/// What the entry says of a document besides its text.
pub(super) struct Said<'a> {
    pub id: &'a DocumentId,
    pub kind: Kind,
    pub subject: &'a str,
    pub agency: &'a agency::Model,
    pub drafter: &'a PersonId,
    pub signer: &'a PersonId,
    pub signer_name: &'a str,
    /// The second signatory, and of which other agency.
    pub cosigner: Option<&'a person::Model>,
    pub partner: Option<&'a AgencyId>,
    /// Who is to check it before it is signed.
    pub reviewers: [Option<&'a PersonId>; 2],
}

impl Said<'_> {
    /// The entry with the text of these pages; a scan has none, and its body stays empty.
    pub fn entry(&self, pages: &[text::Page]) -> Entry {
        let second = self.cosigner.map_or("", |person| person.full_name.as_str());
        let meta = [
            self.kind.name,
            self.subject,
            &self.agency.name,
            self.signer_name,
            second,
        ]
        .join(" ");
        let mut meta = words(&meta);
        meta.insert(of_kind(self.kind.code));
        let lines = pages.iter().flat_map(|page| &page.lines);
        let runs = lines.flat_map(|line| line.runs.iter().map(|run| run.text.as_str()).chain([" "]));
        let second = self.cosigner.map(|person| &person.id);
        let people = [Some(self.drafter), Some(self.signer), second]
            .into_iter()
            .chain(self.reviewers);
        let scope: Vec<_> = [Some(&self.agency.id), self.partner]
            .into_iter()
            .flatten()
            .map(issued_by)
            .chain(people.flatten().map(belongs_to))
            .collect();
        Entry {
            number: 0,
            document_id: self.id.clone(),
            meta: joined(meta),
            body: joined(words(&runs.collect::<String>())),
            scope: scope.join(" "),
        }
    }
}

impl Custody {
    /// Makes the entries of some documents that have none, and says of how many; may run twice.
    ///
    /// # Errors
    /// The store's.
    pub async fn index_some(&self, limit: u64) -> Result<usize> {
        let missing = search::missing(self.store.read(), limit).await?;
        let mut entries = Vec::with_capacity(missing.len());
        for id in &missing {
            entries.push(self.entry(id).await?);
        }
        self.store
            .write(async |tx| search::add(tx, &entries).await)
            .await?;
        Ok(missing.len())
    }

    async fn entry(&self, id: &DocumentId) -> Result<Entry> {
        let read = self.store.read();
        let row = document::Entity::find_by_id(id.clone()).one(read).await?;
        let row = row.ok_or(Error::NotFound)?;
        let agency = agency::Entity::find_by_id(row.agency_id.clone())
            .one(read)
            .await?;
        let signer = person::Entity::find_by_id(row.signer_id.clone())
            .one(read)
            .await?;
        let cosigner = match &row.cosigner_id {
            Some(cosigner) => person::Entity::find_by_id(cosigner.clone()).one(read).await?,
            None => None,
        };
        let said = Said {
            id,
            cosigner: cosigner.as_ref(),
            partner: row.partner_id.as_ref(),
            kind: Kind::from_code(&row.kind).ok_or(Error::Row("document.kind"))?,
            subject: &row.subject,
            agency: &agency.ok_or(Error::Row("document.agency_id"))?,
            drafter: &row.drafter_id,
            signer: &row.signer_id,
            reviewers: [row.content_reviewer_id.as_ref(), row.form_reviewer_id.as_ref()],
            signer_name: &signer.ok_or(Error::Row("document.signer_id"))?.full_name,
        };
        let mut entry = said.entry(&self.pages(id).await?);
        if let Some(number) = row.number.and_then(|number| u32::try_from(number).ok()) {
            let code = fold(&numbering::code(number, &row.notation));
            let year = row.number_year.map(of_year).unwrap_or_default();
            entry.meta = [entry.meta.as_str(), &code, &year].join(" ");
        }
        let receivers = dispatch::Entity::find()
            .filter(dispatch::Column::DocumentId.eq(id.clone()))
            .all(read)
            .await?;
        for sent in receivers {
            entry.scope = [entry.scope.as_str(), &received_by(&sent.receiver_id)].join(" ");
        }
        let files = case_paper::Entity::find()
            .filter(case_paper::Column::DocumentId.eq(id.clone()))
            .filter(case_paper::Column::TakenOutAt.is_null())
            .all(read)
            .await?;
        for paper in files {
            entry.scope = [entry.scope.as_str(), &in_file(&paper.case_file_id)].join(" ");
        }
        Ok(entry)
    }

    /// The text of a document as it stands now, with what its draft was changed to; nothing where it cannot be read any more.
    async fn pages(&self, id: &DocumentId) -> Result<Vec<text::Page>> {
        let latest = document_version::Entity::find()
            .filter(document_version::Column::DocumentId.eq(id.clone()))
            .order_by_desc(document_version::Column::Number)
            .one(self.store.read())
            .await?;
        let Some(latest) = latest else {
            return Ok(Vec::new());
        };
        let file = self.store.blobs().get(&latest.blob).await?;
        let read = self.run(move || text::pages(&file)).await?;
        Ok(read.unwrap_or_else(|error| {
            tracing::warn!(document.id = %id, %error, "a document is indexed without its text");
            Vec::new()
        }))
    }
}

fn joined(words: BTreeSet<String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(" ")
}
