//! What a receiver report tells a publisher of his stream (RFC 3550 section 6.4.1, appendix A.3, A.8).

use std::time::Instant;

use super::rtcp;

pub struct Reception {
    ssrc: u32,
    clock_rate: u32,
    first: u64,
    highest: u64,
    received: u64,
    /// The counts when the last report was made.
    expected_before: u64,
    received_before: u64,
    jitter: f64,
    lost_permille: u16,
    last_arrival: Option<(Instant, u32)>,
    sender_report: Option<SenderReport>,
}

/// A publisher's clock: his NTP time at an RTP time-stamp, and when we heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport {
    pub ntp: u64,
    pub rtp: u32,
    pub heard: Instant,
}

impl SenderReport {
    /// The report as it would read at `now`.
    pub fn at(&self, now: Instant, clock_rate: u32) -> (u64, u32) {
        let passed = now.saturating_duration_since(self.heard);
        let ntp =
            ((u128::from(passed.subsec_nanos()) << 32) / 1_000_000_000) as u64 + (passed.as_secs() << 32);
        let ticks = passed.as_nanos() * u128::from(clock_rate) / 1_000_000_000;
        (self.ntp.wrapping_add(ntp), self.rtp.wrapping_add(ticks as u32))
    }
}

impl SenderReport {
    /// The time-stamp on this report's clock for the moment at which `other`'s clock shows `timestamp`; both
    /// come from one machine.
    pub fn timestamp_at_ntp_of(&self, other: &SenderReport, timestamp: u32, clock_rate: u32) -> u32 {
        let apart = i128::from(other.ntp.wrapping_sub(self.ntp) as i64);
        let ticks = (apart * i128::from(clock_rate)) >> 32;
        let since = timestamp.wrapping_sub(other.rtp);
        self.rtp.wrapping_add(ticks as u32).wrapping_add(since)
    }
}

impl Reception {
    pub fn new(ssrc: u32, clock_rate: u32, first: u64) -> Reception {
        Reception {
            ssrc,
            clock_rate,
            first,
            highest: first,
            received: 0,
            expected_before: 0,
            received_before: 0,
            jitter: 0.0,
            lost_permille: 0,
            last_arrival: None,
            sender_report: None,
        }
    }

    pub fn arrived(&mut self, now: Instant, index: u64, timestamp: u32) {
        self.received += 1;
        self.first = self.first.min(index);
        self.highest = self.highest.max(index);
        if let Some((at, before)) = self.last_arrival {
            let ticks = now.saturating_duration_since(at).as_secs_f64() * f64::from(self.clock_rate);
            let difference = ticks - f64::from(timestamp.wrapping_sub(before) as i32);
            self.jitter += (difference.abs() - self.jitter) / 16.0;
        }
        self.last_arrival = Some((now, timestamp));
    }

    pub fn sender_report(&self) -> Option<&SenderReport> {
        self.sender_report.as_ref()
    }

    pub fn heard_sender_report(&mut self, now: Instant, ntp: u64, rtp: u32) {
        self.sender_report = Some(SenderReport { ntp, rtp, heard: now });
    }

    /// Packets expected and received since the first.
    pub fn counts(&self) -> (u64, u64) {
        (self.highest - self.first + 1, self.received)
    }

    /// What the last report said, in thousandths.
    pub fn lost_permille(&self) -> u16 {
        self.lost_permille
    }

    /// In ticks of the stream's clock.
    pub fn jitter(&self) -> u32 {
        self.jitter as u32
    }

    /// The block for the next report; the interval it covers ends here.
    pub fn report(&mut self, now: Instant) -> rtcp::Reception {
        let expected = self.highest - self.first + 1;
        let (in_interval, got) = (
            expected - self.expected_before,
            self.received - self.received_before,
        );
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost = in_interval.saturating_sub(got);
        self.lost_permille = (lost * 1_000).checked_div(in_interval).unwrap_or(0) as u16;
        let (last_sender_report, delay) = self.sender_report.map_or((0, 0), |report| {
            let delay = now.saturating_duration_since(report.heard).as_nanos() * 65_536 / 1_000_000_000;
            ((report.ntp >> 16) as u32, delay as u32)
        });
        rtcp::Reception {
            ssrc: self.ssrc,
            fraction_lost: (lost * 256).checked_div(in_interval).unwrap_or(0).min(255) as u8,
            cumulative_lost: (expected as i64 - self.received as i64).clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence_number: self.highest as u32,
            jitter: self.jitter as u32,
            last_sender_report,
            delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn reports_the_loss_of_each_interval() {
        let start = Instant::now();
        let mut reception = Reception::new(5, 90_000, 100);
        for index in [100, 101, 103] {
            reception.arrived(start, index, 0);
        }
        let report = reception.report(start);
        assert_eq!(
            (
                report.fraction_lost,
                report.cumulative_lost,
                report.highest_sequence_number
            ),
            (64, 1, 103)
        );
        reception.arrived(start, 104, 0);
        assert_eq!(reception.report(start).fraction_lost, 0);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn finds_the_same_moment_on_another_clock() {
        let heard = Instant::now();
        let (small, large) = (
            SenderReport {
                ntp: 7 << 32,
                rtp: 1_000,
                heard,
            },
            SenderReport {
                ntp: (7 << 32) + (1 << 31),
                rtp: u32::MAX - 10,
                heard,
            },
        );
        assert_eq!(small.timestamp_at_ntp_of(&large, 79, 90_000), 46_090);
        assert_eq!(large.timestamp_at_ntp_of(&small, 46_000, 90_000), u32::MAX - 10);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn moves_a_sender_report_forward_with_the_clock() {
        let start = Instant::now();
        let report = SenderReport {
            ntp: 7 << 32,
            rtp: 1000,
            heard: start,
        };
        assert_eq!(
            report.at(start + Duration::from_millis(1500), 48_000),
            ((8 << 32) + (1 << 31), 73_000)
        );
    }
}
