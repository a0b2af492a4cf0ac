//! Case files (hồ sơ công việc) and the list of them that an agency draws up for a year (danh mục hồ sơ): Nghị định
//! 30/2020/NĐ-CP, articles 28 to 31 and annex V.
//!
//! ```text
//! planned → open → closed
//!             ↑       ↓
//!             └───────┘  (with a reason)
//! ```
//! All that may happen stands in [`TRANSITIONS`], one row a step.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::dispatch;
use super::document;
use super::id::AgencyId;

crate::id!(
    /// A case file.
    CaseFileId
);

/// How a case file stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseFileState)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// In the list of the year; nobody has begun it.
    Planned,
    Open,
    /// Kết thúc: nothing is put in any more; its retention runs.
    Closed,
}

impl State {
    pub const ALL: [State; 3] = [State::Planned, State::Open, State::Closed];
}

/// What someone does with a case file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CaseFileAction)]
pub enum Action {
    /// Changes what the list says of it: title, retention, keeper.
    Amend,
    Open,
    /// Puts a paper in.
    Put,
    /// Takes a paper out, with a reason.
    TakeOut,
    Close,
    Reopen,
}

impl Action {
    pub const ALL: [Action; 6] = [
        Action::Amend,
        Action::Open,
        Action::Put,
        Action::TakeOut,
        Action::Close,
        Action::Reopen,
    ];
}

/// In what capacity someone meets a case file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capacity {
    /// Người lập hồ sơ: named in the list; opens, fills and closes it (article 29).
    Keeper,
    /// Who draws up the agency's list.
    Planner,
    /// Who may see what is in it.
    Reader,
}

/// What must hold besides the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Nothing,
    /// A reason is given in words.
    Reason,
    /// A paper is in it.
    Filled,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    pub action: Action,
    pub by: Capacity,
    pub from: &'static [State],
    pub condition: Condition,
    pub to: Option<State>,
    /// The action's name in the audit chain.
    pub audit: &'static str,
}

/// Everything that may happen to a case file.
#[rustfmt::skip]
pub const TRANSITIONS: [Transition; 6] = [
    row(Action::Amend,   Capacity::Planner, &[State::Planned, State::Open], Condition::Nothing, None,                "case_file.amended"),
    row(Action::Open,    Capacity::Keeper,  &[State::Planned],              Condition::Nothing, Some(State::Open),   "case_file.opened"),
    row(Action::Put,     Capacity::Keeper,  &[State::Open],                 Condition::Nothing, None,                "case_file.paper_put"),
    row(Action::TakeOut, Capacity::Keeper,  &[State::Open],                 Condition::Reason,  None,                "case_file.paper_taken_out"),
    row(Action::Close,   Capacity::Keeper,  &[State::Open],                 Condition::Filled,  Some(State::Closed), "case_file.closed"),
    row(Action::Reopen,  Capacity::Planner, &[State::Closed],               Condition::Reason,  Some(State::Open),   "case_file.reopened"),
];

/// Why a step is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("this step belongs to someone else")]
    NotYours,
    #[error("a case file that is {0:?} cannot take this step")]
    WrongState(State),
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("nothing is in it")]
    Empty,
    #[error("the code has from 1 to 30 characters")]
    Code,
    #[error("the title has from 1 to 500 characters")]
    Title,
    #[error("a note has at most 500 characters")]
    Note,
    #[error("papers are kept from 1 to 70 years, or for ever")]
    Retention,
    #[error("a list is drawn up for this year, the one before or the one after")]
    Year,
    #[error("another file of the year has this code")]
    CodeTaken,
    #[error("who keeps it does not work in the agency")]
    Keeper,
    #[error("only what this agency has issued, or taken in, is put into its files")]
    NotOfAgency,
    #[error("the paper is in it already")]
    AlreadyIn,
    #[error("the paper is not in it")]
    NotIn,
}

/// How long it is kept after it is closed (thời hạn bảo quản): years, or for ever (vĩnh viễn).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(Option<i16>);

impl Retention {
    /// # Errors
    /// [`Refusal::Retention`] for what is no span of years that the archives know (Thông tư 10/2022/TT-BNV: to 70).
    pub fn of(years: Option<i16>) -> Result<Self, Refusal> {
        let known = years.is_none_or(|years| (1..=70).contains(&years));
        known.then_some(Self(years)).ok_or(Refusal::Retention)
    }

    /// The years; none for ever.
    pub fn years(self) -> Option<i16> {
        self.0
    }

    /// As the printed list says it.
    pub fn words(self) -> String {
        match self.0 {
            None => "Vĩnh viễn".to_owned(),
            Some(years) => format!("{years} năm"),
        }
    }

    /// The last year in which it must be kept, of a file closed in this one.
    pub fn last_year(self, closed_in: i32) -> Option<i32> {
        self.0.map(|years| closed_in + i32::from(years))
    }
}

/// What the list says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Số và ký hiệu hồ sơ: `01.TH`.
    pub code: String,
    pub title: String,
    pub retention: Retention,
    pub note: String,
}

impl Entry {
    /// The entry without blanks around words, once its limits are kept.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn checked(self) -> Result<Self, Refusal> {
        let clean = |text: &str, least: usize, most: usize| {
            let text = text.trim();
            let fits = (least..=most).contains(&text.chars().count()) && !text.contains(char::is_control);
            fits.then(|| text.to_owned())
        };
        Ok(Self {
            code: clean(&self.code, 1, 30).ok_or(Refusal::Code)?,
            title: clean(&self.title, 1, 500).ok_or(Refusal::Title)?,
            note: clean(&self.note, 0, 500).ok_or(Refusal::Note)?,
            retention: self.retention,
        })
    }
}

/// The year for which a list is drawn up.
///
/// # Errors
/// [`Refusal::Year`] where it is neither this one nor a neighbour.
pub fn year(year: i32, this_year: i32) -> Result<i32, Refusal> {
    let near = (this_year - 1..=this_year + 1).contains(&year);
    near.then_some(year).ok_or(Refusal::Year)
}

/// Whether a document may be put into files of `agency`: what it issued itself.
///
/// # Errors
/// [`Refusal::NotOfAgency`].
pub fn check_outgoing(agency: &AgencyId, issuer: &AgencyId, state: document::State) -> Result<(), Refusal> {
    let issued = matches!(state, document::State::Issued | document::State::Recalled);
    (issued && agency == issuer)
        .then_some(())
        .ok_or(Refusal::NotOfAgency)
}

/// Whether a dispatch may be put into files of `agency`: what it has taken in and not given back.
///
/// # Errors
/// [`Refusal::NotOfAgency`].
pub fn check_incoming(
    agency: &AgencyId,
    receiver: &AgencyId,
    status: dispatch::Status,
) -> Result<(), Refusal> {
    use dispatch::Status;
    let taken_in = matches!(
        status,
        Status::Accepted | Status::Assigned | Status::InProgress | Status::Completed
    );
    (taken_in && agency == receiver)
        .then_some(())
        .ok_or(Refusal::NotOfAgency)
}

/// The row of the table for this action, if the person may take it now.
///
/// # Errors
/// [`Refusal`]. A person without any part in the action is told so before anything else is looked at.
pub fn permit(
    state: State,
    papers: usize,
    action: Action,
    capacities: &[Capacity],
    reason: Option<&str>,
) -> Result<Transition, Refusal> {
    let row = TRANSITIONS
        .iter()
        .find(|row| row.action == action && capacities.contains(&row.by))
        .ok_or(Refusal::NotYours)?;
    if !row.from.contains(&state) {
        return Err(Refusal::WrongState(state));
    }
    match row.condition {
        Condition::Reason if reason.is_none_or(|reason| reason.trim().is_empty()) => {
            Err(Refusal::ReasonMissing)
        }
        Condition::Filled if papers == 0 => Err(Refusal::Empty),
        _ => Ok(*row),
    }
}

const fn row(
    action: Action,
    by: Capacity,
    from: &'static [State],
    condition: Condition,
    to: Option<State>,
    audit: &'static str,
) -> Transition {
    Transition {
        action,
        by,
        from,
        condition,
        to,
        audit,
    }
}

#[cfg(test)]
#[path = "case_file_tests.rs"]
mod tests;
