//! Keys by which other systems ask for verifications.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The system that has it.
    pub name: String,
    /// SHA-256 of the key: 256 random bits need no slow hash.
    #[sea_orm(unique)]
    pub digest: Vec<u8>,
    pub created_at: Timestamp,
    /// As in the audit chain.
    pub created_by: String,
    /// To the minute, lest each question write.
    pub used_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
    pub retired_by: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
