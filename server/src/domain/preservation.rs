//! When the proofs of a kept paper are made anew.
//!
//! A signature of level B-LTA can be verified for as long as the certificate of its last archive time-stamp is valid; a
//! newer one over it carries the proof on (EN 319 142-1, 5.5; ETSI TS 119 511, 9.2).

use std::time::Duration;

use crate::clock::Timestamp;

/// A paper that came or was issued is given its first proofs when what authorities say about its signers is newer than the
/// signatures.
pub const SETTLING: Duration = DAY;

/// The next time-stamp is asked for so long before the certificate of the last one ends: a season for an authority that
/// cannot be reached.
const AHEAD: Duration = Duration::from_secs(90 * 86_400);

/// How long after an attempt that failed the next follows: from an hour, doubled up to a week.
pub fn next_attempt(attempts: i32, now: Timestamp) -> Timestamp {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(8);
    let pause = Duration::from_secs(3_600 * 2_u64.pow(doublings));
    now.after(pause.min(7 * DAY))
}

/// When the proofs are made anew that end `until`; where that is near, after half of the time that is left.
pub fn renewal(until: Timestamp, now: Timestamp) -> Timestamp {
    let left = until.since(now);
    let usual = left.saturating_sub(AHEAD);
    now.after(usual.max(left / 2).max(DAY))
}

const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> Timestamp {
        Timestamp(0).after(DAY * u32::try_from(number).unwrap())
    }

    #[test]
    fn proofs_are_renewed_a_season_before_they_end_and_never_at_once() {
        let cases = [
            (1_825, 1_735),
            (180, 90),
            (100, 50),
            (10, 5),
            // Ended or ending: tried every day.
            (1, 1),
            (0, 1),
        ];
        for (until, expected) in cases {
            assert_eq!(renewal(day(until), day(0)), day(expected), "{until} days");
        }
        assert_eq!(renewal(day(5), day(9)), day(10), "ended before");
    }

    #[test]
    fn attempts_rest_longer_and_at_most_a_week() {
        let hours = [0, 1, 2, 7, 8, 100].map(|attempts| {
            let next = next_attempt(attempts, Timestamp(0));
            next.since(Timestamp(0)).as_secs() / 3_600
        });
        assert_eq!(hours, [1, 2, 4, 128, 168, 168]);
    }
}
