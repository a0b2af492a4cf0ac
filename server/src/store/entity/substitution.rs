//! Who acts for whom while they are absent.

use crate::clock::Timestamp;
use crate::domain::id::{AgencyId, PersonId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "substitution")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub agency_id: AgencyId,
    pub absent_id: PersonId,
    pub substitute_id: PersonId,
    /// The first and the last day, ISO 8601.
    pub from_on: String,
    pub until_on: String,
    /// The actor, as the audit chain names them.
    pub made_by: String,
    pub made_at: Timestamp,
    /// Ended before its last day.
    pub ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
