//! Papers on the table of a meeting: a version of a document, for whom and from when.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::meeting::{MeetingId, PaperId};
use crate::domain::meeting_plan::Audience;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_paper")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaperId,
    pub meeting_id: MeetingId,
    /// The item of the agenda it belongs to.
    pub item: Option<i32>,
    pub document_id: DocumentId,
    pub version: i32,
    pub title: String,
    pub audience: Audience,
    /// Hidden before, except from whoever prepares the meeting.
    pub visible_from: Option<Timestamp>,
    pub added_by: PersonId,
    pub added_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
