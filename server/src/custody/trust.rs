//! Trust stores by regime, and the policy of a validation made from them.

use hoian_signer::validate::{Anchor, Policy, Revocation};
use ring::digest;
use sea_orm::{EntityTrait, QueryOrder};

use super::Custody;
use super::error::Result;
use crate::domain::trust::Standing;
use crate::store::entity::trust_anchor::{Column, Entity};

/// A policy, and the name it has in a stored verification.
pub(super) struct Rules {
    pub policy: Policy,
    /// SHA-256 over the trust store and the rules: the same trust, the same name.
    pub name: String,
}

impl Custody {
    /// The policy of this house now: every stored root under its regime, revocation checked where evidence is at hand.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn rules(&self) -> Result<Rules> {
        let rows = Entity::find()
            .order_by_asc(Column::Fingerprint)
            .all(self.store.read())
            .await?;
        let mut policy = Policy::new(self.clock.now_utc());
        policy.revocation = Revocation::IfAvailable;
        let mut name = digest::Context::new(&digest::SHA256);
        name.update(b"hoian rules 1: revocation if available");
        for row in rows {
            name.update(row.fingerprint.as_bytes());
            match row.standing {
                Standing::Root => {
                    let regime = row.regime.name().to_owned();
                    policy.anchors.push(Anchor {
                        certificate: row.certificate,
                        regime,
                    });
                }
                Standing::Intermediate => policy.intermediates.push(row.certificate),
            }
        }
        Ok(Rules {
            policy,
            name: hex::encode(name.finish()),
        })
    }
}
