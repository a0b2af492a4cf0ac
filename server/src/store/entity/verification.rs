//! Verifications on arrival, once a blob and policy, with the evidence they rest on.

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verification")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub blob: Sha256,
    /// SHA-256 over the trust store and the rules, so that a change of trust makes a new verification.
    pub policy: String,
    pub verdict: String,
    /// [`hoian_signer::validate::Report`] as JSON.
    pub report: String,
    /// OCSP responses and revocation lists used, as JSON: `[{kind, address, blob}]`.
    pub evidence: String,
    pub verified_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
