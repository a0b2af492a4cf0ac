//! The table of a document: walked, and walked at random.

use super::*;
use proptest::prelude::*;

const CAPACITIES: [Capacity; 8] = [
    Capacity::Drafter,
    Capacity::Reviewer,
    Capacity::ReviewerDue,
    Capacity::Signer,
    Capacity::Cosigner,
    Capacity::Clerk,
    Capacity::PartnerClerk,
    Capacity::House,
];

#[test]
fn takes_the_whole_way() {
    let mut document = Document::DRAFT;
    let way = [
        (Action::Submit, Capacity::Drafter, State::Submitted),
        (Action::Sign, Capacity::Signer, State::Signing),
        (Action::Complete, Capacity::House, State::Signed),
        (Action::Number, Capacity::Clerk, State::Numbered),
        (Action::Seal, Capacity::Clerk, State::Sealing),
        (Action::Complete, Capacity::House, State::Sealed),
        (Action::Issue, Capacity::Clerk, State::Issued),
    ];
    for (action, by, state) in way {
        let transition = document.permit(action, &[by], None).unwrap();
        document = document.apply(&transition);
        assert_eq!(document.state, state);
    }
    assert!(document.leader_signed && document.numbered && document.agency_signed);
}

#[test]
fn a_paper_of_two_agencies_takes_the_whole_way() {
    let mut document = Document {
        signers: 2,
        seals: 2,
        ..Document::DRAFT
    };
    let way = [
        (Action::Submit, Capacity::Drafter, State::Submitted),
        (Action::Sign, Capacity::Signer, State::Signing),
        (Action::Complete, Capacity::House, State::FirstSigned),
        (Action::Sign, Capacity::Cosigner, State::SecondSigning),
        (Action::Complete, Capacity::House, State::Signed),
        (Action::Number, Capacity::Clerk, State::Numbered),
        (Action::Seal, Capacity::Clerk, State::Sealing),
        (Action::Complete, Capacity::House, State::FirstSealed),
        (Action::Seal, Capacity::PartnerClerk, State::SecondSealing),
        (Action::Complete, Capacity::House, State::Sealed),
        (Action::Issue, Capacity::Clerk, State::Issued),
    ];
    for (action, by, state) in way {
        assert!(!document.agency_signed || state == State::Issued);
        let transition = document.permit(action, &[by], None).unwrap();
        document = document.apply(&transition);
        assert_eq!(document.state, state);
    }
    assert!(document.leader_signed && document.numbered && document.agency_signed);
}

#[test]
fn the_second_signatory_gives_back_and_the_first_signature_then_counts_for_nothing() {
    let half = Document {
        state: State::FirstSigned,
        signers: 2,
        ..Document::DRAFT
    };
    let give_back = |by, reason| half.permit(Action::Return, &[by], reason);
    assert_eq!(give_back(Capacity::Cosigner, None), Err(Refusal::ReasonMissing));
    assert_eq!(
        give_back(Capacity::Signer, Some("vì")),
        Err(Refusal::WrongState(State::FirstSigned))
    );
    let returned = half.apply(&give_back(Capacity::Cosigner, Some("vì")).unwrap());
    assert_eq!((returned.state, returned.leader_signed), (State::Returned, false));
    for (action, by) in [
        (Action::Number, Capacity::Clerk),
        (Action::Sign, Capacity::Cosigner),
    ] {
        assert!(returned.permit(action, &[by], None).is_err());
    }
}

#[test]
fn rows_keep_the_name_of_a_state() {
    use sea_orm::ActiveEnum;
    for state in State::ALL {
        assert_eq!(state.to_value(), state.name());
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
    }
}

#[test]
fn refuses_everyone_whose_step_it_is_not() {
    for action in Action::ALL {
        let owners: Vec<_> = TRANSITIONS
            .iter()
            .filter(|row| row.action == action)
            .map(|row| row.by)
            .collect();
        for by in CAPACITIES {
            let refused = Document::DRAFT.permit(action, &[by], Some("vì")) == Err(Refusal::NotYours);
            assert_eq!(refused, !owners.contains(&by), "{action:?} by {by:?}");
        }
    }
}

#[test]
fn returns_only_with_a_reason() {
    let submitted = Document {
        state: State::Submitted,
        ..Document::DRAFT
    };
    for reason in [None, Some(" ")] {
        assert_eq!(
            submitted.permit(Action::Return, &[Capacity::Signer], reason),
            Err(Refusal::ReasonMissing)
        );
    }
    assert!(
        submitted
            .permit(Action::Return, &[Capacity::Signer], Some("Thiếu căn cứ"))
            .is_ok()
    );
}

#[test]
fn no_action_has_two_rows_from_one_state() {
    for (index, row) in TRANSITIONS.iter().enumerate() {
        assert!(
            !TRANSITIONS[index + 1..]
                .iter()
                .any(|other| other.action == row.action
                    && other.from == row.from
                    && other.by == row.by
                    && (other.papers == row.papers
                        || other.papers == Papers::All
                        || row.papers == Papers::All))
        );
    }
}

fn any_capacity() -> impl Strategy<Value = Capacity> {
    prop::sample::select(CAPACITIES.to_vec())
}

proptest! {
    #[test]
    fn no_sequence_reaches_issued_without_both_signatures_and_a_number(
        asked in 0u8..3,
        signers in 1u8..3,
        seals in 1u8..3,
        steps in prop::collection::vec((prop::sample::select(Action::ALL.to_vec()), any_capacity(), any::<bool>()), 0..300)
    ) {
        // Two agencies have two leaders.
        let seals = seals.min(signers);
        let mut document = Document { initials_asked: asked, signers, seals, ..Document::DRAFT };
        let (mut signed_at, mut numbered_at, mut sealed_at) = (None, None, None);
        let (mut signed_by, mut sealed_by) = (Vec::new(), Vec::new());
        for (step, (action, by, reason)) in steps.into_iter().enumerate() {
            let Ok(transition) = document.permit(action, &[by], reason.then_some("vì")) else { continue };
            document = document.apply(&transition);
            if action == Action::Sign {
                prop_assert_eq!(document.initials_made, asked, "the leader signs what others have checked");
            }
            match action {
                // Whoever signed before a change, or before it was given back, has not signed this.
                Action::Submit => signed_by.clear(),
                Action::Sign => signed_by.push(by),
                Action::Seal => sealed_by.push(by),
                Action::Abandon => {
                    let kept = if matches!(document.state, State::Submitted | State::FirstSigned) { &mut signed_by } else { &mut sealed_by };
                    kept.pop();
                }
                _ => {}
            }
            if document.leader_signed {
                prop_assert_eq!(&signed_by[..], &[Capacity::Signer, Capacity::Cosigner][..usize::from(signers)]);
            }
            if document.agency_signed {
                prop_assert_eq!(&sealed_by[..], &[Capacity::Clerk, Capacity::PartnerClerk][..usize::from(seals)]);
            }
            match document.state {
                State::Signed => signed_at = signed_at.or(Some(step)),
                State::Numbered => numbered_at = numbered_at.or(Some(step)),
                State::Sealed => sealed_at = sealed_at.or(Some(step)),
                State::Issued | State::Recalled => prop_assert!(signed_at < numbered_at && numbered_at < sealed_at && signed_at.is_some()),
                _ => {}
            }
        }
    }

    /// Whatever the flags of a row say (a damaged row, a wrong migration), issuing needs all three.
    #[test]
    fn issue_needs_both_signatures_whatever_the_row_says(leader: bool, numbered: bool, agency: bool) {
        let row = Document { state: State::Sealed, leader_signed: leader, numbered, agency_signed: agency, ..Document::DRAFT };
        prop_assert_eq!(row.permit(Action::Issue, &[Capacity::Clerk], None).is_ok(), leader && numbered && agency);
    }
}

#[test]
fn a_change_asks_for_every_initial_again() {
    let submitted = Document {
        state: State::Submitted,
        initials_asked: 1,
        ..Document::DRAFT
    };
    let sign = |document: &Document| document.permit(Action::Sign, &[Capacity::Signer], None);
    assert_eq!(sign(&submitted), Err(Refusal::NotInitialled));
    let initial = submitted
        .permit(
            Action::Initial,
            &[Capacity::Reviewer, Capacity::ReviewerDue],
            None,
        )
        .unwrap();
    let initialled = submitted.apply(&initial);
    assert!(sign(&initialled).is_ok());
    let returned = Document {
        state: State::Returned,
        ..initialled
    };
    let revise = returned
        .permit(Action::Revise, &[Capacity::Drafter], None)
        .unwrap();
    let resubmitted = Document {
        state: State::Submitted,
        ..returned.apply(&revise)
    };
    assert_eq!(sign(&resubmitted), Err(Refusal::NotInitialled));
}
