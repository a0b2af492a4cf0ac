//! Whether a queue grows on the way: the trend of the one-way delay (draft-ietf-rmcat-gcc-02 section 5,
//! with the least-squares filter that browsers use in place of the Kalman filter).

/// What the delay says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    Normal,
    Over,
    Under,
}

pub struct Delay {
    group: Option<Group>,
    previous: Option<Group>,
    /// Arrival in ms since the first, smoothed delay in ms.
    window: [(f64, f64); WINDOW],
    groups: u32,
    first_arrival_us: i64,
    accumulated: f64,
    smoothed: f64,
    threshold: f64,
    threshold_at_ms: f64,
    over_for_ms: f64,
    over_groups: u32,
    trend: f64,
    usage: Usage,
}

/// Packets that left together are judged together.
#[derive(Clone, Copy)]
struct Group {
    first_sent_us: u64,
    last_sent_us: u64,
    arrival_us: i64,
}

impl Default for Delay {
    fn default() -> Delay {
        Delay {
            group: None,
            previous: None,
            window: [(0.0, 0.0); WINDOW],
            groups: 0,
            first_arrival_us: 0,
            accumulated: 0.0,
            smoothed: 0.0,
            threshold: FIRST_THRESHOLD,
            threshold_at_ms: 0.0,
            over_for_ms: 0.0,
            over_groups: 0,
            trend: 0.0,
            usage: Usage::Normal,
        }
    }
}

impl Delay {
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes the next packet that arrived, in the order of sending.
    pub fn arrived(&mut self, sent_us: u64, arrival_us: i64) {
        let Some(group) = &mut self.group else {
            if self.groups == 0 {
                self.first_arrival_us = arrival_us;
            }
            self.group = Some(Group::new(sent_us, arrival_us));
            return;
        };
        let in_burst = sent_us.saturating_sub(group.first_sent_us) <= GROUP_US
            || (arrival_us - group.arrival_us <= GROUP_US as i64
                && (arrival_us - group.arrival_us) < sent_us as i64 - group.last_sent_us as i64);
        if in_burst {
            group.last_sent_us = group.last_sent_us.max(sent_us);
            group.arrival_us = group.arrival_us.max(arrival_us);
            return;
        }
        let finished = *group;
        self.group = Some(Group::new(sent_us, arrival_us));
        if let Some(before) = self.previous.replace(finished) {
            let sent = (finished.last_sent_us - before.last_sent_us.min(finished.last_sent_us)) as f64 / 1e3;
            let arrived = (finished.arrival_us - before.arrival_us) as f64 / 1e3;
            if arrived.abs() > LONGEST_PAUSE_MS {
                return self.forget();
            }
            self.learn(arrived - sent, sent, finished.arrival_us);
        }
    }

    /// The delay between the last packet and the next says nothing: a probe lay between them.
    pub fn interrupt(&mut self) {
        (self.group, self.previous) = (None, None);
    }

    /// The next packets have nothing to do with those before.
    fn forget(&mut self) {
        *self = Delay {
            threshold: self.threshold,
            ..Delay::default()
        };
    }

    fn learn(&mut self, gradient_ms: f64, sent_ms: f64, arrival_us: i64) {
        let at_ms = (arrival_us - self.first_arrival_us) as f64 / 1e3;
        self.accumulated += gradient_ms;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.window[self.groups as usize % WINDOW] = (at_ms, self.smoothed);
        self.groups += 1;
        let trend = if self.groups as usize >= WINDOW {
            slope(&self.window)
        } else {
            self.trend
        };
        self.judge(trend, sent_ms, at_ms);
    }

    fn judge(&mut self, trend: f64, sent_ms: f64, at_ms: f64) {
        let scaled = f64::from(self.groups.min(MOST_COUNTED)) * trend * GAIN;
        if scaled > self.threshold {
            self.over_for_ms += if self.over_groups == 0 {
                sent_ms / 2.0
            } else {
                sent_ms
            };
            self.over_groups += 1;
            if self.over_for_ms > OVER_AFTER_MS && self.over_groups > 1 && trend >= self.trend {
                (self.over_for_ms, self.over_groups) = (0.0, 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.over_for_ms, self.over_groups) = (0.0, 0);
            self.usage = if scaled < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        self.trend = trend;
        self.adapt(scaled.abs(), at_ms);
    }

    /// The threshold follows the noise of the line, slowly up and quickly down.
    fn adapt(&mut self, scaled: f64, at_ms: f64) {
        let passed = (at_ms - self.threshold_at_ms).clamp(0.0, 100.0);
        self.threshold_at_ms = at_ms;
        if scaled > self.threshold + 15.0 {
            return;
        }
        let gain = if scaled < self.threshold { 0.039 } else { 0.0087 };
        self.threshold += gain * (scaled - self.threshold) * passed;
        self.threshold = self.threshold.clamp(6.0, 600.0);
    }
}

impl Group {
    fn new(sent_us: u64, arrival_us: i64) -> Group {
        Group {
            first_sent_us: sent_us,
            last_sent_us: sent_us,
            arrival_us,
        }
    }
}

/// The least-squares slope of delay over arrival.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points
        .iter()
        .fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (top, bottom) = points.iter().fold((0.0, 0.0), |sum, (x, y)| {
        let apart = x - mean_x;
        (sum.0 + apart * (y - mean_y), sum.1 + apart * apart)
    });
    if bottom == 0.0 { 0.0 } else { top / bottom }
}

/// The numbers of libwebrtc's filter, which the draft's authors tuned on real lines.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
const GAIN: f64 = 4.0;
const MOST_COUNTED: u32 = 60;
const FIRST_THRESHOLD: f64 = 12.5;
const OVER_AFTER_MS: f64 = 10.0;
const GROUP_US: u64 = 5_000;
const LONGEST_PAUSE_MS: f64 = 3_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets every 10 ms whose delay grows by so much each.
    fn after(delay: &mut Delay, packets: u64, growth_us: i64) -> Usage {
        for at in 0..packets {
            let sent = 1_000_000 + at * 10_000;
            delay.arrived(sent, sent as i64 + 20_000 + at as i64 * growth_us);
        }
        delay.usage()
    }

    #[test]
    fn a_growing_queue_is_overuse_and_a_draining_one_underuse() {
        assert_eq!(after(&mut Delay::default(), 100, 0), Usage::Normal);
        assert_eq!(after(&mut Delay::default(), 60, 2_000), Usage::Over);
        assert_eq!(after(&mut Delay::default(), 60, -2_000), Usage::Under);
    }
}
