//! Certificates of keys in use that end: whoever signs with them is told two months before, a month and a week.

use std::collections::BTreeSet;

use hoian_signer::sign::common_name;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::error::{Error, Result};
use super::notice::{About, Telling};
use super::{Custody, key};
use crate::domain::holder::Holder;
use crate::domain::id::AgencyId;
use crate::domain::notice::{self, Kind};
use crate::domain::role::{Action, Held, may};
use crate::store::audit::{self, Actor};
use crate::store::entity::signing_key::{Column, Entity, Model};
use crate::store::entity::{self, agency};

impl Custody {
    /// Tells who signs with a key whose certificate ends soon: a person of their own, the clerks of an agency's; each of the three
    /// times once, however often this runs.
    ///
    /// # Errors
    /// The store's.
    pub async fn tell_of_ending_keys(&self) -> Result<()> {
        let now = self.clock.now();
        let ending = Entity::find()
            .filter(Column::RetiredAt.is_null())
            .filter(Column::NotAfter.gt(now))
            .filter(Column::NotAfter.lte(now.after(notice::ENDING_FIRST)))
            .order_by_asc(Column::NotAfter)
            .all(self.store.read())
            .await?;
        for key in ending {
            self.tell_of_ending_key(&key).await?;
        }
        Ok(())
    }

    async fn tell_of_ending_key(&self, row: &Model) -> Result<()> {
        let now = self.clock.now();
        let Some(days) = notice::ending(row.not_after.since(now)) else {
            return Ok(());
        };
        let to = match row.holder.parse() {
            Ok(Holder::Person(person)) => BTreeSet::from([person]),
            Ok(Holder::Agency(agency)) => self.clerks_of(&agency).await?,
            Err(()) => return Err(Error::Row("signing_key.holder")),
        };
        let telling = Telling {
            kind: Kind::CertificateEnds,
            which: format!("{}/{days}", row.id),
            to,
            words: None,
            from: None,
        };
        let told = entity::notice::Entity::find()
            .filter(entity::notice::Column::Key.eq(telling.key()))
            .filter(entity::notice::Column::PersonId.is_in(telling.to.iter().cloned()))
            .count(self.store.read())
            .await?;
        if told == telling.to.len() as u64 {
            return Ok(());
        }
        let about = About::key(common_name(&key::chain(row)?)?, row.not_after);
        let subject = format!("signing_key/{}", row.id);
        let detail = json!({ "days": days, "not_after": row.not_after, "people": telling.to });
        self.store
            .write(async |tx| {
                if self.tell(tx, now, &about, &telling).await? > 0 {
                    audit::append(
                        tx,
                        now,
                        &Actor::System,
                        "signing_key.ending_told",
                        &subject,
                        detail,
                    )
                    .await?;
                }
                Ok(())
            })
            .await
    }

    /// The keys with which whoever holds these roles seals, and the names of their agencies.
    ///
    /// # Errors
    /// The database's.
    pub async fn keys_to_seal_with(&self, held: &[Held]) -> Result<Vec<(agency::Model, Model)>, DbErr> {
        let agencies: BTreeSet<AgencyId> = held
            .iter()
            .map(|one| one.agency_id.clone())
            .filter(|agency| may(held, Action::Seal, agency))
            .collect();
        let holders = agencies.iter().map(|id| Holder::Agency(id.clone()).to_string());
        let keys = Entity::find()
            .filter(Column::Holder.is_in(holders))
            .filter(Column::RetiredAt.is_null())
            .order_by_asc(Column::NotAfter)
            .all(self.store.read())
            .await?;
        let agencies = agency::Entity::find()
            .filter(agency::Column::Id.is_in(agencies))
            .all(self.store.read())
            .await?;
        let of = |key: Model| {
            let mut agencies = agencies.iter();
            let of = agencies.find(|one| Holder::Agency(one.id.clone()).to_string() == key.holder)?;
            Some((of.clone(), key))
        };
        Ok(keys.into_iter().filter_map(of).collect())
    }
}
