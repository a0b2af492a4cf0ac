//! Versions of a document: stored bytes never change, each signature is a new version whose prefix is the old one.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::{DocumentId, Purpose};
use crate::domain::id::PersonId;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// From 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    /// The version whose bytes this one begins with.
    pub continues: Option<i32>,
    pub purpose: Purpose,
    /// SHA-256 of the bytes.
    pub blob: Sha256,
    pub size_bytes: i64,
    /// What our validator certified before it was stored: `B-T`; empty where nothing is signed.
    pub level: Option<String>,
    pub created_by: PersonId,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
