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
    /// [`hoian_signer::validate::Report`] as JSON, without its objects.
    pub report: String,
    /// Certificates, OCSP responses and revocation lists at hand, those in the file and those fetched, as JSON:
    /// `[{kind, blob, existed_at}]`. Each is proven to have existed at that moment: by a time-stamp of the file, else by the
    /// verification itself (EN 319 102-1, 5.6.2.3). Verifications of earlier versions hold what was fetched, without times.
    pub evidence: String,
    pub verified_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
