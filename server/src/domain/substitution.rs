//! Acting for somebody who is absent (người thay thế khi vắng mặt): who, for whom, from which day to which.
//!
//! What the right gives stands in `domain::role`. It reaches no further than the agency in which both work, and a
//! substitute's right is never handed on.

use thiserror::Error;
use time::Date;

use super::id::{AgencyId, PersonId};
use super::role::{Action, Held, may};

/// A substitute and the days on which they act, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    pub agency: AgencyId,
    pub absent: PersonId,
    pub substitute: PersonId,
    pub from: Date,
    pub until: Date,
}

/// Why nobody becomes a substitute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("nobody is their own substitute")]
    Oneself,
    #[error("the last day is before the first, is past, or more than a year after the first")]
    Days,
    #[error("both must work on papers in the agency")]
    Elsewhere,
    #[error("the absent person has a substitute on some of these days")]
    Taken,
}

/// The longest absence, in days: whoever is away for longer is replaced.
const LONGEST_DAYS: i64 = 366;

impl Substitution {
    /// Whether it may begin, with the roles that both hold and the other substitutions of the absent one in this agency that
    /// were not ended.
    ///
    /// # Errors
    /// The refusal.
    pub fn check(
        &self,
        today: Date,
        absent: &[Held],
        substitute: &[Held],
        others: &[(Date, Date)],
    ) -> Result<(), Refusal> {
        let days = (self.until - self.from).whole_days();
        let works = |held: &[Held]| may(held, Action::ReadDispatches, &self.agency);
        if self.absent == self.substitute {
            Err(Refusal::Oneself)
        } else if !(0..=LONGEST_DAYS).contains(&days) || self.until < today {
            Err(Refusal::Days)
        } else if !works(absent) || !works(substitute) {
            Err(Refusal::Elsewhere)
        } else if others
            .iter()
            .any(|(from, until)| *from <= self.until && self.from <= *until)
        {
            Err(Refusal::Taken)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::domain::role::Role;

    #[test]
    fn a_substitute_is_another_person_of_the_agency_for_a_time_that_is_free() {
        let agency = AgencyId("a".into());
        let person = |name: &str| PersonId(name.into());
        let held = |role| [Held::own(agency.clone(), role)];
        let (leader, administrator) = (held(Role::Leader), held(Role::Administrator));
        let today = date!(2026 - 11 - 29);
        let wanted = |from, until| Substitution {
            agency: agency.clone(),
            absent: person("x"),
            substitute: person("y"),
            from,
            until,
        };
        let week = wanted(today, date!(2026 - 12 - 05));
        let others = [(date!(2026 - 11 - 01), date!(2026 - 11 - 28))];
        assert_eq!(week.check(today, &leader, &leader, &others), Ok(()));
        let check = |one: &Substitution| one.check(today, &leader, &leader, &others);
        let oneself = Substitution {
            substitute: person("x"),
            ..week.clone()
        };
        assert_eq!(check(&oneself), Err(Refusal::Oneself));
        for (from, until) in [
            (date!(2026 - 12 - 05), date!(2026 - 12 - 04)),
            (date!(2026 - 11 - 20), date!(2026 - 11 - 28)),
            (today, date!(2027 - 12 - 01)),
        ] {
            assert_eq!(check(&wanted(from, until)), Err(Refusal::Days), "{from} {until}");
        }
        let last_day = wanted(date!(2026 - 11 - 28), date!(2026 - 11 - 30));
        assert_eq!(check(&last_day), Err(Refusal::Taken));
        assert_eq!(week.check(today, &[], &leader, &[]), Err(Refusal::Elsewhere));
        assert_eq!(
            week.check(today, &leader, &administrator, &[]),
            Err(Refusal::Elsewhere)
        );
        let lent = [Held::lent(AgencyId("b".into()), Role::Leader)];
        assert_eq!(week.check(today, &leader, &lent, &[]), Err(Refusal::Elsewhere));
    }
}
