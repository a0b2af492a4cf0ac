//! Documents: where each stands, its number, its places.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::{DocumentId, State};
use crate::domain::id::{AgencyId, PersonId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    pub agency_id: AgencyId,
    pub drafter_id: PersonId,
    pub signer_id: PersonId,
    /// A code of [`crate::domain::numbering::KINDS`].
    pub kind: String,
    pub subject: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    /// The symbol after the slash, fixed when the document is made: `KH-UBND`.
    pub notation: String,
    pub state: State,
    pub leader_signed: bool,
    pub numbered: bool,
    pub agency_signed: bool,
    pub number: Option<i32>,
    /// The sequence's year and name, so that a number is unique by an index and not by good will.
    pub number_year: Option<i32>,
    pub issued_on: Option<String>,
    /// [`crate::custody::place::Places`] as JSON: where fields stand or will stand.
    pub places: Option<String>,
    /// What the signer wrote when returning it, or why a waiting signature was given up.
    pub remark: Option<String>,
    /// Counts changes; an update names the one it saw, so two people cannot take the same step.
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The incoming document that this one answers.
    pub reply_to: Option<DispatchId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
