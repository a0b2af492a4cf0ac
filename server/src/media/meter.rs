//! How much flows, over the last second.

use std::time::{Duration, Instant};

/// Ten buckets of a tenth of a second; without allocation.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    began: Option<Instant>,
    bucket: u64,
    bytes: [u32; BUCKETS as usize],
}

impl Meter {
    pub fn count(&mut self, now: Instant, bytes: usize) {
        let bucket = self.advance(now);
        let at = (bucket % BUCKETS) as usize;
        self.bytes[at] = self.bytes[at].saturating_add(bytes as u32);
    }

    /// Bits a second; while less than a second has been measured, over what was.
    pub fn bits_per_second(&self, now: Instant) -> u64 {
        let Some(began) = self.began else { return 0 };
        let age = now.saturating_duration_since(began);
        let bucket = age.as_millis() as u64 / BUCKET_MS;
        let stale = bucket.saturating_sub(self.bucket);
        let counted: u64 = (stale..BUCKETS)
            .filter_map(|back| Some(self.bytes[(bucket.checked_sub(back)? % BUCKETS) as usize]))
            .map(u64::from)
            .sum();
        let window = age.clamp(SHORTEST, Duration::from_millis(BUCKETS * BUCKET_MS));
        counted * 8 * 1_000 / window.as_millis() as u64
    }

    fn advance(&mut self, now: Instant) -> u64 {
        let began = *self.began.get_or_insert(now);
        let bucket = now.saturating_duration_since(began).as_millis() as u64 / BUCKET_MS;
        let passed = bucket.saturating_sub(self.bucket);
        for step in 1..=passed.min(BUCKETS) {
            self.bytes[((self.bucket + step) % BUCKETS) as usize] = 0;
        }
        if passed > BUCKETS {
            self.bytes = Default::default();
        }
        self.bucket = self.bucket.max(bucket);
        bucket.max(self.bucket)
    }
}

const BUCKETS: u64 = 10;
const BUCKET_MS: u64 = 100;
const SHORTEST: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn measures_the_last_second_and_forgets_what_is_older() {
        let start = Instant::now();
        let mut meter = Meter::default();
        assert_eq!(meter.bits_per_second(start), 0);
        for step in 0..30 {
            meter.count(start + Duration::from_millis(100 * step), 1_250);
        }
        let measured = meter.bits_per_second(start + Duration::from_millis(2_950));
        assert_eq!(measured, 100_000);
        assert_eq!(
            meter.bits_per_second(start + Duration::from_millis(3_400)),
            50_000
        );
        assert_eq!(meter.bits_per_second(start + Duration::from_secs(9)), 0);
    }
}
