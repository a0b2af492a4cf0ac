//! Meetings: called, held, ended.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::MeetingId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingId,
    pub title: String,
    /// The agency that called it.
    pub agency_id: AgencyId,
    /// When it is to begin.
    pub starts_at: Timestamp,
    /// The unguessable part of its link, in the form of `domain::meeting::LinkCode`.
    #[sea_orm(unique)]
    pub link_code: String,
    pub created_by: PersonId,
    pub created_at: Timestamp,
    /// Since when nobody can enter any more.
    pub ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
