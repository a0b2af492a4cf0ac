//! Agencies: the organisations that sign, issue and receive, each with its own seal, clerk, registers and numbers.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What sort of agency it is. The tree of agencies is data; the sort only names the level in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AgencyKind {
    /// The People's Committee of the province (UBND tỉnh).
    Province,
    /// A department (sở, ban, ngành).
    Department,
    /// A commune or ward (UBND xã, phường).
    Commune,
}
