//! The package of a sealed document for a receiver outside: its files, what is said of it, and our validator's report.

use std::io::{Cursor, Write};

use bytes::Bytes;
use hoian_signer::report::Language;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::error::{Error, Result};
use super::{Custody, Presence, appendix};
use crate::domain::document::{DocumentId, Purpose};
use crate::store::entity::{document, document_metadata};

impl Custody {
    /// The package as a ZIP file: the signed files, `metadata.json`, and the report as PDF/A and as JSON.
    ///
    /// # Errors
    /// [`Error::NotFound`] before the seal; [`Error::Refused`] for others than the agency's clerks; [`Error::Busy`].
    pub async fn package(&self, presence: &Presence, id: &DocumentId) -> Result<Vec<u8>> {
        let row = self.check_clerk_of(presence, id).await?;
        let mut files = self.signed_files(&row).await?;
        let (name, main) = files.first().ok_or(Error::NotFound)?.clone();
        let report = self.verify_for_anyone(self.visitor()?, main.clone()).await?;
        let as_json = serde_json::to_value(&report).map_err(|_| Error::Row("a report is no JSON"))?;
        let for_people = self
            .report_paper(report, main, name, Language::Vietnamese)
            .await?;
        let facts = self.facts(&row).await?;
        files.push(("metadata.json".to_owned(), pretty(&facts)));
        files.push(("ket-qua-kiem-tra.pdf".to_owned(), for_people));
        files.push(("verification.json".to_owned(), pretty(&as_json)));
        self.run(move || packed(&files)).await?
    }

    /// The main paper and its appendices as they were issued, named by number and symbol.
    pub(super) async fn signed_files(&self, row: &document::Model) -> Result<Vec<(String, Bytes)>> {
        let main = self.latest(&row.id, Purpose::Sealed).await?;
        let name = appendix::code(row)?.replace('/', "-");
        let mut files = vec![(format!("{name}.pdf"), self.content(&main).await?)];
        for appendix in self.appendices(&row.id).await? {
            if let Some(sealed) = &appendix.sealed {
                let file = self.store.blobs().get(sealed).await?;
                files.push((format!("{name}-phu-luc-{}.pdf", appendix.number), file));
            }
        }
        Ok(files)
    }

    pub(super) async fn size_of_files(&self, id: &DocumentId) -> Result<u64> {
        let main = self.latest(id, Purpose::Sealed).await?.size_bytes;
        let appendices = self.appendices(id).await?;
        let beside: i64 = appendices.iter().filter_map(|one| one.sealed_size_bytes).sum();
        Ok(u64::try_from(main.saturating_add(beside)).unwrap_or(u64::MAX))
    }

    /// What annex VI says of the document.
    async fn facts(&self, row: &document::Model) -> Result<Value> {
        let said = document_metadata::Entity::find_by_id(row.id.clone())
            .one(self.store.read())
            .await?;
        let said = said.and_then(|said| serde_json::from_str::<Value>(&said.said).ok());
        Ok(json!({
            "code": appendix::code(row)?,
            "kind": row.kind,
            "subject": row.subject,
            "issued_on": row.issued_on,
            "urgency": row.urgency,
            "metadata": said,
        }))
    }
}

fn pretty(value: &Value) -> Bytes {
    format!("{value:#}\n").into()
}

/// The files as they are: signed PDFs hardly become smaller, and a stored file can be read by every program.
fn packed(files: &[(String, Bytes)]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let write = || -> zip::result::ZipResult<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(name.as_str(), options)?;
            zip.write_all(bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    };
    write().map_err(|error| {
        tracing::warn!(%error, "a package cannot be made");
        Error::Row("the package is larger than an archive may be")
    })
}
