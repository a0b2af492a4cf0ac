use super::*;
use proptest::prelude::*;

const CAPACITIES: [Capacity; 6] = [
    Capacity::Sender,
    Capacity::Receiver,
    Capacity::Leader,
    Capacity::Handler,
    Capacity::Supporter,
    Capacity::Reader,
];

fn given(verdict: Verdict, reason: Option<&str>) -> Given<'_> {
    Given {
        verdict,
        reason,
        lead: true,
    }
}

#[test]
fn codes_are_those_of_the_exchange() {
    let codes = ["01", "02", "03", "04", "05", "06", "13", "15", "16"];
    for (status, code) in Status::ALL.into_iter().zip(codes) {
        assert_eq!(status.code(), code);
    }
}

#[test]
fn answers_once_and_returns_only_with_a_reason() {
    use {Action::*, Status::*, Verdict::*};
    let cases = [
        (Arrived, Valid, Accept, None, Ok(Accepted)),
        (Arrived, Indeterminate, Accept, None, Ok(Accepted)),
        (Arrived, Unknown, Accept, None, Err(Refusal::NotVerified)),
        (Arrived, Invalid, Accept, None, Err(Refusal::Invalid)),
        (Arrived, Invalid, Return, Some("Chữ ký hỏng"), Ok(Returned)),
        (Arrived, Unknown, Return, Some("Gửi nhầm"), Ok(Returned)),
        (Arrived, Valid, Return, Some("  "), Err(Refusal::ReasonMissing)),
        (Accepted, Valid, Accept, None, Err(Refusal::NotWaiting)),
        (Returned, Valid, Accept, None, Err(Refusal::NotWaiting)),
        (Completed, Valid, Return, Some("Muộn"), Err(Refusal::NotWaiting)),
    ];
    for (status, verdict, action, reason, expected) in cases {
        let dispatch = Dispatch {
            status,
            ..Dispatch::ARRIVED
        };
        let found = dispatch
            .permit(action, &[Capacity::Receiver], given(verdict, reason))
            .map(|row| dispatch.apply(&row).status);
        assert_eq!(found, expected, "{status:?} {verdict:?} {action:?}");
    }
}

#[test]
fn goes_from_register_to_completion() {
    let mut dispatch = Dispatch::ARRIVED;
    let way = [
        (Action::Accept, Capacity::Receiver, Status::Accepted),
        (Action::Instruct, Capacity::Leader, Status::Assigned),
        (Action::Delegate, Capacity::Handler, Status::Assigned),
        (Action::Begin, Capacity::Handler, Status::InProgress),
        (Action::Forward, Capacity::Handler, Status::InProgress),
        (Action::Complete, Capacity::Handler, Status::Completed),
    ];
    for (action, by, status) in way {
        let row = dispatch
            .permit(action, &[by], given(Verdict::Valid, None))
            .unwrap();
        dispatch = dispatch.apply(&row);
        assert_eq!((dispatch.status, row.row), (status, Some(status)));
    }
}

#[test]
fn a_supporter_writes_while_the_work_lasts_and_moves_nothing() {
    for status in Status::ALL {
        let dispatch = Dispatch {
            status,
            ..Dispatch::ARRIVED
        };
        let open = matches!(status, Status::Assigned | Status::InProgress);
        let opinion = |words| {
            dispatch.permit(
                Action::GiveOpinion,
                &[Capacity::Supporter],
                given(Verdict::Valid, words),
            )
        };
        assert_eq!(opinion(Some("Nhất trí")).is_ok(), open, "{status:?}");
        if let Ok(row) = opinion(Some("Nhất trí")) {
            assert_eq!((dispatch.apply(&row), row.row), (dispatch, None));
            assert_eq!(opinion(Some("  ")), Err(Refusal::WordsMissing));
        }
    }
}

#[test]
fn a_recall_stops_the_work_until_it_is_answered() {
    let working = Dispatch {
        status: Status::InProgress,
        recall: Recall::None,
    };
    let sound = given(Verdict::Valid, Some("Sai nội dung"));
    let asked = working.apply(
        &working
            .permit(Action::Recall, &[Capacity::Sender], sound)
            .unwrap(),
    );
    assert_eq!((asked.status, asked.recall), (Status::InProgress, Recall::Asked));
    assert_eq!(
        asked.permit(Action::Complete, &[Capacity::Handler], sound),
        Err(Refusal::RecallPending)
    );
    assert_eq!(
        asked.permit(Action::Recall, &[Capacity::Sender], sound),
        Err(Refusal::RecallPending)
    );

    let refused = asked
        .permit(Action::RefuseRecall, &[Capacity::Receiver], sound)
        .unwrap();
    let refused = asked.apply(&refused);
    assert!(
        refused
            .permit(Action::Complete, &[Capacity::Handler], sound)
            .is_ok()
    );
    assert!(refused.permit(Action::Recall, &[Capacity::Sender], sound).is_ok());

    let agreed = asked
        .permit(Action::AgreeRecall, &[Capacity::Receiver], sound)
        .unwrap();
    let agreed = asked.apply(&agreed);
    for action in Action::ALL {
        assert!(
            agreed.permit(action, &CAPACITIES, sound).is_err(),
            "{action:?} on a cancelled copy"
        );
    }
}

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
            let refused = Dispatch::ARRIVED.permit(action, &[by], given(Verdict::Valid, Some("vì")))
                == Err(Refusal::NotYours);
            assert_eq!(refused, !owners.contains(&by), "{action:?} by {by:?}");
        }
    }
}

proptest! {
    /// Nobody handles what no clerk has accepted, and nothing happens to a copy that was given back or cancelled.
    #[test]
    fn no_sequence_handles_what_was_not_accepted_or_moves_what_is_over(
        steps in prop::collection::vec(
            (prop::sample::select(Action::ALL.to_vec()), prop::sample::select(CAPACITIES.to_vec()), any::<bool>(), any::<bool>()),
            0..200,
        )
    ) {
        let mut dispatch = Dispatch::ARRIVED;
        let mut accepted = false;
        for (action, by, valid, lead) in steps {
            let verdict = if valid { Verdict::Valid } else { Verdict::Invalid };
            let given = Given { verdict, reason: Some("vì"), lead };
            let Ok(row) = dispatch.permit(action, &[by], given) else { continue };
            prop_assert!(!matches!(dispatch.status, Status::Returned | Status::RecallAgreed));
            prop_assert_eq!(row.by, by);
            // While the sender asks for it back nothing but the answer happens; what is done is handled no more.
            if dispatch.recall == Recall::Asked {
                prop_assert!(matches!(action, Action::AgreeRecall | Action::RefuseRecall));
            }
            if dispatch.status == Status::Completed {
                prop_assert!(matches!(
                    action,
                    Action::Recall | Action::AgreeRecall | Action::RefuseRecall
                ));
            }
            dispatch = dispatch.apply(&row);
            accepted |= row.row == Some(Status::Accepted);
            if matches!(dispatch.status, Status::Assigned | Status::InProgress | Status::Completed) {
                prop_assert!(accepted);
            }
        }
    }
}
