//! What is missing from a publisher's stream and when to ask for it.

use std::time::{Duration, Instant};

/// The missing packets of one stream, at most [`CAPACITY`]; without allocation after it is made.
pub struct Gaps {
    missing: Vec<Missing>,
    highest: Option<u64>,
}

struct Missing {
    index: u64,
    asked: u8,
    ask_at: Instant,
}

impl Default for Gaps {
    fn default() -> Gaps {
        Gaps {
            missing: Vec::with_capacity(CAPACITY),
            highest: None,
        }
    }
}

impl Gaps {
    /// A packet arrived. `true` when it left a gap behind, so that asking at once is worth it.
    pub fn arrived(&mut self, now: Instant, index: u64) -> bool {
        let Some(highest) = self.highest else {
            self.highest = Some(index);
            return false;
        };
        if index <= highest {
            self.missing.retain(|missing| missing.index != index);
            return false;
        }
        self.highest = Some(index);
        let skipped = index - highest - 1;
        if skipped > LONGEST_GAP {
            // The stream began anew or was away: only a key frame helps.
            self.missing.clear();
            return false;
        }
        for index in highest + 1..index {
            if self.missing.len() == CAPACITY {
                self.missing.remove(0);
            }
            self.missing.push(Missing {
                index,
                asked: 0,
                ask_at: now,
            });
        }
        skipped > 0
    }

    /// Whether this packet is missing and was asked for.
    pub fn was_asked_for(&self, index: u64) -> bool {
        self.missing
            .iter()
            .any(|missing| missing.index == index && missing.asked > 0)
    }

    /// Fills `into` with what is to be asked for now, in rising order; gives how many.
    pub fn due(&mut self, now: Instant, into: &mut [u16]) -> usize {
        self.missing.retain(|missing| missing.asked < MOST_ASKS);
        let due = self.missing.iter_mut().filter(|missing| missing.ask_at <= now);
        let mut count = 0;
        for (missing, number) in due.zip(into) {
            // What stands in a full queue comes late, and each repetition would stand behind it.
            missing.ask_at = now + ASK_AGAIN * (1 << missing.asked);
            missing.asked += 1;
            *number = missing.index as u16;
            count += 1;
        }
        count
    }
}

const CAPACITY: usize = 64;
/// Chromium's own receiver gives up at 1,000 packets; here a longer gap than this is a new beginning.
const LONGEST_GAP: u64 = 64;
/// Above the round trip of a domestic line; doubled each time, so that a slow one is not filled with repetitions.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// The last is 1.5 s after the first.
const MOST_ASKS: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
    fn asks_at_once_then_again_and_no_more_once_it_came() {
        let start = Instant::now();
        let (mut gaps, mut numbers) = (Gaps::default(), [0; 8]);
        assert!(!gaps.arrived(start, 10));
        assert!(gaps.arrived(start, 13));
        assert_eq!((gaps.due(start, &mut numbers), &numbers[..2]), (2, &[11, 12][..]));
        assert_eq!(gaps.due(start, &mut numbers), 0);
        assert!(gaps.was_asked_for(11) && !gaps.was_asked_for(13));
        assert!(!gaps.arrived(start, 11));
        assert!(!gaps.was_asked_for(11));
        let later = start + ASK_AGAIN;
        assert_eq!((gaps.due(later, &mut numbers), numbers[0]), (1, 12));
        let again: Vec<u32> = (2..40)
            .filter(|round| gaps.due(start + ASK_AGAIN * *round, &mut numbers) > 0)
            .collect();
        assert_eq!(
            again,
            [3, 7, 15],
            "each time after twice as long, and then it gives up"
        );
    }
}
