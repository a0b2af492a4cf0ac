//! Papers that are kept provable, once a file: their proofs, and when these are made anew.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "preservation")]
pub struct Model {
    /// The paper as it was issued or came.
    #[sea_orm(primary_key, auto_increment = false)]
    pub blob: Sha256,
    /// What is appended to it: validation data and archive time-stamps. None before the first time-stamp.
    pub proofs: Option<Sha256>,
    pub proofs_size_bytes: i64,
    pub proven_at: Option<Timestamp>,
    /// When the certificate of the last time-stamp ends.
    pub proven_until: Option<Timestamp>,
    /// When the next time-stamp is asked for; none where a signature of the paper does not hold.
    pub due_at: Option<Timestamp>,
    /// Attempts since the last time-stamp.
    pub attempts: i32,
    pub last_error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
