//! What a key is asked to sign that is not kept here: for minutes, opened once, used once.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::id::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signature_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// SHA-256 of the word that opens it: a stolen database opens none.
    #[sea_orm(unique)]
    pub word_hash: String,
    pub person_id: PersonId,
    /// The session in which it was asked for: no other may bring the signature.
    pub session_hash: String,
    /// [`crate::custody::elsewhere::Content`] as JSON.
    pub content: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When what is to be signed was handed out.
    pub opened_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
