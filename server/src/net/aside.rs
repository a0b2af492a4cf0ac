//! A thread beside the shards, which decodes what they only pass on: the one that records, the one that mixes.
//!
//! To the shards it is one more that their rooms span, with no port and no person at home. What a room brings it comes through
//! the same bounded rings as to any other shard, so nothing here can hold the packet path back: where it falls behind, it
//! loses packets.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use super::shard::{Desk, Job};
use super::{mixer, recorder};
use crate::clock;
use crate::media::relay::ShardId;
use crate::media::sfu::{BATCH, Crossed, Sfu};

pub(super) struct Aside {
    mailbox: Receiver<Job>,
    bell: UnixStream,
    storage: Vec<u8>,
    crossed: Vec<Crossed>,
    next_round: Instant,
    desk: Desk,
}

impl Aside {
    pub fn new(place: ShardId, mailbox: Receiver<Job>, bell: UnixStream, sfu: Sfu) -> Aside {
        Aside {
            mailbox,
            bell,
            storage: vec![0; BATCH * PLACE],
            crossed: Vec::with_capacity(BATCH),
            next_round: clock::instant(),
            desk: Desk::new(place, sfu, 1),
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
            self.work();
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

    /// Until somebody rings; while there is work, no longer than a few packets take to come.
    fn wait(&mut self) {
        if self.is_idle() {
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
                if let Some(mixing) = desk.mixes.get_mut(&key) {
                    mixing.take(desk.now, &taken);
                }
            }
        }
    }

    fn work(&mut self) {
        let is_round = self.next_round <= self.desk.now;
        if is_round {
            self.next_round = self.desk.now + ROUND;
        }
        recorder::work(&mut self.desk, is_round);
        mixer::work(&mut self.desk);
        if is_round && !self.is_idle() {
            self.desk.sfu.tick(self.desk.now, &mut self.desk.outbox);
            self.desk.cross(&[]);
        }
    }

    fn is_idle(&self) -> bool {
        self.desk.recordings.is_empty() && self.desk.mixes.is_empty()
    }
}

/// A ring holds what comes in several times this.
const POLL: Duration = Duration::from_millis(4);
const ROUND: Duration = Duration::from_millis(50);
const MOST_BATCHES: usize = 64;
/// For one packet of a batch.
const PLACE: usize = 1_500;
