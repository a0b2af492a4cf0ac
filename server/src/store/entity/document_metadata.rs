//! What is said of a document besides its subject, one row a document.

use sea_orm::entity::prelude::*;

use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_metadata")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// The document's agency, so that doubles are found by one index.
    pub agency_id: AgencyId,
    /// [`crate::domain::search::subject_key`].
    pub subject_key: String,
    /// Pages of the draft: PageAmount of annex VI.
    pub page_count: i32,
    /// [`crate::domain::document_metadata::Metadata`] as JSON.
    pub said: String,
    /// What was written in the page; empty where a file was uploaded.
    pub body: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
