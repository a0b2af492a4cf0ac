//! Agencies that were asked to a meeting, and what they answered.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{MeetingId, SiteId};
use crate::domain::meeting_plan::Reply;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_invited")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    /// Where its people sit.
    pub site_id: Option<SiteId>,
    pub reply: Reply,
    pub reply_note: Option<String>,
    pub replied_by: Option<PersonId>,
    pub replied_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
