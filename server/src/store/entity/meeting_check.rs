//! What each seat of a meeting reported when it was last tried out.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::meeting::{MeetingId, SeatId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_check")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seat: SeatId,
    pub tested_at: Timestamp,
    /// A `conference::board::Check` in JSON.
    pub body: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
