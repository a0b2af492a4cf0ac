//! How much a socket may say: a bucket of tokens.

use std::time::Instant;

/// Messages that may come at once: a browser that joins sends half a dozen, one that was asleep a few pings more.
const BURST: f64 = 60.0;
/// Messages a second in the long run.
const PER_SECOND: f64 = 20.0;

/// Counts the messages of one socket.
#[derive(Debug)]
pub struct Limit {
    tokens: f64,
    filled_at: Instant,
}

impl Limit {
    /// A full bucket.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            tokens: BURST,
            filled_at: now,
        }
    }

    /// Counts one message; `false` when it is one too many.
    pub fn take(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.tokens = (self.tokens + elapsed * PER_SECOND).min(BURST);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lets_a_burst_pass_and_then_the_steady_rate() {
        let start = crate::clock::instant();
        let mut limit = Limit::new(start);
        assert_eq!((0..100).filter(|_| limit.take(start)).count(), 60);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| limit.take(later)).count(), 20);
    }
}
