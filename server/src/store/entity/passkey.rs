//! Public halves of the keys by which people log in without a password.

use crate::clock::Timestamp;
use crate::domain::id::PersonId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey")]
pub struct Model {
    /// What the device calls the key, in base64url.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub person_id: PersonId,
    /// What its owner calls it.
    pub name: String,
    /// `identity::passkeys::Kept` as JSON: the public key, and the counter.
    pub key: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// When the question of the last log-in was asked: no answer is taken twice, nor one to an older question.
    pub last_asked_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::person::Entity",
        from = "Column::PersonId",
        to = "super::person::Column::Id"
    )]
    Person,
}

impl Related<super::person::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Person.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
