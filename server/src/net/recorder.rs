//! What records, on a thread of its own ([`super::aside`]): where it falls behind, the recording has a gap.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::handle::{Error, Post};
use super::shard::Desk;
use crate::media::recording::{Recording, Segment};
use crate::media::sfu::RoomKey;
use crate::media::{ParticipantId, RoomId};

/// The segments of a recording, in their order. Ends with the recording.
pub type Segments = mpsc::Receiver<Segment>;

/// A recording that runs. Dropping it does not end it: the room does.
pub struct Taping {
    key: RoomKey,
    post: Arc<Post>,
}

impl Taping {
    pub(super) fn new(key: RoomKey, post: Arc<Post>) -> Taping {
        Taping { key, post }
    }

    /// Time stops: nothing is recorded until [`Self::resume`].
    pub fn pause(&self) {
        self.change(|now, recording| recording.pause(now));
    }

    pub fn resume(&self) {
        self.change(|now, recording| recording.resume(now));
    }

    /// Gives the last segment; none follows.
    pub fn finish(&self) {
        let key = self.key;
        self.post.tell(move |desk| {
            if let Some(mut tape) = desk.recordings.remove(&key) {
                tape.recording.finish(desk.now);
                tape.hand_over();
            }
        });
    }

    /// Whom the conference has put on everyone's stage.
    pub fn spotlight(&self, participant: Option<ParticipantId>) {
        let key = self.key;
        self.post.tell(move |desk| desk.sfu.spotlight(key, participant));
    }

    fn change(&self, change: impl FnOnce(Instant, &mut Recording) + Send + 'static) {
        let key = self.key;
        self.post.tell(move |desk| {
            if let Some(tape) = desk.recordings.get_mut(&key) {
                change(desk.now, &mut tape.recording);
                tape.hand_over();
            }
        });
    }
}

/// One recording, and where its segments go.
pub struct Tape {
    pub(super) recording: Recording,
    segments: mpsc::Sender<Segment>,
}

impl Tape {
    fn hand_over(&mut self) {
        for segment in self.recording.segments() {
            if self.segments.try_send(segment).is_err() {
                tracing::warn!("a segment of a recording is lost: what stores them does not keep up");
            }
        }
    }
}

/// Opens a room on the recorder.
pub(super) async fn begin(post: &Post, id: RoomId) -> Result<(Segments, RoomKey), Error> {
    let (sender, segments) = mpsc::channel(MOST_SEGMENTS);
    let open = move |desk: &mut Desk| {
        let recording = Recording::new(desk.now).map_err(|_| Error::Refused("no memory for a recording"))?;
        let key = desk.sfu.open_branch(desk.now, id, &mut desk.outbox);
        desk.sfu.record(key);
        let tape = Tape {
            recording,
            segments: sender,
        };
        desk.recordings.insert(key, tape);
        Ok::<RoomKey, Error>(key)
    };
    Ok((segments, post.ask(open).await??))
}

/// Writes what is due; where `is_round`, what is to be seen is chosen anew.
pub(super) fn work(desk: &mut Desk, is_round: bool) {
    let Desk {
        recordings, sfu, now, ..
    } = desk;
    recordings.retain(|key, _| sfu.is_open(*key));
    for (key, tape) in recordings.iter_mut() {
        if is_round {
            tape.recording.show(sfu.stage(*now, *key));
            if tape.recording.wants_key_frame() {
                sfu.enter_anew(*now, *key);
            }
        }
        tape.recording.tick(*now);
        tape.hand_over();
    }
}

/// A minute and more: storage that is away for so long loses nothing.
const MOST_SEGMENTS: usize = 64;
