//! What a document gives agencies to do, and by when.

use sea_orm::entity::prelude::*;

use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_task")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// From 1, in the order of the paper.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub words: String,
    /// Empty where it is for everybody.
    pub agency_id: Option<AgencyId>,
    /// `2026-11-30`.
    pub due_on: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
