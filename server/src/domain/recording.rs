//! Recordings of a meeting: when they ran, and the hashes of what was kept of them.
//!
//! A recording is made of segments, each a second or two, which are kept while it goes on. Their SHA-256 come into the record in
//! their order: a file can be compared with it piece by piece.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::procedure::Procedure;
use super::step::{Event, Refusal};
use crate::clock::Timestamp;

/// Numbers recordings within a meeting, from 1.
pub type RecordingId = u32;

/// One segment: a WebM cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Of its bytes, 64 hexadecimal digits.
    pub sha256: String,
    /// In the recording's own time, in which pauses do not count.
    pub begins_ms: u64,
    pub duration_ms: u64,
}

/// Why a recording is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RecordingStop)]
pub enum Stop {
    /// By who leads.
    Stopped,
    /// With the meeting.
    MeetingOver,
    /// The program stopped: what was kept until then is all there is.
    Interrupted,
}

/// What everyone in the room is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RecordingState {
    pub id: RecordingId,
    pub is_paused: bool,
    #[ts(type = "string")]
    pub started_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    pub id: RecordingId,
    pub started_at: Timestamp,
    /// When it ran: each stretch until a pause or the end.
    pub stretches: Vec<(Timestamp, Option<Timestamp>)>,
    pub stop: Option<Stop>,
    /// Those that the record has, in their order.
    pub segments: Vec<Kept>,
    /// No further segment comes.
    pub is_whole: bool,
}

impl Recording {
    pub fn is_paused(&self) -> bool {
        self.stop.is_none() && self.stretches.last().is_none_or(|(_, end)| end.is_some())
    }

    pub fn ended_at(&self) -> Option<Timestamp> {
        let last = self.stretches.last().and_then(|(_, end)| *end);
        last.filter(|_| self.stop.is_some())
    }

    /// How far the recording was at a moment of the meeting.
    pub fn place_of(&self, at: Timestamp) -> u64 {
        let ran =
            |(begin, end): &(Timestamp, Option<Timestamp>)| end.map_or(at, |end| end.min(at)).since(*begin);
        let sum: Duration = self.stretches.iter().map(ran).sum();
        u64::try_from(sum.as_millis()).unwrap_or(u64::MAX)
    }

    /// How many segments the record has.
    pub fn kept(&self) -> u32 {
        u32::try_from(self.segments.len()).unwrap_or(u32::MAX)
    }

    /// Where the last segment ends.
    pub fn duration_ms(&self) -> u64 {
        self.segments
            .last()
            .map_or(0, |last| last.begins_ms + last.duration_ms)
    }

    /// What a file has otherwise than the record: its clusters by their times, each with SHA-256 of its bytes.
    pub fn differences(&self, clusters: &[(u64, String)]) -> Vec<Difference> {
        let mut found = Vec::new();
        let of_time = |begins_ms: u64| clusters.iter().find(|(at, _)| *at == begins_ms);
        for Kept {
            sha256, begins_ms, ..
        } in &self.segments
        {
            match of_time(*begins_ms) {
                None => found.push(Difference::Missing(*begins_ms)),
                Some((_, bytes)) if bytes != sha256 => found.push(Difference::Changed(*begins_ms)),
                Some(_) => {}
            }
        }
        let mut last = None;
        for (at, _) in clusters {
            let is_known = self.segments.iter().any(|kept| kept.begins_ms == *at);
            if !is_known || last.is_some_and(|last| *at <= last) {
                found.push(Difference::PutIn(*at));
            }
            last = Some(*at);
        }
        found
    }

    /// Where each item of the agenda begins in it, of those under way while it ran; `course` is the meeting's.
    pub fn chapters(&self, course: &[(Timestamp, Option<u32>)], duration_ms: u64) -> Vec<(u64, u32)> {
        let mut chapters: Vec<(u64, u32)> = Vec::new();
        for (at, item) in course {
            let place = self.place_of(*at);
            // Nothing is seen of an item that passed before it, or in a pause.
            chapters.retain(|(begins, _)| *begins < place);
            if let Some(item) = item.filter(|_| place < duration_ms) {
                chapters.push((place, item));
            }
        }
        chapters
    }

    fn close(&mut self, at: Timestamp) {
        if let Some((_, end)) = self.stretches.last_mut() {
            end.get_or_insert(at);
        }
    }
}

/// How a file is not what the record says, at a time of the recording in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    #[error("the segment at {} was CHANGED", clock(*.0))]
    Changed(u64),
    #[error("the segment at {} was REMOVED", clock(*.0))]
    Missing(u64),
    #[error("a segment at {} was PUT IN, or stands elsewhere than it should", clock(*.0))]
    PutIn(u64),
}

/// Minutes, seconds and milliseconds.
fn clock(ms: u64) -> String {
    format!("{}:{:02}.{:03}", ms / 60_000, ms / 1_000 % 60, ms % 1_000)
}

/// All of a meeting; at most the last runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recordings {
    pub all: Vec<Recording>,
}

impl Recordings {
    pub fn open(&self) -> Option<&Recording> {
        self.all.last().filter(|last| last.stop.is_none())
    }

    pub fn of(&self, id: RecordingId) -> Option<&Recording> {
        self.all.iter().find(|one| one.id == id)
    }

    pub fn next_id(&self) -> RecordingId {
        self.all.last().map_or(1, |last| last.id + 1)
    }

    /// As it is told; nothing while none runs.
    pub fn state(&self) -> Option<RecordingState> {
        self.open().map(|open| RecordingState {
            id: open.id,
            is_paused: open.is_paused(),
            started_at: open.started_at,
        })
    }

    pub(super) fn start(&mut self, id: RecordingId, at: Timestamp) {
        self.all.push(Recording {
            id,
            started_at: at,
            stretches: vec![(at, None)],
            stop: None,
            segments: Vec::new(),
            is_whole: false,
        });
    }

    pub(super) fn pause(&mut self, id: RecordingId, at: Timestamp) {
        self.change(id, |one| one.close(at));
    }

    pub(super) fn resume(&mut self, id: RecordingId, at: Timestamp) {
        self.change(id, |one| one.stretches.push((at, None)));
    }

    pub(super) fn stop(&mut self, id: RecordingId, stop: Stop, at: Timestamp) {
        self.change(id, |one| {
            one.close(at);
            one.stop = Some(stop);
        });
    }

    pub(super) fn keep(&mut self, id: RecordingId, segments: Vec<Kept>, is_whole: bool) {
        self.change(id, |one| {
            one.segments.extend(segments);
            one.is_whole |= is_whole;
        });
    }

    fn change(&mut self, id: RecordingId, change: impl FnOnce(&mut Recording)) {
        if let Some(one) = self.all.iter_mut().find(|one| one.id == id) {
            change(one);
        }
    }
}

impl Procedure {
    pub(super) fn start_recording(&self) -> Vec<Event> {
        match self.recordings.open() {
            // Two clicks at once.
            Some(_) => Vec::new(),
            None => vec![Event::RecordingStarted {
                recording: self.recordings.next_id(),
            }],
        }
    }

    pub(super) fn pause_recording(&self, pauses: bool) -> Result<Vec<Event>, Refusal> {
        let open = self.recordings.open().ok_or(Refusal::Gone)?;
        let recording = open.id;
        Ok(match (open.is_paused(), pauses) {
            (false, true) => vec![Event::RecordingPaused { recording }],
            (true, false) => vec![Event::RecordingResumed { recording }],
            _ => Vec::new(),
        })
    }

    /// The end of a recording that runs, for whatever reason.
    pub fn stop_recording(&self, stop: Stop) -> Vec<Event> {
        let open = self.recordings.open();
        let stopped = open.map(|open| Event::RecordingStopped {
            recording: open.id,
            stop,
        });
        stopped.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::called::Called;
    use crate::domain::meeting::MeetingId;
    use crate::domain::replay::Fault;
    use crate::domain::step::Rules;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(1_790_000_000_000).after(Duration::from_secs(seconds))
    }

    #[test]
    fn pauses_do_not_count_in_the_time_of_a_recording() {
        let mut recordings = Recordings::default();
        recordings.start(1, at(0));
        recordings.pause(1, at(60));
        assert!(recordings.open().unwrap().is_paused());
        recordings.resume(1, at(600));
        recordings.stop(1, Stop::Stopped, at(630));
        let one = recordings.of(1).unwrap();
        for (moment, place_ms) in [
            (30, 30_000),
            (60, 60_000),
            (300, 60_000),
            (610, 70_000),
            (900, 90_000),
        ] {
            assert_eq!(one.place_of(at(moment)), place_ms, "{moment}");
        }
        assert_eq!((one.ended_at(), recordings.state()), (Some(at(630)), None));
        assert_eq!(recordings.next_id(), 2);
    }

    #[test]
    fn chapters_are_the_items_that_were_under_way_while_it_ran() {
        let mut recordings = Recordings::default();
        recordings.start(1, at(100));
        recordings.pause(1, at(200));
        recordings.resume(1, at(300));
        recordings.stop(1, Stop::Stopped, at(400));
        let course = [
            (at(0), Some(1)),
            (at(50), Some(2)),
            (at(150), Some(3)),
            (at(220), Some(4)),
            (at(250), Some(5)),
            (at(350), None),
            (at(500), Some(6)),
        ];
        let chapters = recordings.of(1).unwrap().chapters(&course, 200_000);
        assert_eq!(chapters, [(0, 2), (50_000, 3), (100_000, 5)]);
    }

    #[test]
    fn names_each_segment_of_a_file_that_is_not_the_records() {
        let kept = |number: u64| Kept {
            sha256: format!("hash {number}"),
            begins_ms: number * 1_400,
            duration_ms: 1_400,
        };
        let mut recordings = Recordings::default();
        recordings.start(1, at(0));
        recordings.keep(1, (0..4).map(kept).collect(), true);
        let one = recordings.of(1).unwrap();
        let mut file: Vec<(u64, String)> = (0..4).map(kept).map(|one| (one.begins_ms, one.sha256)).collect();
        assert_eq!(one.differences(&file), []);
        file[1].1 = "other".to_owned();
        file.remove(2);
        file.push((99_000, "more".to_owned()));
        let found = one.differences(&file);
        assert_eq!(
            found,
            [
                Difference::Changed(1_400),
                Difference::Missing(2_800),
                Difference::PutIn(99_000)
            ]
        );
        assert_eq!(found[0].to_string(), "the segment at 0:01.400 was CHANGED");
        let swapped = [(1_400, "hash 1".to_owned()), (0, "hash 0".to_owned())];
        assert!(one.differences(&swapped).contains(&Difference::PutIn(0)));
    }

    #[test]
    fn segments_follow_each_other_and_none_comes_after_the_last() {
        let called = Called::new(MeetingId("m".to_owned()), "Họp".to_owned(), Rules::default());
        let mut meeting = Procedure::called(called);
        let started = Event::RecordingStarted { recording: 1 };
        let kept = |first: u32, begins_ms: u64, is_whole| Event::RecordingKept {
            recording: 1,
            first,
            segments: vec![Kept {
                sha256: "hash".to_owned(),
                begins_ms,
                duration_ms: 1_400,
            }],
            is_whole,
        };
        assert_eq!(meeting.can_follow(&kept(0, 0, false)), Err(Fault::RecordingNotSo));
        for (event, fault) in [
            (started.clone(), None),
            (started, Some(Fault::NotNextRecording)),
            (kept(0, 0, false), None),
            (kept(0, 1_400, false), Some(Fault::WrongSegments)),
            (kept(1, 1_000, false), Some(Fault::WrongSegments)),
            (kept(1, 1_400, true), Some(Fault::RecordingNotSo)),
            (
                Event::RecordingResumed { recording: 1 },
                Some(Fault::RecordingNotSo),
            ),
            (Event::RecordingPaused { recording: 1 }, None),
            (meeting_over(), None),
            (kept(1, 1_400, true), None),
            (kept(2, 2_800, false), Some(Fault::RecordingNotSo)),
        ] {
            assert_eq!(meeting.can_follow(&event).err(), fault, "{event:?}");
            if fault.is_none() {
                meeting.apply(at(1), event);
            }
        }
    }

    fn meeting_over() -> Event {
        Event::RecordingStopped {
            recording: 1,
            stop: Stop::MeetingOver,
        }
    }

    #[test]
    fn what_was_interrupted_while_paused_ended_with_its_pause() {
        let mut recordings = Recordings::default();
        recordings.start(1, at(0));
        recordings.pause(1, at(60));
        recordings.stop(1, Stop::Interrupted, at(100));
        assert_eq!(recordings.of(1).unwrap().ended_at(), Some(at(60)));
    }
}
