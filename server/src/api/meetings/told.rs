//! A meeting as its papers tell of it, read from what was prepared and from its record.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::invitation;
use crate::clock::Timestamp;
use crate::conference::export;
use crate::domain::conclusion_notice::Task;
use crate::domain::id::{AgencyId, PersonId};
use crate::domain::invitation::Item;
use crate::domain::meeting::Role;
use crate::domain::minutes::Meeting;
use crate::domain::procedure::Procedure;
use crate::parts::App;
use crate::store::entity::{agency, meeting, meeting_invited, meeting_item, meeting_member, meeting_site};

/// What is read, owned.
pub(super) struct Told {
    title: String,
    place: String,
    starts_at: Timestamp,
    ended_at: Option<Timestamp>,
    items: Vec<Item>,
    agencies: BTreeMap<AgencyId, String>,
    titles: BTreeMap<PersonId, String>,
    members: Vec<meeting_member::Model>,
    record: Option<String>,
    pub procedure: Procedure,
}

impl Told {
    /// # Errors
    /// The database's.
    pub(super) async fn of(app: &App, row: &meeting::Model) -> Result<Self, DbErr> {
        let reader = app.store.read();
        let items = meeting_item::Entity::find()
            .filter(meeting_item::Column::MeetingId.eq(row.id.clone()))
            .order_by_asc(meeting_item::Column::Number)
            .all(reader)
            .await?;
        let members = meeting_member::Entity::find()
            .filter(meeting_member::Column::MeetingId.eq(row.id.clone()))
            .all(reader)
            .await?;
        let agencies = agency::Entity::find().all(reader).await?;
        let procedure = app.conferences.procedure(&row.id).await?;
        // Minutes that are signed in the room close when they are drafted, or drafted anew.
        let has_begun = procedure
            .roll
            .entries
            .iter()
            .any(|entry| !entry.intervals.is_empty());
        let now = has_begun.then(|| app.clock.now());
        let is_recorded = has_begun || !procedure.votes.all.is_empty();
        let record = match is_recorded {
            true => Some(export::head(reader, &row.id).await?),
            false => None,
        };
        let leads = |member: &&meeting_member::Model| matches!(member.role, Role::Chair | Role::Secretary);
        let leaders = members
            .iter()
            .filter(leads)
            .map(|member| member.person_id.clone());
        Ok(Self {
            title: row.title.clone(),
            place: row.place.clone(),
            starts_at: row.starts_at,
            ended_at: row.ended_at.or(now),
            items: items
                .into_iter()
                .map(|item| Item {
                    title: item.title,
                    presenter: item.presenter,
                    minutes: item.minutes,
                })
                .collect(),
            agencies: agencies
                .into_iter()
                .map(|agency| (agency.id, agency.name))
                .collect(),
            titles: invitation::titles(reader, leaders.collect()).await?,
            members,
            record,
            procedure,
        })
    }

    /// What the conclusions give agencies to do; to one that is not here, nothing can be sent.
    pub(super) fn tasks(&self) -> Vec<Task> {
        let conclusions = self.procedure.minutes.conclusions.iter();
        let known = |task: Task| Task {
            agency: task.agency.filter(|agency| self.agencies.contains_key(agency)),
            ..task
        };
        conclusions.map(Task::from).map(known).collect()
    }

    pub(super) fn chair(&self) -> Option<PersonId> {
        self.holder(Role::Chair, None)
    }

    /// `preferred` where they are a secretary, or else the first who is.
    pub(super) fn secretary(&self, preferred: &PersonId) -> Option<PersonId> {
        self.holder(Role::Secretary, Some(preferred))
    }

    fn holder(&self, role: Role, preferred: Option<&PersonId>) -> Option<PersonId> {
        let of_role = || self.members.iter().filter(|member| member.role == role);
        let named = of_role().find(|member| Some(&member.person_id) == preferred);
        named
            .or_else(|| of_role().next())
            .map(|member| member.person_id.clone())
    }

    /// Learns the names and posts of people whom the meeting does not name as its leaders.
    ///
    /// # Errors
    /// The database's.
    pub(super) async fn meet(&mut self, app: &App, people: Vec<PersonId>) -> Result<(), DbErr> {
        self.titles
            .extend(invitation::titles(app.store.read(), people).await?);
        Ok(())
    }

    /// As the papers name them: chair and secretary by name and post.
    pub(super) fn meeting<'a>(&'a self, chair: &PersonId, secretary: Option<&PersonId>) -> Meeting<'a> {
        let title = |person: &PersonId| self.titles.get(person).map_or("", String::as_str);
        Meeting {
            title: &self.title,
            place: &self.place,
            starts_at: self.starts_at,
            ended_at: self.ended_at,
            chair: title(chair),
            secretary: secretary.map_or("", title),
            items: &self.items,
            agencies: &self.agencies,
            procedure: &self.procedure,
            record: self.record.as_deref(),
        }
    }
}

/// To whom a meeting's papers go: the agencies that were asked, and those of its sites.
///
/// # Errors
/// The database's.
pub(super) async fn agencies(app: &App, row: &meeting::Model) -> Result<BTreeSet<AgencyId>, DbErr> {
    let reader = app.store.read();
    let invited = meeting_invited::Entity::find()
        .filter(meeting_invited::Column::MeetingId.eq(row.id.clone()))
        .all(reader)
        .await?;
    let sites = meeting_site::Entity::find()
        .filter(meeting_site::Column::MeetingId.eq(row.id.clone()))
        .all(reader)
        .await?;
    let of_sites = sites.into_iter().filter_map(|site| site.agency_id);
    Ok(invited
        .into_iter()
        .map(|one| one.agency_id)
        .chain(of_sites)
        .collect())
}
