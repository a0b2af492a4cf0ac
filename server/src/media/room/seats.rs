//! Who sits where when there are more people than seats.

use std::time::{Duration, Instant};

/// Someone who can be seen or heard.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub member: usize,
    pub spoke: Option<Instant>,
}

/// The new seating: whoever sits and is still a candidate keeps his seat; free seats go to those who
/// spoke last; then whoever speaks now takes the seat of the one who was silent longest.
pub fn seat(now: Instant, seated: &[Option<usize>], candidates: &[Candidate]) -> Vec<Option<usize>> {
    let find = |member: usize| candidates.iter().find(|candidate| candidate.member == member);
    let mut seats: Vec<Option<&Candidate>> = seated.iter().map(|seat| seat.and_then(find)).collect();
    let mut standing: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| {
            !seats
                .iter()
                .flatten()
                .any(|sitting| sitting.member == candidate.member)
        })
        .collect();
    standing.sort_by_key(|candidate| std::cmp::Reverse(candidate.spoke));
    for candidate in standing {
        if let Some(free) = seats.iter_mut().find(|seat| seat.is_none()) {
            *free = Some(candidate);
        } else if since(now, candidate.spoke) < SPEAKING {
            let quietest = seats
                .iter_mut()
                .max_by_key(|seat| seat.map(|sitting| since(now, sitting.spoke)));
            if let Some(seat) = quietest.filter(|seat| seat.is_some_and(|who| since(now, who.spoke) > SILENT))
            {
                *seat = Some(candidate);
            }
        }
    }
    seats
        .into_iter()
        .map(|seat| seat.map(|candidate| candidate.member))
        .collect()
}

fn since(now: Instant, spoke: Option<Instant>) -> Duration {
    spoke.map_or(Duration::MAX, |at| now.saturating_duration_since(at))
}

const SPEAKING: Duration = Duration::from_millis(500);
/// Nobody loses his seat in the middle of a conversation.
const SILENT: Duration = Duration::from_secs(10);

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
mod tests {
    use super::*;

    #[test]
    fn keeps_seats_fills_free_ones_and_lets_a_speaker_in() {
        let start = Instant::now();
        let now = start + Duration::from_secs(60);
        let silent = |member| Candidate { member, spoke: None };
        let spoke = |member, seconds_ago| Candidate {
            member,
            spoke: Some(now - Duration::from_secs(seconds_ago)),
        };
        for (seated, candidates, expected) in [
            (
                vec![None, None],
                vec![silent(1), silent(2)],
                vec![Some(1), Some(2)],
            ),
            (
                vec![Some(2), None],
                vec![silent(1), silent(2)],
                vec![Some(2), Some(1)],
            ),
            (
                vec![Some(9), Some(2)],
                vec![silent(1), silent(2)],
                vec![Some(1), Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                vec![spoke(1, 30), spoke(2, 20), spoke(3, 0)],
                vec![Some(3), Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                vec![spoke(1, 3), spoke(2, 2), spoke(3, 0)],
                vec![Some(1), Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                vec![silent(1), silent(2), silent(3)],
                vec![Some(1), Some(2)],
            ),
        ] {
            assert_eq!(seat(now, &seated, &candidates), expected);
        }
    }
}
