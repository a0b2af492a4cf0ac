//! Short bursts faster than the estimate, to learn whether the line carries more.

use std::time::{Duration, Instant};

/// Decides when to probe, and judges what came of it.
#[derive(Default)]
pub struct Probes {
    running: Option<Running>,
    judged: Option<Judged>,
    last: Option<Instant>,
    /// The last one found more: go on at once.
    pursue: bool,
}

struct Running {
    rate: u64,
    began: Instant,
    planned_bytes: u64,
    sent_bytes: u64,
}

/// A probe that is sent, while the reports on it come in.
#[derive(Default)]
struct Judged {
    rate: u64,
    sent: u32,
    arrived: u32,
    bytes: u64,
    first_sent_us: Option<u64>,
    last_sent_us: u64,
    first_bytes: u64,
    first_arrival_us: i64,
    last_arrival_us: i64,
    last_bytes: u64,
}

impl Probes {
    /// Begins a probe where more is wanted than is known to go through.
    pub fn plan(&mut self, now: Instant, estimate: u64, demand: u64, is_calm: bool) {
        if self.running.is_some() || estimate >= demand || !is_calm {
            return;
        }
        let pause = if self.pursue { PURSUIT } else { PAUSE };
        if self
            .last
            .is_some_and(|at| now.saturating_duration_since(at) < pause)
        {
            return;
        }
        let rate = (estimate * 2).min(demand + demand / 4).max(LEAST_RATE);
        self.last = Some(now);
        self.pursue = false;
        self.judged = Some(Judged {
            rate,
            ..Judged::default()
        });
        self.running = Some(Running {
            rate,
            began: now,
            planned_bytes: (rate * DURATION_MS / 8_000).max(LEAST_BYTES),
            sent_bytes: 0,
        });
    }

    pub fn give_up(&mut self) {
        (self.running, self.judged) = (None, None);
        // Before the first picture there is nothing to repeat: try again soon.
        self.pursue = true;
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// How many bytes should have left by now and have not.
    pub fn due(&self, now: Instant) -> u64 {
        self.running.as_ref().map_or(0, |running| {
            let passed = now.saturating_duration_since(running.began).as_micros() as u64;
            let target = (running.rate * passed / 8_000_000 + FIRST_BYTES).min(running.planned_bytes);
            target.saturating_sub(running.sent_bytes)
        })
    }

    /// A packet left while the probe runs.
    pub fn sent(&mut self, now: Instant, bytes: usize) {
        let Some(running) = &mut self.running else { return };
        running.sent_bytes += bytes as u64;
        if let Some(judged) = &mut self.judged {
            judged.sent += 1;
        }
        let overdue = now.saturating_duration_since(running.began) > LONGEST;
        if running.sent_bytes >= running.planned_bytes || overdue {
            self.running = None;
        }
    }

    pub fn arrived(&mut self, sent_us: u64, arrival_us: i64, bytes: u16) {
        let Some(judged) = &mut self.judged else { return };
        let bytes = u64::from(bytes);
        if judged.first_sent_us.is_none() {
            judged.first_sent_us = Some(sent_us);
            judged.first_arrival_us = arrival_us;
            judged.first_bytes = bytes;
        }
        judged.arrived += 1;
        judged.bytes += bytes;
        judged.last_bytes = bytes;
        judged.last_sent_us = judged.last_sent_us.max(sent_us);
        judged.last_arrival_us = judged.last_arrival_us.max(arrival_us);
    }

    /// What the finished probe has shown to go through, once enough of it is reported.
    pub fn result(&mut self) -> Option<u64> {
        if self.running.is_some() {
            return None;
        }
        let judged = self
            .judged
            .take_if(|judged| judged.arrived >= 5 && judged.arrived * 10 >= judged.sent * 8)?;
        let sent_us = judged
            .last_sent_us
            .saturating_sub(judged.first_sent_us?)
            .max(1_000);
        let arrived_us = (judged.last_arrival_us - judged.first_arrival_us).max(1_000) as u64;
        let sent = (judged.bytes - judged.last_bytes) * 8_000_000 / sent_us;
        let arrived = (judged.bytes - judged.first_bytes) * 8_000_000 / arrived_us;
        // Slower in than out: the line is full, and what came in is what it carries (libwebrtc's
        // probe_bitrate_estimator takes the same shares).
        let found = if arrived * 10 < sent * 9 {
            arrived * 95 / 100
        } else {
            sent.min(arrived)
        };
        self.pursue = found * 10 >= judged.rate * 8;
        Some(found.min(judged.rate))
    }
}

const DURATION_MS: u64 = 20;
/// Five packets of full size: fewer say nothing.
const LEAST_BYTES: u64 = 6_600;
/// The first packet leaves at once.
const FIRST_BYTES: u64 = 1_200;
const LEAST_RATE: u64 = 300_000;
const LONGEST: Duration = Duration::from_millis(400);
const PAUSE: Duration = Duration::from_secs(4);
const PURSUIT: Duration = Duration::from_millis(250);
