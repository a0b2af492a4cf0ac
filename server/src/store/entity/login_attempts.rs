//! Wrong attempts to log in, for known and unknown names alike: a lock tells nobody which names exist.

use crate::clock::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]

    /// SHA-256 of the user name's key: what people type into the wrong field is not kept.
    pub name_hash: String,
    pub failures: i32,
    pub last_failure_at: Timestamp,
    pub locked_until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
