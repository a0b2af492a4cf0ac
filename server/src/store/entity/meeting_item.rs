//! The agenda of a meeting.

use sea_orm::entity::prelude::*;

use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub title: String,
    /// Who presents it, where they have an account.
    pub presenter_id: Option<PersonId>,
    /// Who presents it, in words.
    pub presenter: String,
    pub minutes: i32,
    /// `domain::ballot::Terms` as JSON, where a vote is prepared.
    pub vote: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
