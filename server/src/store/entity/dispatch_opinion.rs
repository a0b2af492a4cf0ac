//! What those who support the lead have written (ý kiến phối hợp): none is ever rewritten.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::DispatchId;
use crate::domain::id::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch_opinion")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dispatch_id: DispatchId,
    /// From 1, in the order given.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub person_id: PersonId,
    pub words: String,
    pub given_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
