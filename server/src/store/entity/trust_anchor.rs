//! Certificates trusted as roots, by regime, and the intermediates that complete chains towards them.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::domain::trust::{Regime, Standing};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trust_anchor")]
pub struct Model {
    /// SHA-256 of the certificate, lower-case hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: String,
    pub regime: Regime,
    pub standing: Standing,
    pub certificate: Vec<u8>,
    pub added_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
