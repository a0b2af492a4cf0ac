//! Cameras and monitors that were let into a meeting by a token.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::device::{DeviceId, Purpose};
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DeviceId,
    pub meeting_id: MeetingId,
    /// As it stands in the roll.
    pub name: String,
    pub purpose: Purpose,
    /// SHA-256 of the token: 256 random bits need no slow hash.
    #[sea_orm(unique)]
    pub digest: Vec<u8>,
    pub created_by: PersonId,
    pub created_at: Timestamp,
    /// From then on the token opens nothing.
    pub withdrawn_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
