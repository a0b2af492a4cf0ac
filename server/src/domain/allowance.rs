//! How much somebody may ask for: so many a minute, a minute's worth at once, and given back evenly.

use std::time::Duration;

use crate::clock::Timestamp;

/// What is left of somebody's share.
#[derive(Debug, Clone)]
pub struct Allowance {
    left: f64,
    at: Timestamp,
}

impl Allowance {
    /// All of it.
    pub fn whole(per_minute: u32, now: Timestamp) -> Self {
        Self {
            left: f64::from(per_minute),
            at: now,
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// None is left: how long until the next one is there.
    pub fn take(&mut self, per_minute: u32, now: Timestamp) -> Result<(), Duration> {
        let per_second = f64::from(per_minute) / 60.0;
        let grown = self.left + now.since(self.at).as_secs_f64() * per_second;
        self.left = grown.min(f64::from(per_minute));
        self.at = now;
        if self.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.left) / per_second));
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn a_minutes_worth_may_come_at_once_and_more_as_time_goes() {
        let mut allowance = Allowance::whole(30, at(0));
        for _ in 0..30 {
            allowance.take(30, at(0)).unwrap();
        }
        let wait = allowance.take(30, at(0)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(2));
        assert_eq!(allowance.take(30, at(1)).unwrap_err(), Duration::from_secs(1));
        allowance.take(30, at(2)).unwrap();
        allowance.take(30, at(3)).unwrap_err();
        // A long pause gives a minute's worth and no more.
        let taken = (0..100).filter(|_| allowance.take(30, at(3600)).is_ok());
        assert_eq!(taken.count(), 30);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_and_takes_nothing() {
        let mut allowance = Allowance::whole(2, at(100));
        allowance.take(2, at(50)).unwrap();
        allowance.take(2, at(50)).unwrap();
        allowance.take(2, at(60)).unwrap_err();
    }
}
