//! Meetings: called, held, ended.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::MeetingId;
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::procedure::Microphones;
use crate::domain::roll::QuorumRule;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingId,
    pub title: String,
    /// The agency that called it.
    pub agency_id: AgencyId,
    /// When it is to begin.
    pub starts_at: Timestamp,
    /// The unguessable part of its link, in the form of `domain::meeting::LinkCode`.
    #[sea_orm(unique)]
    pub link_code: String,
    pub created_by: PersonId,
    pub created_at: Timestamp,
    /// Since when nobody can enter any more.
    pub ended_at: Option<Timestamp>,
    pub kind: MeetingKind,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
    /// Where the main site is.
    pub place: String,
    pub lobby: bool,
    pub microphones: Microphones,
    pub quorum: QuorumRule,
    pub quota_seconds: i32,
    pub muted_above: i32,
    /// When the running meeting was last known to run.
    pub alive_at: Option<Timestamp>,
    /// The invitation letter (giấy mời).
    pub invitation_id: Option<DocumentId>,
    /// How often it has changed since the invitation was issued (RFC 5545, 3.8.7.4).
    pub sequence: i32,
    /// The sequence of the last change of name, time or place.
    pub details_sequence: i32,
    /// It does not take place; it has then ended too.
    pub called_off_at: Option<Timestamp>,
    pub called_off_reason: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
