//! Which initials a signer wants before signing, in an agency.

use sea_orm::entity::prelude::*;

use crate::domain::id::{AgencyId, PersonId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: AgencyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: PersonId,
    /// The head of the drafting unit answers for the content.
    pub content: bool,
    /// The office answers for the form.
    pub form: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
