//! The thread that records: to the shards one more that their rooms span, with no port and nobody at home.
//!
//! What a room brings it comes through the same bounded rings as to any other shard, so nothing here can hold the packet path
//! back: a recorder that falls behind loses packets, and the recording has a gap there.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::handle::{Error, Post};
use super::shard::{Desk, Job};
use crate::clock;
use crate::media::recording::{Recording, Segment};
use crate::media::relay::RECORDER;
use crate::media::sfu::{BATCH, Crossed, RoomKey, Sfu};
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
    recording: Recording,
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

pub(super) struct Recorder {
    mailbox: Receiver<Job>,
    bell: UnixStream,
    storage: Vec<u8>,
    crossed: Vec<Crossed>,
    next_round: Instant,
    desk: Desk,
}

impl Recorder {
    pub fn new(mailbox: Receiver<Job>, bell: UnixStream, sfu: Sfu) -> Recorder {
        Recorder {
            mailbox,
            bell,
            storage: vec![0; BATCH * PLACE],
            crossed: Vec::with_capacity(BATCH),
            next_round: clock::instant(),
            desk: Desk::new(RECORDER, sfu, 1),
        }
    }

    /// Runs until it is drained or every handle is gone.
    pub fn run(mut self) {
        loop {
            self.wait();
            self.desk.now = clock::instant();
            if !self.do_jobs() {
                break;
            }
            self.take_crossed();
            self.record();
            self.desk.sfu.take_events().for_each(drop);
            self.desk.carry_notices();
            if self.desk.sfu.rooms() == 0
                && let Some(drained) = self.desk.drained.take()
            {
                let _ = drained.send(());
                break;
            }
        }
    }

    /// Until somebody rings; while something is recorded, no longer than a few packets take to come.
    fn wait(&mut self) {
        if self.desk.recordings.is_empty() {
            let mut watched = libc::pollfd {
                fd: self.bell.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            };
            // SAFETY: the one structure is live for the call.
            unsafe { libc::poll(&raw mut watched, 1, -1) };
        } else {
            // Each batch of a shard rings, and nothing here is in such a hurry.
            std::thread::sleep(POLL);
        }
        let mut rings = [0; 1_024];
        while matches!(self.bell.read(&mut rings), Ok(count) if count == rings.len()) {}
    }

    /// `false` once nobody can send messages any more.
    fn do_jobs(&mut self) -> bool {
        loop {
            match self.mailbox.try_recv() {
                Ok(job) => {
                    job(&mut self.desk);
                    self.desk.cross(&[]);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn take_crossed(&mut self) {
        let desk = &mut self.desk;
        for _ in 0..MOST_BATCHES {
            desk.links.take(&mut self.storage, &mut self.crossed);
            if self.crossed.is_empty() {
                return;
            }
            desk.sfu
                .receive_crossed(desk.now, &self.storage, &self.crossed, &mut desk.outbox);
            desk.cross(&[]);
            for (key, taken) in desk.sfu.taken(&self.storage) {
                if let Some(tape) = desk.recordings.get_mut(&key) {
                    tape.recording.take(desk.now, &taken);
                }
            }
        }
    }

    fn record(&mut self) {
        let desk = &mut self.desk;
        let is_due = self.next_round <= desk.now;
        if is_due {
            self.next_round = desk.now + ROUND;
        }
        let Desk {
            recordings, sfu, now, ..
        } = desk;
        recordings.retain(|key, _| sfu.is_open(*key));
        for (key, tape) in recordings.iter_mut() {
            if is_due {
                tape.recording.show(sfu.stage(*now, *key));
                if tape.recording.wants_key_frame() {
                    sfu.enter_anew(*now, *key);
                }
            }
            tape.recording.tick(*now);
            tape.hand_over();
        }
        if is_due && !desk.recordings.is_empty() {
            desk.sfu.tick(desk.now, &mut desk.outbox);
            desk.cross(&[]);
        }
    }
}

/// A minute and more: storage that is away for so long loses nothing.
const MOST_SEGMENTS: usize = 64;
/// A ring holds what comes in several times this.
const POLL: Duration = Duration::from_millis(4);
const ROUND: Duration = Duration::from_millis(50);
const MOST_BATCHES: usize = 64;
/// For one packet of a batch.
const PLACE: usize = 1_500;
