//! Further organisation identifiers under which an agency is known: its own former ones, and those of agencies merged into it.

use crate::clock::Timestamp;
use crate::domain::id::AgencyId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_alias")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub organ_id: String,
    pub agency_id: AgencyId,
    pub added_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
