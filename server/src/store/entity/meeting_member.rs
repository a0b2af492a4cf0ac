//! Who was called to a meeting, and as what.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{MeetingId, Role, SiteId};
use crate::domain::meeting_plan::Reply;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    pub role: Role,
    /// Where they sit.
    pub site_id: Option<SiteId>,
    /// The agency that named them, where it was the agency that was asked.
    pub agency_id: Option<AgencyId>,
    pub reply: Reply,
    pub reply_note: Option<String>,
    pub replied_at: Option<Timestamp>,
    /// For whom they come (đi thay).
    pub stands_for: Option<PersonId>,
    /// Of their vote.
    pub weight: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
