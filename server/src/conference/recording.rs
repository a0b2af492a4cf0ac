//! The recording of a running meeting: what the media plane makes of it is stored, and its hashes come into the record.
//!
//! A segment is a blob and a row before anybody hears of it; of those that a crash left out of the record, the next start
//! writes the hashes ([`super::ledger::Ledger::settle_recordings`]).

use std::future::pending;
use std::time::Duration;

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::OnConflict;
use tokio::sync::mpsc;
use tracing::{error, warn};

use super::actor::Actor;
use super::prepared::uuid_of;
use super::protocol::{ErrorName, ServerMessage};
use super::registry::Hall;
use crate::clock::Timestamp;
use crate::domain::meeting::MeetingId;
use crate::domain::procedure::{Event, Stage};
use crate::domain::recording::{Kept, Recording, RecordingId, Stop};
use crate::media::ParticipantId;
use crate::media::recording::Segment;
use crate::net::{Segments, Taping};
use crate::store::audit;
use crate::store::blob::{self, Stored};
use crate::store::entity::recording_segment;
use crate::store::{Store, Tx};

/// A recording that runs, or whose last segments are being stored.
pub(super) struct Tape {
    recording: RecordingId,
    taping: Taping,
    stored: mpsc::UnboundedReceiver<Kept>,
    /// Stored, and not in the record yet.
    pending: Vec<Kept>,
}

/// What records, before the record says that it does.
pub(super) type Loaded = (Taping, Segments);

/// The next segment that is stored; nothing once none follows.
pub(super) async fn next_stored(tape: &mut Option<Tape>) -> Option<Kept> {
    match tape {
        Some(tape) => tape.stored.recv().await,
        None => pending().await,
    }
}

impl Actor {
    /// Has the media plane record, where a recording is about to begin.
    pub(super) async fn load_tape(&mut self, events: &[Event]) -> Result<Option<Loaded>, ErrorName> {
        let starts = |event: &Event| matches!(event, Event::RecordingStarted { .. });
        if !events.iter().any(starts) {
            return Ok(None);
        }
        if self.hall != Hall::Meeting {
            return Err(ErrorName::Refused);
        }
        self.seal().await;
        let loaded = self.room.record().await.map_err(|error| {
            warn!(%error, meeting.id = %self.meeting, "a recording could not begin");
            ErrorName::MediaUnavailable
        })?;
        Ok(Some(loaded))
    }

    /// Brings what records to what the record says.
    pub(super) fn turn_tape(&mut self, loaded: Option<Loaded>) {
        if let (Some((taping, segments)), Some(open)) = (loaded, self.procedure.recordings.open()) {
            let (sender, stored) = mpsc::unbounded_channel();
            let keeper = Keeper {
                store: self.store.clone(),
                clock: self.clock.clone(),
                meeting: self.meeting.clone(),
                recording: open.id,
            };
            tokio::spawn(keeper.keep(segments, sender));
            self.tape = Some(Tape {
                recording: open.id,
                taping,
                stored,
                pending: Vec::new(),
            });
            self.spotlight();
        }
        let Some(tape) = &self.tape else { return };
        match self.procedure.recordings.open() {
            Some(open) if open.is_paused() => tape.taping.pause(),
            Some(_) => tape.taping.resume(),
            None => tape.taping.finish(),
        }
    }

    /// Who is on everyone's stage is on the recording's.
    pub(super) fn spotlight(&self) {
        let Some(tape) = &self.tape else { return };
        let seat = match &self.procedure.stage {
            Stage::Picture { seat } => uuid_of(seat),
            _ => None,
        };
        tape.taping.spotlight(seat.map(ParticipantId));
    }

    pub(super) fn tell_recording(&self) {
        let recording = self.procedure.recordings.state();
        self.tell(&ServerMessage::Recording { recording });
    }

    /// A segment is stored, or the last one was.
    pub(super) async fn note_stored(&mut self, stored: Option<Kept>) {
        let Some(tape) = &mut self.tape else { return };
        match stored {
            Some(kept) => {
                tape.pending.push(kept);
                if tape.pending.len() >= SEGMENTS_AN_ENTRY {
                    self.write_kept(false).await;
                }
            }
            None => {
                self.stop(Stop::Interrupted).await;
                self.write_kept(true).await;
                self.tape = None;
                self.room.stop_recording().await;
            }
        }
    }

    /// Ends a recording with the meeting or the program, and waits until it is stored.
    pub(super) async fn end_recording(&mut self, stop: Stop) {
        self.stop(stop).await;
        self.turn_tape(None);
        self.seal().await;
    }

    async fn stop(&mut self, stop: Stop) {
        let events = self.procedure.stop_recording(stop);
        if !events.is_empty() {
            self.ledger
                .note(&audit::Actor::System, events, &mut self.procedure)
                .await;
            self.tell_recording();
        }
    }

    /// Waits for the last segments of a recording that was stopped, but not for ever: what is stored later is found when the
    /// record is opened next.
    async fn seal(&mut self) {
        while self.tape.is_some() {
            match tokio::time::timeout(SEALED_WITHIN, next_stored(&mut self.tape)).await {
                Ok(stored) => self.note_stored(stored).await,
                Err(_) => {
                    error!(meeting.id = %self.meeting, "the last segments of a recording could not be stored yet");
                    self.write_kept(false).await;
                    self.tape = None;
                    self.room.stop_recording().await;
                }
            }
        }
    }

    async fn write_kept(&mut self, is_whole: bool) {
        let Some(tape) = &mut self.tape else { return };
        let (recording, segments) = (tape.recording, std::mem::take(&mut tape.pending));
        if segments.is_empty() && !is_whole {
            return;
        }
        let known = self.procedure.recordings.of(recording);
        let kept = Event::RecordingKept {
            recording,
            first: known.map_or(0, Recording::kept),
            segments,
            is_whole,
        };
        self.ledger
            .note(&audit::Actor::System, vec![kept], &mut self.procedure)
            .await;
    }
}

/// Stores the segments of one recording.
struct Keeper {
    store: Store,
    clock: crate::clock::Clock,
    meeting: MeetingId,
    recording: RecordingId,
}

impl Keeper {
    /// One after the other. One that cannot be stored is tried again; meanwhile the next ones wait.
    async fn keep(self, mut segments: Segments, stored: mpsc::UnboundedSender<Kept>) {
        let mut number = 0;
        while let Some(segment) = segments.recv().await {
            let kept = loop {
                match self.store_one(number, &segment).await {
                    Ok(kept) => break kept,
                    Err(error) => {
                        warn!(%error, meeting.id = %self.meeting, "a segment of a recording could not be stored yet");
                    }
                }
                if stored.is_closed() {
                    return;
                }
                tokio::time::sleep(RETRY).await;
            };
            number += 1;
            if stored.send(kept).is_err() {
                return;
            }
        }
    }

    async fn store_one(&self, number: i32, segment: &Segment) -> Result<Kept, Unstored> {
        let file = self.store.blobs().put(segment.bytes.clone()).await?;
        let now = self.clock.now();
        let row = self.row(number, segment, &file);
        self.store
            .write(async |tx: &Tx| insert(tx, row, &file, now).await)
            .await?;
        Ok(Kept {
            sha256: file.sha256.0,
            begins_ms: segment.about.begins_ms,
            duration_ms: segment.about.duration_ms,
        })
    }

    fn row(&self, number: i32, segment: &Segment, file: &Stored) -> recording_segment::ActiveModel {
        let about = segment.about;
        let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        recording_segment::ActiveModel {
            meeting_id: Set(self.meeting.clone()),
            recording: Set(i32::try_from(self.recording).unwrap_or(i32::MAX)),
            number: Set(number),
            sha256: Set(file.sha256.clone()),
            size_bytes: Set(whole(file.size_bytes)),
            begins_ms: Set(whole(about.begins_ms)),
            duration_ms: Set(whole(about.duration_ms)),
            key_ms: Set(about.key_ms.map(whole)),
            width: Set(about.size.map(|(width, _)| width.into())),
            height: Set(about.size.map(|(_, height)| height.into())),
        }
    }
}

/// Written again it changes nothing.
async fn insert(
    tx: &Tx,
    row: recording_segment::ActiveModel,
    file: &Stored,
    now: Timestamp,
) -> Result<(), sea_orm::DbErr> {
    blob::record(tx, file, now).await?;
    let key = [
        recording_segment::Column::MeetingId,
        recording_segment::Column::Recording,
        recording_segment::Column::Number,
    ];
    recording_segment::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum Unstored {
    #[error(transparent)]
    Blob(#[from] blob::Error),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
}

/// About a minute: an entry for each segment would make the record one of segments.
const SEGMENTS_AN_ENTRY: usize = 40;
const RETRY: Duration = Duration::from_secs(1);
const SEALED_WITHIN: Duration = Duration::from_secs(10);
