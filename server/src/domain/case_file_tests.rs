use super::*;
use proptest::prelude::*;

const CAPACITIES: [Capacity; 3] = [Capacity::Keeper, Capacity::Planner, Capacity::Reader];

#[test]
fn each_step_belongs_to_one_capacity() {
    for action in Action::ALL {
        let owners: Vec<_> = TRANSITIONS
            .iter()
            .filter(|row| row.action == action)
            .map(|row| row.by)
            .collect();
        assert_eq!(owners.len(), 1, "{action:?}");
        for by in CAPACITIES {
            let refused = permit(State::Open, 1, action, &[by], Some("vì")) == Err(Refusal::NotYours);
            assert_eq!(refused, !owners.contains(&by), "{action:?} by {by:?}");
        }
    }
}

#[test]
fn a_file_is_opened_filled_and_closed_and_opened_again_with_a_reason() {
    use {Action::*, State::*};
    let keeper = [Capacity::Keeper, Capacity::Planner];
    let cases = [
        (Planned, 0, Action::Open, None, Ok(Some(State::Open))),
        (Planned, 0, Put, None, Err(Refusal::WrongState(Planned))),
        (
            State::Open,
            0,
            Action::Open,
            None,
            Err(Refusal::WrongState(State::Open)),
        ),
        (State::Open, 0, Put, None, Ok(None)),
        (State::Open, 1, TakeOut, None, Err(Refusal::ReasonMissing)),
        (State::Open, 1, TakeOut, Some("Nhầm hồ sơ"), Ok(None)),
        (State::Open, 0, Close, None, Err(Refusal::Empty)),
        (State::Open, 1, Close, None, Ok(Some(Closed))),
        (Closed, 1, Put, None, Err(Refusal::WrongState(Closed))),
        (Closed, 1, Amend, None, Err(Refusal::WrongState(Closed))),
        (Closed, 1, Reopen, Some(" "), Err(Refusal::ReasonMissing)),
        (Closed, 1, Reopen, Some("Bổ sung văn bản"), Ok(Some(State::Open))),
    ];
    for (state, papers, action, reason, expected) in cases {
        let found = permit(state, papers, action, &keeper, reason).map(|row| row.to);
        assert_eq!(found, expected, "{state:?} {action:?}");
    }
}

#[test]
fn an_entry_keeps_its_limits() {
    let entry = |code: &str, title: &str, note: &str| Entry {
        code: code.into(),
        title: title.into(),
        retention: Retention::of(Some(10)).unwrap(),
        note: note.into(),
    };
    let clean = entry(" 01.TH ", " Cải cách hành chính ", "").checked().unwrap();
    assert_eq!(
        (clean.code.as_str(), clean.title.as_str()),
        ("01.TH", "Cải cách hành chính")
    );
    for (entry, refusal) in [
        (entry(" ", "Tên", ""), Refusal::Code),
        (entry(&"1".repeat(31), "Tên", ""), Refusal::Code),
        (entry("01", "", ""), Refusal::Title),
        (entry("01", "a\u{0}b", ""), Refusal::Title),
        (entry("01", "Tên", &"x".repeat(501)), Refusal::Note),
    ] {
        assert_eq!(entry.clone().checked(), Err(refusal), "{entry:?}");
    }
}

#[test]
fn papers_are_kept_for_some_years_or_for_ever() {
    for (years, words, last) in [(None, "Vĩnh viễn", None), (Some(10), "10 năm", Some(2036))] {
        let retention = Retention::of(years).unwrap();
        assert_eq!(
            (retention.words().as_str(), retention.last_year(2026)),
            (words, last)
        );
    }
    for years in [0, -1, 71] {
        assert_eq!(Retention::of(Some(years)), Err(Refusal::Retention));
    }
}

#[test]
fn only_what_the_agency_issued_or_took_in_is_put_into_its_files() {
    let [ours, theirs] = ["ours", "theirs"].map(|id| AgencyId(id.into()));
    for state in document::State::ALL {
        let issued = matches!(state, document::State::Issued | document::State::Recalled);
        assert_eq!(check_outgoing(&ours, &ours, state).is_ok(), issued, "{state:?}");
        assert!(check_outgoing(&ours, &theirs, state).is_err());
    }
    for status in dispatch::Status::ALL {
        let taken_in = ["03", "04", "05", "06"].contains(&status.code().as_str());
        assert_eq!(
            check_incoming(&ours, &ours, status).is_ok(),
            taken_in,
            "{status:?}"
        );
        assert!(check_incoming(&ours, &theirs, status).is_err());
    }
}

#[test]
fn a_list_is_of_a_year_near_this_one() {
    assert_eq!(
        [2024, 2025, 2026, 2027, 2028].map(|one| year(one, 2026).is_ok()),
        [false, true, true, true, false]
    );
}

proptest! {
    /// Whoever tries whatever in whatever order: papers move only while it is open, a closed file has some, and nobody
    /// takes another's step.
    #[test]
    fn no_sequence_fills_what_is_not_open_or_closes_what_is_empty(
        steps in prop::collection::vec(
            (prop::sample::select(Action::ALL.to_vec()), prop::sample::select(CAPACITIES.to_vec()), any::<bool>()),
            0..200,
        )
    ) {
        let (mut state, mut papers) = (State::Planned, 0_usize);
        for (action, by, said) in steps {
            let reason = said.then_some("vì");
            let Ok(row) = permit(state, papers, action, &[by], reason) else { continue };
            prop_assert_eq!(row.by, by);
            match action {
                Action::Put => {
                    prop_assert_eq!(state, State::Open);
                    papers += 1;
                }
                Action::TakeOut => {
                    prop_assert!(state == State::Open && said);
                    papers = papers.saturating_sub(1);
                }
                Action::Reopen => prop_assert!(state == State::Closed && said),
                _ => {}
            }
            state = row.to.unwrap_or(state);
            prop_assert!(state != State::Closed || papers > 0);
        }
    }
}
