//! Who is logged in.

use crate::clock::Timestamp;
use crate::domain::id::PersonId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]

    /// SHA-256 of the token in the cookie: a stolen database opens no session.
    pub token_hash: String,
    pub person_id: PersonId,
    pub created_at: Timestamp,
    /// Moved forward at most once a minute.
    pub last_seen_at: Timestamp,
    /// What the browser says of itself when it logs in.
    pub device: Option<String>,
    /// Where it logged in from.
    pub address: Option<String>,
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
