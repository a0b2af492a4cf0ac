//! Whose pictures a viewer sees when there are more than his page has room for.

use std::time::{Duration, Instant};

/// Someone who can be seen.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub member: usize,
    pub spoke: Option<Instant>,
    /// How much was said of late, as the loudness tells.
    pub said: f32,
}

/// What one viewer's seats are given by.
#[derive(Clone, Copy, Debug)]
pub struct Seating<'s> {
    /// Who sits where.
    pub seated: &'s [Option<usize>],
    /// Whose voice comes with each seat: the same face and voice belong together.
    pub voiced: &'s [Option<usize>],
    /// How many pictures there is room for.
    pub room: usize,
    /// Whom the viewer wants to see whoever speaks.
    pub first: &'s [usize],
    /// Everyone who can be seen.
    pub candidates: &'s [Candidate],
}

impl Seating<'_> {
    /// The new seating. Whoever is wanted sits; others keep their seats while there is room; free seats go to those who
    /// have lately said most. Who speaks and has no seat takes that of the one who has said least, but of nobody who is
    /// wanted or was heard a moment ago.
    pub fn seat(&self, now: Instant) -> Vec<Option<usize>> {
        let find = |member: usize| self.candidates.iter().find(|each| each.member == member);
        let mut seats: Vec<Option<&Candidate>> = self.seated.iter().map(|seat| seat.and_then(find)).collect();
        let room = self.room.min(seats.len());
        while seats.iter().flatten().count() > room {
            let last = || seats.iter().rposition(Option::is_some);
            let Some(goes) = self.least(&seats).or_else(last) else {
                break;
            };
            seats[goes] = None;
        }
        for wanted in self.first.iter().filter_map(|member| find(*member)) {
            if !self.may_enter(&seats, wanted) {
                continue;
            }
            if seats.iter().flatten().count() < room {
                self.take_free(&mut seats, wanted);
            } else if let Some(least) = self.least(&seats).filter(|_| room > 0) {
                seats[least] = Some(wanted);
            }
        }
        let mut standing: Vec<&Candidate> = self
            .candidates
            .iter()
            .filter(|each| self.may_enter(&seats, each))
            .collect();
        standing.sort_by(|one, other| other.said.total_cmp(&one.said));
        for candidate in standing {
            if seats.iter().flatten().count() < room {
                self.take_free(&mut seats, candidate);
            } else if since(now, candidate.spoke) < SPEAKING && candidate.said >= A_FEW_WORDS {
                let least = self.least(&seats);
                let gives_way =
                    |at: &usize| seats[*at].is_some_and(|holder| gives_way(now, room, holder, candidate));
                if let Some(at) = least.filter(gives_way) {
                    seats[at] = Some(candidate);
                }
            }
        }
        seats
            .into_iter()
            .map(|seat| seat.map(|candidate| candidate.member))
            .collect()
    }

    fn may_enter(&self, seats: &[Option<&Candidate>], candidate: &Candidate) -> bool {
        !seats
            .iter()
            .flatten()
            .any(|sitting| sitting.member == candidate.member)
    }

    /// The seat of whoever is not wanted and has said least.
    fn least(&self, seats: &[Option<&Candidate>]) -> Option<usize> {
        let others = seats.iter().enumerate().filter_map(|(at, seat)| {
            let holder = (*seat)?;
            (!self.first.contains(&holder.member)).then_some((at, holder))
        });
        others
            .min_by(|one, other| one.1.said.total_cmp(&other.1.said).then(other.0.cmp(&one.0)))
            .map(|(at, _)| at)
    }

    fn take_free<'c>(&self, seats: &mut [Option<&'c Candidate>], candidate: &'c Candidate) {
        let voice = |at: usize| self.voiced.get(at).copied().flatten();
        let is_free = |at: &usize| seats[*at].is_none();
        let free = || (0..seats.len()).filter(is_free);
        let chosen = free()
            .find(|at| voice(*at) == Some(candidate.member))
            .or_else(|| free().find(|at| voice(*at).is_none()))
            .or_else(|| free().next());
        if let Some(at) = chosen {
            seats[at] = Some(candidate);
        }
    }
}

/// Nobody loses his seat in the middle of a conversation; where few pictures are shown it passes sooner.
fn gives_way(now: Instant, room: usize, holder: &Candidate, candidate: &Candidate) -> bool {
    let silent = since(now, holder.spoke);
    let patience = if room < FEW { TURN } else { CONVERSATION };
    silent > patience || (silent > TURN && candidate.said > holder.said * CLEARLY)
}

fn since(now: Instant, spoke: Option<Instant>) -> Duration {
    spoke.map_or(Duration::MAX, |at| now.saturating_duration_since(at))
}

const SPEAKING: Duration = Duration::from_millis(500);
/// Less is a cough.
const A_FEW_WORDS: f32 = 0.5;
const CONVERSATION: Duration = Duration::from_secs(10);
const TURN: Duration = Duration::from_secs(2);
const FEW: usize = 4;
const CLEARLY: f32 = 1.5;

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test's clock must begin somewhere")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn silent(member: usize) -> Candidate {
        Candidate {
            member,
            spoke: None,
            said: 0.0,
        }
    }

    #[test]
    fn keeps_seats_fills_free_ones_and_lets_a_speaker_in() {
        let now = Instant::now() + Duration::from_secs(60);
        let spoke = |member, seconds_ago, said| Candidate {
            member,
            spoke: Some(now - Duration::from_secs(seconds_ago)),
            said,
        };
        let all = usize::MAX;
        for (seated, room, first, candidates, expected) in [
            (
                vec![None, None],
                all,
                vec![],
                vec![silent(1), silent(2)],
                [Some(1), Some(2)],
            ),
            (
                vec![Some(2), None],
                all,
                vec![],
                vec![silent(1), silent(2)],
                [Some(2), Some(1)],
            ),
            (
                vec![Some(9), Some(2)],
                all,
                vec![],
                vec![silent(1), silent(2)],
                [Some(1), Some(2)],
            ),
            (
                vec![None, None],
                all,
                vec![],
                vec![silent(1), spoke(2, 40, 0.1), spoke(3, 9, 4.0)],
                [Some(3), Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                all,
                vec![],
                vec![spoke(1, 30, 0.5), spoke(2, 20, 1.0), spoke(3, 0, 2.0)],
                [Some(3), Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                all,
                vec![],
                vec![spoke(1, 1, 3.0), spoke(2, 1, 2.0), spoke(3, 0, 9.0)],
                [Some(1), Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                all,
                vec![],
                vec![silent(1), spoke(2, 9, 2.0), spoke(3, 0, 0.1)],
                [Some(1), Some(2)],
            ),
            // Room for one: whoever has said less goes.
            (
                vec![Some(1), Some(2)],
                1,
                vec![],
                vec![silent(1), spoke(2, 9, 2.0)],
                [None, Some(2)],
            ),
            (
                vec![Some(1), Some(2)],
                0,
                vec![1],
                vec![silent(1), silent(2)],
                [None, None],
            ),
            // Whoever is wanted takes a seat at once, and keeps it while others speak.
            (
                vec![Some(1), Some(2)],
                all,
                vec![3],
                vec![spoke(1, 0, 5.0), silent(2), silent(3)],
                [Some(1), Some(3)],
            ),
            (
                vec![Some(1), Some(2)],
                all,
                vec![1, 2],
                vec![silent(1), silent(2), spoke(3, 0, 5.0)],
                [Some(1), Some(2)],
            ),
        ] {
            let seating = Seating {
                seated: &seated,
                voiced: &[],
                room,
                first: &first,
                candidates: &candidates,
            };
            assert_eq!(seating.seat(now), expected, "{seating:?}");
        }
    }

    #[test]
    fn a_face_goes_where_its_voice_is() {
        let candidates = [silent(1), silent(2)];
        let seating = Seating {
            seated: &[None, None, None],
            voiced: &[None, Some(1), Some(7)],
            room: 3,
            first: &[],
            candidates: &candidates,
        };
        assert_eq!(seating.seat(Instant::now()), [Some(2), Some(1), None]);
    }

    proptest! {
        /// However often it is asked: nobody sits twice, nobody beyond the room, whoever is wanted sits, and what was
        /// decided stays decided.
        #[test]
        fn a_seating_is_sound_and_stands(
            seats in 1usize..12,
            room in 0usize..12,
            people in proptest::collection::vec((0u64..30, 0.0f32..10.0), 0..20),
            seated in proptest::collection::vec(proptest::option::of(0usize..20), 12),
            first in proptest::collection::vec(0usize..20, 0..3),
        ) {
            let now = Instant::now() + Duration::from_secs(60);
            let candidates: Vec<Candidate> = people
                .iter()
                .enumerate()
                .map(|(member, (ago, said))| Candidate {
                    member,
                    spoke: Some(now - Duration::from_secs(*ago)),
                    said: *said,
                })
                .collect();
            let mut seated: Vec<Option<usize>> = seated[..seats].to_vec();
            for at in 0..seats {
                if seated[..at].contains(&seated[at]) {
                    seated[at] = None;
                }
            }
            let ask = |seated: &[Option<usize>]| {
                let seating = Seating { seated, voiced: &[], room, first: &first, candidates: &candidates };
                seating.seat(now)
            };
            let given = ask(&seated);
            let mut sitting: Vec<usize> = given.iter().copied().flatten().collect();
            prop_assert_eq!(sitting.len(), room.min(seats).min(people.len()));
            sitting.sort_unstable();
            sitting.dedup();
            prop_assert_eq!(sitting.len(), given.iter().flatten().count());
            let mut wanted: Vec<usize> = first.iter().copied().filter(|member| *member < people.len()).collect();
            wanted.dedup();
            if wanted.len() <= room.min(seats) {
                prop_assert!(wanted.iter().all(|member| sitting.contains(member)));
            }
        }
    }
}
