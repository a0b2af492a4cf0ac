//! The statuses a dispatch has had: each change is a new row.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::{DispatchId, Status};
use crate::domain::id::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch_status")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dispatch_id: DispatchId,
    /// From 1, in the order given.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub status: Status,
    pub reason: Option<String>,
    /// Empty where the program gave the status itself.
    pub person_id: Option<PersonId>,
    pub at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
