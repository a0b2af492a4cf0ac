//! Documents on their way: one row a document and receiver.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::{DispatchId, Part, Recall, Status};
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DispatchId,
    /// A row of `document`, or of `paper_arrival` where it came on paper.
    pub document_id: DocumentId,
    /// Empty where it came on paper: its author stands in `paper_arrival`.
    pub sender_id: AgencyId,
    pub receiver_id: AgencyId,
    /// The version sent; 0 for a scan.
    pub version: i32,
    /// The version's bytes.
    pub blob: Sha256,
    pub status: Status,
    /// The verification on arrival; empty until its job has run.
    pub verification_id: Option<String>,
    pub sent_at: Timestamp,
    /// Counts changes; an update names the one it saw, so two people cannot take the same step.
    pub revision: i64,
    pub recall: Recall,
    /// Số đến: given when the clerk accepts it.
    pub arrival_number: Option<i32>,
    pub arrival_year: Option<i32>,
    pub registered_at: Option<Timestamp>,
    /// Bút phê, and who wrote it.
    pub instruction: Option<String>,
    pub instructed_by: Option<PersonId>,
    pub instructed_at: Option<Timestamp>,
    /// Who handles it (chủ trì); those who support stand in `dispatch_support`.
    pub lead_id: Option<PersonId>,
    /// Hạn giải quyết: `2026-11-30`.
    pub due_on: Option<String>,
    /// What the lead wrote at the end.
    pub outcome: Option<String>,
    pub completed_at: Option<Timestamp>,
    /// Of what another agency handed on: the dispatch by which it came to that agency, and who handed it on there.
    pub forwarded_from: Option<DispatchId>,
    pub forwarded_by: Option<PersonId>,
    /// Of what a leader's instruction handed on: this agency's part in the work, and the day by which the other wants it
    /// done, as `due_on`.
    pub part: Option<Part>,
    pub wanted_on: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
