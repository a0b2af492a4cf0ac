//! Signatures that are made and wait for their time-stamp: the key signs once.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signature_pending")]
pub struct Model {
    /// At most one signature waits for a document.
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    /// Tells this signature from an earlier one that was given up.
    pub id: String,
    /// The version signed over.
    pub version: i32,
    pub key_id: String,
    pub person_id: PersonId,
    /// [`hoian_signer::sign::Signed`] as JSON.
    pub signed: String,
    pub attempts: i32,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
