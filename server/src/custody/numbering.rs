//! Number and date are given, in the transaction that stores the version which shows them.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use hoian_signer::pdf::form;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use time::Date;
use time::format_description::well_known::Iso8601;
use tokio::sync::Mutex;

use super::desk::{NewVersion, Step};
use super::error::{Error, Result};
use super::place::Places;
use super::reservation::{sequence_of, settle};
use super::{Custody, Presence};
use crate::domain::document::{Action, DocumentId, Purpose};
use crate::domain::numbering::{self, Kind, Sequence, SequenceKey};
use crate::domain::search::{fold, of_year};
use crate::fail_point;
use crate::store::blob::Stored;
use crate::store::entity::{document, document_version, number_reservation, number_sequence};
use crate::store::{Tx, search};

impl Custody {
    /// Gives the next number of the document's sequence, and today's date, and stores the version that shows both.
    ///
    /// The page is filled before the transaction, with the number that will follow; the transaction takes that number
    /// only if it still follows, so a number is never given twice and none is skipped, and no writer waits for a PDF.
    ///
    /// # Errors
    /// The rules'; [`Error::NumbersBusy`] when others were quicker again and again.
    pub async fn number(
        &self,
        presence: &Presence,
        id: &DocumentId,
        reservation: Option<&str>,
    ) -> Result<u32> {
        let step = self.permit(presence, id, Action::Number, None).await?;
        let base = self.latest(id, Purpose::Signed).await?;
        let document = self.content(&base).await?;
        let places = step.row.places.as_deref().ok_or(Error::Row("document.places"))?;
        let places: Places = serde_json::from_str(places).map_err(|_| Error::Row("document.places"))?;
        let date = numbering::local_date(self.clock.now_utc());
        let key = self.sequence_key(&step.row, date).await?;
        let kept = match reservation {
            Some(id) => Some(self.kept(&step.row, &key, id).await?),
            None => None,
        };
        // Within this program clerks queue, so that nobody fills a page for a number that is gone; the loop is for
        // other programs on the same database.
        let turn = self.turn(&key);
        let _turn = turn.lock().await;
        for _ in 0..ATTEMPTS {
            let source = match &kept {
                Some(kept) => Source::Kept(kept),
                None => Source::Next(read_sequence(self.store.read(), &key).await?),
            };
            let number = source.number()?;
            let filled = self
                .filled(document.clone(), &places, &step.row, number, date)
                .await?;
            let stored = self.store.blobs().put(filled).await?;
            fail_point::hit("numbering.version_on_disk");
            if self
                .give(presence, &step, &base, &key, source, date, &stored)
                .await?
            {
                fail_point::hit("numbering.given");
                return Ok(number);
            }
        }
        Err(Error::NumbersBusy)
    }

    async fn sequence_key(&self, row: &document::Model, date: Date) -> Result<SequenceKey> {
        let kind = Kind::from_code(&row.kind).ok_or(Error::Row("document.kind"))?;
        Ok(SequenceKey {
            agency_id: row.agency_id.clone(),
            name: sequence_of(self.store.read(), &row.agency_id, kind, date.year()).await?,
            year: date.year(),
        })
    }

    /// A number kept aside for this document's kind, in this year.
    async fn kept(
        &self,
        row: &document::Model,
        key: &SequenceKey,
        id: &str,
    ) -> Result<number_reservation::Model> {
        let kept = number_reservation::Entity::find_by_id(id.to_owned())
            .one(self.store.read())
            .await?;
        kept.filter(|kept| kept.agency_id == row.agency_id && kept.kind == row.kind && kept.year == key.year)
            .ok_or(Error::NotFound)
    }

    /// The queue of one sequence.
    fn turn(&self, key: &SequenceKey) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Sequences nobody waits for are forgotten, so the map stays as small as the crowd.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(key.clone()).or_default())
    }

    /// The number and symbol that [`Custody::number`] would give now; somebody else may be quicker.
    ///
    /// # Errors
    /// The database's.
    pub async fn next_code(&self, row: &document::Model) -> Result<String> {
        let key = self
            .sequence_key(row, numbering::local_date(self.clock.now_utc()))
            .await?;
        let sequence = read_sequence(self.store.read(), &key).await?;
        Ok(numbering::code(sequence.next(), &row.notation))
    }

    /// The file with number and date, passed by our validator as form filling under the leaders' signatures.
    async fn filled(
        &self,
        document: Bytes,
        places: &Places,
        row: &document::Model,
        number: u32,
        date: Date,
    ) -> Result<Bytes> {
        let values = places.values(number, &row.notation, date);
        let filled = self
            .run(move || {
                let values: Vec<_> = values
                    .iter()
                    .map(|(field, value)| (*field, value.as_str()))
                    .collect();
                form::fill(&document, &values)
            })
            .await??;
        let filled = Bytes::from(filled);
        let signed = places.signed_fields(row.rules().signers, 0);
        self.self_check(filled.clone(), &signed).await?;
        Ok(filled)
    }

    /// Takes the number and stores everything, unless someone else took it meanwhile.
    #[expect(clippy::too_many_arguments, reason = "one transaction, all of it")]
    async fn give(
        &self,
        presence: &Presence,
        step: &Step,
        base: &document_version::Model,
        key: &SequenceKey,
        source: Source<'_>,
        date: Date,
        stored: &Stored,
    ) -> Result<bool> {
        let now = self.clock.now();
        let number = source.number()?;
        let change = document::ActiveModel {
            number: Set(Some(
                i32::try_from(number).map_err(|_| Error::Row("number_sequence.last"))?,
            )),
            number_year: Set(Some(key.year)),
            issued_on: Set(Some(
                date.format(&Iso8601::DATE)
                    .map_err(|_| Error::Row("document.issued_on"))?,
            )),
            ..Default::default()
        };
        let version = NewVersion {
            purpose: Purpose::Numbered,
            continues: Some(base.number),
            stored,
            level: Some("B-T"),
            by: &presence.person_id,
        };
        let code = fold(&numbering::code(number, &step.row.notation));
        let found_by = format!("{code} {}", of_year(key.year));
        let detail = json!({ "code": numbering::code(number, &step.row.notation), "blob": stored.sha256 });
        self.store
            .write(async |tx| {
                match source {
                    Source::Next(sequence) if !advance(tx, key, sequence).await? => return Ok(false),
                    Source::Next(_) => {}
                    Source::Kept(kept) => {
                        let used = number_reservation::ActiveModel {
                            document_id: Set(Some(step.row.id.clone())),
                            ..Default::default()
                        };
                        settle(tx, &kept.id, used).await?;
                    }
                }
                version.insert(tx, now, &step.row.id).await?;
                search::say(tx, &step.row.id, &found_by).await?;
                step.take(tx, now, &presence.actor(), change, detail).await?;
                Ok::<_, Error>(true)
            })
            .await
    }
}

/// In each round some program gets a number, so as many programs as this may share the database.
const ATTEMPTS: usize = 64;

/// Where a number comes from.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// The one that follows.
    Next(Sequence),
    /// One that was kept aside.
    Kept(&'a number_reservation::Model),
}

impl Source<'_> {
    fn number(&self) -> Result<u32> {
        match self {
            Source::Next(sequence) => Ok(sequence.next()),
            Source::Kept(kept) => {
                u32::try_from(kept.number).map_err(|_| Error::Row("number_reservation.number"))
            }
        }
    }
}

/// Takes the next number. The update locks the counter until the transaction ends, on either database: whoever comes
/// next waits, and a number whose transaction fails was never given.
pub(super) async fn take_next(tx: &Tx, key: &SequenceKey) -> Result<u32> {
    use number_sequence::{Column, Entity};
    ensure_sequence(tx, key).await?;
    Entity::update_many()
        .col_expr(Column::Last, Expr::col(Column::Last).add(1))
        .filter(Column::AgencyId.eq(key.agency_id.clone()))
        .filter(Column::Name.eq(key.name.clone()))
        .filter(Column::Year.eq(key.year))
        .exec(tx)
        .await?;
    Ok(read_sequence(tx, key).await?.last)
}

/// How far a counter has come; not at all where it does not stand yet.
pub(super) async fn read_sequence(connection: &impl ConnectionTrait, key: &SequenceKey) -> Result<Sequence> {
    let id = (key.agency_id.clone(), key.name.clone(), key.year);
    let row = number_sequence::Entity::find_by_id(id).one(connection).await?;
    let last = row.map_or(Ok(0), |row| u32::try_from(row.last));
    Ok(Sequence {
        last: last.map_err(|_| Error::Row("number_sequence.last"))?,
    })
}

/// Moves the counter on from where it was seen; `false` where it stands elsewhere by now.
async fn advance(tx: &Tx, key: &SequenceKey, seen: Sequence) -> Result<bool> {
    use number_sequence::{ActiveModel, Column, Entity};
    ensure_sequence(tx, key).await?;
    let as_column = |number: u32| i32::try_from(number).map_err(|_| Error::Row("number_sequence.last"));
    let moved = Entity::update_many()
        .set(ActiveModel {
            last: Set(as_column(seen.next())?),
            ..Default::default()
        })
        .filter(Column::AgencyId.eq(key.agency_id.clone()))
        .filter(Column::Name.eq(key.name.clone()))
        .filter(Column::Year.eq(key.year))
        .filter(Column::Last.eq(as_column(seen.last)?))
        .exec(tx)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Makes the counter's row where it does not stand yet.
pub(super) async fn ensure_sequence(tx: &Tx, key: &SequenceKey) -> Result<()> {
    use number_sequence::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        agency_id: Set(key.agency_id.clone()),
        name: Set(key.name.clone()),
        year: Set(key.year),
        last: Set(0),
    };
    let once = OnConflict::columns([Column::AgencyId, Column::Name, Column::Year])
        .do_nothing()
        .to_owned();
    Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
