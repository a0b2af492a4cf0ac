//! How everyone's line is, and how it was: measured by the media plane and by the browsers, summed up seat by seat while
//! the meeting runs, and readable after it.

use std::collections::BTreeMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use tracing::warn;
use utoipa::ToSchema;

use super::actor::Actor;
use super::media_terms::from_media;
use super::protocol::{MixedSound, Source, Way};
use super::registry::Hall;
use crate::clock::Timestamp;
use crate::domain::meeting::{MeetingId, SeatId};
use crate::media::stats::{Published, Site};
use crate::store::entity::meeting_line;
use crate::store::{Store, Tx};

/// One participant's line now. What is not known, because nothing flows or the browser tells nothing, is not there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MeetingLine)]
pub struct Line {
    pub seat: SeatId,
    pub name: String,
    pub way: Option<Way>,
    /// Whence the media comes.
    pub address: Option<String>,
    pub round_trip_ms: Option<u32>,
    /// From the participant to the server: the worst of the sources.
    pub up_lost_permille: Option<u32>,
    pub up_jitter_ms: Option<u32>,
    pub up_kbps: Option<u32>,
    /// From the server to the participant.
    pub down_lost_permille: Option<u32>,
    pub down_jitter_ms: Option<u32>,
    pub down_kbps: Option<u32>,
    /// Sound that the browser made up.
    pub concealed_permille: Option<u32>,
    pub freezes: Option<u32>,
    /// The layers that arrive, each with its source.
    pub sends: Vec<Sent>,
    /// The largest layer of a camera that goes out to the participant, and the one that the page has use for.
    pub layer: Option<u8>,
    pub wanted_layer: Option<u8>,
    /// Whether all voices go out to them in one stream, and why.
    pub mixed_sound: MixedSound,
    pub dropped: Vec<Dropped>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingLineSent)]
pub struct Sent {
    #[schema(value_type = String)]
    pub source: Source,
    pub layer: Option<String>,
    pub kbps: u32,
    pub width: Option<u16>,
    pub height: Option<u16>,
}

/// Packets that went no further, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MeetingLineDropped)]
pub struct Dropped {
    pub reason: String,
    pub packets: u64,
}

impl Line {
    /// What is known of a participant's media.
    #[must_use]
    pub fn of(seat: SeatId, name: String, site: &Site) -> Self {
        let reported = site.reported;
        let published = &site.published;
        let worst = |of: &dyn Fn(&Published) -> u32| published.iter().map(of).max();
        let shown = site.shown.iter().filter(|shown| !shown.source.is_audio());
        Self {
            seat,
            name,
            way: site
                .way_in
                .map(|path| path.way.into())
                .or(reported.map(|reported| reported.way.into())),
            // The address of a relay is our own.
            address: site
                .way_in
                .filter(|path| !path.is_relayed())
                .map(|path| path.address.ip().to_string()),
            round_trip_ms: reported
                .map(|reported| u32::from(reported.round_trip_ms))
                .or_else(|| Some(site.line?.round_trip.as_millis() as u32)),
            up_lost_permille: worst(&|each| u32::from(each.lost_permille)),
            up_jitter_ms: worst(&|each| each.jitter_ms as u32),
            up_kbps: (!published.is_empty()).then(|| published.iter().map(kilobits).sum()),
            down_lost_permille: reported
                .map(|reported| u32::from(reported.lost_permille))
                .or_else(|| Some((site.line?.loss * 1_000.0) as u32)),
            down_jitter_ms: reported.map(|reported| u32::from(reported.jitter_ms)),
            down_kbps: reported.map(|reported| reported.down_kbps),
            concealed_permille: reported.map(|reported| u32::from(reported.concealed_permille)),
            freezes: reported.map(|reported| reported.freezes),
            sends: published.iter().map(sent).collect(),
            layer: shown.clone().filter_map(|shown| shown.layer).max(),
            wanted_layer: shown.filter_map(|shown| shown.desired).max(),
            mixed_sound: site.mixed_sound.into(),
            dropped: site
                .dropped
                .happened()
                .map(|(reason, packets)| Dropped {
                    reason: reason.name().to_owned(),
                    packets,
                })
                .collect(),
        }
    }
}

fn kilobits(published: &Published) -> u32 {
    (published.bits_per_second / 1_000) as u32
}

fn sent(published: &Published) -> Sent {
    Sent {
        source: from_media(published.source),
        layer: published.rid.clone(),
        kbps: kilobits(published),
        width: published.size.map(|size| size.0),
        height: published.size.map(|size| size.1),
    }
}

/// A participant's line over the whole meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingLineSummary)]
pub struct Summary {
    pub name: String,
    pub way: Option<Way>,
    #[schema(value_type = String)]
    pub first_at: Timestamp,
    #[schema(value_type = String)]
    pub last_at: Timestamp,
    pub samples: u32,
    pub round_trip_ms: Tally,
    pub up_lost_permille: Tally,
    pub up_jitter_ms: Tally,
    pub up_kbps: Tally,
    pub down_lost_permille: Tally,
    pub down_jitter_ms: Tally,
    pub down_kbps: Tally,
    pub concealed_permille: Tally,
    /// The largest layer of a camera that went out to them, 0 the smallest.
    #[serde(default)]
    pub layer: Tally,
    pub freezes: Counter,
    pub dropped: BTreeMap<String, Counter>,
}

/// What was measured again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingLineTally)]
pub struct Tally {
    pub count: u32,
    pub sum: u64,
    pub highest: u32,
}

impl Tally {
    fn note(&mut self, value: Option<u32>) {
        let Some(value) = value else { return };
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(u64::from(value));
        self.highest = self.highest.max(value);
    }

    /// Nothing where nothing was measured.
    #[must_use]
    pub fn average(&self) -> Option<u64> {
        self.sum.checked_div(u64::from(self.count))
    }
}

/// What only grows, and begins at 0 again with a new connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MeetingLineCounter)]
pub struct Counter {
    pub total: u64,
    last: u64,
}

impl Counter {
    fn note(&mut self, value: u64) {
        let risen = value.checked_sub(self.last).unwrap_or(value);
        self.total = self.total.saturating_add(risen);
        self.last = value;
    }
}

impl Summary {
    fn new(line: &Line, now: Timestamp) -> Self {
        Self {
            name: line.name.clone(),
            way: None,
            first_at: now,
            last_at: now,
            samples: 0,
            round_trip_ms: Tally::default(),
            up_lost_permille: Tally::default(),
            up_jitter_ms: Tally::default(),
            up_kbps: Tally::default(),
            down_lost_permille: Tally::default(),
            down_jitter_ms: Tally::default(),
            down_kbps: Tally::default(),
            concealed_permille: Tally::default(),
            layer: Tally::default(),
            freezes: Counter::default(),
            dropped: BTreeMap::new(),
        }
    }

    fn note(&mut self, line: &Line, now: Timestamp) {
        self.name.clone_from(&line.name);
        self.way = line.way.or(self.way);
        self.last_at = now;
        self.samples = self.samples.saturating_add(1);
        for (tally, value) in [
            (&mut self.round_trip_ms, line.round_trip_ms),
            (&mut self.up_lost_permille, line.up_lost_permille),
            (&mut self.up_jitter_ms, line.up_jitter_ms),
            (&mut self.up_kbps, line.up_kbps),
            (&mut self.down_lost_permille, line.down_lost_permille),
            (&mut self.down_jitter_ms, line.down_jitter_ms),
            (&mut self.down_kbps, line.down_kbps),
            (&mut self.concealed_permille, line.concealed_permille),
            (&mut self.layer, line.layer.map(u32::from)),
        ] {
            tally.note(value);
        }
        if let Some(freezes) = line.freezes {
            self.freezes.note(u64::from(freezes));
        }
        for dropped in &line.dropped {
            let counter = self.dropped.entry(dropped.reason.clone()).or_default();
            counter.note(dropped.packets);
        }
    }
}

/// The lines of one meeting, summed up.
#[derive(Default)]
pub(super) struct Lines {
    summaries: BTreeMap<SeatId, Summary>,
}

impl Lines {
    /// What an earlier run of the meeting has left.
    pub(super) async fn load(store: &Store, meeting: &MeetingId) -> Result<Self, DbErr> {
        let summaries = of_meeting(store.read(), meeting).await?.into_iter().collect();
        Ok(Self { summaries })
    }

    /// Takes a sample, and writes the rows of those who are here.
    pub(super) async fn sample(
        &mut self,
        store: &Store,
        meeting: &MeetingId,
        now: Timestamp,
        lines: &[Line],
    ) -> Result<(), DbErr> {
        let mut rows = Vec::with_capacity(lines.len());
        for line in lines {
            let summary = self.summaries.entry(line.seat.clone());
            let summary = summary.or_insert_with(|| Summary::new(line, now));
            summary.note(line, now);
            let body = serde_json::to_string(summary).map_err(|error| DbErr::Json(error.to_string()))?;
            rows.push(meeting_line::ActiveModel {
                meeting_id: Set(meeting.clone()),
                seat: Set(line.seat.clone()),
                changed_at: Set(now),
                body: Set(body),
            });
        }
        store
            .write(async |tx: &Tx| {
                for part in rows.chunks(ROWS_AT_ONCE) {
                    let replace =
                        OnConflict::columns([meeting_line::Column::MeetingId, meeting_line::Column::Seat])
                            .update_columns([meeting_line::Column::ChangedAt, meeting_line::Column::Body])
                            .to_owned();
                    meeting_line::Entity::insert_many(part.to_vec())
                        .on_conflict(replace)
                        .exec_without_returning(tx)
                        .await?;
                }
                Ok(())
            })
            .await
    }
}

impl Actor {
    pub(super) async fn lines_now(&self) -> Vec<Line> {
        let sites = self.room.sites().await.unwrap_or_default();
        let line = |site: &Site| {
            let participant = self.roster.participant(site.participant.0)?;
            Some(Line::of(SeatId(participant.id), participant.name, site))
        };
        sites.iter().filter_map(line).collect()
    }

    /// Of a trial nothing is summed up.
    pub(super) async fn sample_lines(&mut self) {
        if self.hall != Hall::Meeting {
            return;
        }
        let lines = self.lines_now().await;
        let now = self.clock.now();
        let written = self.lines.sample(&self.store, &self.meeting, now, &lines).await;
        if let Err(error) = written {
            warn!(%error, meeting.id = %self.meeting, "how the lines of a meeting are could not be written");
        }
    }
}

/// How the lines of a meeting were, by seat.
///
/// # Errors
/// When the database refuses, or a row is not ours.
pub async fn of_meeting(
    reader: &impl ConnectionTrait,
    meeting: &MeetingId,
) -> Result<Vec<(SeatId, Summary)>, DbErr> {
    let rows = meeting_line::Entity::find()
        .filter(meeting_line::Column::MeetingId.eq(meeting.clone()))
        .order_by_asc(meeting_line::Column::Seat)
        .all(reader)
        .await?;
    let read = |row: meeting_line::Model| {
        let summary = serde_json::from_str(&row.body).map_err(|error| DbErr::Json(error.to_string()))?;
        Ok((row.seat, summary))
    };
    rows.into_iter().map(read).collect()
}

/// Four values each; SQLite takes 999 in a statement at the least.
const ROWS_AT_ONCE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_goes_on_over_a_new_connection_and_a_tally_knows_its_highest() {
        let mut counter = Counter::default();
        for value in [3, 5, 2, 4] {
            counter.note(value);
        }
        assert_eq!(counter.total, 9);
        let mut tally = Tally::default();
        for value in [Some(10), None, Some(40)] {
            tally.note(value);
        }
        assert_eq!((tally.average(), tally.highest), (Some(25), 40));
        assert_eq!(Tally::default().average(), None);
    }
}
