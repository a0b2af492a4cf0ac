//! What the receiving clerk answers: accepted and registered under one running number a year, or returned with a reason.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use time::Date;

use super::error::{Error, Result};
use super::notice::{About, Telling};
use super::numbering::{read_sequence, take_next};
use super::{Custody, Presence};
use crate::domain::dispatch::{Action, DispatchId};
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::notice::Kind;
use crate::domain::numbering::{self, ARRIVALS, SequenceKey};
use crate::fail_point;
use crate::store::entity::dispatch::{ActiveModel, Model};

impl Custody {
    /// The receiving clerk takes a dispatch in: status 03, and the next arrival number, which comes back.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Receipt`]; [`Error::Stale`] when another clerk answered meanwhile.
    pub async fn accept(&self, presence: &Presence, id: &DispatchId) -> Result<u32> {
        let step = self
            .permit_dispatch(presence, id, Action::Accept, None, false)
            .await?;
        let date = numbering::local_date(self.clock.now_utc());
        let key = arrivals(&step.row.receiver_id, date);
        let now = self.clock.now();
        let number = self
            .store
            .write(async |tx| {
                let number = take_next(tx, &key).await?;
                let change = ActiveModel {
                    arrival_number: Set(Some(as_column(number)?)),
                    arrival_year: Set(Some(key.year)),
                    registered_at: Set(Some(now)),
                    ..Default::default()
                };
                step.take(tx, now, presence, change).await?;
                Ok::<_, Error>(number)
            })
            .await?;
        fail_point::hit("receipt.registered");
        Ok(number)
    }

    /// The receiving clerk sends a dispatch back: status 02, with a reason, of which its drafter is told, or who handed it
    /// on; it takes no number.
    ///
    /// # Errors
    /// As [`Custody::accept`].
    pub async fn turn_back(&self, presence: &Presence, id: &DispatchId, reason: &str) -> Result<()> {
        let step = self
            .permit_dispatch(presence, id, Action::Return, Some(reason), false)
            .await?;
        let (about, to) = self.sending_side(&step.row).await?;
        let telling = Telling {
            kind: Kind::Returned,
            which: id.to_string(),
            to: BTreeSet::from([to]),
            words: step.reason.clone(),
            from: Some(presence.person_id.clone()),
        };
        self.take_and_tell(presence, &step, ActiveModel::default(), &about, Some(telling))
            .await
    }

    /// Who sent it, as a person, and the paper as that person knows it.
    async fn sending_side(&self, row: &Model) -> Result<(About, PersonId)> {
        let document = self.dispatched(row).await?;
        let mut about = About::sent(&document)?;
        let to = row.forwarded_by.clone().unwrap_or(document.drafter_id);
        about.dispatch_id = row.forwarded_from.clone();
        Ok((about, to))
    }

    /// The arrival number that [`Custody::accept`] would give now; somebody else may be quicker.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_arrival(&self, agency: &AgencyId) -> Result<u32> {
        let key = arrivals(agency, numbering::local_date(self.clock.now_utc()));
        Ok(read_sequence(self.store.read(), &key).await?.next())
    }
}

pub(super) fn arrivals(agency: &AgencyId, date: Date) -> SequenceKey {
    SequenceKey {
        agency_id: agency.clone(),
        name: ARRIVALS.to_owned(),
        year: date.year(),
    }
}

pub(super) fn as_column(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(|_| Error::Row("number_sequence.last"))
}
