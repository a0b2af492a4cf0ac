//! Bursts spread out: a key frame leaves no faster than the line can take it.

use std::collections::VecDeque;
use std::time::Instant;

use crate::media::forward::Placed;
use crate::media::name::Source;

/// A packet that waits. Its payload lies in the publisher's cache.
#[derive(Clone, Copy, Debug)]
pub struct Queued {
    pub slot: u8,
    pub publisher: usize,
    pub source: Source,
    pub layer: u8,
    /// The publisher's, so that no other stream at the same place is taken for it.
    pub ssrc: u32,
    pub index: u64,
    pub placed: Placed,
}

pub struct Pacer {
    /// Bytes that may leave at once; below zero while too many have left.
    credit: f64,
    filled: Option<Instant>,
    queue: VecDeque<Queued>,
}

impl Default for Pacer {
    fn default() -> Pacer {
        Pacer {
            credit: BURST,
            filled: None,
            queue: VecDeque::with_capacity(CAPACITY),
        }
    }
}

impl Pacer {
    /// Time has passed at `bits_per_second`.
    pub fn fill(&mut self, now: Instant, bits_per_second: u64) {
        let passed = self
            .filled
            .map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.filled = Some(now);
        self.credit = (self.credit + passed * bits_per_second as f64 / 8.0).min(BURST);
    }

    /// Whether a packet may leave now, ahead of none that waits.
    pub fn is_open(&self) -> bool {
        self.queue.is_empty() && self.credit > 0.0
    }

    pub fn may_overdraw(&self) -> bool {
        self.credit > -BURST
    }

    pub fn sent(&mut self, bytes: usize) {
        self.credit -= bytes as f64;
    }

    /// Lets a packet wait; `false` where too many do.
    pub fn wait(&mut self, packet: Queued) -> bool {
        if self.queue.len() == CAPACITY {
            return false;
        }
        self.queue.push_back(packet);
        true
    }

    /// The next that may leave.
    pub fn next(&mut self) -> Option<Queued> {
        if self.credit > 0.0 {
            self.queue.pop_front()
        } else {
            None
        }
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn clear(&mut self) {
        self.queue.clear();
    }
}

/// What leaves at once after a pause: the packets of an ordinary picture.
const BURST: f64 = 12_000.0;
/// A key frame at 1080p is some 200 packets; several may begin together.
const CAPACITY: usize = 512;
