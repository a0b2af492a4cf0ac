//! The last letter to each who was called to a meeting.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::id::PersonId;
use crate::domain::invitation::Method;
use crate::domain::meeting::MeetingId;
use crate::domain::outside::Standing;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    pub method: Method,
    /// Of the meeting when it was written (RFC 5545, 3.8.7.4).
    pub sequence: i32,
    pub address: String,
    pub standing: Standing,
    /// What the mail server said last.
    pub answer: Option<String>,
    pub written_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
