//! Numbers kept aside for a document to come: why, by whom, and what became of each.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "number_reservation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub agency_id: AgencyId,
    pub kind: String,
    /// The sequence's name.
    pub name: String,
    pub year: i32,
    pub number: i32,
    pub reason: String,
    pub person_id: PersonId,
    pub created_at: Timestamp,
    /// The document that bears it now.
    pub document_id: Option<DocumentId>,
    /// Given up: no document will bear it, and the record says why.
    pub released_at: Option<Timestamp>,
    pub released_by: Option<PersonId>,
    pub release_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
