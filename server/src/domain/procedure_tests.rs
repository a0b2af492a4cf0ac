use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::called::Called;
use crate::domain::meeting::{MeetingId, PaperId, SiteId};
use crate::domain::roll::{Kind, Quorum, QuorumRule};

const SEATS: usize = 5;

fn seat(number: usize) -> SeatId {
    SeatId(format!("seat-{number}"))
}

fn caller(number: usize) -> Caller {
    Caller {
        seat: seat(number),
        role: [
            Role::Chair,
            Role::Secretary,
            Role::Delegate,
            Role::Delegate,
            Role::Guest,
        ][number],
        site: (number > 1).then(|| SiteId(format!("site-{number}"))),
        name: format!("người {number}"),
    }
}

fn rules() -> Rules {
    Rules {
        lobby: false,
        locked: false,
        chat: true,
        microphones: Microphones::FloorOnly,
        quota_seconds: 300,
        muted_above: 10,
        quorum: QuorumRule::TwoThirds,
    }
}

fn procedure() -> Procedure {
    let entries = (0..4).map(|number| {
        let caller = caller(number);
        Entry {
            site: caller.site,
            ..Entry::new(caller.seat, Kind::Person, caller.name, caller.role)
        }
    });
    Procedure::new(Roll::new(entries.collect(), None), rules())
}

fn came(number: usize) -> Event {
    let Caller {
        seat,
        role,
        site,
        name,
    } = caller(number);
    let kind = if role == Role::Guest {
        Kind::Guest
    } else {
        Kind::Person
    };
    Event::Came {
        seat,
        name,
        kind,
        role,
        site,
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp(1_790_000_000_000).after(Duration::from_secs(seconds as u64))
}

/// Takes a step and says whether it was taken.
fn take(procedure: &mut Procedure, by: usize, at: i64, step: Step) -> Result<usize, Refusal> {
    let events = procedure.decide(&caller(by), step)?;
    let count = events.len();
    for event in events {
        procedure.apply(moment(at), event);
    }
    Ok(count)
}

#[test]
fn whoever_presents_an_item_is_offered_the_floor_when_it_is_called_and_they_are_here() {
    let mut meeting = procedure();
    meeting.presenters = BTreeMap::from([(1, vec![seat(2), seat(3)]), (2, vec![seat(2)])]);
    let item = |number| Step::SetItem { number: Some(number) };
    assert_eq!(
        take(&mut meeting, 0, 1, item(2)),
        Ok(1),
        "who is not here is not waited for"
    );
    meeting.apply(moment(2), came(3));
    assert_eq!(
        take(&mut meeting, 2, 3, item(1)),
        Err(Refusal::NotAllowed),
        "a delegate leads no agenda"
    );
    assert_eq!(
        take(&mut meeting, 1, 3, item(1)),
        Ok(3),
        "the room where they sit"
    );
    let current = meeting.floor.current.clone().expect("an offer");
    assert_eq!((current.turn.seat, current.began_at), (seat(3), None));
    assert!(
        !meeting.may_be_heard(&seat(3), Role::Delegate),
        "not before their consent"
    );
    assert_eq!(
        take(&mut meeting, 1, 4, item(1)),
        Ok(0),
        "a second click changes nothing"
    );
    assert_eq!(meeting.item, Some(1));
    assert_eq!(take(&mut meeting, 0, 5, Step::SetItem { number: None }), Ok(1));
}

#[test]
fn a_turn_is_asked_offered_taken_and_ended_with_its_time() {
    let mut meeting = procedure();
    meeting.apply(moment(0), came(2));
    assert_eq!(take(&mut meeting, 2, 1, Step::RaiseHand {}), Ok(1));
    assert_eq!(
        take(&mut meeting, 2, 2, Step::RaiseHand {}),
        Ok(0),
        "a second click changes nothing"
    );
    assert_eq!(
        take(&mut meeting, 2, 2, Step::GiveFloor { turn: 1 }),
        Err(Refusal::NotAllowed)
    );
    assert_eq!(take(&mut meeting, 0, 3, Step::GiveFloor { turn: 1 }), Ok(1));
    assert!(
        !meeting.may_be_heard(&seat(2), Role::Delegate),
        "not before their consent"
    );
    assert_eq!(
        take(
            &mut meeting,
            3,
            4,
            Step::AnswerFloor {
                turn: 1,
                accept: true
            }
        ),
        Err(Refusal::NotAllowed)
    );
    assert_eq!(
        take(
            &mut meeting,
            2,
            5,
            Step::AnswerFloor {
                turn: 1,
                accept: true
            }
        ),
        Ok(1)
    );
    assert!(meeting.may_be_heard(&seat(2), Role::Delegate));
    assert!(!meeting.may_be_heard(&seat(3), Role::Delegate));

    meeting.apply(
        moment(65),
        Event::Gone {
            seat: seat(2),
            departure: Departure::Lost,
        },
    );
    meeting.apply(moment(95), came(2));
    let current = meeting.floor.current.clone().unwrap();
    assert_eq!(
        current.spent_at(moment(100)),
        65_000,
        "the countdown stood still while the line was lost"
    );
    assert_eq!(take(&mut meeting, 0, 105, Step::EndTurn { turn: 1 }), Ok(1));
    assert_eq!(
        take(&mut meeting, 1, 105, Step::EndTurn { turn: 1 }),
        Ok(0),
        "ended by the other one"
    );
    let past = &meeting.floor.past[0];
    assert_eq!((past.ending, past.spent_ms), (Ending::Spoken, 70_000));
}

#[test]
fn registered_turns_stand_before_raised_hands_and_the_chair_orders_them() {
    let mut meeting = procedure();
    take(&mut meeting, 3, 0, Step::RaiseHand {}).unwrap();
    for event in meeting.ask(&seat(2), "người 2", How::Registered).unwrap() {
        meeting.apply(moment(1), event);
    }
    let order = |meeting: &Procedure| {
        meeting
            .floor
            .waiting
            .iter()
            .map(|turn| turn.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(order(&meeting), [2, 1]);
    take(&mut meeting, 1, 2, Step::MoveTurn { turn: 1, to: 0 }).unwrap();
    assert_eq!(order(&meeting), [1, 2]);
    take(&mut meeting, 0, 3, Step::GiveFloor { turn: 1 }).unwrap();
    take(&mut meeting, 0, 4, Step::GiveFloor { turn: 2 }).unwrap();
    assert_eq!(order(&meeting), [1], "an offer without an answer is not lost");
}

#[test]
fn a_lost_line_keeps_the_place_and_a_farewell_gives_it_up() {
    let mut meeting = procedure();
    meeting.apply(moment(0), came(3));
    take(&mut meeting, 3, 1, Step::RaiseHand {}).unwrap();
    for event in meeting.part(&seat(3), Departure::Lost) {
        meeting.apply(moment(2), event);
    }
    assert!(meeting.floor.is_waiting(1));
    for event in meeting.part(&seat(3), Departure::Left) {
        meeting.apply(moment(3), event);
    }
    assert!(!meeting.floor.is_waiting(1));
    let intervals = &meeting.roll.entry(&seat(3)).unwrap().intervals;
    assert_eq!(intervals.len(), 1);
    assert_eq!(intervals[0].departure, Some(Departure::Lost));
}

#[test]
fn quorum_counts_who_is_there_by_line_or_in_a_room_that_is_reached() {
    let mut meeting = procedure();
    let quorum = |meeting: &Procedure| {
        let Quorum {
            present,
            called,
            needed,
            is_reached,
            ..
        } = meeting.roll.quorum(QuorumRule::TwoThirds);
        (present, called, needed, is_reached)
    };
    assert_eq!(quorum(&meeting), (0, 3, 2, false), "the secretary does not count");
    meeting.apply(moment(0), came(0));
    take(
        &mut meeting,
        0,
        1,
        Step::Mark {
            seat: seat(2),
            mark: Mark::InPerson,
            reason: None,
        },
    )
    .unwrap();
    assert_eq!(quorum(&meeting), (1, 3, 2, false), "a room that is not reached");
    meeting.apply(moment(2), came(2));
    assert_eq!(quorum(&meeting), (2, 3, 2, true));
    meeting.apply(
        moment(3),
        Event::Gone {
            seat: seat(2),
            departure: Departure::Lost,
        },
    );
    assert_eq!(
        quorum(&meeting),
        (1, 3, 2, false),
        "recomputed when the line is lost"
    );
    let away = Step::Mark {
        seat: seat(3),
        mark: Mark::Absent,
        reason: Some(" đi công tác ".into()),
    };
    take(&mut meeting, 3, 4, away).unwrap();
    assert_eq!(
        meeting.roll.entry(&seat(3)).unwrap().reason.as_deref(),
        Some("đi công tác")
    );
    let other = Step::Mark {
        seat: seat(2),
        mark: Mark::Absent,
        reason: None,
    };
    assert_eq!(
        take(&mut meeting, 3, 5, other),
        Err(Refusal::NotAllowed),
        "another site's people"
    );
}

#[test]
fn the_rules_of_quorum_round_as_the_law_reads() {
    let needed = |rule: QuorumRule| [0, 1, 2, 3, 4, 30, 31].map(|called| rule.needed(called));
    assert_eq!(needed(QuorumRule::Half), [1, 1, 2, 2, 3, 16, 16]);
    assert_eq!(needed(QuorumRule::TwoThirds), [0, 1, 2, 2, 3, 20, 21]);
}

#[test]
fn the_door_holds_back_whom_it_should() {
    let mut meeting = procedure();
    let held = |meeting: &Procedure| {
        (0..SEATS)
            .filter(|number| meeting.holds_back(&seat(*number), caller(*number).role))
            .collect::<Vec<_>>()
    };
    assert_eq!(held(&meeting), [] as [usize; 0]);
    take(&mut meeting, 0, 0, Step::SetLobby { lobby: true }).unwrap();
    assert_eq!(held(&meeting), [4]);
    take(&mut meeting, 0, 1, Step::Lock { locked: true }).unwrap();
    assert_eq!(held(&meeting), [2, 3, 4]);
    take(
        &mut meeting,
        1,
        2,
        Step::Admit {
            seats: vec![seat(2), seat(4)],
        },
    )
    .unwrap();
    assert_eq!(held(&meeting), [3]);
    take(&mut meeting, 0, 3, Step::Lock { locked: false }).unwrap();
    take(&mut meeting, 0, 3, Step::SetLobby { lobby: false }).unwrap();
    meeting.apply(moment(4), came(4));
    take(&mut meeting, 1, 5, Step::Remove { seat: seat(4) }).unwrap();
    assert_eq!(held(&meeting), [4]);
    assert!(meeting.holds_back(&SeatId("another name".into()), Role::Guest));
    assert_eq!(
        take(&mut meeting, 1, 6, Step::Remove { seat: seat(0) }),
        Err(Refusal::NotAllowed)
    );
}

#[test]
fn who_has_the_floor_turns_pages_of_the_paper_on_the_stage_and_no_other() {
    let mut meeting = procedure();
    let page = |paper: &str, page| Step::SetStage {
        stage: Stage::Paper {
            paper: PaperId(paper.into()),
            page,
        },
    };
    take(&mut meeting, 0, 0, page("a", 1)).unwrap();
    assert_eq!(take(&mut meeting, 2, 1, page("a", 2)), Err(Refusal::NotAllowed));
    take(&mut meeting, 0, 2, Step::CallSpeaker { seat: seat(2) }).unwrap();
    take(
        &mut meeting,
        2,
        3,
        Step::AnswerFloor {
            turn: 1,
            accept: true,
        },
    )
    .unwrap();
    assert_eq!(take(&mut meeting, 2, 4, page("a", 2)), Ok(1));
    assert_eq!(take(&mut meeting, 2, 4, page("b", 1)), Err(Refusal::NotAllowed));
    assert_eq!(take(&mut meeting, 0, 5, page("a", 0)), Err(Refusal::Unusable));
}

#[derive(Debug, Clone)]
enum Happening {
    Step(usize, Step),
    Come(usize),
    Part(usize, Departure),
    Crash,
}

fn happening() -> impl Strategy<Value = Happening> {
    let turn = 1..8u32;
    let who = 0..SEATS;
    let step = prop_oneof![
        Just(Step::RaiseHand {}),
        Just(Step::LowerHand {}),
        turn.clone().prop_map(|turn| Step::GiveFloor { turn }),
        who.clone()
            .prop_map(|number| Step::CallSpeaker { seat: seat(number) }),
        (turn.clone(), any::<bool>()).prop_map(|(turn, accept)| Step::AnswerFloor { turn, accept }),
        turn.clone().prop_map(|turn| Step::EndTurn { turn }),
        turn.clone().prop_map(|turn| Step::DropTurn { turn }),
        (turn, 0..9u32).prop_map(|(turn, to)| Step::MoveTurn { turn, to }),
        who.clone().prop_map(|number| Step::Remove { seat: seat(number) }),
    ];
    prop_oneof![
        6 => (who.clone(), step).prop_map(|(by, step)| Happening::Step(by, step)),
        2 => who.clone().prop_map(Happening::Come),
        1 => (who, prop_oneof![Just(Departure::Lost), Just(Departure::Left)])
            .prop_map(|(number, how)| Happening::Part(number, how)),
        1 => Just(Happening::Crash),
    ]
}

fn no_turn_is_lost_or_doubled(meeting: &Procedure) {
    let floor = &meeting.floor;
    let current = floor.current.iter().map(|current| &current.turn);
    let past = floor.past.iter().map(|past| &past.turn);
    let mut ids: Vec<TurnId> = floor
        .waiting
        .iter()
        .chain(current)
        .chain(past)
        .map(|turn| turn.id)
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..floor.next_id()).collect::<Vec<_>>());
    for number in 0..SEATS {
        let live = floor
            .waiting
            .iter()
            .filter(|turn| turn.seat == seat(number))
            .count();
        let speaks = floor
            .current
            .iter()
            .filter(|current| current.turn.seat == seat(number))
            .count();
        assert!(live + speaks <= 1, "{number} stands in the list twice");
    }
}

fn intervals_are_in_order(meeting: &Procedure) {
    for entry in &meeting.roll.entries {
        for pair in entry.intervals.windows(2) {
            assert!(
                pair[0]
                    .to
                    .is_some_and(|end| pair[0].from <= end && end <= pair[1].from),
                "{entry:?}"
            );
        }
    }
    let mut seats: Vec<&SeatId> = meeting.roll.entries.iter().map(|entry| &entry.seat).collect();
    seats.sort();
    seats.dedup();
    assert_eq!(
        seats.len(),
        meeting.roll.entries.len(),
        "nobody stands in the roll twice"
    );
}

proptest! {
    #[test]
    fn whatever_happens_turns_and_roll_stay_whole_and_the_record_gives_the_same_again(
        course in prop::collection::vec((happening(), -5..60i64), 1..80)
    ) {
        let start = || Procedure { called: Some(Called::new(MeetingId("họp".into()), "Họp".into(), rules())), ..procedure() };
        let mut meeting = start();
        let mut record = Vec::new();
        let mut now = 0;
        for (happening, elapsed) in course {
            // Even a clock that is set back now and then.
            now = (now + elapsed).max(0);
            let is_decided = matches!(happening, Happening::Step(..) | Happening::Part(..));
            let events = match happening {
                Happening::Step(by, step) => {
                    let before = meeting.clone();
                    let decided = meeting.decide(&caller(by), step.clone());
                    prop_assert_eq!(&before, &meeting);
                    if let Ok(events) = &decided {
                        let mut twice = meeting.clone();
                        events.iter().for_each(|event| twice.apply(moment(now), event.clone()));
                        let again = twice.decide(&caller(by), step.clone());
                        let repeats = matches!(step, Step::RaiseHand {} | Step::LowerHand {} | Step::GiveFloor { .. }
                            | Step::CallSpeaker { .. } | Step::EndTurn { .. });
                        prop_assert!(!repeats || again == Ok(Vec::new()), "{:?} again: {:?}", step, again);
                    }
                    decided.unwrap_or_default()
                }
                Happening::Come(number) => vec![came(number)],
                Happening::Part(number, departure) => meeting.part(&seat(number), departure),
                Happening::Crash => vec![Event::Interrupted {}],
            };
            for event in events {
                prop_assert!(!is_decided || meeting.can_follow(&event) == Ok(()), "{:?} is told", event);
                record.push((moment(now), event.clone()));
                meeting.apply(moment(now), event);
                no_turn_is_lost_or_doubled(&meeting);
                intervals_are_in_order(&meeting);
            }
        }
        let mut again = start();
        for (at, event) in record {
            let stored = serde_json::to_string(&event).unwrap();
            again.apply(at, serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(again, meeting);
    }
}
