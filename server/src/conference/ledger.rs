//! The record of a running meeting: what happened is durable before anybody is told.
//!
//! Rows are numbered from 1 without a gap by the one who writes them; two writers at once cannot both have a number, and
//! the second learns it before anything of it counts.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::{ballot_box, prepared};
use crate::clock::{Clock, Timestamp};
use crate::domain::meeting::MeetingId;
use crate::domain::procedure::{Event, Microphones, Procedure, Rules};
use crate::domain::roll::Entry;
use crate::fail_point;
use crate::store::audit::{self, Actor};
use crate::store::entity::{meeting, meeting_event};
use crate::store::{Store, Tx};

/// How often a running meeting notes that it runs; so exactly is known when a crash ended the lines of its sites.
pub const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// Writes what happens in one meeting.
pub struct Ledger {
    store: Store,
    clock: Clock,
    meeting: MeetingId,
    sequence: i64,
    /// Of a trial nothing is kept.
    is_kept: bool,
    /// What happened without anybody's asking and could not be written yet.
    backlog: Vec<Row>,
}

#[derive(Clone)]
struct Row {
    at: Timestamp,
    actor: Actor,
    event: Event,
}

impl Ledger {
    /// The record as it stands, and the meeting that it tells of.
    ///
    /// # Errors
    /// When the database refuses, or a row is not ours.
    pub async fn open(store: Store, clock: Clock, meeting: MeetingId) -> Result<(Self, Procedure), DbErr> {
        let mut procedure = prepared::load(store.read(), &meeting).await?;
        let rows = meeting_event::Entity::find()
            .filter(meeting_event::Column::MeetingId.eq(meeting.clone()))
            .order_by_asc(meeting_event::Column::Sequence)
            .all(store.read())
            .await?;
        let sequence = rows.last().map_or(0, |row| row.sequence);
        for row in rows {
            let event = serde_json::from_str(&row.body).map_err(|error| DbErr::Json(error.to_string()))?;
            procedure.apply(row.at, event);
        }
        let ledger = Self {
            store,
            clock,
            meeting,
            sequence,
            is_kept: true,
            backlog: Vec::new(),
        };
        Ok((ledger, procedure))
    }

    /// For trying a seat of the meeting out: everyone who is called, nothing that happened, and nothing is kept.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn of_trial(
        store: Store,
        clock: Clock,
        meeting: MeetingId,
    ) -> Result<(Self, Procedure), DbErr> {
        let planned = prepared::load(store.read(), &meeting).await?;
        let rules = Rules {
            lobby: false,
            microphones: Microphones::Free,
            muted_above: u32::MAX,
            ..planned.rules
        };
        let ledger = Self {
            store,
            clock,
            meeting,
            sequence: 0,
            is_kept: false,
            backlog: Vec::new(),
        };
        Ok((ledger, Procedure::new(planned.roll, rules)))
    }

    /// Closes what stood open when the program stopped without a word: at the time it was last known to run.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close_interrupted(&mut self, procedure: &mut Procedure) -> Result<(), DbErr> {
        if !procedure.roll.entries.iter().any(Entry::is_online) {
            return Ok(());
        }
        let row = meeting::Entity::find_by_id(self.meeting.clone())
            .one(self.store.read())
            .await?;
        let last = meeting_event::Entity::find()
            .filter(meeting_event::Column::MeetingId.eq(self.meeting.clone()))
            .order_by_desc(meeting_event::Column::Sequence)
            .one(self.store.read())
            .await?;
        let alive = row.and_then(|row| row.alive_at).max(last.map(|row| row.at));
        let at = alive.unwrap_or_else(|| self.clock.now());
        self.write(at, &Actor::System, vec![Event::Interrupted {}], procedure)
            .await
    }

    /// Writes what somebody asked for, and folds it in once it is durable.
    ///
    /// # Errors
    /// When the database refuses; nothing has happened then.
    pub async fn commit(
        &mut self,
        actor: &Actor,
        events: Vec<Event>,
        procedure: &mut Procedure,
    ) -> Result<(), DbErr> {
        self.write(self.clock.now(), actor, events, procedure).await
    }

    /// Notes what nobody could prevent: a lost line counts also while the database does not answer, and is written with
    /// whatever comes next.
    pub async fn note(&mut self, actor: &Actor, events: Vec<Event>, procedure: &mut Procedure) {
        let at = self.clock.now();
        for event in &events {
            procedure.apply(at, event.clone());
        }
        let rows = events.into_iter().map(|event| Row {
            at,
            actor: actor.clone(),
            event,
        });
        self.backlog.extend(rows);
        if let Err(error) = self.flush(Vec::new()).await {
            tracing::error!(%error, meeting.id = %self.meeting, "what happened in a meeting could not be written yet");
        }
    }

    /// Whether anything is kept: of a trial nothing is.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Notes that the meeting runs.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn stay_alive(&self) -> Result<(), DbErr> {
        if !self.is_kept {
            return Ok(());
        }
        let now = self.clock.now();
        self.store
            .write(async |tx: &Tx| {
                meeting::Entity::update_many()
                    .col_expr(meeting::Column::AliveAt, Expr::value(Some(now)))
                    .filter(meeting::Column::Id.eq(self.meeting.clone()))
                    .exec(tx)
                    .await?;
                Ok(())
            })
            .await
    }

    async fn write(
        &mut self,
        at: Timestamp,
        actor: &Actor,
        events: Vec<Event>,
        procedure: &mut Procedure,
    ) -> Result<(), DbErr> {
        if events.is_empty() {
            return Ok(());
        }
        fail_point::hit("meeting.decided");
        let rows = events.iter().map(|event| Row {
            at,
            actor: actor.clone(),
            event: event.clone(),
        });
        self.flush(rows.collect()).await?;
        fail_point::hit("meeting.written");
        for event in events {
            procedure.apply(at, event);
        }
        Ok(())
    }

    /// Writes the backlog and `rows` in one transaction.
    async fn flush(&mut self, rows: Vec<Row>) -> Result<(), DbErr> {
        if !self.is_kept {
            self.backlog.clear();
            return Ok(());
        }
        let all: Vec<Row> = self.backlog.iter().cloned().chain(rows).collect();
        let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let first = self.sequence + 1;
        let (meeting, subject) = (&self.meeting, format!("meeting/{}", self.meeting));
        self.store
            .write(async |tx: &Tx| {
                for (sequence, row) in (first..).zip(&all) {
                    insert(tx, meeting, sequence, row).await?;
                    if let Event::VoteClosed { vote, .. } = &row.event {
                        ballot_box::forget(tx, meeting, *vote).await?;
                    }
                    let detail = json!({ "sequence": sequence, "what": row.event });
                    audit::append(tx, row.at, &row.actor, action(&row.event), &subject, detail).await?;
                }
                Ok::<_, DbErr>(())
            })
            .await?;
        self.backlog.clear();
        self.sequence += count;
        Ok(())
    }
}

async fn insert(tx: &Tx, meeting: &MeetingId, sequence: i64, row: &Row) -> Result<(), DbErr> {
    let body = serde_json::to_string(&row.event).map_err(|error| DbErr::Json(error.to_string()))?;
    let model = meeting_event::ActiveModel {
        meeting_id: Set(meeting.clone()),
        sequence: Set(sequence),
        at: Set(row.at),
        actor: Set(row.actor.text()),
        body: Set(body),
    };
    meeting_event::Entity::insert(model)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The stable name in the audit chain.
fn action(event: &Event) -> &'static str {
    match event {
        Event::Came { .. } => "meeting.entered",
        Event::Gone { .. } => "meeting.parted",
        Event::Interrupted {} => "meeting.interrupted",
        Event::Asked { .. } | Event::Moved { .. } => "meeting.queue",
        Event::Offered { .. } | Event::Accepted { .. } | Event::Ended { .. } | Event::Extended { .. } => {
            "meeting.floor"
        }
        Event::Marked { .. } => "meeting.roll",
        Event::Admitted { .. } | Event::Removed { .. } => "meeting.door",
        Event::Muted { .. } | Event::RulesSet { .. } => "meeting.rules",
        Event::Staged { .. } | Event::ItemSet { .. } => "meeting.stage",
        Event::Said { .. } => "meeting.chat",
        Event::VoteOpened { .. } | Event::Voted { .. } | Event::VoteClosed { .. } => "meeting.vote",
        Event::TokenIssued { .. } => "meeting.token",
        Event::Written { .. } => "meeting.written",
    }
}
