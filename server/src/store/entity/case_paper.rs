//! Papers in case files: one row a file and document, which stays when the paper is taken out.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::case_file::CaseFileId;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_paper")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub case_file_id: CaseFileId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// How it came to the file's agency; empty for what the agency issued itself.
    pub dispatch_id: Option<DispatchId>,
    pub note: String,
    pub put_by: PersonId,
    pub put_at: Timestamp,
    /// Empty while it is in the file; putting it in again empties them.
    pub taken_out_by: Option<PersonId>,
    pub taken_out_at: Option<Timestamp>,
    pub taken_out_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
