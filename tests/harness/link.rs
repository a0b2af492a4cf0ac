//! An impaired line without the kernel: seeded loss, delay, reordering and duplication, a rate with a queue
//! before it. It reads no clock, so that a test may run it on virtual time; [`relay`] runs it between real sockets.

pub mod relay;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What a line does to datagrams; the default is a perfect one.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    pub bits_per_second: u64,
    /// What does not fit a queue of so much time is dropped.
    pub queue: Duration,
    pub delay: Duration,
    /// Added to the delay of each datagram by chance, order kept.
    pub jitter: Duration,
    /// Shares of all datagrams, 0 to 1.
    pub loss: f64,
    pub reordered: f64,
    pub duplicated: f64,
}

impl Default for Quality {
    fn default() -> Quality {
        Quality {
            bits_per_second: u64::MAX,
            queue: Duration::from_millis(300),
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            reordered: 0.0,
            duplicated: 0.0,
        }
    }
}

/// One direction of a line; its datagrams are bytes, or bytes with a note of whose they are.
pub struct Link<D = Vec<u8>> {
    pub quality: Quality,
    random: StdRng,
    /// When the last datagram will have left the queue.
    free_at: Option<Instant>,
    /// By their time of arrival.
    flying: VecDeque<(Instant, D)>,
    pub dropped: u64,
}

impl<D: AsRef<[u8]> + Clone> Link<D> {
    pub fn new(quality: Quality, seed: u64) -> Link<D> {
        Link {
            quality,
            random: StdRng::seed_from_u64(seed),
            free_at: None,
            flying: VecDeque::new(),
            dropped: 0,
        }
    }

    /// Takes a datagram, or loses it.
    pub fn send(&mut self, now: Instant, datagram: D) {
        let Quality { queue, loss, .. } = self.quality;
        let begins = self.free_at.map_or(now, |at| at.max(now));
        if begins - now > queue || self.random.random_bool(loss) {
            self.dropped += 1;
            return;
        }
        let bits = datagram.as_ref().len() as u64 * 8;
        let left = begins
            + Duration::from_nanos(
                (u128::from(bits) * 1_000_000_000 / u128::from(self.quality.bits_per_second)) as u64,
            );
        self.free_at = Some(left);
        let jitter = self.quality.jitter.mul_f64(self.random.random());
        let arrives = left + self.quality.delay + jitter;
        if self.random.random_bool(self.quality.duplicated) {
            self.fly(arrives, datagram.clone());
        }
        if self.random.random_bool(self.quality.reordered) {
            // Later than those sent in the next hundredth of a second.
            self.insert(arrives + Duration::from_millis(10), datagram);
        } else {
            self.fly(arrives, datagram);
        }
    }

    /// The next datagram that has arrived.
    pub fn arrived(&mut self, now: Instant) -> Option<D> {
        if self.flying.front()?.0 > now {
            return None;
        }
        self.flying.pop_front().map(|(_, datagram)| datagram)
    }

    /// When the next datagram arrives.
    pub fn next(&self) -> Option<Instant> {
        self.flying.front().map(|(at, _)| *at)
    }

    /// Not before the last: jitter alone does not reorder.
    fn fly(&mut self, at: Instant, datagram: D) {
        let last = self.flying.back().map_or(at, |(last, _)| *last);
        self.insert(at.max(last), datagram);
    }

    fn insert(&mut self, at: Instant, datagram: D) {
        let place = self.flying.partition_point(|(before, _)| *before <= at);
        self.flying.insert(place, (at, datagram));
    }
}
