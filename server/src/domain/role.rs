//! Who may do what: the one place.
//!
//! A role is held in an agency, and says nothing about any other agency.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::AgencyId;

/// What a person is in an agency.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Role {
    /// Quản trị: keeps accounts and settings; sees no paper by this role.
    Administrator,
    /// Lãnh đạo: signs for the agency.
    Leader,
    /// Văn thư: numbers, seals, issues and receives.
    Clerk,
    /// Chuyên viên: drafts.
    Officer,
}

impl Role {
    /// Every role, in the order of this file.
    pub const ALL: [Self; 4] = [Self::Administrator, Self::Leader, Self::Clerk, Self::Officer];

    /// Whether whoever holds it logs in with a one-time code: those who sign or administer (level 3 of the state's five
    /// levels of information security asks for it).
    pub fn needs_one_time_code(self) -> bool {
        !matches!(self, Self::Officer)
    }
}

/// A role in an agency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Held {
    pub agency_id: AgencyId,
    pub role: Role,
    /// Held only for somebody who is absent.
    pub is_lent: bool,
}

impl Held {
    /// A role of the person's own.
    pub fn own(agency_id: AgencyId, role: Role) -> Self {
        Self {
            agency_id,
            role,
            is_lent: false,
        }
    }

    /// The role of an absent person, for whom this one acts.
    pub fn lent(agency_id: AgencyId, role: Role) -> Self {
        Self {
            agency_id,
            role,
            is_lent: true,
        }
    }
}

/// What is done in the name of an agency, or with its things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Create accounts, give roles, unlock.
    ManagePeople,
    /// Read the agency's part of the audit chain.
    ReadAudit,
    /// Draft a document and submit it for signing (trình ký).
    Draft,
    /// Sign as the competent person (ký số).
    Sign,
    /// Sign the minutes of a meeting as its secretary, beside a leader who presided (ký biên bản).
    SignAsSecretary,
    /// Give number and date (cấp số).
    Number,
    /// Sign with the agency's key (đóng dấu số): its clerk alone, in person (Nghị định 30/2020, article 26).
    Seal,
    /// Send to the receivers (phát hành).
    Issue,
    /// Accept or return what other agencies sent (tiếp nhận).
    Receive,
    /// See what other agencies sent to this one.
    ReadDispatches,
    /// Write the instruction on what came in (bút phê).
    Instruct,
    /// Decide which kinds share a sequence of numbers: the agency's head.
    GroupNumbers,
    /// Read and print the agency's registers (sổ đăng ký).
    ReadRegisters,
    /// Draw up the agency's list of case files (danh mục hồ sơ).
    PlanFiles,
    /// Keep a case file as the one whom the list names (lập hồ sơ).
    KeepFiles,
    /// Call a meeting.
    CallMeeting,
}

impl Action {
    /// Every action, in the order of this file.
    pub const ALL: [Self; 16] = [
        Self::ManagePeople,
        Self::ReadAudit,
        Self::Draft,
        Self::Sign,
        Self::SignAsSecretary,
        Self::Number,
        Self::Seal,
        Self::Issue,
        Self::Receive,
        Self::ReadDispatches,
        Self::Instruct,
        Self::GroupNumbers,
        Self::ReadRegisters,
        Self::PlanFiles,
        Self::KeepFiles,
        Self::CallMeeting,
    ];
}

/// Whether one who holds these roles may do `action` in `agency`.
pub fn may(held: &[Held], action: Action, agency: &AgencyId) -> bool {
    held.iter().any(|held| {
        held.agency_id == *agency && allowed(held.role, action) && (!held.is_lent || is_lent(action))
    })
}

/// What a substitute may do in the place of the absent one: everything that the role allows, except what a key binds to one
/// person (Nghị định 30/2020, articles 13 and 26) and what rules the house itself. What names the absent one by name, such
/// as work handed to them, stays theirs.
fn is_lent(action: Action) -> bool {
    use Action::*;
    !matches!(
        action,
        Sign | SignAsSecretary | Seal | GroupNumbers | ManagePeople | ReadAudit
    )
}

/// Whose accounts an administrator keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Of every agency, and the agencies themselves: the province's administrator.
    All,
    /// Of these agencies.
    Within(Vec<AgencyId>),
}

impl Reach {
    /// What one who holds these roles reaches; none where they administer nothing. `is_province` tells which agency is the
    /// province's People's Committee.
    pub fn of(held: &[Held], is_province: impl Fn(&AgencyId) -> bool) -> Option<Self> {
        let agencies = held.iter().map(|held| &held.agency_id);
        let managed = agencies.filter(|agency| may(held, Action::ManagePeople, agency));
        let mut managed: Vec<AgencyId> = managed.cloned().collect();
        managed.sort();
        managed.dedup();
        match managed.iter().any(is_province) {
            true => Some(Self::All),
            false => (!managed.is_empty()).then_some(Self::Within(managed)),
        }
    }

    /// Whether the people of `agency` may be seen.
    pub fn covers(&self, agency: &AgencyId) -> bool {
        match self {
            Self::All => true,
            Self::Within(agencies) => agencies.contains(agency),
        }
    }

    /// Whether the account of one who works in these agencies may be changed: all of them must be within reach, else
    /// whoever administers a commune could take over an account that leads the province.
    pub fn keeps(&self, agencies: &[AgencyId]) -> bool {
        match self {
            Self::All => true,
            Self::Within(_) => !agencies.is_empty() && agencies.iter().all(|agency| self.covers(agency)),
        }
    }
}

fn allowed(role: Role, action: Action) -> bool {
    use Action::*;
    match role {
        Role::Administrator => matches!(action, ManagePeople | ReadAudit),
        Role::Leader => matches!(
            action,
            Draft
                | Sign
                | SignAsSecretary
                | ReadDispatches
                | Instruct
                | GroupNumbers
                | ReadRegisters
                | PlanFiles
                | KeepFiles
                | CallMeeting
        ),
        Role::Clerk => matches!(
            action,
            Draft
                | SignAsSecretary
                | Number
                | Seal
                | Issue
                | Receive
                | ReadDispatches
                | ReadRegisters
                | PlanFiles
                | KeepFiles
                | CallMeeting
        ),
        Role::Officer => matches!(
            action,
            Draft | SignAsSecretary | ReadDispatches | KeepFiles | CallMeeting
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row an action; one column a role, in the order of [`Role::ALL`].
    const TABLE: [(Action, [bool; 4]); 16] = [
        (Action::ManagePeople, [true, false, false, false]),
        (Action::ReadAudit, [true, false, false, false]),
        (Action::Draft, [false, true, true, true]),
        (Action::Sign, [false, true, false, false]),
        (Action::SignAsSecretary, [false, true, true, true]),
        (Action::Number, [false, false, true, false]),
        (Action::Seal, [false, false, true, false]),
        (Action::Issue, [false, false, true, false]),
        (Action::Receive, [false, false, true, false]),
        (Action::ReadDispatches, [false, true, true, true]),
        (Action::Instruct, [false, true, false, false]),
        (Action::GroupNumbers, [false, true, false, false]),
        (Action::ReadRegisters, [false, true, true, false]),
        (Action::PlanFiles, [false, true, true, false]),
        (Action::KeepFiles, [false, true, true, true]),
        (Action::CallMeeting, [false, true, true, true]),
    ];

    fn agency(id: &str) -> AgencyId {
        AgencyId(id.into())
    }

    #[test]
    fn every_role_may_do_what_the_table_says_and_only_in_its_agency() {
        assert_eq!(TABLE.map(|(action, _)| action), Action::ALL);
        for (action, row) in TABLE {
            for (role, expected) in Role::ALL.into_iter().zip(row) {
                let held = [Held::own(agency("a"), role)];
                assert_eq!(may(&held, action, &agency("a")), expected, "{role:?} {action:?}");
                assert!(!may(&held, action, &agency("b")), "{role:?} {action:?} elsewhere");
            }
        }
    }

    #[test]
    fn roles_add_up_within_an_agency() {
        let held = [Role::Officer, Role::Clerk].map(|role| Held::own(agency("a"), role));
        assert!(may(&held, Action::Seal, &agency("a")));
        assert!(!may(&[], Action::Draft, &agency("a")));
    }

    #[test]
    fn a_substitute_does_everything_but_what_a_key_or_the_house_needs() {
        let kept = [
            Action::ManagePeople,
            Action::ReadAudit,
            Action::Sign,
            Action::SignAsSecretary,
            Action::Seal,
            Action::GroupNumbers,
        ];
        for (action, row) in TABLE {
            for (role, own) in Role::ALL.into_iter().zip(row) {
                let lent = may(&[Held::lent(agency("a"), role)], action, &agency("a"));
                assert_eq!(lent, own && !kept.contains(&action), "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn an_administrator_reaches_the_own_agency_and_the_provinces_everything() {
        let reach = |held: &[Held]| Reach::of(held, |agency| agency.0 == "province");
        let administers = |id: &str| Held::own(agency(id), Role::Administrator);
        assert_eq!(reach(&[]), None);
        assert_eq!(reach(&[Held::own(agency("province"), Role::Leader)]), None);
        assert_eq!(reach(&[Held::lent(agency("a"), Role::Administrator)]), None);
        assert_eq!(
            reach(&[administers("a"), administers("province")]),
            Some(Reach::All)
        );
        let within = reach(&[administers("a")]).unwrap();
        assert!(within.covers(&agency("a")) && !within.covers(&agency("b")));
        assert!(within.keeps(&[agency("a")]));
        assert!(!within.keeps(&[agency("a"), agency("b")]));
        assert!(!within.keeps(&[]), "who works nowhere is the province's to keep");
        assert!(Reach::All.keeps(&[]));
    }
}
