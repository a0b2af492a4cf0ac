//! For how much longer than the others' a voice is held back whose packets come unevenly.

/// Of one voice. It waits longer at once, and less again so slowly that nobody hears it.
#[derive(Default)]
pub struct Patience {
    extra_us: i64,
    began_us: Option<i64>,
    /// The latest of the last seconds, and of those before.
    now: i64,
    before: i64,
}

impl Patience {
    /// Takes note of a packet that came at `arrived_us`, `late_us` after the fastest of its voice; gives for how many
    /// microseconds longer the voice is held back from now on.
    pub fn hear(&mut self, arrived_us: i64, late_us: i64) -> i64 {
        let began = *self.began_us.get_or_insert(arrived_us);
        if arrived_us - began > WINDOW_US {
            self.began_us = Some(arrived_us);
            self.before = std::mem::take(&mut self.now);
        }
        self.now = self.now.max(late_us);
        let wanted = (self.now.max(self.before) - ALLOWED_US).clamp(0, MOST_US);
        if wanted > self.extra_us {
            self.extra_us = wanted;
        } else {
            self.extra_us -= (self.extra_us - wanted).min(STEP_US);
        }
        self.extra_us
    }
}

const WINDOW_US: i64 = 5_000_000;
/// What [`super::DELAY`] takes, with some room.
const ALLOWED_US: i64 = 45_000;
/// A voice that comes later than this is better left out than kept waiting for.
const MOST_US: i64 = 140_000;
/// A packet of 20 ms is shortened by less than a hundredth.
const STEP_US: i64 = 160;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_waits_longer_at_once_and_less_again_unheard() {
        let mut patience = Patience::default();
        let mut at = 0;
        let mut hear = |late_us| {
            at += 20_000;
            patience.hear(at, late_us)
        };
        assert_eq!((hear(0), hear(30_000)), (0, 0), "within what all are held back");
        assert_eq!(hear(105_000), 60_000);
        assert_eq!(hear(900_000), MOST_US);
        let mut last = MOST_US;
        for _ in 0..2_000 {
            let now = hear(10_000);
            assert!((0..=STEP_US).contains(&(last - now)));
            last = now;
        }
        assert_eq!(last, 0, "half a minute later");
    }
}
