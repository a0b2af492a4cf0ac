//! What is prepared before a meeting: its kind, sites, who is asked, the agenda, who may see which paper.

use std::collections::BTreeSet;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::ballot::{Electorate, Terms};
use super::id::{AgencyId, PersonId};
use super::meeting::{Role, words};
use super::meeting_right::{Act, may};
use crate::clock::Timestamp;

/// What sort of meeting it is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MeetingKind {
    /// Cuộc họp.
    #[default]
    Meeting,
    /// Hội nghị: a main site and component sites.
    Conference,
    /// Họp thử: a test call, of which no roll is kept.
    Test,
    /// Phiếu lấy ý kiến: a question in writing with a deadline; there is no room.
    Written,
}

/// What somebody answered to an invitation.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Reply {
    #[default]
    None,
    Accepted,
    Declined,
    /// Somebody else comes for them (đi thay).
    Substituted,
}

/// Who may see a paper of a meeting.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Audience {
    /// Whoever is in the meeting, guests too.
    Everyone,
    /// Those who were called, and the rooms of the sites.
    #[default]
    Called,
    /// Chair, secretary and technical host.
    Leaders,
}

/// Whether somebody of this role sees a paper at `now`. Whoever prepares the meeting sees it before its time.
pub fn sees(role: Role, audience: Audience, visible_from: Option<Timestamp>, now: Timestamp) -> bool {
    if may(role, Act::Prepare) {
        return true;
    }
    let is_time = visible_from.is_none_or(|from| from <= now);
    let is_asked = match audience {
        Audience::Everyone => true,
        Audience::Called => role != Role::Guest,
        Audience::Leaders => false,
    };
    is_time && is_asked
}

/// A site to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedSite {
    pub name: String,
    pub agency_id: Option<AgencyId>,
    pub is_main: bool,
}

/// Somebody who is asked in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMember {
    pub person_id: PersonId,
    pub role: Role,
    /// Index in the list of sites.
    pub site: Option<usize>,
    /// Of their vote: 1 to 1000.
    pub weight: u32,
}

/// An item of the agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedItem {
    pub title: String,
    pub presenter_id: Option<PersonId>,
    pub presenter: String,
    pub minutes: u32,
    /// The question that it ends with, to be put by one click.
    pub vote: Option<Terms>,
}

/// All that is prepared at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub sites: Vec<PlannedSite>,
    pub members: Vec<PlannedMember>,
    /// Agencies that are asked, each with the index of its site.
    pub agencies: Vec<(AgencyId, Option<usize>)>,
    pub items: Vec<PlannedItem>,
}

/// Why a plan cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanError {
    #[error(
        "no guest is called by account, one alone is the chair, at most 500 are called, each with a vote of 1 to 1000"
    )]
    Members,
    #[error("at most 300 sites with names of up to 200 characters, one of them the main site")]
    Sites,
    #[error("at most 300 agencies, each once")]
    Agencies,
    #[error("at most 100 items with titles, each of 1 to 480 minutes, with a vote that can be put or none")]
    Items,
}

impl Plan {
    /// The plan with its words made regular and the caller among the members: as chair unless another is named.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn checked(mut self, caller: &PersonId) -> Result<Self, PlanError> {
        self.check_sites()?;
        self.check_members(caller)?;
        self.check_agencies()?;
        self.check_items()?;
        Ok(self)
    }

    fn check_sites(&mut self) -> Result<(), PlanError> {
        if self.sites.len() > MOST_SITES {
            return Err(PlanError::Sites);
        }
        for site in &mut self.sites {
            site.name = words(&site.name, TITLE_CHARACTERS).map_err(|_| PlanError::Sites)?;
        }
        match self.sites.iter().filter(|site| site.is_main).count() {
            0 => {
                if let Some(first) = self.sites.first_mut() {
                    first.is_main = true;
                }
                Ok(())
            }
            1 => Ok(()),
            _ => Err(PlanError::Sites),
        }
    }

    fn check_members(&mut self, caller: &PersonId) -> Result<(), PlanError> {
        let sites = self.sites.len();
        let is_wrong = |one: &PlannedMember| {
            one.role == Role::Guest
                || one.site.is_some_and(|site| site >= sites)
                || !WEIGHTS.contains(&one.weight)
        };
        if self.members.len() > MOST_MEMBERS || self.members.iter().any(is_wrong) {
            return Err(PlanError::Members);
        }
        // A person named twice keeps the last role.
        let mut seen = BTreeSet::new();
        self.members.reverse();
        self.members.retain(|one| seen.insert(one.person_id.clone()));
        self.members.reverse();
        if !seen.contains(caller) {
            let has_chair = self.members.iter().any(|one| one.role == Role::Chair);
            let role = if has_chair { Role::Secretary } else { Role::Chair };
            let site = self.sites.iter().position(|site| site.is_main);
            self.members.push(PlannedMember {
                person_id: caller.clone(),
                role,
                site,
                weight: 1,
            });
        }
        if self.members.iter().filter(|one| one.role == Role::Chair).count() > 1 {
            return Err(PlanError::Members);
        }
        Ok(())
    }

    fn check_agencies(&self) -> Result<(), PlanError> {
        let mut seen = BTreeSet::new();
        let is_wrong = |(agency, site): &(AgencyId, Option<usize>)| {
            !seen.insert(agency.clone()) || site.is_some_and(|site| site >= self.sites.len())
        };
        if self.agencies.len() > MOST_SITES || self.agencies.iter().any(is_wrong) {
            return Err(PlanError::Agencies);
        }
        Ok(())
    }

    fn check_items(&mut self) -> Result<(), PlanError> {
        if self.items.len() > MOST_ITEMS || self.items.iter().any(|item| !(1..=480).contains(&item.minutes)) {
            return Err(PlanError::Items);
        }
        for (item, number) in self.items.iter_mut().zip(1..) {
            item.vote = match item.vote.take() {
                Some(vote) => {
                    let vote = Terms {
                        item: Some(number),
                        ..vote
                    };
                    let vote = vote.checked().map_err(|_| PlanError::Items)?;
                    Some(vote).filter(|vote| vote.electorate != Electorate::Asked)
                }
                None => None,
            };
            item.title = words(&item.title, TITLE_CHARACTERS).map_err(|_| PlanError::Items)?;
            if !item.presenter.trim().is_empty() {
                item.presenter = words(&item.presenter, TITLE_CHARACTERS).map_err(|_| PlanError::Items)?;
            }
        }
        Ok(())
    }
}

const MOST_SITES: usize = 300;
const MOST_MEMBERS: usize = 500;
const WEIGHTS: std::ops::RangeInclusive<u32> = 1..=1000;
const MOST_ITEMS: usize = 100;
const TITLE_CHARACTERS: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ballot::Majority;

    fn member(name: u8, role: Role) -> PlannedMember {
        PlannedMember {
            person_id: PersonId(name.to_string()),
            role,
            site: None,
            weight: 1,
        }
    }

    #[test]
    fn a_vote_that_is_prepared_can_be_put_and_names_its_item() {
        let terms = |question: &str| Terms {
            question: question.into(),
            item: None,
            electorate: Electorate::Delegates,
            is_secret: false,
            is_signed: false,
            majority: Majority::HalfOfCalled,
            seconds: None,
            grace_seconds: 0,
        };
        let plan = |vote| {
            let item = |title: &str, vote| PlannedItem {
                title: title.into(),
                presenter_id: None,
                presenter: String::new(),
                minutes: 10,
                vote,
            };
            let items = vec![item("Báo cáo", None), item("Nghị quyết", vote)];
            Plan {
                items,
                ..Plan::default()
            }
            .checked(&PersonId("0".into()))
        };
        let made = plan(Some(terms(" Thông  qua? "))).unwrap().items[1]
            .vote
            .clone()
            .unwrap();
        assert_eq!((made.question.as_str(), made.item), ("Thông qua?", Some(2)));
        assert_eq!(plan(Some(terms(" "))), Err(PlanError::Items));
        assert!(plan(None).is_ok());
    }

    fn site(name: &str, is_main: bool) -> PlannedSite {
        PlannedSite {
            name: name.into(),
            agency_id: None,
            is_main,
        }
    }

    #[test]
    fn there_is_one_main_site_where_there_are_sites() {
        let plan = |sites: Vec<PlannedSite>| {
            Plan {
                sites,
                ..Plan::default()
            }
            .checked(&PersonId("0".into()))
        };
        let made = plan(vec![site(" Hội  trường ", false), site("Xã", false)]).unwrap();
        assert_eq!(made.sites[0], site("Hội trường", true));
        assert_eq!(
            plan(vec![site("a", true), site("b", true)]),
            Err(PlanError::Sites)
        );
        assert_eq!(plan(vec![site(" ", true)]), Err(PlanError::Sites));
    }

    #[test]
    fn papers_are_seen_by_whom_and_when_they_should() {
        let (before, time) = (Timestamp(1), Timestamp(2));
        for role in Role::ALL {
            let leads = matches!(role, Role::Chair | Role::Secretary | Role::TechnicalHost);
            assert_eq!(sees(role, Audience::Leaders, None, time), leads, "{role:?}");
            assert_eq!(
                sees(role, Audience::Called, None, time),
                role != Role::Guest,
                "{role:?}"
            );
            assert_eq!(
                sees(role, Audience::Everyone, Some(time), before),
                leads,
                "{role:?}"
            );
            assert!(sees(role, Audience::Everyone, Some(time), time), "{role:?}");
        }
    }

    proptest! {
        #[test]
        fn whoever_calls_is_a_member_and_one_alone_is_the_chair(
            named in prop::collection::vec((0..6u8, 0..5usize), 0..12)
        ) {
            let members = named.iter().map(|(name, role)| member(*name, Role::ALL[*role])).collect();
            let caller = PersonId("3".into());
            let Ok(plan) = (Plan { members, ..Plan::default() }).checked(&caller) else { return Ok(()) };
            prop_assert_eq!(plan.members.iter().filter(|one| one.person_id == caller).count(), 1);
            prop_assert!(plan.members.iter().filter(|one| one.role == Role::Chair).count() <= 1);
            let people: BTreeSet<&PersonId> = plan.members.iter().map(|one| &one.person_id).collect();
            prop_assert_eq!(people.len(), plan.members.len());
        }
    }
}
