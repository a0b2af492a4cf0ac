//! What was sent again a moment ago: a viewer behind a full queue asks for it once more before it can have
//! come.

use std::time::{Duration, Instant};

/// By the low bits of the sequence number: the number and when it was last repeated.
#[derive(Default)]
pub struct Recent {
    entries: Box<[(u16, u32)]>,
    began: Option<Instant>,
}

impl Recent {
    pub fn new() -> Recent {
        Recent {
            entries: vec![(0, NEVER); ENTRIES].into_boxed_slice(),
            began: None,
        }
    }

    /// Whether the packet is to be repeated now, and notes that it is; `false` while an earlier repetition
    /// may still be on its way.
    pub fn may_repeat(&mut self, now: Instant, number: u16, round_trip: Duration) -> bool {
        let began = *self.began.get_or_insert(now);
        let now_ms = now.saturating_duration_since(began).as_millis() as u32;
        let Some(entry) = self.entries.get_mut(usize::from(number) % ENTRIES) else {
            return true;
        };
        let pause_ms = round_trip.as_millis() as u32;
        if entry.0 == number && entry.1 != NEVER && now_ms.wrapping_sub(entry.1) < pause_ms {
            return false;
        }
        *entry = (number, now_ms);
        true
    }
}

const ENTRIES: usize = 64;
const NEVER: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn repeats_once_a_round_trip() {
        let (start, round_trip) = (Instant::now(), Duration::from_millis(100));
        let mut recent = Recent::new();
        let mut ask =
            |number, after| recent.may_repeat(start + Duration::from_millis(after), number, round_trip);
        assert!(ask(7, 0));
        assert!(!ask(7, 99));
        assert!(ask(8, 99));
        assert!(ask(7, 100));
        assert!(!ask(7, 150));
    }
}
