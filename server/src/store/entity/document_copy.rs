//! Certified copies and extracts that an agency has made.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::copy::Form;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_copy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub agency_id: AgencyId,
    pub form: Form,
    /// What was copied: a document of this agency, one that came to it, or neither for a scan of a paper.
    pub document_id: Option<DocumentId>,
    pub dispatch_id: Option<DispatchId>,
    /// The copied paper in words: number, symbol and subject.
    pub title: String,
    /// The pages of an extract, as they were asked for.
    pub pages: Option<String>,
    /// The parts of pages that it shows, as JSON of [`crate::domain::copy::Region`]; empty where whole pages are shown.
    pub regions: Option<String>,
    pub number: i32,
    pub year: i32,
    /// The symbol behind the number: `TrS-UBND`.
    pub notation: String,
    /// The copy before it was signed.
    pub draft: Sha256,
    /// The finished SignerInfo that waits for its time-stamp, as JSON.
    pub pending: Option<String>,
    /// The copy with the agency's signature.
    pub sealed: Option<Sha256>,
    pub size_bytes: Option<i64>,
    pub person_id: PersonId,
    pub made_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
