//! Appendices in files of their own: each is signed by the agency and issued with the main paper.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_appendix")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// From 1, in the order they were added.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub title: String,
    /// The file as it was brought.
    pub draft: Sha256,
    pub size_bytes: i64,
    pub page_count: i32,
    /// The finished SignerInfo that waits for its time-stamp, as JSON.
    pub pending: Option<String>,
    /// The file with the agency's signature.
    pub sealed: Option<Sha256>,
    pub sealed_size_bytes: Option<i64>,
    pub created_by: PersonId,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
