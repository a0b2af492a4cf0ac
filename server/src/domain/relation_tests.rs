//! Papers that mend one another, walked at random: several papers of two agencies, each on its own way through the tables.

use super::*;
use crate::domain::dispatch::{self, Dispatch};
use crate::domain::document::{Action, Capacity, Document};
use proptest::prelude::*;

#[test]
fn only_what_an_agency_itself_has_issued_and_not_replaced_is_mended() {
    let [ours, theirs] = ["a", "b"].map(|id| AgencyId(id.into()));
    for state in State::ALL {
        let issued = matches!(state, State::Issued | State::Recalled);
        assert_eq!(permit(&ours, &ours, state, false).is_ok(), issued, "{state:?}");
        assert_eq!(permit(&ours, &theirs, state, false), Err(Refusal::OtherAgency));
        assert!(permit(&ours, &ours, state, true).is_err(), "{state:?}");
    }
}

#[test]
fn who_gave_a_paper_back_holds_it_no_more() {
    use dispatch::{Recall, Status};
    for status in Status::ALL {
        for recall in [Recall::None, Recall::Asked, Recall::Agreed, Recall::Refused] {
            let gone = matches!(status, Status::Returned | Status::RecallAgreed) || recall == Recall::Agreed;
            assert_eq!(holds(status, recall), !gone, "{status:?} {recall:?}");
        }
    }
}

/// A paper of the model: its agency, its way, what it mends, and what became of it at each receiver.
struct Paper {
    agency: AgencyId,
    document: Document,
    mends: Option<(Relation, usize)>,
    sent: Vec<Option<Dispatch>>,
    issued_at: Option<usize>,
}

#[derive(Debug, Clone)]
enum Event {
    /// A draft of one of two agencies, which mends the paper of this place, or none.
    Draft(bool, Option<(Relation, usize)>),
    Step(usize, Action, Capacity),
    /// Issued to this receiver besides those who must have it.
    Issue(usize, usize),
    Answer(usize, usize, dispatch::Action, dispatch::Capacity),
}

const RECEIVERS: usize = 4;

struct Archive {
    papers: Vec<Paper>,
    time: usize,
}

impl Archive {
    fn replaced(&self, related: usize) -> bool {
        self.papers
            .iter()
            .any(|paper| paper.issued_at.is_some() && paper.mends == Some((Relation::Replaces, related)))
    }

    fn may_mend(&self, agency: &AgencyId, related: usize) -> bool {
        let paper = &self.papers[related];
        permit(
            agency,
            &paper.agency,
            paper.document.state,
            self.replaced(related),
        )
        .is_ok()
    }

    fn take(&mut self, event: &Event) {
        self.time += 1;
        match *event {
            Event::Draft(ours, mends) => self.draft(ours, mends),
            Event::Step(at, action, by) if action != Action::Issue => {
                let count = self.papers.len().max(1);
                let Some(paper) = self.papers.get_mut(at % count) else {
                    return;
                };
                let Ok(row) = paper.document.permit(action, &[by], Some("vì")) else {
                    return;
                };
                paper.document = paper.document.apply(&row);
                if action == Action::Recall {
                    for sent in paper.sent.iter_mut().flatten() {
                        answer(sent, dispatch::Action::Recall, dispatch::Capacity::Sender);
                    }
                }
            }
            Event::Step(..) => {}
            Event::Issue(at, receiver) => self.issue(at, receiver),
            Event::Answer(at, receiver, action, by) => {
                let count = self.papers.len().max(1);
                let Some(paper) = self.papers.get_mut(at % count) else {
                    return;
                };
                if action != dispatch::Action::Recall
                    && let Some(sent) = &mut paper.sent[receiver % RECEIVERS]
                {
                    answer(sent, action, by);
                }
            }
        }
    }

    fn draft(&mut self, ours: bool, mends: Option<(Relation, usize)>) {
        let agency = AgencyId(if ours { "a" } else { "b" }.into());
        let count = self.papers.len();
        let mends = mends
            .filter(|_| count > 0)
            .map(|(relation, related)| (relation, related % count));
        if mends.is_some_and(|(_, related)| !self.may_mend(&agency, related)) {
            return;
        }
        self.papers.push(Paper {
            agency,
            document: Document::DRAFT,
            mends,
            sent: vec![None; RECEIVERS],
            issued_at: None,
        });
    }

    fn issue(&mut self, at: usize, receiver: usize) {
        let count = self.papers.len().max(1);
        let at = at % count;
        let Some(paper) = self.papers.get(at) else { return };
        let Ok(row) = paper.document.permit(Action::Issue, &[Capacity::Clerk], None) else {
            return;
        };
        let first = paper.issued_at.is_none();
        // Between the draft and its issue another paper may have replaced the same one.
        if let Some((_, related)) = paper.mends.filter(|_| first)
            && !self.may_mend(&paper.agency, related)
        {
            return;
        }
        let mut receivers = vec![receiver % RECEIVERS];
        if let Some((_, related)) = paper.mends {
            let held = self.papers[related].sent.iter().enumerate();
            receivers.extend(
                held.filter(|(_, sent)| sent.is_some_and(|sent| holds(sent.status, sent.recall)))
                    .map(|(at, _)| at),
            );
        }
        let time = self.time;
        let paper = &mut self.papers[at];
        for receiver in receivers {
            paper.sent[receiver].get_or_insert(Dispatch::ARRIVED);
        }
        paper.document = paper.document.apply(&row);
        paper.issued_at.get_or_insert(time);
    }
}

fn answer(sent: &mut Dispatch, action: dispatch::Action, by: dispatch::Capacity) {
    let given = dispatch::Given {
        verdict: dispatch::Verdict::Valid,
        reason: Some("vì"),
        lead: true,
    };
    if let Ok(row) = sent.permit(action, &[by], given) {
        *sent = sent.apply(&row);
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let relation = prop::sample::select(vec![Relation::Corrects, Relation::Replaces]);
    let mends = prop::option::of((relation, any::<usize>()));
    // Each step by whose it is, so that papers often go their whole way.
    let step = prop::sample::select(vec![
        (Action::Submit, Capacity::Drafter),
        (Action::Sign, Capacity::Signer),
        (Action::Complete, Capacity::House),
        (Action::Number, Capacity::Clerk),
        (Action::Seal, Capacity::Clerk),
        (Action::Recall, Capacity::Clerk),
        (Action::Return, Capacity::Signer),
        (Action::Abandon, Capacity::House),
    ]);
    let answered = prop::sample::select(vec![
        (dispatch::Action::Accept, dispatch::Capacity::Receiver),
        (dispatch::Action::Return, dispatch::Capacity::Receiver),
        (dispatch::Action::AgreeRecall, dispatch::Capacity::Receiver),
        (dispatch::Action::RefuseRecall, dispatch::Capacity::Receiver),
    ]);
    prop_oneof![
        2 => (any::<bool>(), mends).prop_map(|(ours, mends)| Event::Draft(ours, mends)),
        12 => (0usize..6, step).prop_map(|(at, (action, by))| Event::Step(at, action, by)),
        3 => (0usize..6, 0..RECEIVERS).prop_map(|(at, receiver)| Event::Issue(at, receiver)),
        2 => (0usize..6, 0..RECEIVERS, answered).prop_map(|(at, receiver, (action, by))| Event::Answer(at, receiver, action, by)),
    ]
}

proptest! {
    #[test]
    fn no_sequence_mends_what_was_not_issued_or_replaces_a_paper_twice(
        events in prop::collection::vec(any_event(), 0..400),
    ) {
        let mut archive = Archive { papers: Vec::new(), time: 0 };
        for event in &events {
            archive.take(event);
        }
        let mut replaced = std::collections::BTreeSet::new();
        for paper in &archive.papers {
            let Some((relation, related)) = paper.mends else { continue };
            let old = &archive.papers[related];
            prop_assert_eq!(&old.agency, &paper.agency);
            let Some(issued_at) = paper.issued_at else { continue };
            // The older one was issued earlier: so no circle of papers mends itself.
            prop_assert!(old.issued_at.is_some_and(|at| at < issued_at));
            if relation == Relation::Replaces {
                prop_assert!(replaced.insert(related), "a paper is replaced once");
            }
        }
    }

    #[test]
    fn whoever_holds_a_paper_gets_what_mends_it_and_a_recall_asks_everyone_who_holds_it(
        events in prop::collection::vec(any_event(), 0..400),
    ) {
        let mut archive = Archive { papers: Vec::new(), time: 0 };
        for event in &events {
            let held: Vec<Vec<bool>> = archive
                .papers
                .iter()
                .map(|paper| paper.sent.iter().map(|sent| sent.is_some_and(|sent| holds(sent.status, sent.recall))).collect())
                .collect();
            let issued = archive.papers.iter().filter(|paper| paper.issued_at.is_some()).count();
            archive.take(event);
            let news = archive.papers.iter().filter(|paper| paper.issued_at == Some(archive.time));
            for paper in news {
                if let Some((_, related)) = paper.mends {
                    for (at, held) in held[related].iter().enumerate() {
                        prop_assert!(!held || paper.sent[at].is_some());
                    }
                }
            }
            prop_assert!(archive.papers.iter().filter(|paper| paper.issued_at.is_some()).count() >= issued);
            for paper in archive.papers.iter().filter(|paper| paper.document.state == State::Recalled) {
                for sent in paper.sent.iter().flatten() {
                    // A recalled copy is asked for, given back, or kept with a reason; none goes on as if nothing was.
                    let kept = sent.recall == dispatch::Recall::None && holds(sent.status, sent.recall);
                    prop_assert!(!kept, "{sent:?}");
                }
            }
        }
    }
}
