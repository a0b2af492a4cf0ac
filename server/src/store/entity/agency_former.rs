//! How agencies were called before: one row a change.

use crate::clock::Timestamp;
use crate::domain::id::AgencyId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_former")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub agency_id: AgencyId,
    pub organ_id: String,
    pub name: String,
    pub symbol: String,
    /// ISO 8601: from this day on the next name holds.
    pub until_on: String,
    pub recorded_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
