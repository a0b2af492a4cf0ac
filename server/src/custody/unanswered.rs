//! Answering on the day it came (Nghị định 30/2020/NĐ-CP, article 21): clerks are told of what they have neither accepted
//! nor returned by then.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::Custody;
use super::error::Result;
use super::notice::Telling;
use crate::clock::Timestamp;
use crate::domain::dispatch::{Recall, Status};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::notice::{self, Kind};
use crate::domain::role::Role;
use crate::store::Tx;
use crate::store::blob::Sha256;
use crate::store::entity::dispatch::{Column, Entity, Model};
use crate::store::entity::membership;

impl Custody {
    /// A file has just gone out: it is verified, and whoever has not answered by the afternoon is told.
    pub(super) async fn expect_answers(&self, tx: &Tx, blob: &Sha256) -> Result<()> {
        self.outbox.verify(tx, blob).await?;
        let due = notice::answer_by(self.clock.now_utc(), &self.working_days);
        Ok(self.outbox.press(tx, blob, Timestamp::from(due)).await?)
    }

    /// Tells the clerks of each receiver of this file who has not answered; may run twice.
    ///
    /// # Errors
    /// The store's.
    pub async fn press_for_answers(&self, blob: &Sha256) -> Result<()> {
        let waiting = Entity::find()
            .filter(Column::Blob.eq(blob.clone()))
            .filter(Column::Status.eq(Status::Arrived))
            .filter(Column::Recall.is_in([Recall::None, Recall::Refused]))
            .all(self.store.read())
            .await?;
        for row in &waiting {
            self.press_for_answer(row).await?;
        }
        Ok(())
    }

    async fn press_for_answer(&self, row: &Model) -> Result<()> {
        let telling = Telling {
            kind: Kind::Unanswered,
            which: row.id.to_string(),
            to: self.clerks_of(&row.receiver_id).await?,
            words: None,
            from: None,
        };
        let detail = json!({ "people": telling.to });
        self.tell_by_itself(row, &telling, "dispatch.unanswered_told", detail)
            .await
    }

    pub(super) async fn clerks_of(&self, agency: &AgencyId) -> Result<BTreeSet<PersonId>> {
        let clerks = membership::Entity::find()
            .filter(membership::Column::AgencyId.eq(agency.clone()))
            .filter(membership::Column::Role.eq(Role::Clerk))
            .all(self.store.read())
            .await?;
        Ok(clerks.into_iter().map(|clerk| clerk.person_id).collect())
    }
}
