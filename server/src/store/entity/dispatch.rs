//! Documents on their way: one row a document and receiver.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::{DispatchId, Status};
use crate::domain::document::DocumentId;
use crate::domain::id::AgencyId;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DispatchId,
    pub document_id: DocumentId,
    pub sender_id: AgencyId,
    pub receiver_id: AgencyId,
    /// The version sent.
    pub version: i32,
    /// The version's bytes.
    pub blob: Sha256,
    pub status: Status,
    /// The verification on arrival; empty until its job has run.
    pub verification_id: Option<String>,
    pub sent_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
