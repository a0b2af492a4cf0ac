//! What the minutes of a meeting (biên bản) say, drafted from its plan and its record: mẫu 1.9, annex III of Nghị định
//! 30/2020/NĐ-CP.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ballot::{Outcome, Vote};
use super::floor::{Ending, Past};
use super::id::AgencyId;
use super::invitation::{Item, hour, line, list, local};
use super::meeting::{Role, SiteId};
use super::minute_book::Conclusion;
use super::numbering::{printed_day, printed_month};
use super::procedure::Procedure;
use super::roll::{Entry, Interval, Kind, Mark};
use crate::clock::Timestamp;

/// A paper that comes of a meeting, besides the invitation to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = MeetingOutcome)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Paper {
    /// Biên bản.
    Minutes,
    /// Biên bản kết quả biểu quyết, biên bản kiểm phiếu.
    VoteRecord,
    /// Thông báo kết luận.
    ConclusionNotice,
}

/// A meeting as its papers tell of it.
#[derive(Debug, Clone, Copy)]
pub struct Meeting<'a> {
    pub title: &'a str,
    pub place: &'a str,
    /// When it was to begin.
    pub starts_at: Timestamp,
    /// Or when its minutes are closed, where they are signed before the room is left; nothing before it has begun.
    pub ended_at: Option<Timestamp>,
    /// "đồng chí Trần Văn Minh, Chủ tịch Ủy ban nhân dân tỉnh Lam Giang" each.
    pub chair: &'a str,
    pub secretary: &'a str,
    pub items: &'a [Item],
    pub agencies: &'a BTreeMap<AgencyId, String>,
    pub procedure: &'a Procedure,
    /// The hash of its record as it stands, in hexadecimal (`server/src/conference/RECORD.md`); none where nothing was recorded.
    pub record: Option<&'a str>,
}

impl Meeting<'_> {
    /// The abstract of the minutes.
    pub fn subject(&self) -> String {
        self.title.to_owned()
    }

    /// The content of the minutes, as a person would write it in the page.
    pub fn minutes(&self) -> String {
        let mut body = String::new();
        line(&mut body, "Thời gian bắt đầu", &moment(self.began_at()));
        line(&mut body, "Địa điểm", &self.where_held());
        line(&mut body, "Chủ trì (chủ tọa)", self.chair);
        line(&mut body, "Thư ký (người ghi biên bản)", self.secretary);
        self.attendance(&mut body);
        self.course(&mut body);
        self.conclusions(&mut body);
        let end = match self.ended_at {
            Some(ended_at) => moment(ended_at),
            None => "... giờ ..., ngày ... tháng ... năm ...".to_owned(),
        };
        // Writing to a string does not fail.
        let _ = writeln!(body, "Cuộc họp kết thúc vào {end}.");
        if let Some(record) = self.record {
            line(&mut body, RECORD, &grouped(record));
        }
        body
    }

    /// When the first item was called; before that, or where none was, when it was to begin and somebody was there.
    pub fn began_at(&self) -> Timestamp {
        let first_item = self.procedure.course.first().map(|(at, _)| *at);
        let entries = self.procedure.roll.entries.iter();
        let first = entries
            .filter_map(|entry| entry.intervals.first())
            .map(|interval| interval.from)
            .min();
        first_item.unwrap_or_else(|| first.map_or(self.starts_at, |first| first.max(self.starts_at)))
    }

    fn where_held(&self) -> String {
        let sites = self.sites().filter(|site| !self.is_main(site)).count();
        let place = match self.place {
            "" => "...",
            place => place,
        };
        match sites {
            0 => place.to_owned(),
            sites => format!("{place} và {sites} điểm cầu trực tuyến"),
        }
    }

    fn sites(&self) -> impl Iterator<Item = &Entry> {
        let entries = self.procedure.roll.entries.iter();
        entries.filter(|entry| entry.kind == Kind::Site)
    }

    fn is_main(&self, site: &Entry) -> bool {
        site.site.is_some() && site.site.as_ref() == self.procedure.roll.main_site()
    }

    fn attendance(&self, body: &mut String) {
        let roll = &self.procedure.roll;
        body.push_str("I. THÀNH PHẦN THAM DỰ\n");
        body.push_str(&self.how_many());
        let people = |wanted: &dyn Fn(&Entry) -> bool| -> Vec<&Entry> {
            let came = roll.entries.iter().filter(|entry| entry.kind == Kind::Person);
            came.filter(|entry| roll.was_present(entry) && wanted(entry))
                .collect()
        };
        let mut number = 0;
        let mut group = |body: &mut String, title: &str, entries: Vec<String>| {
            if entries.is_empty() {
                return;
            }
            number += 1;
            let _ = writeln!(body, "{number}. {title}");
            list(body, &entries);
        };
        let known: Vec<Option<&SiteId>> = self.sites().map(|site| site.site.as_ref()).collect();
        for site in self.sites().filter(|site| roll.was_present(site)) {
            let sits = people(&|entry| entry.site.is_some() && entry.site == site.site);
            let mut entries: Vec<String> = sits.into_iter().map(attended).collect();
            if entries.is_empty() || !site.intervals.is_empty() {
                entries.insert(0, format!("phòng họp của điểm cầu{}", stood(&site.intervals)));
            }
            let main = if self.is_main(site) {
                " (điểm cầu chính)"
            } else {
                ""
            };
            let title = format!("Điểm cầu {}{main}", site.name);
            group(body, &title, entries);
        }
        let elsewhere = people(&|entry| !known.contains(&entry.site.as_ref()) || entry.site.is_none());
        let title = if known.is_empty() {
            "Đại biểu dự họp"
        } else {
            "Tham dự ngoài các điểm cầu"
        };
        group(body, title, elsewhere.into_iter().map(attended).collect());
        let guests = roll.entries.iter().filter(|entry| entry.kind == Kind::Guest);
        let guests: Vec<&Entry> = guests.collect();
        // Of many the names fill a paragraph and not pages; when each was there is in the record.
        let named = match guests.len() > MOST_GUESTS {
            true => vec![crowd(&guests)],
            false => guests.into_iter().map(attended).collect(),
        };
        group(body, "Khách mời", named);
        let absent = roll
            .entries
            .iter()
            .filter(|entry| !matches!(entry.kind, Kind::Guest | Kind::Device) && !roll.was_present(entry));
        group(body, "Vắng mặt", absent.map(missed).collect());
    }

    fn how_many(&self) -> String {
        let roll = &self.procedure.roll;
        let count = |wanted: &dyn Fn(&Entry) -> bool| {
            let of = roll.entries.iter().filter(|entry| wanted(entry));
            let (mut present, mut called) = (0, 0);
            for entry in of {
                called += 1;
                present += usize::from(roll.was_present(entry));
            }
            (present, called)
        };
        let (people, sites) = (count(&Entry::counts), count(&|entry| entry.kind == Kind::Site));
        let mut said = Vec::new();
        for ((present, called), of) in [(people, "đại biểu được triệu tập"), (sites, "điểm cầu")]
        {
            if called > 0 {
                said.push(format!("{present}/{called} {of}"));
            }
        }
        match said.is_empty() {
            true => String::new(),
            false => format!("Có mặt {}.\n", said.join("; ")),
        }
    }

    /// Item by item: the notes, who spoke, what was put to the vote; then what belongs to no item.
    fn course(&self, body: &mut String) {
        body.push_str("II. NỘI DUNG CUỘC HỌP\n");
        let numbered = (1u32..).zip(self.items);
        for (number, item) in numbered {
            let presenter = match item.presenter.as_str() {
                "" => String::new(),
                presenter => format!(" (trình bày: {presenter})"),
            };
            let _ = writeln!(body, "{number}. {}{presenter}", item.title);
            self.of_item(body, Some(number));
        }
        let is_planned = |item: Option<u32>| {
            item.is_some_and(|item| usize::try_from(item).is_ok_and(|item| item <= self.items.len()))
        };
        let notes = self.procedure.minutes.notes().map(|note| note.item);
        let votes = self.votes().map(|vote| vote.opening.terms.item);
        let turns = self.spoken().map(|turn| self.item_at(turn.began_at));
        let mut others: Vec<Option<u32>> = notes
            .chain(votes)
            .chain(turns)
            .filter(|item| !is_planned(*item))
            .collect();
        others.sort_unstable();
        others.dedup();
        for item in others {
            self.of_item(body, item);
        }
    }

    fn of_item(&self, body: &mut String, item: Option<u32>) {
        if let Some(note) = self
            .procedure
            .minutes
            .note(item)
            .filter(|note| !note.text.is_empty())
        {
            body.push_str(&note.text);
            body.push('\n');
        }
        let turns = self.spoken().filter(|turn| self.item_at(turn.began_at) == item);
        let turns: Vec<String> = turns.map(spoke).collect();
        if !turns.is_empty() {
            line(body, "Ý kiến phát biểu", &turns.join("; "));
        }
        for vote in self.votes().filter(|vote| vote.opening.terms.item == item) {
            if let Some(said) = decided(vote) {
                let _ = writeln!(body, "{said}");
            }
        }
    }

    fn spoken(&self) -> impl Iterator<Item = &Past> {
        let past = self.procedure.floor.past.iter();
        past.filter(|turn| turn.ending == Ending::Spoken)
    }

    fn votes(&self) -> impl Iterator<Item = &Vote> {
        let votes = self.procedure.votes.all.iter();
        votes.filter(|vote| decided(vote).is_some())
    }

    /// The item that was under way.
    fn item_at(&self, at: Option<Timestamp>) -> Option<u32> {
        let course = self.procedure.course.iter().rev();
        let at = at?;
        course
            .skip_while(|(since, _)| *since > at)
            .map(|(_, item)| *item)
            .next()
            .flatten()
    }

    fn conclusions(&self, body: &mut String) {
        let conclusions = &self.procedure.minutes.conclusions;
        if conclusions.is_empty() {
            return;
        }
        body.push_str("III. KẾT LUẬN CỦA CHỦ TRÌ\n");
        concluded(body, conclusions, self.agencies);
    }
}

/// The conclusions, numbered: what, who is to act, by when.
pub(super) fn concluded(
    body: &mut String,
    conclusions: &[Conclusion],
    agencies: &BTreeMap<AgencyId, String>,
) {
    for (number, one) in (1..).zip(conclusions) {
        let text = one.text.trim_end_matches(['.', ';', ' ']);
        let agency = one.agency.as_ref().and_then(|agency| agencies.get(agency));
        let due = one.due_on.map(|day| {
            format!(
                "ngày {} tháng {} năm {}",
                printed_day(day),
                printed_month(day),
                day.year()
            )
        });
        let charge = match (agency, due) {
            (Some(agency), Some(due)) => format!(" Giao {agency} thực hiện, hoàn thành trước {due}."),
            (Some(agency), None) => format!(" Giao {agency} thực hiện."),
            (None, Some(due)) => format!(" Hoàn thành trước {due}."),
            (None, None) => String::new(),
        };
        let _ = writeln!(body, "{number}. {text}.{charge}");
    }
}

/// "08 giờ 00, ngày 30 tháng 11 năm 2026", in Vietnam's time.
pub(super) fn moment(at: Timestamp) -> String {
    let at = local(at);
    let day = at.date();
    format!(
        "{}, ngày {} tháng {} năm {}",
        hour(at),
        printed_day(day),
        printed_month(day),
        day.year()
    )
}

/// "đồng chí Lê Thị Hoa, Văn thư Ủy ban nhân dân tỉnh Lam Giang".
pub(super) fn called(entry: &Entry) -> String {
    let name = match entry.kind {
        Kind::Person => format!("đồng chí {}", entry.name),
        Kind::Site => format!("điểm cầu {}", entry.name),
        Kind::Guest | Kind::Device => entry.name.clone(),
    };
    match &entry.title {
        Some(title) => format!("{name}, {title}"),
        None => name,
    }
}

fn attended(entry: &Entry) -> String {
    let role = match entry.role {
        Role::Chair => ", chủ trì",
        Role::Secretary => ", thư ký",
        Role::TechnicalHost => ", điều phối kỹ thuật",
        Role::Delegate | Role::Guest => "",
    };
    let how = match entry.mark {
        Mark::InPerson => ", có mặt tại phòng họp".to_owned(),
        _ => stood(&entry.intervals),
    };
    format!("{}{role}{how}", called(entry))
}

/// "56 khách: Xã Bản Mây 1, Xã Bản Mây 2".
fn crowd(guests: &[&Entry]) -> String {
    let names: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    format!("{} khách: {}", guests.len(), names.join(", "))
}

fn missed(entry: &Entry) -> String {
    match &entry.reason {
        Some(reason) => format!("{}: {reason}", called(entry)),
        None => called(entry),
    }
}

/// ", trực tuyến từ 08 giờ 00 đến 09 giờ 30, từ 09 giờ 40 đến 10 giờ 05"; nothing where no line ever stood.
fn stood(intervals: &[Interval]) -> String {
    let mut joined: Vec<(Timestamp, Option<Timestamp>)> = Vec::new();
    for interval in intervals {
        match joined.last_mut() {
            Some((_, end)) if end.is_some_and(|end| interval.from.since(end) <= BROKE_OFF) => {
                *end = interval.to;
            }
            _ => joined.push((interval.from, interval.to)),
        }
    }
    let said: Vec<String> = joined
        .into_iter()
        .map(|(from, to)| match to {
            Some(to) => format!("từ {} đến {}", hour(local(from)), hour(local(to))),
            None => format!("từ {}", hour(local(from))),
        })
        .collect();
    match said.is_empty() {
        true => String::new(),
        false => format!(", trực tuyến {}", said.join(", ")),
    }
}

/// "Lò Văn Inh (03 phút)".
fn spoke(turn: &Past) -> String {
    let minutes = turn.spent_ms.div_ceil(60_000).max(1);
    format!("{} ({minutes:02} phút)", turn.turn.name)
}

/// A vote in one line; nothing while it is open, or where it was taken back.
fn decided(vote: &Vote) -> Option<String> {
    let end = vote.end?;
    let outcome = match end.outcome {
        Outcome::Carried => "được thông qua",
        Outcome::NotCarried => "không được thông qua",
        Outcome::Withdrawn => return None,
    };
    let way = match vote.opening.terms.is_secret {
        true => "Bỏ phiếu kín",
        false => "Biểu quyết",
    };
    let tally = end.tally;
    Some(format!(
        "{way} “{}”: tán thành {}, không tán thành {}, không biểu quyết {}, trên {} phiếu của người có mặt (cần ít nhất {}); {outcome}.",
        vote.opening.terms.question,
        tally.in_favour,
        tally.against,
        tally.abstaining,
        vote.opening.present(),
        vote.opening.needed(),
    ))
}

/// A digest in groups of eight, so that lines break and eyes can compare.
pub(super) fn grouped(digest: &str) -> String {
    let letters: Vec<char> = digest.chars().collect();
    let groups: Vec<String> = letters.chunks(8).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// What the papers call the hash of the record that they were drafted from.
pub(super) const RECORD: &str = "Mã băm hồ sơ điện tử của cuộc họp (SHA-256)";
/// More are named in one paragraph.
const MOST_GUESTS: usize = 10;
/// Whoever is back so soon lost the line and did not leave.
const BROKE_OFF: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
#[path = "minutes_tests.rs"]
pub(crate) mod tests;
