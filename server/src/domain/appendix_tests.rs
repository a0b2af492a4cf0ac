//! A paper with appendices, walked at random: the table of the document, and what each of its effects does to the appendices.

use super::*;
use crate::domain::document::{Action, Capacity, Document, Effect, State};
use proptest::prelude::*;

/// What may happen to a paper, or beside it.
#[derive(Debug, Clone)]
enum Event {
    Step(Action, Capacity),
    Add,
    Remove(usize),
    /// The time-stamp of one appendix arrives.
    TimeStamp(usize),
}

struct Paper {
    document: Document,
    appendices: Vec<Standing>,
}

impl Paper {
    /// Takes the event as the shell does; whether it changed anything.
    fn take(&mut self, event: &Event) -> bool {
        match *event {
            Event::Step(action, by) => self.step(action, by),
            // Appendices belong to a draft: they come and go by the right to revise it.
            Event::Add => self.revise(|appendices| appendices.push(Standing::Brought)),
            Event::Remove(at) => self.revise(|appendices| {
                if !appendices.is_empty() {
                    appendices.remove(at % appendices.len());
                }
            }),
            Event::TimeStamp(at) => {
                let count = self.appendices.len().max(1);
                match self.appendices.get_mut(at % count) {
                    Some(standing) if *standing == Standing::Signed => *standing = Standing::Sealed,
                    _ => return false,
                }
                true
            }
        }
    }

    fn revise(&mut self, change: impl FnOnce(&mut Vec<Standing>)) -> bool {
        let revise = self.document.permit(Action::Revise, &[Capacity::Drafter], None);
        let Ok(revise) = revise else { return false };
        self.document = self.document.apply(&revise);
        change(&mut self.appendices);
        true
    }

    fn step(&mut self, action: Action, by: Capacity) -> bool {
        let Ok(row) = self.document.permit(action, &[by], Some("vì")) else {
            return false;
        };
        let sealed = all_sealed(self.appendices.iter().copied());
        let seals = row.from == State::Sealing;
        match row.effect {
            // The main paper's own seal is kept last, and it is issued only so.
            Effect::StoreSigned if seals && !sealed => return false,
            Effect::Dispatch if !sealed => return false,
            Effect::KeepPending if action == Action::Seal && by == Capacity::Clerk => {
                self.appendices.fill(Standing::Signed);
            }
            Effect::DropPending if seals => self.appendices.fill(Standing::Brought),
            _ => {}
        }
        self.document = self.document.apply(&row);
        true
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let by = prop::sample::select(vec![
        Capacity::Drafter,
        Capacity::Signer,
        Capacity::Cosigner,
        Capacity::Clerk,
        Capacity::PartnerClerk,
        Capacity::House,
    ]);
    prop_oneof![
        6 => (prop::sample::select(Action::ALL.to_vec()), by).prop_map(|(action, by)| Event::Step(action, by)),
        1 => Just(Event::Add),
        1 => any::<usize>().prop_map(Event::Remove),
        2 => any::<usize>().prop_map(Event::TimeStamp),
    ]
}

proptest! {
    #[test]
    fn no_sequence_issues_a_paper_with_an_unsigned_appendix(
        two in any::<bool>(),
        events in prop::collection::vec(any_event(), 0..400),
    ) {
        let count = if two { 2 } else { 1 };
        let document = Document { signers: count, seals: count, ..Document::DRAFT };
        let mut paper = Paper { document, appendices: Vec::new() };
        for event in events {
            let before = (paper.document.state, paper.appendices.clone());
            let taken = paper.take(&event);
            let state = paper.document.state;
            if matches!(state, State::FirstSealed | State::SecondSealing | State::Sealed | State::Issued | State::Recalled) {
                prop_assert!(all_sealed(paper.appendices.iter().copied()), "{event:?} in {state:?}");
            }
            // What the leader signs for is complete: nothing is added or taken away once it is submitted.
            let open = matches!(before.0, State::Draft | State::Returned);
            if !open {
                prop_assert_eq!(before.1.len(), paper.appendices.len());
            }
            if !taken {
                prop_assert_eq!((state, &paper.appendices), (before.0, &before.1));
            }
        }
    }
}

#[test]
fn a_paper_without_appendices_lacks_none_and_one_unsigned_is_enough_to_refuse() {
    assert!(all_sealed([]));
    assert!(all_sealed([Standing::Sealed, Standing::Sealed]));
    for lacking in [Standing::Brought, Standing::Signed] {
        assert!(!all_sealed([Standing::Sealed, lacking]));
    }
}
