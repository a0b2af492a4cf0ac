//! A segment of a recording: a WebM cluster, kept as a blob.

use sea_orm::entity::prelude::*;

use crate::domain::meeting::MeetingId;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recording_segment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub meeting_id: MeetingId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub recording: i32,
    /// From 0 without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub sha256: Sha256,
    pub size_bytes: i64,
    /// In the recording's own time.
    pub begins_ms: i64,
    pub duration_ms: i64,
    /// Of its first key frame.
    pub key_ms: Option<i64>,
    /// Of the largest picture in it.
    pub width: Option<i32>,
    pub height: Option<i32>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
