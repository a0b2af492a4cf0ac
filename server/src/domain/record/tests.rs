use proptest::prelude::*;

use super::*;
use crate::domain::ballot::{Choice, Electorate, Majority, Outcome, SecretBallot, Terms, TokenKey};
use crate::domain::called::Called;
use crate::domain::floor::How;
use crate::domain::meeting::{MeetingId, Role, SeatId};
use crate::domain::procedure::{Caller, Event, Microphones, Procedure, Rules, Stage, Step};
use crate::domain::replay::Fault;
use crate::domain::roll::{Departure, Entry, Kind, QuorumRule};
use crate::domain::voting::counted;

const PEOPLE: usize = 6;
const MEETING: &str = "0199a1b2-0000-7000-8000-000000000001";

fn seat(number: usize) -> SeatId {
    SeatId(format!("seat-{number}"))
}

fn caller(number: usize) -> Caller {
    Caller {
        seat: seat(number),
        role: if number == 0 { Role::Chair } else { Role::Delegate },
        site: None,
        name: format!("Đại biểu {number}"),
    }
}

fn called() -> Called {
    let rules = Rules {
        chat: true,
        microphones: Microphones::Free,
        quota_seconds: 300,
        muted_above: 10,
        quorum: QuorumRule::TwoThirds,
        ..Rules::default()
    };
    let entry = |number| {
        let Caller { seat, name, role, .. } = caller(number);
        Entry::new(seat, Kind::Person, name, role)
    };
    let mut called = Called::new(MeetingId(MEETING.into()), "Họp Ủy ban tháng 11".into(), rules);
    called.entries = (0..PEOPLE).map(entry).collect();
    called
}

/// What a meeting wrote down.
struct Course {
    meeting: Procedure,
    rows: Vec<(Timestamp, String, Event)>,
}

impl Course {
    fn begin() -> Self {
        let mut course = Self {
            meeting: Procedure::called(called()),
            rows: Vec::new(),
        };
        course.rows.push((
            Timestamp(1_790_000_000_000),
            "system".into(),
            Event::Called {
                called: Box::new(called()),
            },
        ));
        course
    }

    fn happen(&mut self, actor: &str, event: Event) {
        let at = Timestamp(1_790_000_000_000 + 1500 * self.rows.len() as i64);
        self.meeting
            .can_follow(&event)
            .unwrap_or_else(|fault| panic!("{event:?}: {fault}"));
        self.rows.push((at, actor.into(), event.clone()));
        self.meeting.apply(at, event);
    }

    fn step(&mut self, by: usize, step: Step) {
        let events = self.meeting.decide(&caller(by), step).unwrap();
        for event in events {
            self.happen(&format!("person/{by}"), event);
        }
    }
}

fn terms(is_secret: bool) -> Terms {
    Terms {
        question: "Thông qua kế hoạch?".into(),
        item: Some(1),
        electorate: Electorate::Delegates,
        is_secret,
        is_signed: false,
        majority: Majority::HalfOfCalled,
        seconds: None,
        grace_seconds: 0,
    }
}

/// A meeting with everything in it: who comes and goes, the floor, a page, chat, a vote, a secret vote.
fn course() -> Course {
    let mut course = Course::begin();
    for number in 0..PEOPLE {
        let Caller {
            seat,
            name,
            role,
            site,
        } = caller(number);
        let kind = Kind::Person;
        course.happen(
            &format!("person/{number}"),
            Event::Came {
                seat,
                name,
                kind,
                role,
                site,
            },
        );
    }
    course.step(2, Step::RaiseHand {});
    course.step(0, Step::GiveFloor { turn: 1 });
    course.step(
        2,
        Step::AnswerFloor {
            turn: 1,
            accept: true,
        },
    );
    course.happen(
        "person/2",
        Event::Microphone {
            seat: seat(2),
            is_open: true,
        },
    );
    let paper = |page| Stage::Paper {
        paper: crate::domain::meeting::PaperId("paper-1".into()),
        page,
    };
    course.step(0, Step::SetStage { stage: paper(1) });
    course.step(2, Step::SetStage { stage: paper(2) });
    course.step(0, Step::EndTurn { turn: 1 });
    course.step(0, Step::Mute { seat: None });
    course.step(
        4,
        Step::Say {
            text: "Nhất trí".into(),
        },
    );
    course.happen(
        "system",
        Event::Gone {
            seat: seat(5),
            departure: Departure::Lost,
        },
    );
    course.step(0, Step::OpenVote { terms: terms(false) });
    for (voter, choice) in [
        (0, Choice::InFavour),
        (1, Choice::Against),
        (1, Choice::InFavour),
        (2, Choice::InFavour),
        (3, Choice::InFavour),
    ] {
        course.step(
            voter,
            Step::CastBallot {
                vote: 1,
                voter: seat(voter),
                choice,
            },
        );
    }
    course.step(0, Step::CloseVote { vote: 1 });
    let opened = course
        .meeting
        .decide(&caller(0), Step::OpenVote { terms: terms(true) })
        .unwrap();
    for mut event in opened {
        if let Event::VoteOpened { opening, .. } = &mut event {
            opening.key = Some(TokenKey {
                n: "c0ffee".into(),
                e: "010001".into(),
            });
        }
        course.happen("person/0", event);
    }
    for voter in 0..5 {
        let blinded = format!("{voter:064x}");
        course.step(
            voter,
            Step::AskToken {
                vote: 2,
                voter: seat(voter),
                blinded,
            },
        );
    }
    let ballot = |number: u32, choice| SecretBallot {
        token: format!("{number:064x}"),
        choice,
    };
    let ballots = vec![
        ballot(3, Choice::Against),
        ballot(7, Choice::InFavour),
        ballot(9, Choice::InFavour),
    ];
    let closed = counted(course.meeting.votes.open().unwrap(), ballots);
    course.happen("person/0", closed);
    course.happen(
        "guest/Khách",
        Event::Asked {
            turn: 2,
            seat: seat(9),
            name: "Khách".into(),
            how: How::Raised,
        },
    );
    for number in 0..5 {
        course.happen(
            "system",
            Event::Gone {
                seat: seat(number),
                departure: Departure::Left,
            },
        );
    }
    course
}

fn subject() -> Subject {
    Subject::Meeting(MEETING.into())
}

fn written(rows: &[(Timestamp, String, Event)]) -> (String, String) {
    let texts: Vec<String> = rows.iter().map(|(_, _, event)| json(event)).collect();
    let mut record = Record::begin(&subject());
    for (((at, actor, _), event), sequence) in rows.iter().zip(&texts).zip(1..) {
        record.add(Row {
            sequence,
            at: *at,
            actor,
            event,
        });
    }
    let head = record.head().to_owned();
    (record.close(Timestamp(1_790_009_000_000)), head)
}

fn record() -> String {
    written(&course().rows).0
}

fn found(file: &[u8]) -> Vec<(u64, Wrong)> {
    let findings = check(file, None).findings;
    findings
        .into_iter()
        .map(|finding| (finding.entry, finding.wrong))
        .collect()
}

/// The file again from its lines.
fn joined(lines: &[&str]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| [line.as_bytes(), b"\n"].concat())
        .collect()
}

#[test]
fn a_record_is_whole_and_tells_the_meeting_again() {
    let course = course();
    let (file, head) = written(&course.rows);
    let report = check(file.as_bytes(), Some(&head.to_uppercase()));
    assert_eq!(report.findings, []);
    assert_eq!(report.entries, course.rows.len() as u64);
    assert_eq!(report.head.as_ref(), Some(&head));
    assert_eq!(report.meeting, Some(course.meeting));
    let said = report.to_string();
    assert!(said.contains("is whole: Họp Ủy ban tháng 11"), "{said}");
    assert!(
        said.contains(
            "vote 1 (open): Thông qua kế hoạch? - carried: 4 in favour, 0 against, 0 abstaining, 4 needed"
        ),
        "{said}"
    );
    assert!(
        said.contains("vote 2 (secret): Thông qua kế hoạch? - not carried: 2 in favour, 1 against"),
        "{said}"
    );
}

#[test]
fn the_head_is_that_of_the_rows_whenever_it_is_exported_and_of_no_other_record() {
    let course = course();
    let (file, last) = written(&course.rows);
    let (_, earlier) = written(&course.rows[..12]);
    let texts: Vec<String> = course.rows.iter().map(|(_, _, event)| json(event)).collect();
    let rows = course.rows.iter().zip(&texts).zip(1..);
    let rows = rows.map(|(((at, actor, _), event), sequence)| Row {
        sequence,
        at: *at,
        actor,
        event,
    });
    assert_eq!(super::head(&subject(), rows), last);
    assert!(
        check(file.as_bytes(), Some(&earlier)).is_good(),
        "minutes drafted before the last words"
    );
    let other = written(&course.rows[..11]).1.replace('a', "b");
    let found = check(file.as_bytes(), Some(&other)).findings;
    assert_eq!(found[0].wrong, Wrong::OtherHead);
}

#[test]
fn an_entry_removed_put_in_or_reordered_is_named() {
    let file = record();
    let lines: Vec<&str> = file.lines().collect();
    let last = lines.len() - 1;
    for at in 0..=last {
        let mut removed = lines.clone();
        removed.remove(at);
        let found = found(&joined(&removed));
        let wanted = if at == last { Wrong::CutOff } else { Wrong::Removed };
        assert_eq!(found[0], (at as u64, wanted), "{at}");
    }
    for at in 0..last {
        for to in (0..=last).filter(|to| *to != at) {
            let mut twice = lines.clone();
            twice.insert(to, lines[at]);
            let found = found(&joined(&twice));
            let names_it = found.iter().any(|(entry, wrong)| {
                *entry == at as u64 && matches!(wrong, Wrong::PutIn | Wrong::Reordered)
            });
            assert!(names_it, "{at} to {to}: {found:?}");
        }
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        let found = found(&joined(&swapped));
        let wanted = if at + 1 == last {
            Wrong::Removed
        } else {
            Wrong::Reordered
        };
        assert!(
            found.iter().any(|(entry, wrong)| *entry == at as u64
                && (*wrong == wanted || *wrong == Wrong::Reordered || *wrong == Wrong::AfterEnd)),
            "{at}: {found:?}"
        );
    }
    for keep in 0..lines.len() {
        assert!(
            !found(&joined(&lines[..keep])).is_empty(),
            "cut after {keep} lines"
        );
    }
}

/// Whoever writes an entry anew with a hash of its own, and nothing after it, is found at the next one.
#[test]
fn an_entry_changed_together_with_its_hash_is_named_by_the_next() {
    let file = record();
    let lines: Vec<&str> = file.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains(r#""choice":"against""#))
        .unwrap();
    let (_, entry) = lines[at].split_once(AFTER_HASH).unwrap();
    let entry = entry.strip_suffix('}').unwrap().replace("against", "in_favour");
    let forged = format!("{BEFORE_HASH}{}{AFTER_HASH}{entry}}}", hash(entry.as_bytes()));
    let mut changed = lines.clone();
    changed[at] = &forged;
    assert_eq!(found(&joined(&changed)), [(at as u64 + 1, Wrong::FollowsAnother)]);
}

/// Whoever writes all hashes anew meets the rules of a meeting, and what passes these still has another head.
#[test]
fn a_record_that_was_written_anew_cannot_tell_what_no_meeting_brings() {
    let course = course();
    let forge = |change: &dyn Fn(&mut Event) -> bool| {
        let mut rows = course.rows.clone();
        let place = rows
            .iter_mut()
            .position(|(_, _, event)| change(event))
            .expect("there is one");
        (place as u64 + 1, written(&rows).0)
    };
    let tally = |event: &mut Event| match event {
        Event::VoteClosed { tally, .. } => {
            tally.in_favour += 1;
            true
        }
        _ => false,
    };
    let outcome = |event: &mut Event| match event {
        Event::VoteClosed { outcome, .. } => {
            *outcome = Outcome::NotCarried;
            true
        }
        _ => false,
    };
    let weight = |event: &mut Event| match event {
        Event::VoteOpened { opening, .. } => {
            opening.voters[1].weight = 9;
            true
        }
        _ => false,
    };
    let stranger = |event: &mut Event| match event {
        Event::Voted { voter, .. } => {
            *voter = seat(5);
            true
        }
        _ => false,
    };
    let twice = |event: &mut Event| match event {
        Event::TokenIssued { voter, .. } => {
            *voter = seat(1);
            true
        }
        _ => false,
    };
    let stuffed = |event: &mut Event| match event {
        Event::VoteClosed {
            ballots,
            tally,
            outcome,
            ..
        } if !ballots.is_empty() => {
            let more = (10..14).map(|number| SecretBallot {
                token: format!("{number:064x}"),
                choice: Choice::InFavour,
            });
            ballots.extend(more);
            tally.in_favour += 4;
            *outcome = Outcome::Carried;
            true
        }
        _ => false,
    };
    let came = |event: &mut Event| match event {
        Event::Gone { seat: one, .. } if *one == seat(0) => {
            *one = seat(5);
            true
        }
        _ => false,
    };
    for (change, fault, later) in [
        (&tally as &dyn Fn(&mut Event) -> bool, Fault::WrongCount, 0),
        (&outcome, Fault::WrongCount, 0),
        (&weight, Fault::WrongVoters, 0),
        (&stranger, Fault::NotEntitled, 0),
        (&twice, Fault::SecondToken, 1),
        (&stuffed, Fault::WrongBallots, 0),
        (&came, Fault::NotIn, 0),
    ] {
        let (entry, file) = forge(change);
        let found = found(file.as_bytes());
        assert_eq!(found[0], (entry + later, Wrong::Impossible(fault)), "{found:?}");
    }
    let mut without = course.rows.clone();
    without.remove(0);
    assert_eq!(
        found(written(&without).0.as_bytes())[0].1,
        Wrong::Impossible(Fault::NotCalled)
    );
    let mut honest = course.rows.clone();
    honest.remove(12);
    let (_, head) = written(&course.rows);
    let (file, _) = written(&honest);
    assert!(!check(file.as_bytes(), Some(&head)).is_good(), "another head");
}

#[test]
fn nothing_at_all_or_something_else_is_no_record() {
    for file in [
        &b""[..],
        b"\n",
        b"{}\n",
        b"\xff\xfe\n",
        b"{\"hash\":\"",
        &[b'['; 100_000],
    ] {
        let report = check(file, None);
        assert!(!report.is_good());
        assert!(report.to_string().contains("NOT"));
    }
}

/// Where each line begins.
fn line_of(file: &[u8], at: usize) -> u64 {
    file[..at].iter().filter(|byte| **byte == b'\n').count() as u64
}

proptest! {
    /// Any one byte that is another one, is gone or is put in is found, and its entry, or the one after, is named.
    #[test]
    fn any_change_of_a_byte_is_found_and_named(place in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..3) {
        let file = record().into_bytes();
        let at = place.index(file.len());
        let mut changed = file.clone();
        match how {
            0 if file[at] == byte => return Ok(()),
            0 => changed[at] = byte,
            1 => { changed.remove(at); }
            _ => changed.insert(at, byte),
        }
        prop_assume!(changed != file);
        let entry = line_of(&file, at);
        let found = found(&changed);
        prop_assert!(!found.is_empty());
        // A line's end belongs to the entry before it and to the one after.
        let near = entry.saturating_sub(1)..=entry + 1;
        prop_assert!(found.iter().any(|(named, _)| near.contains(named)), "{entry}: {found:?}");
    }

    #[test]
    fn whatever_bytes_come_the_check_ends(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(!check(&bytes, None).is_good());
    }
}
