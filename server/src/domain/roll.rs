//! The roll: who was called, who is there, how and for how long, and whether that makes a quorum.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use super::ballot::Electorate;
use super::meeting::{Role, SeatId, SiteId};
use crate::clock::Timestamp;

/// What was said of somebody at the roll call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    #[default]
    Unmarked,
    /// There in the room of their site.
    InPerson,
    /// There by their own line.
    Online,
    /// Away, with a reason or without.
    Absent,
}

/// Why an interval ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    Left,
    /// The line was lost.
    Lost,
    /// The program itself stopped.
    Interrupted,
}

/// From when to when somebody's line stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Interval {
    #[ts(type = "string")]
    pub from: Timestamp,
    #[ts(type = "string | null")]
    pub to: Option<Timestamp>,
    pub departure: Option<Departure>,
}

/// What a line of the roll stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A room.
    Site,
    /// Somebody who was called, with or without a line of their own.
    Person,
    /// Came by the link.
    Guest,
    /// A camera or a monitor.
    Device,
}

/// A line of the roll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Entry {
    #[ts(type = "string")]
    pub seat: SeatId,
    pub kind: Kind,
    pub name: String,
    /// Position and agency.
    pub title: Option<String>,
    pub role: Role,
    #[ts(type = "string | null")]
    pub site: Option<SiteId>,
    pub mark: Mark,
    pub reason: Option<String>,
    /// Of their vote, as the plan gives it.
    pub weight: u32,
    pub intervals: Vec<Interval>,
}

impl Entry {
    /// Somebody of whom nothing is known yet.
    pub fn new(seat: SeatId, kind: Kind, name: String, role: Role) -> Self {
        Self {
            seat,
            kind,
            name,
            title: None,
            role,
            site: None,
            mark: Mark::Unmarked,
            reason: None,
            weight: 1,
            intervals: Vec::new(),
        }
    }

    /// Whether their own line stands.
    pub fn is_online(&self) -> bool {
        self.intervals.last().is_some_and(|last| last.to.is_none())
    }

    /// Whether it stood and broke off.
    pub fn is_lost(&self) -> bool {
        let departure = self.intervals.last().and_then(|last| last.departure);
        departure.is_some_and(|departure| departure != Departure::Left)
    }

    /// Secretaries and technical hosts serve the meeting and do not count; nor do guests.
    pub fn counts(&self) -> bool {
        self.kind == Kind::Person && matches!(self.role, Role::Chair | Role::Delegate)
    }

    fn close(&mut self, at: Timestamp, departure: Departure) {
        if let Some(open) = self.intervals.last_mut().filter(|last| last.to.is_none()) {
            // A clock that was set back must not make an interval end before it began.
            open.to = Some(at.max(open.from));
            open.departure = Some(departure);
        }
    }
}

/// How many of those called must be there.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    TS,
    ToSchema,
    EnumIter,
    DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum QuorumRule {
    /// Nothing depends on it.
    None,
    /// More than half.
    Half,
    #[default]
    TwoThirds,
}

impl QuorumRule {
    /// The smallest number that satisfies the rule.
    pub fn needed(self, called: u32) -> u32 {
        match self {
            Self::None => 0,
            Self::Half => called / 2 + 1,
            Self::TwoThirds => (2 * called).div_ceil(3),
        }
    }
}

/// The quorum as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Quorum {
    pub present: u32,
    pub called: u32,
    pub needed: u32,
    pub is_reached: bool,
    pub sites_present: u32,
    pub sites_called: u32,
}

/// All lines, in the order in which they were called or came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roll {
    pub entries: Vec<Entry>,
    main_site: Option<SiteId>,
}

impl Roll {
    /// The roll of those called; whoever is at the main site is there without a line.
    pub fn new(entries: Vec<Entry>, main_site: Option<SiteId>) -> Self {
        Self { entries, main_site }
    }

    /// The main site, where there are sites.
    pub fn main_site(&self) -> Option<&SiteId> {
        self.main_site.as_ref()
    }

    pub fn entry(&self, seat: &SeatId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.seat == *seat)
    }

    /// Who stands in the roll now keeps what happened; who was called since is added, who no longer is stays if they came.
    pub fn call_again(&mut self, called: Roll) {
        self.main_site = called.main_site;
        let known: Vec<Entry> = std::mem::take(&mut self.entries);
        let is_named = |seat: &SeatId| called.entries.iter().any(|entry| entry.seat == *seat);
        let rest: Vec<Entry> = known
            .iter()
            .filter(|entry| !is_named(&entry.seat) && !entry.intervals.is_empty())
            .cloned()
            .collect();
        let with_past = |mut entry: Entry| {
            if let Some(before) = known.iter().find(|before| before.seat == entry.seat) {
                entry.mark = before.mark;
                entry.reason.clone_from(&before.reason);
                entry.intervals.clone_from(&before.intervals);
            }
            entry
        };
        self.entries = called.entries.into_iter().map(with_past).chain(rest).collect();
    }

    /// Whether somebody is there: by their own line, or in the room of a site that is; or whether a site is reached.
    pub fn is_present(&self, entry: &Entry) -> bool {
        if entry.kind == Kind::Site {
            return entry.site.as_ref().is_some_and(|site| self.stands(site));
        }
        if entry.is_online() {
            return entry.mark != Mark::Absent;
        }
        let in_room = entry.mark == Mark::InPerson;
        in_room && entry.site.as_ref().is_none_or(|site| self.stands(site))
    }

    /// Whether somebody was there at any time, as the record tells it afterwards; or whether a site was reached.
    pub fn was_present(&self, entry: &Entry) -> bool {
        let came = |entry: &Entry| !entry.intervals.is_empty();
        let site_came = |site: &SiteId| {
            let at = |one: &&Entry| one.kind == Kind::Site && one.site.as_ref() == Some(site);
            self.main_site.as_ref() == Some(site) || self.entries.iter().filter(at).any(came)
        };
        match (entry.kind, entry.mark) {
            (Kind::Site, _) => came(entry) || entry.site.as_ref().is_some_and(site_came),
            (_, Mark::InPerson) => entry.site.as_ref().is_none_or(site_came),
            _ => came(entry),
        }
    }

    /// Whether the room of a site is reached.
    pub fn stands(&self, site: &SiteId) -> bool {
        self.main_site.as_ref() == Some(site)
            || self
                .entries
                .iter()
                .any(|entry| entry.site.as_ref() == Some(site) && entry.is_online())
    }

    /// Everyone of an electorate who was called, there or not.
    pub fn electorate(&self, electorate: Electorate) -> Vec<&Entry> {
        let belongs = |entry: &&Entry| match electorate {
            Electorate::Delegates | Electorate::Asked => entry.counts(),
            Electorate::Sites => entry.kind == Kind::Site,
        };
        self.entries.iter().filter(belongs).collect()
    }

    pub fn quorum(&self, rule: QuorumRule) -> Quorum {
        let count = |wanted: &dyn Fn(&Entry) -> bool| {
            u32::try_from(self.entries.iter().filter(|entry| wanted(entry)).count()).unwrap_or(u32::MAX)
        };
        let is_site = |entry: &Entry| entry.kind == Kind::Site;
        let sites_called = count(&is_site);
        let sites_present = count(&|entry| is_site(entry) && self.is_present(entry));
        let people = count(&Entry::counts);
        // Where only agencies were called, their sites are what is counted.
        let (present, called) = if people > 0 {
            (count(&|entry| entry.counts() && self.is_present(entry)), people)
        } else {
            (sites_present, sites_called)
        };
        let needed = rule.needed(called);
        Quorum {
            present,
            called,
            needed,
            is_reached: present >= needed,
            sites_present,
            sites_called,
        }
    }

    pub(super) fn come(&mut self, newcomer: Entry, at: Timestamp) {
        if !self.entries.iter().any(|entry| entry.seat == newcomer.seat) {
            self.entries.push(newcomer.clone());
        }
        if let Some(entry) = self.entry_mut(&newcomer.seat).filter(|entry| !entry.is_online()) {
            let from = entry
                .intervals
                .last()
                .and_then(|last| last.to)
                .map_or(at, |end| end.max(at));
            entry.intervals.push(Interval {
                from,
                to: None,
                departure: None,
            });
        }
    }

    pub(super) fn go(&mut self, seat: &SeatId, departure: Departure, at: Timestamp) {
        if let Some(entry) = self.entry_mut(seat) {
            entry.close(at, departure);
        }
    }

    pub(super) fn interrupt(&mut self, at: Timestamp) {
        for entry in &mut self.entries {
            entry.close(at, Departure::Interrupted);
        }
    }

    pub(super) fn mark(&mut self, seat: &SeatId, mark: Mark, reason: Option<String>) {
        if let Some(entry) = self.entry_mut(seat) {
            entry.mark = mark;
            entry.reason = reason;
        }
    }

    fn entry_mut(&mut self, seat: &SeatId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.seat == *seat)
    }
}
