//! What a key is asked to sign that is not kept here: for minutes, opened once, used once; or by a remote service, which is
//! asked until it has signed.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signature_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// SHA-256 of the word that opens it, or by which the remote service calls back: a stolen database opens none.
    #[sea_orm(unique)]
    pub word_hash: String,
    pub person_id: PersonId,
    /// The session in which it was asked for: no other may bring the signature.
    pub session_hash: String,
    /// [`crate::custody::elsewhere::Content`] as JSON.
    pub content: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When what is to be signed was handed out, or the remote service called back.
    pub opened_at: Option<Timestamp>,
    /// The paper, where a remote service signs one: an earlier request for it is over then.
    pub document_id: Option<DocumentId>,
    /// How far a remote service is, as [`crate::custody::remote`] keeps it. None of the key's owner's secrets is in it.
    pub remote: Option<String>,
    /// Why a remote service did not sign: the request is over.
    pub failure: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
