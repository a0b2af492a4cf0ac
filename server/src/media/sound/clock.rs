//! When what a publisher sent belongs into the recording.
//!
//! A packet that was on its way for a short time says best how the publisher's clock stands to ours. Its sender reports put
//! sound and pictures on one clock (RFC 3550 section 6.4.1); before they have come, each stream is placed by its own packets.

use std::collections::HashMap;

use crate::media::name::Source;
use crate::media::reception::SenderReport;

/// The clock of one publisher.
#[derive(Default)]
pub struct Clock {
    /// How far our clock is ahead of the one in the sender reports.
    reported: Ahead,
    streams: HashMap<(Source, u8), Stream>,
}

#[derive(Default)]
struct Stream {
    last: Option<i64>,
    ahead: Ahead,
}

impl Clock {
    /// The place in microseconds of what was sent under `timestamp` and came at `arrived_us`.
    pub fn place(
        &mut self,
        stream: (Source, u8),
        timestamp: u32,
        report: Option<&SenderReport>,
        arrived_us: i64,
    ) -> i64 {
        let rate = if stream.0.is_audio() { 48_000 } else { 90_000 };
        let own = self.streams.entry(stream).or_default();
        let endless = own.last.map_or(i64::from(timestamp), |last| {
            last + i64::from(timestamp.wrapping_sub(last as u32) as i32)
        });
        own.last = Some(endless);
        let sent_us = endless * 1_000_000 / rate;
        let mut by_itself = sent_us + own.ahead.hear(arrived_us, sent_us);
        if arrived_us - by_itself > BEGAN_ANEW_US {
            own.ahead = Ahead::default();
            by_itself = sent_us + own.ahead.hear(arrived_us, sent_us);
        }
        let by_report = report.map(|report| {
            let since = i64::from(timestamp.wrapping_sub(report.rtp) as i32) * 1_000_000 / rate;
            let sent_us = ntp_us(report.ntp) + since;
            sent_us + self.reported.hear(arrived_us, sent_us)
        });
        // A report that no packet fits is not believed.
        by_report
            .filter(|at| (at - by_itself).abs() < MOST_APART_US)
            .unwrap_or(by_itself)
            .min(arrived_us)
    }
}

/// The least difference between arrival and sending over the last seconds: that of the fastest packets.
#[derive(Default)]
struct Ahead {
    began_us: Option<i64>,
    now: Option<i64>,
    before: Option<i64>,
}

impl Ahead {
    fn hear(&mut self, arrived_us: i64, sent_us: i64) -> i64 {
        if self.began_us.is_none_or(|began| arrived_us - began > WINDOW_US) {
            self.before = self.now.take();
            self.began_us = Some(arrived_us);
        }
        let ahead = arrived_us - sent_us;
        let now = self.now.map_or(ahead, |least| least.min(ahead));
        self.now = Some(now);
        self.before.map_or(now, |before| before.min(now))
    }
}

/// Microseconds of a 64-bit NTP time; only differences are of use.
fn ntp_us(ntp: u64) -> i64 {
    ((u128::from(ntp) * 1_000_000) >> 32) as i64
}

/// No packet is so late: whoever has come back on a new connection counts from another number.
const BEGAN_ANEW_US: i64 = 2_000_000;
/// Clocks of computers drift apart by less than a millisecond in it.
const WINDOW_US: i64 = 5_000_000;
/// Longer than any camera or encoder takes.
const MOST_APART_US: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_moves_nothing_and_a_drifting_clock_is_followed() {
        let mut clock = Clock::default();
        let stream = (Source::Microphone, 0);
        let mut last = 0;
        for number in 0..6_000_i64 {
            // The publisher's clock is 0.02 % fast; every packet but each seventh is late.
            let real_us = number * 20_000;
            let timestamp = (4_294_900_000_i64 + number * 960 + number * 960 / 5_000) as u32;
            let late_us = if number % 7 == 0 { 0 } else { 30_000 };
            let at = clock.place(stream, timestamp, None, real_us + late_us);
            if number > 300 {
                assert!((at - real_us).abs() < 4_000, "{number}: {at} {real_us}");
                assert!(at - last > 10_000, "{number}");
            }
            last = at;
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn sender_reports_put_sound_and_pictures_on_one_clock() {
        let heard = std::time::Instant::now();
        let report = |rtp| SenderReport {
            ntp: 3_900_000_000 << 32,
            rtp,
            heard,
        };
        let mut clock = Clock::default();
        let (sound, picture) = (report(1_000), report(900_000));
        // The camera takes 60 ms longer than the microphone.
        let mut apart = 0;
        for number in 0..100_i64 {
            let at_us = number * 40_000;
            let voice = clock.place(
                (Source::Microphone, 0),
                1_000 + number as u32 * 1_920,
                Some(&sound),
                at_us + 5_000,
            );
            let frame = clock.place(
                (Source::Camera, 2),
                900_000 + number as u32 * 3_600,
                Some(&picture),
                at_us + 65_000,
            );
            apart = frame - voice;
        }
        assert!(apart.abs() < 1_000, "{apart}");
        let wrong = SenderReport { ntp: 5, ..picture };
        let at = clock.place((Source::Camera, 2), 900_000 + 360_000, Some(&wrong), 4_065_000);
        assert!((at - 4_065_000).abs() < 70_000, "{at}");
    }
}
