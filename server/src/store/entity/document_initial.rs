//! Initials (ký nháy): who checked content or form of a draft, and when; void once the draft was changed afterwards.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::initial::Part;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_initial")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub document_id: DocumentId,
    pub part: Part,
    pub person_id: PersonId,
    pub note: Option<String>,
    pub made_at: Timestamp,
    pub void_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
