//! The record of a running meeting: what happened is durable before anybody is told.
//!
//! Rows are numbered from 1 without a gap by the one who writes them; two writers at once cannot both have a number, and
//! the second learns it before anything of it counts.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::{ballot_box, prepared, told};
use crate::clock::{Clock, Timestamp};
use crate::domain::called::Called;
use crate::domain::meeting::MeetingId;
use crate::domain::procedure::{Event, Microphones, Procedure, Rules};
use crate::domain::recording::{Kept, RecordingId, Stop};
use crate::domain::roll::Entry;
use crate::fail_point;
use crate::store::audit::{self, Actor};
use crate::store::blob::{self, Sha256, Stored};
use crate::store::entity::{meeting, meeting_event, recording, recording_segment};
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
    /// The plan as the record has it.
    planned: Option<Called>,
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
        let planned = prepared::plan(store.read(), &meeting).await?;
        let rows = rows(store.read(), &meeting).await?;
        let sequence = rows.last().map_or(0, |row| row.sequence);
        let mut procedure = Procedure::called(planned.clone());
        let mut recorded = None;
        for row in rows {
            let event = serde_json::from_str(&row.body).map_err(|error| DbErr::Json(error.to_string()))?;
            if let Event::Called { called } = &event {
                // What was planned since the record began comes in its turn.
                if row.sequence == 1 {
                    procedure = Procedure::called((**called).clone());
                }
                recorded = Some((**called).clone());
            }
            procedure.apply(row.at, event);
        }
        if recorded.as_ref().is_some_and(|recorded| *recorded != planned) {
            procedure.take_plan(planned);
        }
        let ledger = Self {
            store,
            clock,
            meeting,
            sequence,
            is_kept: true,
            planned: recorded,
            backlog: Vec::new(),
        };
        Ok((ledger, procedure))
    }

    /// Writes who is called where the record does not have it so.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write_plan(&mut self, procedure: &mut Procedure) -> Result<(), DbErr> {
        let planned = prepared::plan(self.store.read(), &self.meeting).await?;
        if self.planned.as_ref() == Some(&planned) {
            return Ok(());
        }
        let called = Event::Called {
            called: Box::new(planned.clone()),
        };
        self.commit(&Actor::System, vec![called], procedure).await?;
        self.planned = Some(planned);
        Ok(())
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
        let planned = prepared::plan(store.read(), &meeting).await?;
        let rules = Rules {
            lobby: false,
            microphones: Microphones::Free,
            muted_above: u32::MAX,
            ..planned.rules()
        };
        let ledger = Self {
            store,
            clock,
            meeting,
            sequence: 0,
            is_kept: false,
            planned: None,
            backlog: Vec::new(),
        };
        Ok((ledger, Procedure::new(planned.roll(), rules)))
    }

    /// Closes what stood open when the program stopped without a word: at the time it was last known to run.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close_interrupted(&mut self, procedure: &mut Procedure) -> Result<(), DbErr> {
        if !procedure.roll.entries.iter().any(Entry::is_online) {
            return Ok(());
        }
        let at = self.last_alive().await?;
        self.write(at, &Actor::System, vec![Event::Interrupted {}], procedure)
            .await
    }

    /// Ends recordings that the program left open, and writes the hashes of everything that was kept of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn settle_recordings(&mut self, procedure: &mut Procedure) -> Result<(), DbErr> {
        let unsettled = procedure.recordings.all.iter().filter(|one| !one.is_whole);
        for one in unsettled.cloned().collect::<Vec<_>>() {
            let at = self.last_alive().await?;
            let mut events = Vec::new();
            if one.stop.is_none() {
                events = procedure.stop_recording(Stop::Interrupted);
            }
            events.push(Event::RecordingKept {
                recording: one.id,
                first: one.kept(),
                segments: self.segments(one.id, one.kept()).await?,
                is_whole: true,
            });
            self.write(at, &Actor::System, events, procedure).await?;
        }
        Ok(())
    }

    async fn segments(&self, recording: RecordingId, first: u32) -> Result<Vec<Kept>, DbErr> {
        let rows = recording_segment::Entity::find()
            .filter(recording_segment::Column::MeetingId.eq(self.meeting.clone()))
            .filter(recording_segment::Column::Recording.eq(i64::from(recording)))
            .filter(recording_segment::Column::Number.gte(i64::from(first)))
            .order_by_asc(recording_segment::Column::Number)
            .all(self.store.read());
        let kept = |row: recording_segment::Model| Kept {
            sha256: row.sha256.0,
            begins_ms: row.begins_ms.max(0) as u64,
            duration_ms: row.duration_ms.max(0) as u64,
        };
        Ok(rows.await?.into_iter().map(kept).collect())
    }

    /// When the meeting was last known to run.
    async fn last_alive(&self) -> Result<Timestamp, DbErr> {
        let row = meeting::Entity::find_by_id(self.meeting.clone())
            .one(self.store.read())
            .await?;
        let last = meeting_event::Entity::find()
            .filter(meeting_event::Column::MeetingId.eq(self.meeting.clone()))
            .order_by_desc(meeting_event::Column::Sequence)
            .one(self.store.read())
            .await?;
        let alive = row.and_then(|row| row.alive_at).max(last.map(|row| row.at));
        Ok(alive.unwrap_or_else(|| self.clock.now()))
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
                    note_recording(tx, meeting, row).await?;
                    if let Some(file) = file_of(&row.event) {
                        blob::record(tx, &file, row.at).await?;
                    }
                    let what = (&row.actor, &row.event);
                    told::tell(tx, &self.clock, row.at, self.planned.as_ref(), what).await?;
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

/// The rows of a meeting's record, in their order.
///
/// # Errors
/// When the database refuses.
pub async fn rows(
    connection: &impl ConnectionTrait,
    meeting: &MeetingId,
) -> Result<Vec<meeting_event::Model>, DbErr> {
    meeting_event::Entity::find()
        .filter(meeting_event::Column::MeetingId.eq(meeting.clone()))
        .order_by_asc(meeting_event::Column::Sequence)
        .all(connection)
        .await
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

/// The row of a recording that begins, or of which nothing more comes.
async fn note_recording(tx: &Tx, meeting: &MeetingId, row: &Row) -> Result<(), DbErr> {
    let number = |id: RecordingId| i32::try_from(id).unwrap_or(i32::MAX);
    match row.event {
        Event::RecordingStarted { recording } => {
            let begun = recording::ActiveModel {
                meeting_id: Set(meeting.clone()),
                number: Set(number(recording)),
                started_at: Set(row.at),
                sealed_at: Set(None),
            };
            recording::Entity::insert(begun)
                .exec_without_returning(tx)
                .await?;
        }
        Event::RecordingKept {
            recording,
            is_whole: true,
            ..
        } => {
            recording::Entity::update_many()
                .col_expr(recording::Column::SealedAt, Expr::value(Some(row.at)))
                .filter(recording::Column::MeetingId.eq(meeting.clone()))
                .filter(recording::Column::Number.eq(number(recording)))
                .exec(tx)
                .await?;
        }
        _ => {}
    }
    Ok(())
}

/// The file that an event names: it is on disk by then.
fn file_of(event: &Event) -> Option<Stored> {
    let (file, size_bytes) = match event {
        Event::SigningOpened { signing, size_bytes } => (&signing.file, *size_bytes),
        Event::PaperSigned { signature } => (&signature.file, signature.size_bytes),
        Event::PaperStamped { stamp } => (&stamp.file, stamp.size_bytes),
        _ => return None,
    };
    Some(Stored {
        sha256: Sha256(file.clone()),
        size_bytes,
    })
}

/// The stable name in the audit chain.
fn action(event: &Event) -> &'static str {
    match event {
        Event::Called { .. } => "meeting.plan",
        Event::Came { .. } => "meeting.entered",
        Event::Gone { .. } => "meeting.parted",
        Event::Interrupted {} => "meeting.interrupted",
        Event::Asked { .. } | Event::Moved { .. } => "meeting.queue",
        Event::Offered { .. } | Event::Accepted { .. } | Event::Ended { .. } | Event::Extended { .. } => {
            "meeting.floor"
        }
        Event::Marked { .. } => "meeting.roll",
        Event::Admitted { .. } | Event::Removed { .. } => "meeting.door",
        Event::Microphone { .. } => "meeting.microphone",
        Event::Muted { .. } | Event::RulesSet { .. } => "meeting.rules",
        Event::Staged { .. } | Event::ItemSet { .. } => "meeting.stage",
        Event::Said { .. } => "meeting.chat",
        Event::VoteOpened { .. } | Event::Voted { .. } | Event::VoteClosed { .. } => "meeting.vote",
        Event::TokenIssued { .. } => "meeting.token",
        Event::Written { .. } => "meeting.written",
        Event::SigningOpened { .. } | Event::PaperSigned { .. } | Event::PaperStamped { .. } => {
            "meeting.paper_signing"
        }
        Event::RecordingStarted { .. }
        | Event::RecordingPaused { .. }
        | Event::RecordingResumed { .. }
        | Event::RecordingStopped { .. }
        | Event::RecordingKept { .. } => "meeting.recording",
    }
}
