//! What went, or goes, to receivers outside this system: one row a document, way and receiver.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::outside::{Standing, Way};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outside_sending")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub document_id: DocumentId,
    /// Who sends.
    pub agency_id: AgencyId,
    pub way: Way,
    pub receiver: String,
    /// Where mail or post brings it; empty for what is handed over.
    pub address: String,
    pub copies: i32,
    pub standing: Standing,
    /// What the mail server said last.
    pub answer: Option<String>,
    /// Of the postal service, once known.
    pub tracking_code: Option<String>,
    pub person_id: PersonId,
    /// When the clerk asked for it; a letter bears this date.
    pub sent_at: Timestamp,
    /// When it came to stand as it stands.
    pub standing_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
