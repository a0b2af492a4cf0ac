//! Papers that correct or replace others.

use sea_orm::entity::prelude::*;

use crate::domain::document::DocumentId;
use crate::domain::relation::Relation as Kind;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_relation")]
pub struct Model {
    /// The new paper.
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: DocumentId,
    pub relation: Kind,
    /// The paper that it corrects or replaces.
    pub related_id: DocumentId,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
