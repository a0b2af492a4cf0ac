//! What the notice of a meeting's conclusions (thông báo kết luận) says, and what it gives agencies to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use time::Date;

use super::dispatch::Status;
use super::id::AgencyId;
use super::invitation::local;
use super::minute_book::Conclusion;
use super::minutes::{Meeting, concluded};
use super::numbering::{printed_day, printed_month};

/// What a document gives an agency to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub text: String,
    pub agency: Option<AgencyId>,
    pub due_on: Option<Date>,
}

impl From<&Conclusion> for Task {
    fn from(conclusion: &Conclusion) -> Self {
        Self {
            text: conclusion.text.clone(),
            agency: conclusion.agency.clone(),
            due_on: conclusion.due_on,
        }
    }
}

/// What one agency has to do by a document: its words together, and the first day by which some of it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub words: String,
    pub wanted_on: Option<Date>,
}

/// The shares of all agencies that have one.
pub fn shares<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> BTreeMap<AgencyId, Share> {
    let mut shares: BTreeMap<AgencyId, Share> = BTreeMap::new();
    for task in tasks {
        let Some(agency) = &task.agency else { continue };
        let text = task.text.trim_end_matches(['.', ';', ' ']);
        match shares.get_mut(agency) {
            Some(share) => {
                share.words.push_str("; ");
                share.words.push_str(text);
                share.wanted_on = [share.wanted_on, task.due_on].into_iter().flatten().min();
            }
            None => {
                let share = Share {
                    words: text.to_owned(),
                    wanted_on: task.due_on,
                };
                shares.insert(agency.clone(), share);
            }
        }
    }
    shares
}

/// Whether a task's day is past and the agency has not finished.
pub fn is_late(due_on: Option<Date>, status: Option<Status>, today: Date) -> bool {
    due_on.is_some_and(|due| due < today) && status != Some(Status::Completed)
}

impl Meeting<'_> {
    /// The abstract of the notice.
    pub fn notice_subject(&self) -> String {
        format!("Kết luận của {} tại {}", self.chair, self.title)
    }

    /// The content of the notice.
    pub fn notice(&self) -> String {
        let began = local(self.began_at()).date();
        let mut body = String::new();
        let at = match self.place {
            "" => String::new(),
            place => format!(", tại {place}"),
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            body,
            "Ngày {} tháng {} năm {}{at}, {}, chủ trì {}.",
            printed_day(began),
            printed_month(began),
            began.year(),
            self.chair,
            self.title,
        );
        let _ = writeln!(
            body,
            "Sau khi nghe báo cáo và ý kiến của các đại biểu, {} kết luận như sau:",
            self.chair
        );
        let conclusions = &self.procedure.minutes.conclusions;
        concluded(&mut body, conclusions, self.agencies);
        body.push_str(
            "Các cơ quan, đơn vị được giao nhiệm vụ tổ chức thực hiện và báo cáo kết quả đúng thời hạn.\n",
        );
        body
    }
}

#[cfg(test)]
#[path = "conclusion_notice_tests.rs"]
mod tests;
