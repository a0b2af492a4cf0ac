//! When people are busy.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long a meeting is taken to last whose end nobody said.
const USUAL: Duration = Duration::from_secs(3600);

/// From when until when something takes somebody's time; the end itself is free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Span {
    /// A meeting's span; one without a usable end lasts an hour.
    pub fn of(starts_at: Timestamp, ends_at: Option<Timestamp>) -> Self {
        let to = ends_at
            .filter(|end| *end > starts_at)
            .unwrap_or_else(|| starts_at.after(USUAL));
        Self { from: starts_at, to }
    }

    /// Whether one person cannot be at both.
    pub fn clashes(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span::of(Timestamp(from), Some(Timestamp(to)))
    }

    #[test]
    fn what_follows_at_once_does_not_clash() {
        assert!(!span(0, 10).clashes(span(10, 20)));
        assert!(span(0, 11).clashes(span(10, 20)));
        assert!(span(0, 30).clashes(span(10, 20)));
    }

    #[test]
    fn a_meeting_without_end_lasts_an_hour() {
        assert_eq!(
            Span::of(Timestamp(5), Some(Timestamp(5))).to,
            Timestamp(3_600_005)
        );
        assert_eq!(Span::of(Timestamp(5), None).to, Timestamp(3_600_005));
    }

    proptest! {
        #[test]
        fn clashes_are_mutual_and_mean_a_moment_in_both(a in 0..50i64, b in 1..20i64, c in 0..50i64, d in 1..20i64) {
            let (one, two) = (span(a, a + b), span(c, c + d));
            let shared = (a..a + b).any(|moment| (c..c + d).contains(&moment));
            prop_assert_eq!(one.clashes(two), shared);
            prop_assert_eq!(two.clashes(one), shared);
        }
    }
}
