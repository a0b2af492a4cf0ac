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
    /// As in the audit chain; none of those that were here before it was asked.
    pub added_by: Option<String>,
    pub reason: Option<String>,
    /// From then on nothing new is trusted through it.
    pub retired_at: Option<Timestamp>,
    pub retired_by: Option<String>,
    pub retirement_reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
