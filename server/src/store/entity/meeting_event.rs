//! What happened in a meeting, one row each; never rewritten.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::meeting::MeetingId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    /// From 1 without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub at: Timestamp,
    /// As in the audit chain.
    pub actor: String,
    /// `domain::procedure::Event` as JSON.
    pub body: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
