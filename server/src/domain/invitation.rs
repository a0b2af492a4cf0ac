//! Inviting to a meeting: what the invitation (giấy mời) says, and which letters those who are called get.
//!
//! The paper goes the way of every document. Once it is issued, each who is called and has a mail address is written to as
//! iTIP asks (RFC 5546): `REQUEST` to come, again with a higher sequence when the meeting has changed, `CANCEL` when they
//! are called no longer or the meeting is called off.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, Weekday};
use utoipa::ToSchema;

use super::id::AgencyId;
use super::numbering::VIETNAM;
use super::organisation::AgencyKind;
use crate::clock::Timestamp;

/// What a letter asks of a calendar (RFC 5546, section 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvitationMethod)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Method {
    Request,
    Cancel,
}

/// What the last letter to somebody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub method: Method,
    pub sequence: i32,
    /// The mail server refused it, and the address is another since.
    pub went_astray: bool,
}

/// How the meeting stands, as far as letters care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Raised with each change after the invitation was issued.
    pub sequence: i32,
    /// Of the last change of name, time or place.
    pub details_sequence: i32,
    pub is_called_off: bool,
}

impl Course {
    /// The letter that somebody is to get now; none where the last one still holds.
    pub fn letter(&self, is_called: bool, last: Option<Written>) -> Option<Method> {
        let comes = is_called && !self.is_called_off;
        match (comes, last) {
            (true, None) => Some(Method::Request),
            (true, Some(last)) => {
                let holds = last.method == Method::Request
                    && last.sequence >= self.details_sequence
                    && !last.went_astray;
                (!holds).then_some(Method::Request)
            }
            (false, Some(last)) => (last.method == Method::Request).then_some(Method::Cancel),
            (false, None) => None,
        }
    }
}

/// What an invitation says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invitation {
    /// Who invites.
    pub agency: String,
    pub title: String,
    pub starts_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub place: String,
    /// Name and position.
    pub chair: Option<String>,
    /// Who is asked: agencies, then people called by name.
    pub asked: Vec<String>,
    /// The sites besides the main one.
    pub component_sites: Vec<String>,
    pub items: Vec<Item>,
}

/// An item of the agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub title: String,
    pub presenter: String,
    pub minutes: i32,
}

impl Invitation {
    /// The abstract of the paper.
    pub fn subject(&self) -> String {
        format!("Dự {}", self.title)
    }

    /// The content as a person would write it in the page: the form of mẫu 1.7 (giấy mời), annex III of Nghị định
    /// 30/2020/NĐ-CP.
    pub fn body(&self) -> String {
        let mut body = format!("{} trân trọng kính mời:\n", self.agency);
        list(&mut body, &self.asked);
        line(&mut body, "Tới dự", &self.title);
        if let Some(chair) = &self.chair {
            line(&mut body, "Chủ trì", chair);
        }
        line(&mut body, "Thời gian", &when(self.starts_at, self.ends_at));
        if !self.place.is_empty() {
            line(&mut body, "Địa điểm", &self.place);
        }
        if !self.component_sites.is_empty() {
            body.push_str("Các điểm cầu thành phần:\n");
            list(&mut body, &self.component_sites);
        }
        if !self.items.is_empty() {
            body.push_str("Chương trình:\n| TT | Nội dung | Trình bày | Thời lượng |\n");
            for (number, item) in (1..).zip(&self.items) {
                // Writing to a string does not fail.
                let _ = writeln!(
                    body,
                    "| {number} | {} | {} | {} phút |",
                    cell(&item.title),
                    cell(&item.presenter),
                    item.minutes
                );
            }
        }
        body.push_str("Rất mong Quý vị đến dự đúng thành phần và thời gian.\n");
        body
    }
}

/// Agencies as an invitation names them: a whole level in one line ("Ủy ban nhân dân các xã, phường") where every agency of
/// it is meant, as offices write it; else each by its name. `named` are `(agency, name as it would stand)`; `province` is
/// every agency.
pub fn addressees(named: &[(AgencyId, String)], province: &BTreeMap<AgencyId, AgencyKind>) -> Vec<String> {
    let meant: BTreeSet<&AgencyId> = named.iter().map(|(agency, _)| agency).collect();
    let whole: Vec<AgencyKind> = [AgencyKind::Department, AgencyKind::Commune]
        .into_iter()
        .filter(|kind| {
            let mut all = province.iter().filter(|(_, its)| *its == kind);
            all.clone().count() >= SEVERAL && all.all(|(agency, _)| meant.contains(agency))
        })
        .collect();
    let is_whole = |agency: &AgencyId| province.get(agency).is_some_and(|kind| whole.contains(kind));
    let levels = whole.iter().map(|kind| level(*kind).to_owned());
    let others = named.iter().filter(|(agency, _)| !is_whole(agency));
    levels.chain(others.map(|(_, name)| name.clone())).collect()
}

/// Fewer of a level are named each.
const SEVERAL: usize = 5;

fn level(kind: AgencyKind) -> &'static str {
    match kind {
        AgencyKind::Province => "Ủy ban nhân dân tỉnh",
        AgencyKind::Department => "Các sở, ban, ngành thuộc tỉnh",
        AgencyKind::Commune => "Ủy ban nhân dân các xã, phường",
    }
}

pub(super) fn line(body: &mut String, label: &str, text: &str) {
    let _ = writeln!(body, "{label}: {text}.");
}

pub(super) fn list(body: &mut String, entries: &[String]) {
    for (index, entry) in entries.iter().enumerate() {
        let end = if index + 1 == entries.len() { '.' } else { ';' };
        let _ = writeln!(body, "- {entry}{end}");
    }
}

/// Strokes divide the cells of a table.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "/")
}

/// "08 giờ 00, ngày 30 tháng 11 năm 2026 (thứ Hai)", in Vietnam's time.
pub fn when(starts_at: Timestamp, ends_at: Option<Timestamp>) -> String {
    let start = local(starts_at);
    let end = ends_at.map(local);
    let day = |moment: OffsetDateTime| {
        format!(
            "ngày {:02} tháng {:02} năm {} ({})",
            moment.day(),
            u8::from(moment.month()),
            moment.year(),
            weekday(moment.weekday())
        )
    };
    match end {
        Some(end) if end.date() == start.date() => {
            format!("từ {} đến {}, {}", hour(start), hour(end), day(start))
        }
        Some(end) => format!(
            "từ {}, {} đến {}, {}",
            hour(start),
            day(start),
            hour(end),
            day(end)
        ),
        None => format!("{}, {}", hour(start), day(start)),
    }
}

pub(super) fn local(moment: Timestamp) -> OffsetDateTime {
    moment.to_offset_date_time().to_offset(VIETNAM)
}

pub(super) fn hour(moment: OffsetDateTime) -> String {
    format!("{:02} giờ {:02}", moment.hour(), moment.minute())
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "thứ Hai",
        Weekday::Tuesday => "thứ Ba",
        Weekday::Wednesday => "thứ Tư",
        Weekday::Thursday => "thứ Năm",
        Weekday::Friday => "thứ Sáu",
        Weekday::Saturday => "thứ Bảy",
        Weekday::Sunday => "Chủ nhật",
    }
}

#[cfg(test)]
#[path = "invitation_tests.rs"]
mod tests;
