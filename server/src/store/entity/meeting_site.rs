//! The sites (điểm cầu) of a meeting.

use sea_orm::entity::prelude::*;

use crate::domain::id::AgencyId;
use crate::domain::meeting::{MeetingId, SiteId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_site")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SiteId,
    pub meeting_id: MeetingId,
    /// From 0, in the order of the roll.
    pub position: i32,
    pub name: String,
    pub agency_id: Option<AgencyId>,
    pub is_main: bool,
    /// With it the room of the site enters, in the form of `domain::meeting::LinkCode`.
    #[sea_orm(unique)]
    pub link_code: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
