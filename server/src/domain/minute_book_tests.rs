use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::domain::meeting::{Role, SeatId};
use crate::domain::procedure::{Microphones, Rules, Step};
use crate::domain::roll::{QuorumRule, Roll};

fn meeting() -> Procedure {
    let rules = Rules {
        lobby: false,
        locked: false,
        chat: true,
        microphones: Microphones::Free,
        quota_seconds: 300,
        muted_above: 10,
        quorum: QuorumRule::None,
    };
    Procedure::new(Roll::default(), rules)
}

fn caller(role: Role, name: &str) -> Caller {
    Caller {
        seat: SeatId(name.into()),
        role,
        site: None,
        name: name.into(),
    }
}

fn take(
    procedure: &mut Procedure,
    record: &mut Vec<Event>,
    by: &Caller,
    writing: Writing,
) -> Result<(), Refusal> {
    let events = procedure.decide(by, Step::Write { writing })?;
    for event in events {
        procedure.apply(Timestamp(1), event.clone());
        record.push(event);
    }
    Ok(())
}

fn note(item: Option<u32>, revision: u32, text: &str) -> Writing {
    Writing::Note {
        item,
        revision,
        text: text.into(),
    }
}

fn conclusion(conclusion: Option<ConclusionId>, revision: u32, text: &str) -> Writing {
    Writing::Conclusion {
        conclusion,
        revision,
        text: text.into(),
        agency: Some(AgencyId("snv".into())),
        due_on: Some(date!(2026 - 12 - 15)),
    }
}

#[test]
fn chair_and_secretary_write_and_nobody_else() {
    for role in Role::ALL {
        let (mut procedure, mut record) = (meeting(), Vec::new());
        let written = take(
            &mut procedure,
            &mut record,
            &caller(role, "x"),
            note(Some(1), 0, "ghi"),
        );
        let expected = match role {
            Role::Chair | Role::Secretary => Ok(()),
            _ => Err(Refusal::NotAllowed),
        };
        assert_eq!(written, expected, "{role:?}");
        assert_eq!(record.len(), usize::from(expected.is_ok()), "{role:?}");
    }
}

#[test]
fn of_two_who_write_at_once_the_second_is_refused_and_nothing_is_overwritten() {
    let (mut procedure, mut record) = (meeting(), Vec::new());
    let chair = caller(Role::Chair, "chủ trì");
    let secretary = caller(Role::Secretary, "thư ký");
    let mut write = |by: &Caller, writing| take(&mut procedure, &mut record, by, writing);
    assert_eq!(write(&secretary, note(Some(2), 0, "Sở báo cáo")), Ok(()));
    assert_eq!(write(&chair, note(Some(2), 0, "Khác")), Err(Refusal::Stale));
    assert_eq!(write(&chair, note(Some(2), 1, "Sở báo cáo, bổ sung")), Ok(()));
    assert_eq!(write(&secretary, conclusion(None, 0, " Số hóa  hồ sơ ")), Ok(()));
    assert_eq!(
        write(&secretary, conclusion(Some(1), 0, "Khác")),
        Err(Refusal::Stale)
    );
    assert_eq!(
        write(&secretary, conclusion(Some(9), 0, "Khác")),
        Err(Refusal::Gone)
    );
    assert_eq!(write(&chair, conclusion(Some(1), 1, "Số hóa 100% hồ sơ")), Ok(()));
    let strike = |revision| Writing::Strike {
        conclusion: 1,
        revision,
    };
    assert_eq!(write(&secretary, strike(1)), Err(Refusal::Stale));
    assert_eq!(write(&secretary, strike(2)), Ok(()));
    assert_eq!(write(&secretary, strike(2)), Ok(()), "twice does what once does");
    assert_eq!(write(&secretary, conclusion(None, 0, "Số hóa hồ sơ")), Ok(()));
    let book = &procedure.minutes;
    let note = book.note(Some(2)).unwrap();
    assert_eq!(
        (note.text.as_str(), note.revision, note.by.as_str()),
        ("Sở báo cáo, bổ sung", 2, "chủ trì")
    );
    let numbers: Vec<_> = book.conclusions.iter().map(|one| one.id).collect();
    assert_eq!(numbers, [2], "a struck number is given to no other");
}

#[test]
fn words_are_made_regular_and_limits_kept() {
    let book = MinuteBook::default();
    let text = |writing| match book.decide(writing) {
        Ok(Some(Writing::Note { text, .. } | Writing::Conclusion { text, .. })) => Ok(text),
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => Err(refusal),
    };
    assert_eq!(
        text(note(None, 0, "\n- một  \r\n\n- hai\n\n")),
        Ok("- một\n\n- hai".to_owned())
    );
    assert_eq!(text(conclusion(None, 0, "một\nhai")), Ok("một hai".to_owned()));
    let long = "a".repeat(NOTE_CHARACTERS + 1);
    for wrong in [
        note(None, 0, &long),
        note(Some(0), 0, "a"),
        note(Some(101), 0, "a"),
        note(None, 0, "đảo\u{202E}ngược"),
        conclusion(None, 0, " "),
        conclusion(None, 0, &long),
    ] {
        assert_eq!(text(wrong), Err(Refusal::Unusable));
    }
    assert_eq!(book.decide(note(None, 0, " \n ")), Ok(None), "nothing was there");
}

#[derive(Debug, Clone)]
enum Try {
    Note { item: u32, seen: u32, text: u8 },
    Conclusion { id: Option<u32>, seen: u32, text: u8 },
    Strike { id: u32, seen: u32 },
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let seen = 0..4u32;
    let one = prop_oneof![
        (1..3u32, seen.clone(), 0..4u8).prop_map(|(item, seen, text)| Try::Note { item, seen, text }),
        (prop::option::of(1..4u32), seen.clone(), 1..5u8).prop_map(|(id, seen, text)| Try::Conclusion {
            id,
            seen,
            text
        }),
        (1..4u32, seen).prop_map(|(id, seen)| Try::Strike { id, seen }),
    ];
    prop::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn no_writing_is_lost_unseen_and_the_record_gives_the_same_book(tries in tries()) {
        let (mut procedure, mut record) = (meeting(), Vec::new());
        let by = caller(Role::Secretary, "thư ký");
        for one in tries {
            let before = procedure.minutes.clone();
            let (stands, seen, writing) = match one {
                Try::Note { item, seen, text } => {
                    let stands = before.note(Some(item)).map_or(0, |note| note.revision);
                    (Some(stands), seen, note(Some(item), seen, &"a".repeat(text.into())))
                }
                Try::Conclusion { id, seen, text } => {
                    let stands = id.and_then(|id| before.conclusion(id)).map(|one| one.revision);
                    (stands, seen, conclusion(id, seen, &"b".repeat(text.into())))
                }
                Try::Strike { id, seen } => {
                    let stands = before.conclusion(id).map(|one| one.revision);
                    (stands, seen, Writing::Strike { conclusion: id, revision: seen })
                }
            };
            let done = take(&mut procedure, &mut record, &by, writing.clone());
            let changed = procedure.minutes != before;
            prop_assert!(!(changed && done.is_err()));
            if changed && stands.is_some() {
                prop_assert_eq!(stands, Some(seen), "changed without being seen");
            }
            if done.is_ok() && !matches!(writing, Writing::Strike { .. }) {
                let again = procedure.minutes.clone();
                // A new conclusion that is there already, or the same words: nothing more.
                let _ = take(&mut procedure, &mut record, &by, writing);
                prop_assert_eq!(&procedure.minutes, &again);
            }
        }
        let mut read = meeting();
        for event in record {
            let stored = serde_json::to_string(&event).unwrap();
            read.apply(Timestamp(1), serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(read.minutes, procedure.minutes);
    }
}
