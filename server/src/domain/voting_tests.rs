use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::ballot::{Electorate, Majority, Tally};
use crate::domain::called::Called;
use crate::domain::meeting::{MeetingId, Role, SiteId};
use crate::domain::procedure::{Microphones, Rules, Step};
use crate::domain::roll::{Departure, QuorumRule, Roll};

/// Chair, secretary, three delegates of whom two sit in one room, that room, a guest.
const CHAIR: usize = 0;
const SECRETARY: usize = 1;
const DELEGATE: usize = 2;
const IN_ROOM: usize = 3;
const AWAY: usize = 4;
const ROOM: usize = 5;
const GUEST: usize = 6;
const SEATS: usize = 7;

fn seat(number: usize) -> SeatId {
    SeatId(format!("seat-{number}"))
}

fn site(number: usize) -> Option<SiteId> {
    matches!(number, IN_ROOM | AWAY | ROOM).then(|| SiteId("An Phú".into()))
}

fn role(number: usize) -> Role {
    match number {
        CHAIR => Role::Chair,
        SECRETARY => Role::Secretary,
        GUEST => Role::Guest,
        _ => Role::Delegate,
    }
}

fn kind(number: usize) -> Kind {
    match number {
        ROOM => Kind::Site,
        GUEST => Kind::Guest,
        _ => Kind::Person,
    }
}

fn caller(number: usize) -> Caller {
    Caller {
        seat: seat(number),
        role: role(number),
        site: site(number),
        name: format!("người {number}"),
    }
}

fn meeting(quorum: QuorumRule) -> Procedure {
    let entries = (0..GUEST).map(|number| Entry {
        site: site(number),
        weight: if number == DELEGATE { 3 } else { 1 },
        ..Entry::new(
            seat(number),
            kind(number),
            format!("người {number}"),
            role(number),
        )
    });
    let rules = Rules {
        lobby: false,
        locked: false,
        chat: true,
        microphones: Microphones::Free,
        quota_seconds: 300,
        muted_above: 10,
        quorum,
    };
    Procedure::new(Roll::new(entries.collect(), None), rules)
}

fn came(number: usize) -> Event {
    Event::Came {
        seat: seat(number),
        name: format!("người {number}"),
        kind: kind(number),
        role: role(number),
        site: site(number),
    }
}

fn gone(number: usize, departure: Departure) -> Event {
    Event::Gone {
        seat: seat(number),
        departure,
    }
}

fn moment(seconds: u64) -> Timestamp {
    Timestamp(1_790_000_000_000).after(Duration::from_secs(seconds))
}

fn terms(electorate: Electorate, majority: Majority) -> Terms {
    Terms {
        question: "Thông qua dự thảo kế hoạch?".into(),
        item: Some(1),
        electorate,
        is_secret: false,
        is_signed: false,
        majority,
        seconds: None,
        grace_seconds: 0,
    }
}

fn take(meeting: &mut Procedure, by: usize, at: u64, step: Step) -> Result<usize, Refusal> {
    let events = meeting.decide(&caller(by), step)?;
    let count = events.len();
    for event in events {
        meeting.apply(moment(at), event);
    }
    Ok(count)
}

fn cast(voter: usize, choice: Choice) -> Step {
    Step::CastBallot {
        vote: 1,
        voter: seat(voter),
        choice,
    }
}

/// Chair, a delegate and the room are in; one delegate sits in the room, one is away.
fn assembled() -> Procedure {
    let mut meeting = meeting(QuorumRule::Half);
    for number in [CHAIR, SECRETARY, DELEGATE, ROOM] {
        meeting.apply(moment(0), came(number));
    }
    let mark = Step::Mark {
        seat: seat(IN_ROOM),
        mark: Mark::InPerson,
        reason: None,
    };
    take(&mut meeting, SECRETARY, 1, mark).unwrap();
    meeting
}

fn open(meeting: &mut Procedure, terms: Terms) {
    assert_eq!(take(meeting, CHAIR, 10, Step::OpenVote { terms }), Ok(2));
}

#[test]
fn a_vote_is_put_answered_and_carried_by_the_weight_of_those_called() {
    let mut meeting = assembled();
    open(&mut meeting, terms(Electorate::Delegates, Majority::HalfOfCalled));
    let vote = meeting.votes.open().unwrap();
    let voters: Vec<&SeatId> = vote.opening.voters.iter().map(|voter| &voter.seat).collect();
    assert_eq!(voters, [&seat(CHAIR), &seat(DELEGATE), &seat(IN_ROOM)]);
    assert_eq!(
        (vote.opening.called, vote.opening.present(), vote.opening.needed()),
        (6, 5, 4)
    );
    assert_eq!(meeting.stage, Stage::Vote { vote: 1 });

    assert_eq!(
        take(&mut meeting, CHAIR, 11, cast(CHAIR, Choice::InFavour)),
        Ok(1)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 12, cast(CHAIR, Choice::InFavour)),
        Ok(0),
        "the same again"
    );
    assert_eq!(
        take(&mut meeting, DELEGATE, 12, cast(DELEGATE, Choice::Against)),
        Ok(1)
    );
    assert_eq!(
        take(&mut meeting, ROOM, 13, cast(IN_ROOM, Choice::Abstaining)),
        Ok(1),
        "by the room"
    );
    let vote = meeting.votes.open().unwrap();
    assert_eq!(vote.outcome(&vote.tally()), Outcome::NotCarried);
    assert_eq!(
        take(&mut meeting, DELEGATE, 14, cast(DELEGATE, Choice::InFavour)),
        Ok(1),
        "changed"
    );

    assert_eq!(
        take(&mut meeting, SECRETARY, 15, Step::CloseVote { vote: 1 }),
        Ok(1)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 15, Step::CloseVote { vote: 1 }),
        Ok(0),
        "closed by the other one"
    );
    let end = meeting.votes.all[0].end.unwrap();
    let tally = Tally {
        in_favour: 4,
        against: 0,
        abstaining: 1,
    };
    assert_eq!((end.outcome, end.tally), (Outcome::Carried, tally));
    assert_eq!(
        take(&mut meeting, CHAIR, 16, cast(CHAIR, Choice::Against)),
        Err(Refusal::VoteClosed)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 16, Step::WithdrawVote { vote: 1 }),
        Err(Refusal::VoteClosed)
    );
    assert_eq!(meeting.votes.all[0].end, Some(end));
}

#[test]
fn who_may_not_is_refused_with_its_own_answer() {
    let mut meeting = assembled();
    let vote = terms(Electorate::Delegates, Majority::HalfOfPresent);
    for nobody in [DELEGATE, ROOM, GUEST] {
        let step = Step::OpenVote { terms: vote.clone() };
        assert_eq!(take(&mut meeting, nobody, 2, step), Err(Refusal::NotAllowed));
    }
    assert_eq!(
        take(&mut meeting, CHAIR, 3, cast(CHAIR, Choice::InFavour)),
        Err(Refusal::Gone)
    );
    open(&mut meeting, vote.clone());
    let again = Step::OpenVote { terms: vote.clone() };
    assert_eq!(
        take(&mut meeting, SECRETARY, 10, again),
        Ok(0),
        "two clicks are one vote"
    );
    let other = Step::OpenVote {
        terms: Terms {
            question: "Điều khác?".into(),
            ..vote
        },
    };
    assert_eq!(take(&mut meeting, CHAIR, 11, other), Err(Refusal::VoteOpen));
    let yes = Choice::InFavour;
    assert_eq!(
        take(&mut meeting, GUEST, 12, cast(GUEST, yes)),
        Err(Refusal::NotAllowed)
    );
    assert_eq!(
        take(&mut meeting, SECRETARY, 12, cast(SECRETARY, yes)),
        Err(Refusal::NotEntitled)
    );
    assert_eq!(
        take(&mut meeting, DELEGATE, 12, cast(CHAIR, yes)),
        Err(Refusal::NotAllowed)
    );
    assert_eq!(
        take(&mut meeting, ROOM, 12, cast(DELEGATE, yes)),
        Err(Refusal::NotAllowed)
    );
    assert_eq!(
        take(&mut meeting, SECRETARY, 12, cast(DELEGATE, yes)),
        Err(Refusal::NotAllowed),
        "has a line"
    );
    assert_eq!(
        take(&mut meeting, SECRETARY, 12, cast(IN_ROOM, yes)),
        Ok(1),
        "a raised hand"
    );
    meeting.apply(moment(13), came(AWAY));
    assert_eq!(
        take(&mut meeting, AWAY, 14, cast(AWAY, yes)),
        Err(Refusal::NotEntitled),
        "came too late"
    );
    meeting.apply(moment(15), came(IN_ROOM));
    assert_eq!(
        take(&mut meeting, ROOM, 16, cast(IN_ROOM, Choice::Against)),
        Err(Refusal::NotAllowed),
        "now votes alone"
    );
}

#[test]
fn without_a_quorum_at_that_second_nothing_is_put_to_the_vote() {
    let mut meeting = assembled();
    meeting.apply(moment(2), gone(ROOM, Departure::Lost));
    meeting.apply(moment(2), gone(DELEGATE, Departure::Lost));
    let step = |electorate| Step::OpenVote {
        terms: terms(electorate, Majority::HalfOfPresent),
    };
    let before = meeting.clone();
    assert_eq!(
        take(&mut meeting, CHAIR, 3, step(Electorate::Delegates)),
        Err(Refusal::NoQuorum)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 3, step(Electorate::Sites)),
        Err(Refusal::NoQuorum)
    );
    assert_eq!(meeting, before);
    meeting.apply(moment(4), came(ROOM));
    meeting.apply(moment(4), came(DELEGATE));
    assert_eq!(take(&mut meeting, CHAIR, 5, step(Electorate::Sites)), Ok(2));
    assert_eq!(take(&mut meeting, ROOM, 6, cast(ROOM, Choice::InFavour)), Ok(1));
    assert_eq!(
        take(&mut meeting, DELEGATE, 6, cast(DELEGATE, Choice::InFavour)),
        Err(Refusal::NotEntitled)
    );
}

#[test]
fn a_time_limit_closes_it_and_waits_for_who_lost_the_line_as_long_as_the_rule_says() {
    let with_grace = |grace_seconds| Terms {
        seconds: Some(60),
        grace_seconds,
        ..terms(Electorate::Delegates, Majority::HalfOfPresent)
    };
    let closes = |meeting: &Procedure| meeting.votes.open().unwrap().closes_at(&meeting.roll);

    let mut meeting = assembled();
    open(&mut meeting, with_grace(0));
    meeting.apply(moment(20), gone(DELEGATE, Departure::Lost));
    assert_eq!(
        closes(&meeting),
        Some(moment(70)),
        "until the close, and no longer"
    );
    assert_eq!(meeting.fall_due(moment(69)), []);
    assert_eq!(meeting.fall_due(moment(70)).len(), 1);

    let mut meeting = assembled();
    open(&mut meeting, with_grace(30));
    meeting.apply(moment(20), gone(DELEGATE, Departure::Lost));
    assert_eq!(closes(&meeting), None);
    assert_eq!(
        meeting.fall_due(moment(5000)),
        [],
        "waited for until the chair closes it"
    );
    meeting.apply(moment(65), came(DELEGATE));
    assert_eq!(closes(&meeting), Some(moment(95)));
    take(&mut meeting, DELEGATE, 80, cast(DELEGATE, Choice::InFavour)).unwrap();
    assert_eq!(
        closes(&meeting),
        Some(moment(70)),
        "nobody is waited for any more"
    );

    let mut meeting = assembled();
    open(&mut meeting, with_grace(30));
    meeting.apply(moment(20), gone(DELEGATE, Departure::Left));
    assert_eq!(closes(&meeting), Some(moment(70)), "who left is not waited for");
}

#[test]
fn the_time_in_which_the_program_was_gone_does_not_count() {
    let mut meeting = assembled();
    let limited = Terms {
        seconds: Some(60),
        ..terms(Electorate::Delegates, Majority::HalfOfPresent)
    };
    open(&mut meeting, limited);
    meeting.apply(moment(30), Event::Interrupted {});
    assert_eq!(meeting.fall_due(moment(5000)), []);
    meeting.apply(moment(100), came(ROOM));
    meeting.apply(moment(101), came(CHAIR));
    assert_eq!(meeting.fall_due(moment(139)), []);
    assert_eq!(meeting.fall_due(moment(140)).len(), 1);
}

#[test]
fn the_end_of_the_meeting_decides_nothing_that_was_not_decided() {
    let mut meeting = assembled();
    assert_eq!(meeting.break_off(), []);
    open(
        &mut meeting,
        terms(Electorate::Delegates, Majority::HalfOfPresent),
    );
    take(&mut meeting, DELEGATE, 11, cast(DELEGATE, Choice::InFavour)).unwrap();
    for event in meeting.break_off() {
        meeting.apply(moment(12), event);
    }
    assert_eq!(meeting.votes.all[0].end.unwrap().outcome, Outcome::Withdrawn);
}

/// Six delegates who are in, the first of whom chairs, and a seventh in the hall without a line.
fn council(weight: u32) -> Procedure {
    let named = |number: usize| Entry {
        weight: if number == DELEGATE { weight } else { 1 },
        mark: if number == 6 {
            Mark::InPerson
        } else {
            Mark::Unmarked
        },
        ..Entry::new(
            seat(number),
            Kind::Person,
            format!("người {number}"),
            if number == CHAIR {
                Role::Chair
            } else {
                Role::Delegate
            },
        )
    };
    let rules = meeting(QuorumRule::None).rules;
    let mut council = Procedure::new(Roll::new((0..7).map(named).collect(), None), rules);
    for number in 0..6 {
        let came = Event::Came {
            seat: seat(number),
            name: format!("người {number}"),
            kind: Kind::Person,
            role: if number == CHAIR {
                Role::Chair
            } else {
                Role::Delegate
            },
            site: None,
        };
        council.apply(moment(0), came);
    }
    council
}

fn secret() -> Terms {
    Terms {
        is_secret: true,
        is_signed: false,
        ..terms(Electorate::Delegates, Majority::HalfOfCalled)
    }
}

fn ask(voter: usize, blinded: &str) -> Step {
    Step::AskToken {
        vote: 1,
        voter: seat(voter),
        blinded: blinded.into(),
    }
}

#[test]
fn a_secret_vote_is_among_five_at_least_of_equal_weight_who_have_lines() {
    let put = Step::OpenVote { terms: secret() };
    assert_eq!(
        take(&mut council(2), CHAIR, 1, put.clone()),
        Err(Refusal::NotSecret),
        "unequal"
    );
    let mut meeting = council(1);
    for number in [4, 5] {
        meeting.apply(moment(1), gone(number, Departure::Lost));
    }
    assert_eq!(
        take(&mut meeting, CHAIR, 1, put.clone()),
        Err(Refusal::NotSecret),
        "four"
    );
    meeting.apply(moment(2), came(4));
    assert_eq!(take(&mut meeting, CHAIR, 3, put), Ok(2));
    let opening = &meeting.votes.open().unwrap().opening;
    assert_eq!(
        (opening.called, opening.present()),
        (7, 5),
        "who has no line of their own has no token"
    );
}

#[test]
fn a_voter_has_one_token_and_the_ballots_are_counted_when_the_box_is_opened() {
    let mut meeting = council(1);
    take(&mut meeting, CHAIR, 1, Step::OpenVote { terms: secret() }).unwrap();
    let chair = caller(CHAIR);
    let delegate = |number| Caller {
        role: Role::Delegate,
        ..caller(number)
    };
    assert_eq!(take(&mut meeting, CHAIR, 2, ask(CHAIR, "a")), Ok(1));
    assert_eq!(
        take(&mut meeting, CHAIR, 3, ask(CHAIR, "a")),
        Ok(0),
        "the same again is signed again"
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 3, ask(CHAIR, "b")),
        Err(Refusal::TokenGiven)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 3, ask(DELEGATE, "c")),
        Err(Refusal::NotAllowed)
    );
    assert_eq!(
        meeting.decide(&delegate(6), ask(6, "d")),
        Err(Refusal::NotEntitled)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 3, cast(CHAIR, Choice::InFavour)),
        Err(Refusal::Unusable)
    );
    let vote = meeting.votes.open().unwrap();
    let own: Vec<&SeatId> = meeting
        .ballots_of(vote, &chair)
        .iter()
        .map(|voter| &voter.seat)
        .collect();
    assert_eq!((own, vote.has_voted(&seat(CHAIR))), (vec![&seat(CHAIR)], true));

    let ballot = |token: &str, choice| SecretBallot {
        token: token.into(),
        choice,
    };
    let published: Vec<SecretBallot> = [
        ("1", Choice::InFavour),
        ("2", Choice::Against),
        ("3", Choice::InFavour),
        ("4", Choice::InFavour),
        ("5", Choice::InFavour),
    ]
    .map(|(token, choice)| ballot(token, choice))
    .to_vec();
    let close = counted(meeting.votes.open().unwrap(), published.clone());
    let stored = serde_json::to_string(&close).unwrap();
    meeting.apply(moment(9), serde_json::from_str(&stored).unwrap());
    let vote = &meeting.votes.all[0];
    assert_eq!(vote.end.unwrap().outcome, Outcome::Carried);
    assert_eq!(
        (vote.tally(), &vote.published),
        (vote.end.unwrap().tally, &published)
    );
    assert_eq!(
        take(&mut meeting, CHAIR, 10, ask(CHAIR, "a")),
        Err(Refusal::VoteClosed)
    );
}

#[derive(Debug, Clone)]
enum Happening {
    Step(usize, Step),
    Come(usize),
    Part(usize, Departure),
    Crash,
    Hour,
}

fn choice() -> impl Strategy<Value = Choice> {
    prop::sample::select(Choice::ALL.to_vec())
}

fn put() -> impl Strategy<Value = Terms> {
    let electorate = prop::sample::select(vec![Electorate::Delegates, Electorate::Sites]);
    let seconds = prop::option::of(10..120u32);
    (electorate, seconds, 0..60u32).prop_map(|(electorate, seconds, grace_seconds)| Terms {
        seconds,
        grace_seconds,
        ..terms(electorate, Majority::HalfOfPresent)
    })
}

fn happening() -> impl Strategy<Value = Happening> {
    let who = 0..SEATS;
    let ballot = (1..4u32, who.clone(), choice()).prop_map(|(vote, voter, choice)| Step::CastBallot {
        vote,
        voter: seat(voter),
        choice,
    });
    let step = prop_oneof![
        8 => ballot,
        2 => put().prop_map(|terms| Step::OpenVote { terms }),
        1 => (1..4u32).prop_map(|vote| Step::CloseVote { vote }),
        1 => (1..4u32).prop_map(|vote| Step::WithdrawVote { vote }),
    ];
    prop_oneof![
        8 => (who.clone(), step).prop_map(|(by, step)| Happening::Step(by, step)),
        2 => who.clone().prop_map(Happening::Come),
        1 => (who, prop::sample::select(vec![Departure::Lost, Departure::Left]))
            .prop_map(|(number, how)| Happening::Part(number, how)),
        1 => Just(Happening::Crash),
        1 => Just(Happening::Hour),
    ]
}

/// The last choice of each voter, counted apart from the program.
type Ledger = BTreeMap<(VoteId, SeatId), Choice>;

fn no_ballot_is_lost_or_doubled(meeting: &Procedure, ledger: &Ledger) {
    let open = meeting.votes.all.iter().filter(|vote| vote.end.is_none());
    assert!(open.count() <= 1, "one at a time");
    let ids: Vec<VoteId> = meeting.votes.all.iter().map(|vote| vote.id).collect();
    assert_eq!(ids, (1..meeting.votes.next_id()).collect::<Vec<_>>());
    for vote in &meeting.votes.all {
        let mut counted = Tally::default();
        let seats: BTreeSet<&SeatId> = vote.opening.voters.iter().map(|voter| &voter.seat).collect();
        assert_eq!(seats.len(), vote.opening.voters.len(), "nobody votes twice");
        for Voter { seat, weight, .. } in &vote.opening.voters {
            if let Some(choice) = ledger.get(&(vote.id, seat.clone())) {
                counted.add(*choice, *weight);
            }
        }
        assert_eq!(vote.tally(), counted);
        if let Some(end) = vote.end {
            assert_eq!(end.tally, counted, "what was announced is what was cast");
            let is_carried = counted.in_favour >= vote.opening.needed();
            assert_eq!(
                end.outcome == Outcome::Carried,
                is_carried && end.outcome != Outcome::Withdrawn
            );
        }
        let all = counted.in_favour + counted.against + counted.abstaining;
        let missing: u32 = vote.missing().map(|voter| voter.weight).sum();
        assert_eq!(all + missing, vote.opening.present());
        assert!(vote.opening.present() <= vote.opening.called);
    }
}

proptest! {
    #[test]
    fn no_order_of_messages_loses_or_doubles_a_ballot_and_the_record_gives_the_same_again(
        course in prop::collection::vec((happening(), 0..30u64), 1..100)
    ) {
        let start = || {
            let mut meeting = meeting(QuorumRule::None);
            meeting.apply(moment(0), came(CHAIR));
            meeting.called = Some(Called::new(MeetingId("họp".into()), "Họp".into(), meeting.rules.clone()));
            meeting
        };
        let mut meeting = start();
        let (mut record, mut ledger) = (Vec::new(), Ledger::new());
        let mut now = 0;
        for (happening, elapsed) in course {
            now += elapsed;
            let is_decided = !matches!(happening, Happening::Come(_) | Happening::Crash);
            let events = match happening {
                Happening::Step(by, step) => {
                    let decided = meeting.decide(&caller(by), step.clone());
                    if let Ok(events) = &decided {
                        let mut twice = meeting.clone();
                        events.iter().for_each(|event| twice.apply(moment(now), event.clone()));
                        let again = twice.decide(&caller(by), step.clone());
                        let is_withdrawal = matches!(step, Step::WithdrawVote { .. });
                        prop_assert!(is_withdrawal || again == Ok(Vec::new()), "{:?} again: {:?}", step, again);
                        if let Step::CastBallot { vote, voter, choice } = step {
                            ledger.insert((vote, voter), choice);
                        }
                    }
                    decided.unwrap_or_default()
                }
                Happening::Come(number) => vec![came(number)],
                Happening::Part(number, departure) => meeting.part(&seat(number), departure),
                Happening::Crash => vec![Event::Interrupted {}],
                Happening::Hour => meeting.fall_due(moment(now)),
            };
            for event in events {
                prop_assert!(!is_decided || meeting.can_follow(&event) == Ok(()), "{:?} is told", event);
                record.push((moment(now), event.clone()));
                meeting.apply(moment(now), event);
                no_ballot_is_lost_or_doubled(&meeting, &ledger);
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
