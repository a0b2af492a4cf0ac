//! The papers that came of a meeting, each drafted once: minutes, records of votes, the notice of its conclusions.

use sea_orm::entity::prelude::*;

use crate::domain::document::DocumentId;
use crate::domain::meeting::MeetingId;
use crate::domain::minutes::Paper;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub paper: Paper,
    /// Of which vote it tells; 0 where of none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub vote: i32,
    pub document_id: DocumentId,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
