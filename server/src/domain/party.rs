//! What a person is to a document: the one place that joins its names with the roles held.

use super::document::Capacity;
use super::id::{AgencyId, PersonId};
use super::initial::Review;
use super::role::{Action, Held, may};
use super::{case_file, dispatch};

/// The names a document carries.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    pub agency: &'a AgencyId,
    pub drafter: &'a PersonId,
    pub signer: &'a PersonId,
    /// Who signs second; and of which agency, where it is another one.
    pub cosigner: Option<&'a PersonId>,
    pub partner: Option<&'a AgencyId>,
    /// Minutes of two signatories: the signer is the secretary, who need not lead; the cosigner presided.
    pub are_minutes: bool,
    pub review: Review<'a>,
}

impl Parties<'_> {
    /// As what the first signatory signs.
    fn signs_as(&self) -> Action {
        if self.are_minutes {
            Action::SignAsSecretary
        } else {
            Action::Sign
        }
    }
}

/// All capacities in which this person, holding these roles, meets the document.
///
/// A name alone gives nothing: a signer who has lost the leader's role signs no more. Who has no capacity at all may not
/// know that the document exists.
pub fn capacities(parties: Parties<'_>, person: &PersonId, held: &[Held]) -> Vec<Capacity> {
    let among = |action, agency| may(held, action, agency);
    let may = |action| among(action, parties.agency);
    let clerk_of = |agency| {
        let duties = [Action::Number, Action::Seal, Action::Issue];
        duties.into_iter().all(|duty| among(duty, agency))
    };
    let second = parties.partner.unwrap_or(parties.agency);
    let rows = [
        (Capacity::Drafter, person == parties.drafter && may(Action::Draft)),
        (
            Capacity::Signer,
            person == parties.signer && may(parties.signs_as()),
        ),
        (
            Capacity::Reviewer,
            parties.review.names(person) && may(Action::Draft),
        ),
        (
            Capacity::ReviewerDue,
            parties.review.due(person).is_some() && may(Action::Draft),
        ),
        (
            Capacity::Cosigner,
            parties.cosigner == Some(person) && among(Action::Sign, second),
        ),
        (Capacity::Clerk, clerk_of(parties.agency)),
        (Capacity::PartnerClerk, parties.partner.is_some_and(clerk_of)),
    ];
    rows.into_iter()
        .filter_map(|(capacity, has)| has.then_some(capacity))
        .collect()
}

/// The names a dispatch carries.
#[derive(Debug, Clone, Copy)]
pub struct Correspondents<'a> {
    pub sender: &'a AgencyId,
    pub receiver: &'a AgencyId,
    /// Whom the instruction names as lead.
    pub lead: Option<&'a PersonId>,
    /// Whom it names to support the lead.
    pub support: &'a [PersonId],
}

/// All capacities in which this person, holding these roles, meets the dispatch.
///
/// As with documents a name alone gives nothing, and who has no capacity may not know of it. The sending clerk sees
/// the receivers' answers on the sender's own document.
pub fn dispatch_capacities(
    names: Correspondents<'_>,
    person: &PersonId,
    held: &[Held],
) -> Vec<dispatch::Capacity> {
    use dispatch::Capacity;
    let reads = may(held, Action::ReadDispatches, names.receiver);
    let rows = [
        (Capacity::Sender, may(held, Action::Issue, names.sender)),
        (Capacity::Receiver, may(held, Action::Receive, names.receiver)),
        (Capacity::Leader, may(held, Action::Instruct, names.receiver)),
        (Capacity::Handler, names.lead == Some(person) && reads),
        (Capacity::Supporter, names.support.contains(person) && reads),
        (Capacity::Reader, reads),
    ];
    rows.into_iter()
        .filter_map(|(capacity, has)| has.then_some(capacity))
        .collect()
}

/// All capacities in which this person, holding these roles, meets a case file of `agency` that `keeper` keeps.
///
/// Whoever reads the agency's registers reads its files; who has no capacity may not know of it.
pub fn file_capacities(
    agency: &AgencyId,
    keeper: &PersonId,
    person: &PersonId,
    held: &[Held],
) -> Vec<case_file::Capacity> {
    use case_file::Capacity;
    let may = |action| may(held, action, agency);
    let keeps = person == keeper && may(Action::KeepFiles);
    let rows = [
        (Capacity::Keeper, keeps),
        (Capacity::Planner, may(Action::PlanFiles)),
        (Capacity::Reader, keeps || may(Action::ReadRegisters)),
    ];
    rows.into_iter()
        .filter_map(|(capacity, has)| has.then_some(capacity))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::Role;

    #[test]
    fn a_dispatch_is_met_by_its_two_agencies_only_and_each_role_in_its_part() {
        use dispatch::Capacity::*;
        let agencies = ["sender", "receiver", "third"].map(|id| AgencyId(id.into()));
        let lead = PersonId("lead".into());
        let support = [PersonId("support".into())];
        let names = Correspondents {
            sender: &agencies[0],
            receiver: &agencies[1],
            lead: Some(&lead),
            support: &support,
        };
        let of = |person: &str, agency: usize, role| {
            let held = [Held::own(agencies[agency].clone(), role)];
            dispatch_capacities(names, &PersonId(person.into()), &held)
        };
        assert_eq!(of("x", 0, Role::Clerk), [Sender]);
        assert_eq!(of("x", 1, Role::Clerk), [Receiver, Reader]);
        assert_eq!(of("x", 1, Role::Leader), [Leader, Reader]);
        assert_eq!(of("x", 1, Role::Officer), [Reader]);
        assert_eq!(of("lead", 1, Role::Officer), [Handler, Reader]);
        assert_eq!(of("support", 1, Role::Officer), [Supporter, Reader]);
        assert_eq!(of("support", 1, Role::Leader), [Leader, Supporter, Reader]);
        for nobody in [
            of("support", 1, Role::Administrator),
            of("support", 2, Role::Officer),
            of("lead", 1, Role::Administrator),
            of("lead", 2, Role::Officer),
            of("x", 2, Role::Clerk),
            of("x", 2, Role::Leader),
            of("x", 0, Role::Officer),
        ] {
            assert_eq!(nobody, []);
        }
    }

    #[test]
    fn a_case_file_is_met_by_its_keeper_and_whoever_keeps_the_agencys_books() {
        use case_file::Capacity::*;
        let agencies = ["ours", "theirs"].map(|id| AgencyId(id.into()));
        let keeper = PersonId("keeper".into());
        let of = |person: &str, agency: usize, role| {
            let held = [Held::own(agencies[agency].clone(), role)];
            file_capacities(&agencies[0], &keeper, &PersonId(person.into()), &held)
        };
        assert_eq!(of("keeper", 0, Role::Officer), [Keeper, Reader]);
        assert_eq!(of("keeper", 0, Role::Clerk), [Keeper, Planner, Reader]);
        assert_eq!(of("x", 0, Role::Clerk), [Planner, Reader]);
        assert_eq!(of("x", 0, Role::Leader), [Planner, Reader]);
        for nobody in [
            of("x", 0, Role::Officer),
            of("keeper", 0, Role::Administrator),
            of("keeper", 1, Role::Officer),
            of("x", 1, Role::Clerk),
            of("x", 1, Role::Leader),
        ] {
            assert_eq!(nobody, []);
        }
    }

    #[test]
    fn a_second_signatory_and_the_clerks_of_that_agency_have_their_part_and_nobody_else_there() {
        let agencies = ["ours", "partner", "third"].map(|id| AgencyId(id.into()));
        let people = ["drafter", "signer", "cosigner", "clerk"].map(|id| PersonId(id.into()));
        let of = |partner: Option<usize>, person: usize, agency: usize, role| {
            let parties = Parties {
                agency: &agencies[0],
                drafter: &people[0],
                signer: &people[1],
                cosigner: Some(&people[2]),
                partner: partner.map(|at| &agencies[at]),
                are_minutes: false,
                review: Review::default(),
            };
            let held = [Held::own(agencies[agency].clone(), role)];
            capacities(parties, &people[person], &held)
        };
        assert_eq!(of(Some(1), 2, 1, Role::Leader), [Capacity::Cosigner]);
        assert_eq!(of(Some(1), 3, 1, Role::Clerk), [Capacity::PartnerClerk]);
        assert_eq!(of(None, 2, 0, Role::Leader), [Capacity::Cosigner]);
        for nobody in [
            of(Some(1), 2, 0, Role::Leader),
            of(Some(1), 2, 2, Role::Leader),
            of(Some(1), 2, 1, Role::Officer),
            of(Some(1), 3, 1, Role::Leader),
            of(Some(1), 0, 1, Role::Officer),
            of(Some(1), 3, 2, Role::Clerk),
            of(None, 2, 1, Role::Leader),
        ] {
            assert_eq!(nobody, []);
        }
    }

    #[test]
    fn minutes_are_signed_by_a_secretary_of_any_role_that_drafts_and_then_by_a_leader() {
        let agencies = ["ours", "theirs"].map(|id| AgencyId(id.into()));
        let people = ["drafter", "secretary", "chair"].map(|id| PersonId(id.into()));
        let of = |person: usize, agency: usize, held: fn(AgencyId, Role) -> Held, role| {
            let parties = Parties {
                agency: &agencies[0],
                drafter: &people[0],
                signer: &people[1],
                cosigner: Some(&people[2]),
                partner: None,
                are_minutes: true,
                review: Review::default(),
            };
            capacities(parties, &people[person], &[held(agencies[agency].clone(), role)])
        };
        let signs = |person, role| {
            let expected = [Capacity::Signer, Capacity::Cosigner];
            of(person, 0, Held::own, role)
                .into_iter()
                .filter(|one| expected.contains(one))
                .collect::<Vec<_>>()
        };
        for role in [Role::Leader, Role::Clerk, Role::Officer] {
            assert_eq!(signs(1, role), [Capacity::Signer], "{role:?}");
        }
        assert_eq!(signs(1, Role::Administrator), []);
        assert_eq!(signs(2, Role::Leader), [Capacity::Cosigner]);
        for role in [Role::Administrator, Role::Clerk, Role::Officer] {
            assert_eq!(signs(2, role), [], "{role:?} does not preside over a paper");
        }
        assert_eq!(of(1, 1, Held::own, Role::Officer), [], "elsewhere");
        assert_eq!(of(1, 0, Held::lent, Role::Officer), [], "in somebody's place");
    }

    #[test]
    fn joins_names_with_roles_in_the_documents_agency_only() {
        let agencies = ["ours", "theirs"].map(|id| AgencyId(id.into()));
        let people = ["drafter", "signer", "other", "reviewer", "checked"].map(|id| PersonId(id.into()));
        let parties = Parties {
            agency: &agencies[0],
            drafter: &people[0],
            signer: &people[1],
            cosigner: None,
            partner: None,
            are_minutes: false,
            review: Review {
                content: Some(&people[3]),
                form: Some(&people[4]),
                form_done: true,
                ..Review::default()
            },
        };
        let of = |person: usize, agency: usize, role| {
            capacities(
                parties,
                &people[person],
                &[Held::own(agencies[agency].clone(), role)],
            )
        };
        assert_eq!(of(0, 0, Role::Officer), [Capacity::Drafter]);
        assert_eq!(of(1, 0, Role::Leader), [Capacity::Signer]);
        assert_eq!(of(2, 0, Role::Clerk), [Capacity::Clerk]);
        assert_eq!(of(0, 0, Role::Clerk), [Capacity::Drafter, Capacity::Clerk]);
        assert_eq!(
            of(3, 0, Role::Officer),
            [Capacity::Reviewer, Capacity::ReviewerDue]
        );
        assert_eq!(of(4, 0, Role::Leader), [Capacity::Reviewer]);
        for nobody in [
            of(3, 1, Role::Officer),
            of(3, 0, Role::Administrator),
            of(2, 0, Role::Leader),
            of(2, 0, Role::Officer),
            of(1, 0, Role::Officer),
            of(2, 0, Role::Administrator),
            of(2, 1, Role::Clerk),
            of(1, 1, Role::Leader),
        ] {
            assert_eq!(nobody, []);
        }
    }
}
