//! Agencies: whoever signs, issues and receives.

use crate::clock::Timestamp;
use crate::domain::id::AgencyId;
use crate::domain::organisation::AgencyKind;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgencyId,
    /// Mã định danh cơ quan, such as `H37.02.02`.
    #[sea_orm(unique)]
    pub organ_id: String,
    /// The full name, as in "Ủy ban nhân dân tỉnh Lam Giang".
    pub name: String,
    /// The group of the agency in a document's symbol, as in `UBND` or `SNV`.
    pub symbol: String,
    pub kind: AgencyKind,
    pub parent_id: Option<AgencyId>,
    /// The place name in the date line of its documents.
    pub place: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
