//! One shard's thread: the core, its socket and its mailbox.
//!
//! The thread sleeps until a datagram, a message or the core's next tick. Messages are looked for only
//! when their event counter says so: the packet path touches neither lock nor channel.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::links::Links;
use super::recorder::Tape;
use super::socket::{Inbox, Sender};
use super::streams::Streams;
use crate::clock;
use crate::media::Event;
use crate::media::mixing::Mixing;
use crate::media::relay::ShardId;
use crate::media::sfu::{BATCH, Crossed, Progress, RoomKey, Sfu};
use crate::media::stats::Mixed;
use crate::media::transport::outbox::Outbox;

/// Work for the shard, done between batches.
pub type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// What a job may touch.
pub struct Desk {
    pub now: Instant,
    pub sfu: Sfu,
    pub outbox: Outbox,
    pub events: HashMap<RoomKey, mpsc::UnboundedSender<Event>>,
    pub shard: ShardId,
    /// To the shards that rooms here span as well.
    pub links: Links,
    /// What is recorded here: by the thread that does that.
    pub recordings: HashMap<RoomKey, Tape>,
    /// What is mixed here, likewise, and what that of rooms which are closed has come to.
    pub mixes: HashMap<RoomKey, Mixing>,
    pub mixed: Mixed,
    /// Told when the last room is closed; the thread then ends.
    pub drained: Option<oneshot::Sender<()>>,
}

pub struct Shard {
    socket: UdpSocket,
    mailbox: Receiver<Job>,
    bell: UnixStream,
    inbox: Inbox,
    crossed: Vec<Crossed>,
    sender: Sender,
    streams: Streams,
    desk: Desk,
}

impl Shard {
    pub fn new(
        shard: ShardId,
        socket: UdpSocket,
        mailbox: Receiver<Job>,
        bell: UnixStream,
        streams: Streams,
        sfu: Sfu,
    ) -> Shard {
        let desk = Desk::new(shard, sfu, OUTBOX);
        Shard {
            socket,
            mailbox,
            bell,
            inbox: Inbox::new(),
            crossed: Vec::with_capacity(BATCH),
            sender: Sender::new(),
            streams,
            desk,
        }
    }

    /// Runs until it is drained or every handle is gone.
    pub fn run(mut self) {
        loop {
            let Ready { datagrams, messages } = self.wait();
            self.desk.now = clock::instant();
            if messages && !self.do_jobs() {
                break;
            }
            self.pass_crossed();
            self.pass_streams();
            if datagrams {
                self.pass_packets();
            }
            if self.desk.sfu.next_tick().is_some_and(|at| at <= self.desk.now) {
                self.desk.sfu.tick(self.desk.now, &mut self.desk.outbox);
                self.send();
                self.desk.cross(&[]);
            }
            self.publish_events();
            self.desk.carry_notices();
            if self.desk.sfu.rooms() == 0
                && let Some(drained) = self.desk.drained.take()
            {
                let _ = drained.send(());
                break;
            }
        }
        let refused = self.sender.refused + self.streams.refused;
        tracing::info!(stats = ?self.desk.sfu.stats(), refused, "media stopped");
    }

    /// A batch after the other while there are any, but not for ever: ticks and messages wait.
    fn pass_packets(&mut self) {
        for _ in 0..MOST_BATCHES {
            if let Err(error) = self.inbox.receive(&self.socket) {
                tracing::warn!(%error, "cannot receive media");
                return;
            }
            if !self.pass_batch() {
                return;
            }
        }
    }

    /// What has come over TCP, in the same way.
    fn pass_streams(&mut self) {
        for _ in 0..MOST_BATCHES {
            self.streams.take(&mut self.inbox.storage, &mut self.inbox.batch);
            if !self.pass_batch() {
                return;
            }
        }
    }

    /// `false` where there was nothing to pass.
    fn pass_batch(&mut self) -> bool {
        let Shard {
            socket,
            inbox,
            sender,
            streams,
            desk,
            ..
        } = self;
        if inbox.batch.is_empty() {
            return false;
        }
        desk.sfu
            .receive(desk.now, &mut inbox.storage, &inbox.batch, &mut desk.outbox);
        desk.cross(&inbox.storage);
        while desk.sfu.forward(desk.now, &inbox.storage, &mut desk.outbox) == Progress::More {
            sender.send(socket, streams, &mut desk.outbox);
        }
        sender.send(socket, streams, &mut desk.outbox);
        desk.now = clock::instant();
        true
    }

    fn send(&mut self) {
        self.sender
            .send(&self.socket, &mut self.streams, &mut self.desk.outbox);
    }

    /// What other shards have put into their mailboxes, batch after batch as well.
    fn pass_crossed(&mut self) {
        let Shard {
            socket,
            inbox,
            crossed,
            sender,
            streams,
            desk,
            ..
        } = self;
        for _ in 0..MOST_BATCHES {
            desk.links.take(&mut inbox.storage, crossed);
            if crossed.is_empty() {
                return;
            }
            desk.sfu
                .receive_crossed(desk.now, &inbox.storage, crossed, &mut desk.outbox);
            desk.cross(&[]);
            while desk.sfu.forward(desk.now, &inbox.storage, &mut desk.outbox) == Progress::More {
                sender.send(socket, streams, &mut desk.outbox);
            }
            sender.send(socket, streams, &mut desk.outbox);
        }
    }

    /// `false` once nobody can send messages any more.
    fn do_jobs(&mut self) -> bool {
        let mut rings = [0; 64];
        while matches!(self.bell.read(&mut rings), Ok(count) if count == rings.len()) {}
        loop {
            match self.mailbox.try_recv() {
                Ok(job) => {
                    job(&mut self.desk);
                    self.send();
                    self.desk.cross(&[]);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn publish_events(&mut self) {
        let Desk { sfu, events, .. } = &mut self.desk;
        for (room, event) in sfu.take_events() {
            if let Some(listener) = events.get(&room) {
                // A conference that no longer listens will close its room.
                let _ = listener.send(event);
            }
        }
    }

    fn wait(&self) -> Ready {
        let watch = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut watched = [watch(self.socket.as_raw_fd()), watch(self.bell.as_raw_fd())];
        let timeout_ms = match self.desk.sfu.next_tick() {
            _ if self.desk.links.is_waiting() || self.streams.is_waiting() => 0,
            None => -1,
            Some(at) => {
                let left = at.saturating_duration_since(clock::instant());
                i32::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(i32::MAX)
            }
        };
        // SAFETY: the array is live for the call and its length is stated.
        let count = unsafe { libc::poll(watched.as_mut_ptr(), watched.len() as libc::nfds_t, timeout_ms) };
        let is_ready = |watched: &libc::pollfd| count > 0 && watched.revents != 0;
        Ready {
            datagrams: is_ready(&watched[0]),
            messages: is_ready(&watched[1]),
        }
    }
}

impl Desk {
    /// `outbox` is for so many datagrams.
    pub fn new(shard: ShardId, sfu: Sfu, outbox: usize) -> Desk {
        Desk {
            now: clock::instant(),
            sfu,
            outbox: Outbox::with_room_for(outbox),
            events: HashMap::new(),
            shard,
            links: Links::default(),
            recordings: HashMap::new(),
            mixes: HashMap::new(),
            mixed: Mixed::default(),
            drained: None,
        }
    }

    /// What other shards have use for goes into their mailboxes.
    pub fn cross(&mut self, storage: &[u8]) {
        self.sfu.cross(storage, &mut self.links);
        self.links.ring();
    }

    pub fn carry_notices(&mut self) {
        let from = self.shard;
        for (to, notice) in self.sfu.take_notices() {
            self.links.tell(to, move |desk| {
                desk.sfu.take_notice(desk.now, from, notice, &mut desk.outbox);
            });
        }
    }
}

struct Ready {
    datagrams: bool,
    messages: bool,
}

/// Wakes a shard.
#[derive(Debug)]
pub struct Bell(UnixStream);

impl Bell {
    /// The bell and what the shard hears.
    pub fn pair() -> io::Result<(Bell, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        Ok((Bell(ours), theirs))
    }

    pub fn ring(&self) {
        // A full pipe rings already.
        let _ = (&self.0).write(&[1]);
    }
}

/// One and a half megabytes: a batch for some 16 viewers between two sends.
const OUTBOX: usize = 1024;
const MOST_BATCHES: usize = 16;
