//! How the lines of a meeting's participants were: one row each, kept up while the meeting runs.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::meeting::{MeetingId, SeatId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat: SeatId,
    pub changed_at: Timestamp,
    /// `conference::lines::Summary` as JSON.
    pub body: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
