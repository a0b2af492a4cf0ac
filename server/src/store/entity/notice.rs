//! Notices: one row a person and thing that is told.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;
use crate::domain::notice::{Kind, NoticeId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: NoticeId,
    /// Who is told.
    pub person_id: PersonId,
    pub kind: Kind,
    /// What is told, so that it is told once: `overdue/{dispatch}/{day}`.
    pub key: String,
    /// Empty where it tells of a question in writing.
    pub document_id: DocumentId,
    /// The paper as it came to the person's agency; empty where it is told as its sender's.
    pub dispatch_id: Option<DispatchId>,
    /// The question in writing.
    pub meeting_id: Option<MeetingId>,
    /// Number and symbol, and the subject, as they were when it was told; of a question no number, and its words.
    pub code: String,
    pub subject: String,
    /// The day until which the work is done.
    pub due_on: Option<String>,
    /// What somebody wrote, or a mail server answered.
    pub words: Option<String>,
    /// Whose step it tells of; empty where the program tells it by itself.
    pub from_id: Option<PersonId>,
    pub told_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
