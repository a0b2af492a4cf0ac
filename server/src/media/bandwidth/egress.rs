//! All that is kept of the way to one viewer.

use std::time::{Duration, Instant};

use super::estimator::Estimator;
use super::feedback::{REFERENCE_US, Report};
use super::history::History;
use super::pacer::{Pacer, Queued};
use super::probe::Probes;

/// The way to one viewer whose browser reports arrivals.
pub struct Egress {
    began: Instant,
    history: History,
    estimator: Estimator,
    pacer: Pacer,
    probes: Probes,
    /// Of the last report: its reference time, unwrapped.
    reference: Option<i64>,
    /// When much was last lost.
    lost_much: Option<Instant>,
    /// Bits a second that the viewer would take if the line gave them.
    demand: u64,
}

impl Egress {
    pub fn new(now: Instant) -> Egress {
        Egress {
            began: now,
            history: History::default(),
            estimator: Estimator::default(),
            pacer: Pacer::default(),
            probes: Probes::default(),
            reference: None,
            lost_much: None,
            demand: 0,
        }
    }

    pub fn estimate(&self) -> u64 {
        self.estimator.estimate()
    }

    pub fn is_calm(&self, now: Instant) -> bool {
        self.estimator.is_calm(now)
    }

    pub fn has_headroom(&self, now: Instant) -> bool {
        self.estimator.has_headroom(now)
    }

    pub fn demand(&self) -> u64 {
        self.demand
    }

    pub fn loss(&self) -> f32 {
        self.estimator.loss()
    }

    /// Whether the line has lately lost so much that what cannot wait is better sent twice.
    pub fn is_lossy(&self, now: Instant) -> bool {
        let lately = |at| now.saturating_duration_since(at) < LOSSY_FOR;
        self.lost_much.is_some_and(lately)
    }

    pub fn round_trip(&self) -> Duration {
        self.estimator.round_trip()
    }

    /// The number for the next packet's header.
    pub fn next_number(&self) -> u16 {
        self.history.next()
    }

    /// The packet of that number has left.
    pub fn sent(&mut self, now: Instant, bytes: usize) {
        let at_us = self.microseconds(now);
        self.history.sent(at_us, bytes, self.probes.is_running());
        self.pacer.sent(bytes);
        self.probes.sent(now, bytes);
    }

    /// A packet has left once more, under its old number.
    pub fn repeated(&mut self, bytes: usize) {
        self.pacer.sent(bytes);
    }

    /// Whether video may leave now; else it is to wait.
    pub fn is_open(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.pacer.is_open()
    }

    /// Whether what was lost may go out again: repairs go ahead of what waits, but do not starve it.
    pub fn may_repeat(&self) -> bool {
        self.pacer.may_overdraw()
    }

    pub fn wait(&mut self, packet: Queued) -> bool {
        self.pacer.wait(packet)
    }

    /// The next packet that waited and may leave.
    pub fn next_waiting(&mut self, now: Instant) -> Option<Queued> {
        self.fill(now);
        self.pacer.next()
    }

    /// Something waits, or a probe runs: [`Self::next_waiting`] and [`Self::probe_due`] are to be called soon.
    pub fn is_busy(&self) -> bool {
        !self.pacer.is_empty() || self.probes.is_running()
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.pacer.clear();
    }

    /// What the viewer would take; begins a probe where that is worth while.
    pub fn wants(&mut self, now: Instant, demand: u64) {
        self.demand = demand;
        let (estimate, is_calm) = (self.estimator.estimate(), self.estimator.is_calm(now));
        self.probes
            .plan(now, estimate, demand, is_calm && self.pacer.is_empty());
    }

    /// How many bytes the running probe still lacks.
    pub fn probe_due(&self, now: Instant) -> u64 {
        self.probes.due(now)
    }

    /// There is nothing to probe with.
    pub fn give_up_probe(&mut self) {
        self.probes.give_up();
    }

    /// Takes what the viewer's browser says of arrivals.
    pub fn report(&mut self, now: Instant, report: &Report<'_>) {
        let reference = self.unwrapped(report.reference);
        let mut newest_sent = None;
        let Egress {
            history,
            estimator,
            probes,
            ..
        } = self;
        report.each(|number, arrival| {
            let Some(sent) = history.take(number, arrival.is_some()) else {
                return;
            };
            let Some(arrival) = arrival else {
                return estimator.lost();
            };
            let arrival_us = reference * REFERENCE_US + arrival;
            newest_sent = Some(sent.at_us);
            estimator.arrived(now, sent.at_us, arrival_us, sent.bytes, sent.probes);
            if sent.probes {
                probes.arrived(sent.at_us, arrival_us, sent.bytes);
            }
        });
        if let Some(sent) = newest_sent {
            let round_trip = self.microseconds(now).saturating_sub(sent);
            self.estimator.heard_round_trip(Duration::from_micros(round_trip));
        }
        if let Some(proven) = self.probes.result() {
            self.estimator.proven(proven);
        }
        self.estimator.decide(now);
        if self.estimator.loss() > MUCH {
            self.lost_much = Some(now);
        }
    }

    /// Audio and what repairs it does not wait, so video leaves two and a half times as fast as the line
    /// is believed to carry: enough for a key frame within a few pictures' time.
    fn fill(&mut self, now: Instant) {
        let rate = (self.estimator.estimate() * 5 / 2).max(LEAST_PACE);
        self.pacer.fill(now, rate);
    }

    /// The reference time counts in 24 bits and wraps after twelve days.
    fn unwrapped(&mut self, reference: u32) -> i64 {
        let last = self.reference.unwrap_or(i64::from(reference));
        let step = (i64::from(reference) - last) << 40 >> 40;
        let unwrapped = last + step;
        self.reference = Some(unwrapped);
        unwrapped
    }

    fn microseconds(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_micros() as u64
    }
}

/// Below it a listener's conceals are hardly heard.
const MUCH: f32 = 0.02;
/// A loss of one in ten leaves some intervals without any.
const LOSSY_FOR: Duration = Duration::from_secs(5);
const LEAST_PACE: u64 = 500_000;
