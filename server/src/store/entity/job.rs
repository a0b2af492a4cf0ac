//! Jobs: effects outside the database that a transaction asked for.

use crate::clock::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub kind: String,
    /// JSON of the job's type.
    pub payload: String,
    /// Not before this moment.
    pub due_at: Timestamp,
    /// Until then a worker has it; a worker that died loses it afterwards.
    pub leased_until: Option<Timestamp>,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    /// Done, or given up.
    pub ended_at: Option<Timestamp>,
    /// Given up: somebody has to look at it.
    pub is_given_up: bool,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
