//! The shape in which a meeting is prepared, and its way into the rows.

use std::collections::BTreeMap;

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use serde::Deserialize;
use utoipa::ToSchema;

use super::refusals;
use crate::api::problem::Problem;
use crate::clock::{Clock, Timestamp};
use crate::domain::ballot::Terms;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::meeting::{LinkCode, MeetingId, Role, SiteId, Title};
use crate::domain::meeting_plan::{MeetingKind, Plan, PlannedItem, PlannedMember, PlannedSite, Reply};
use crate::domain::procedure::Microphones;
use crate::domain::roll::QuorumRule;
use crate::store::Tx;
use crate::store::entity::{
    agency, meeting, meeting_invited, meeting_item, meeting_member, meeting_site, person,
};

/// A meeting to be called, or as it shall be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMeeting {
    /// 1 to 200 characters.
    pub title: String,
    #[serde(default)]
    pub kind: MeetingKind,
    /// Default: now.
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    /// Where the main site is.
    #[serde(default)]
    pub place: String,
    /// In whose name; default: the agency that the caller works in.
    pub agency_id: Option<AgencyId>,
    /// Who is called besides the caller, who becomes the chair unless another is named.
    #[serde(default)]
    pub members: Vec<NewMember>,
    #[serde(default)]
    pub sites: Vec<NewSite>,
    /// Agencies that name their people themselves.
    #[serde(default)]
    pub agencies: Vec<NewInvited>,
    /// The agenda.
    #[serde(default)]
    pub items: Vec<NewItem>,
    /// Whoever comes by the link waits to be let in.
    #[serde(default)]
    pub lobby: bool,
    /// Default: in a conference only who has the floor, in a meeting everyone.
    pub microphones: Option<Microphones>,
    #[serde(default)]
    pub quorum: QuorumRule,
    /// 30 to 7200. Default 300.
    pub quota_seconds: Option<u32>,
    /// Above so many people one joins with a closed microphone. Default 10.
    pub muted_above: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingMember)]
pub(super) struct NewMember {
    person_id: PersonId,
    role: Role,
    /// Index in `sites`.
    site: Option<usize>,
    /// How much their vote counts, 1 to 1000. Default 1.
    weight: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingSite)]
pub(super) struct NewSite {
    /// Of a site that stands already: it keeps its link.
    id: Option<SiteId>,
    name: String,
    agency_id: Option<AgencyId>,
    #[serde(default)]
    is_main: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingAgency)]
pub(super) struct NewInvited {
    agency_id: AgencyId,
    /// Index in `sites`.
    site: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingItem)]
pub(super) struct NewItem {
    title: String,
    presenter_id: Option<PersonId>,
    #[serde(default)]
    presenter: String,
    /// 1 to 480.
    minutes: u32,
    /// The question that is put to the vote with it; its own `item` is set by its place.
    #[serde(default)]
    vote: Option<Terms>,
}

/// A plan that can be, with the ids of sites that stay.
pub(super) struct Planned {
    pub plan: Plan,
    site_ids: Vec<Option<SiteId>>,
}

impl NewMeeting {
    /// # Errors
    /// The first thing that cannot be, in a sentence.
    pub fn planned(&mut self, caller: &PersonId) -> Result<Planned, Problem> {
        let site_ids = self.sites.iter().map(|site| site.id.clone()).collect();
        let sites = self.sites.drain(..).map(|site| PlannedSite {
            name: site.name,
            agency_id: site.agency_id,
            is_main: site.is_main,
        });
        let members = self.members.drain(..).map(|member| PlannedMember {
            person_id: member.person_id,
            role: member.role,
            site: member.site,
            weight: member.weight.unwrap_or(1),
        });
        let items = self.items.drain(..).map(|item| PlannedItem {
            title: item.title,
            presenter_id: item.presenter_id,
            presenter: item.presenter,
            minutes: item.minutes,
            vote: item.vote,
        });
        let agencies = self.agencies.drain(..).map(|asked| (asked.agency_id, asked.site));
        let plan = Plan {
            sites: sites.collect(),
            members: members.collect(),
            agencies: agencies.collect(),
            items: items.collect(),
        };
        Ok(Planned {
            plan: plan.checked(caller)?,
            site_ids,
        })
    }

    /// The meeting's own row as it shall be.
    ///
    /// # Errors
    /// As [`Self::planned`].
    pub fn fill(&self, row: &mut meeting::Model) -> Result<(), Problem> {
        row.title = Title::parse(&self.title).map_err(refusals::title)?.into_string();
        if self.kind == MeetingKind::Written {
            return Err(refusals::settings());
        }
        row.kind = self.kind;
        row.starts_at = self.starts_at.unwrap_or(row.starts_at);
        row.ends_at = self.ends_at;
        if row.ends_at.is_some_and(|end| end <= row.starts_at) {
            return Err(refusals::time());
        }
        row.place = match self.place.trim() {
            "" => String::new(),
            place => Title::parse(place).map_err(|_| refusals::words())?.into_string(),
        };
        row.lobby = self.lobby;
        let usual = match self.kind {
            MeetingKind::Conference => Microphones::FloorOnly,
            MeetingKind::Meeting | MeetingKind::Test | MeetingKind::Written => Microphones::Free,
        };
        row.microphones = self.microphones.unwrap_or(usual);
        row.quorum = self.quorum;
        let quota = self.quota_seconds.unwrap_or(300);
        if !(30..=7200).contains(&quota) {
            return Err(refusals::settings());
        }
        row.quota_seconds = i32::try_from(quota).map_err(|_| refusals::settings())?;
        row.muted_above = i32::try_from(self.muted_above.unwrap_or(10)).unwrap_or(i32::MAX);
        Ok(())
    }
}

impl Planned {
    /// Writes the plan in place of the former one: answers of those who stay are kept.
    ///
    /// # Errors
    /// 422 where somebody named does not exist.
    pub async fn write(&self, tx: &Tx, clock: &Clock, meeting: &MeetingId) -> Result<(), Problem> {
        self.check_known(tx).await?;
        let sites = self.write_sites(tx, clock, meeting).await?;
        let site = |index: Option<usize>| index.and_then(|index| sites.get(index).cloned());
        self.write_members(tx, meeting, &site).await?;
        self.write_agencies(tx, meeting, &site).await?;
        self.write_items(tx, meeting).await
    }

    async fn check_known(&self, tx: &Tx) -> Result<(), Problem> {
        let people: Vec<PersonId> = self
            .plan
            .members
            .iter()
            .map(|one| one.person_id.clone())
            .collect();
        let wanted = people.len();
        let found = person::Entity::find()
            .filter(person::Column::Id.is_in(people))
            .all(tx)
            .await?;
        if found.len() != wanted {
            return Err(refusals::members());
        }
        let agencies: Vec<AgencyId> = self
            .plan
            .agencies
            .iter()
            .map(|(agency, _)| agency.clone())
            .collect();
        let wanted = agencies.len();
        let found = agency::Entity::find()
            .filter(agency::Column::Id.is_in(agencies))
            .all(tx)
            .await?;
        if found.len() != wanted {
            return Err(crate::domain::meeting_plan::PlanError::Agencies.into());
        }
        Ok(())
    }

    async fn write_sites(&self, tx: &Tx, clock: &Clock, meeting: &MeetingId) -> Result<Vec<SiteId>, Problem> {
        let of_meeting = meeting_site::Column::MeetingId.eq(meeting.clone());
        let known = meeting_site::Entity::find()
            .filter(of_meeting.clone())
            .all(tx)
            .await?;
        let codes: BTreeMap<SiteId, String> = known.into_iter().map(|row| (row.id, row.link_code)).collect();
        meeting_site::Entity::delete_many()
            .filter(of_meeting)
            .exec(tx)
            .await?;
        let mut ids = Vec::with_capacity(self.plan.sites.len());
        for (position, (site, id)) in self.plan.sites.iter().zip(&self.site_ids).enumerate() {
            let id = id
                .clone()
                .filter(|id| codes.contains_key(id) && !ids.contains(id));
            let id = id.unwrap_or_else(|| SiteId(clock.new_id()));
            let code = codes.get(&id).cloned();
            let code = code.unwrap_or_else(|| LinkCode::from_random(clock.random_bytes()).to_string());
            let row = meeting_site::ActiveModel {
                id: Set(id.clone()),
                meeting_id: Set(meeting.clone()),
                position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
                name: Set(site.name.clone()),
                agency_id: Set(site.agency_id.clone()),
                is_main: Set(site.is_main),
                link_code: Set(code),
            };
            row.insert(tx).await?;
            ids.push(id);
        }
        Ok(ids)
    }

    async fn write_members(
        &self,
        tx: &Tx,
        meeting: &MeetingId,
        site: &impl Fn(Option<usize>) -> Option<SiteId>,
    ) -> Result<(), Problem> {
        let of_meeting = meeting_member::Column::MeetingId.eq(meeting.clone());
        let known = meeting_member::Entity::find()
            .filter(of_meeting.clone())
            .all(tx)
            .await?;
        meeting_member::Entity::delete_many()
            .filter(of_meeting)
            .exec(tx)
            .await?;
        let named = |id: &PersonId| self.plan.members.iter().any(|one| one.person_id == *id);
        // Whom an agency named, or who comes for somebody, was not in the plan and stays.
        let kept = known.iter().filter(|row| {
            let by_agency = row
                .agency_id
                .as_ref()
                .is_some_and(|agency| self.plan.agencies.iter().any(|(asked, _)| asked == agency));
            !named(&row.person_id) && (by_agency || row.stands_for.as_ref().is_some_and(named))
        });
        let kept = kept
            .cloned()
            .map(|row| meeting_member::Model { site_id: None, ..row });
        let planned = self.plan.members.iter().map(|one| {
            let before = known.iter().find(|row| row.person_id == one.person_id);
            meeting_member::Model {
                meeting_id: meeting.clone(),
                person_id: one.person_id.clone(),
                role: one.role,
                site_id: site(one.site),
                agency_id: before.and_then(|row| row.agency_id.clone()),
                reply: before.map_or(Reply::None, |row| row.reply),
                reply_note: before.and_then(|row| row.reply_note.clone()),
                replied_at: before.and_then(|row| row.replied_at),
                stands_for: before.and_then(|row| row.stands_for.clone()),
                weight: i32::try_from(one.weight).unwrap_or(1),
            }
        });
        let rows = planned
            .chain(kept)
            .map(|row| meeting_member::ActiveModel::from(row).reset_all());
        meeting_member::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    async fn write_agencies(
        &self,
        tx: &Tx,
        meeting: &MeetingId,
        site: &impl Fn(Option<usize>) -> Option<SiteId>,
    ) -> Result<(), Problem> {
        let of_meeting = meeting_invited::Column::MeetingId.eq(meeting.clone());
        let known = meeting_invited::Entity::find()
            .filter(of_meeting.clone())
            .all(tx)
            .await?;
        meeting_invited::Entity::delete_many()
            .filter(of_meeting)
            .exec(tx)
            .await?;
        for (agency_id, index) in &self.plan.agencies {
            let before = known.iter().find(|row| row.agency_id == *agency_id).cloned();
            let row = meeting_invited::Model {
                meeting_id: meeting.clone(),
                agency_id: agency_id.clone(),
                site_id: site(*index),
                reply: before.as_ref().map_or(Reply::None, |row| row.reply),
                reply_note: before.as_ref().and_then(|row| row.reply_note.clone()),
                replied_by: before.as_ref().and_then(|row| row.replied_by.clone()),
                replied_at: before.and_then(|row| row.replied_at),
            };
            meeting_invited::ActiveModel::from(row)
                .reset_all()
                .insert(tx)
                .await?;
            let theirs = meeting_member::Entity::update_many()
                .col_expr(
                    meeting_member::Column::SiteId,
                    sea_orm::sea_query::Expr::value(site(*index).map(|id| id.0)),
                )
                .filter(meeting_member::Column::MeetingId.eq(meeting.clone()))
                .filter(meeting_member::Column::AgencyId.eq(agency_id.clone()));
            theirs.exec(tx).await?;
        }
        Ok(())
    }

    async fn write_items(&self, tx: &Tx, meeting: &MeetingId) -> Result<(), Problem> {
        let of_meeting = meeting_item::Column::MeetingId.eq(meeting.clone());
        meeting_item::Entity::delete_many()
            .filter(of_meeting)
            .exec(tx)
            .await?;
        for (number, item) in (1..).zip(&self.plan.items) {
            let vote = item.vote.as_ref().map(serde_json::to_string).transpose();
            let vote = vote.map_err(|error| DbErr::Json(error.to_string()))?;
            let row = meeting_item::ActiveModel {
                meeting_id: Set(meeting.clone()),
                number: Set(number),
                title: Set(item.title.clone()),
                presenter_id: Set(item.presenter_id.clone()),
                presenter: Set(item.presenter.clone()),
                minutes: Set(i32::try_from(item.minutes).unwrap_or(480)),
                vote: Set(vote),
            };
            row.insert(tx).await?;
        }
        Ok(())
    }
}
