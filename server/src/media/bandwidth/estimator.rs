//! The estimate of what a viewer's line carries (draft-ietf-rmcat-gcc-02): the lower of what delay and
//! loss allow, raised by probes.

use std::time::{Duration, Instant};

use super::delay::{Delay, Usage};
use crate::media::meter::Meter;

pub struct Estimator {
    delay: Delay,
    /// What the reports say has arrived.
    arrived: Meter,
    by_delay: u64,
    by_loss: u64,
    /// Arrived bits a second when the line was last full: average and variance, normalised.
    full: Option<(f64, f64)>,
    /// Packets sent earlier waited behind a probe.
    judged_from_us: u64,
    raised_at: Option<Instant>,
    lowered_at: Option<Instant>,
    /// Of the present loss interval.
    reported: u32,
    lost: u32,
    loss_judged_at: Option<Instant>,
    loss: f32,
    round_trip: Duration,
}

impl Default for Estimator {
    fn default() -> Estimator {
        Estimator {
            delay: Delay::default(),
            arrived: Meter::default(),
            by_delay: FIRST,
            by_loss: FIRST,
            full: None,
            judged_from_us: 0,
            raised_at: None,
            lowered_at: None,
            reported: 0,
            lost: 0,
            loss_judged_at: None,
            loss: 0.0,
            round_trip: Duration::from_millis(100),
        }
    }
}

impl Estimator {
    /// Bits a second.
    pub fn estimate(&self) -> u64 {
        self.by_delay.min(self.by_loss)
    }

    /// The share of packets lost in the last full interval.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    pub fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// No queue grows, and none has been drained lately.
    pub fn is_calm(&self, now: Instant) -> bool {
        let lately = |at: Instant| now.saturating_duration_since(at) < CALM_AFTER;
        self.delay.usage() != Usage::Over && !self.lowered_at.is_some_and(lately)
    }

    /// No queue grows, and the estimate is well above what arrives: more could be proven only by sending it.
    pub fn has_headroom(&self, now: Instant) -> bool {
        self.is_calm(now) && self.estimate() >= self.arrived.bits_per_second(now) * HEADROOM_PERCENT / 100
    }

    pub fn heard_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = (self.round_trip * 7 + round_trip.min(Duration::from_secs(5))) / 8;
    }

    /// A packet is reported as arrived. Those of a probe are faster than the line on purpose and say
    /// nothing of queues.
    pub fn arrived(&mut self, now: Instant, sent_us: u64, arrival_us: i64, bytes: u16, probes: bool) {
        self.reported += 1;
        self.arrived.count(now, usize::from(bytes));
        if probes {
            self.delay.interrupt();
            self.judged_from_us = sent_us + DRAINED_US;
        } else if sent_us >= self.judged_from_us {
            self.delay.arrived(sent_us, arrival_us);
        }
    }

    pub fn lost(&mut self) {
        self.reported += 1;
        self.lost += 1;
    }

    /// A probe showed that so much goes through.
    pub fn proven(&mut self, bits_per_second: u64) {
        if self.delay.usage() != Usage::Over && bits_per_second > self.estimate() {
            self.by_delay = self.by_delay.max(bits_per_second);
            self.by_loss = self.by_loss.max(bits_per_second);
        }
    }

    /// A whole report is taken: decide.
    pub fn decide(&mut self, now: Instant) {
        let arrived = self.arrived.bits_per_second(now);
        match self.delay.usage() {
            Usage::Over => self.lower(now, arrived),
            Usage::Normal => self.raise(now, arrived),
            Usage::Under => self.raised_at = Some(now),
        }
        self.judge_loss(now, arrived);
        self.by_delay = self.by_delay.clamp(LEAST, MOST);
        self.by_loss = self.by_loss.clamp(LEAST, MOST);
    }

    fn lower(&mut self, now: Instant, arrived: u64) {
        let pause = self.round_trip + RESPONSE;
        if self
            .lowered_at
            .is_some_and(|at| now.saturating_duration_since(at) < pause)
        {
            return;
        }
        self.note_full(arrived as f64);
        let lowered = arrived * 85 / 100;
        if lowered < self.estimate() {
            self.by_delay = lowered;
        }
        (self.lowered_at, self.raised_at) = (Some(now), Some(now));
    }

    /// Slowly near what was the line's limit before, else by eight percent a second; never far above what
    /// really flows: that would be a guess.
    fn raise(&mut self, now: Instant, arrived: u64) {
        let passed = self
            .raised_at
            .map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64().min(1.0));
        self.raised_at = Some(now);
        if let Some((mean, variance)) = self.full
            && arrived as f64 > mean + 3.0 * (variance * mean).sqrt()
        {
            self.full = None;
        }
        let increase = match self.full {
            Some((mean, variance)) if (self.by_delay as f64) > mean - 3.0 * (variance * mean).sqrt() => {
                let response = (self.round_trip + RESPONSE).as_secs_f64();
                PACKET_BITS / response * passed
            }
            _ => self.by_delay as f64 * 0.08 * passed,
        };
        let most = arrived * 3 / 2 + 10_000;
        if self.by_delay < most {
            self.by_delay = (self.by_delay + increase as u64).min(most);
        }
    }

    fn note_full(&mut self, arrived: f64) {
        let (mean, variance) = self.full.unwrap_or((arrived, 400.0));
        if arrived < mean - 3.0 * (variance * mean).sqrt() {
            self.full = Some((arrived, variance));
            return;
        }
        let mean = 0.95 * mean + 0.05 * arrived;
        let error = (mean - arrived) * (mean - arrived) / mean.max(1.0);
        // In units of the mean, as libwebrtc keeps it: between 0.4 and 2.5 kbit/s.
        let variance = (0.95 * variance + 0.05 * error).clamp(400.0, 2_500.0);
        self.full = Some((mean, variance));
    }

    fn judge_loss(&mut self, now: Instant, arrived: u64) {
        let since = *self.loss_judged_at.get_or_insert(now);
        if self.reported < LEAST_REPORTED
            || now.saturating_duration_since(since) < LOSS_INTERVAL + self.round_trip
        {
            return;
        }
        self.loss = self.lost as f32 / self.reported as f32;
        (self.reported, self.lost, self.loss_judged_at) = (0, 0, Some(now));
        if self.loss > 0.1 {
            let from = self.estimate().min(arrived * 2);
            self.by_loss = (from as f64 * (1.0 - 0.5 * f64::from(self.loss))) as u64;
            self.lowered_at = Some(now);
        } else if self.loss < 0.02 {
            self.by_loss = (self.by_loss * 108 / 100 + 1_000).min(self.by_delay.max(self.by_loss));
        }
    }
}

/// A first second of one camera in full size; probes find more within a second.
const FIRST: u64 = 1_000_000;
const LEAST: u64 = 60_000;
const MOST: u64 = 50_000_000;
/// The queue that a probe leaves behind on a slow line is gone after so long.
const DRAINED_US: u64 = 150_000;
const RESPONSE: Duration = Duration::from_millis(100);
const PACKET_BITS: f64 = 1_200.0 * 8.0;
const LOSS_INTERVAL: Duration = Duration::from_millis(200);
const LEAST_REPORTED: u32 = 20;
const HEADROOM_PERCENT: u64 = 130;
const CALM_AFTER: Duration = Duration::from_millis(1_500);
