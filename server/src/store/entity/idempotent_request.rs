//! Answers to requests that carried an `Idempotency-Key`.

use crate::clock::Timestamp;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotent_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]

    /// SHA-256 over person, path and key.
    pub id: String,
    pub created_at: Timestamp,
    /// None while the first request is under way.
    pub status: Option<i32>,
    /// JSON of the headers that are given again.
    pub headers: Option<String>,
    pub body: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
