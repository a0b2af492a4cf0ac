//! Case files: the agency's list of each year, and how each stands.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::case_file::{CaseFileId, State};
use crate::domain::id::{AgencyId, PersonId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case_file")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CaseFileId,
    pub agency_id: AgencyId,
    /// Of which year's list.
    pub year: i32,
    /// Số và ký hiệu hồ sơ, unique in its agency and year.
    pub code: String,
    pub title: String,
    /// Code and title folded, by which it is found (see [`crate::domain::search::fold`]).
    pub words: String,
    /// Thời hạn bảo quản; empty for ever.
    pub retention_years: Option<i16>,
    pub note: String,
    /// Người lập hồ sơ.
    pub keeper_id: PersonId,
    pub state: State,
    /// Days: `2026-11-30`.
    pub opened_on: Option<String>,
    pub closed_on: Option<String>,
    /// Counts changes; an update names the one it saw, so two people cannot take the same step.
    pub revision: i64,
    pub created_by: PersonId,
    pub created_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
