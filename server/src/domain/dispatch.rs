//! A document on its way to one receiver, and what becomes of it there: Nghị định 30/2020/NĐ-CP, articles 20 to 24, with
//! the status codes between agencies (Quyết định 28/2018/QĐ-TTg).
//!
//! ```text
//! arrived → accepted → assigned → in progress → completed      recall: none → asked → agreed
//!    ↓                                                                      ↑    ↓
//! returned                                                                 refused
//! ```
//! All that may happen stands in [`TRANSITIONS`], one row a step. Each step that concerns the sender appends a row with
//! its code; none is ever rewritten. A paper handed on to another agency is a dispatch of its own, whose sender is the
//! agency that handed it on. Sending is idempotent by document and receiver.

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

crate::id!(
    /// A document on its way to one receiver.
    DispatchId
);

/// The statuses of the exchange.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    /// 01 Đã đến: the document has reached the receiver's system.
    #[sea_orm(string_value = "01")]
    Arrived,
    /// 02 Từ chối tiếp nhận: sent back with a reason.
    #[sea_orm(string_value = "02")]
    Returned,
    /// 03 Đã tiếp nhận: taken in by the receiving clerk, with an arrival number.
    #[sea_orm(string_value = "03")]
    Accepted,
    /// 04 Phân công: the leader has written the instruction.
    #[sea_orm(string_value = "04")]
    Assigned,
    /// 05 Đang xử lý.
    #[sea_orm(string_value = "05")]
    InProgress,
    /// 06 Hoàn thành.
    #[sea_orm(string_value = "06")]
    Completed,
    /// 13 Yêu cầu lấy lại: the sender recalls it.
    #[sea_orm(string_value = "13")]
    RecallAsked,
    /// 15 Đồng ý lấy lại: the receiver's copy is cancelled.
    #[sea_orm(string_value = "15")]
    RecallAgreed,
    /// 16 Từ chối lấy lại.
    #[sea_orm(string_value = "16")]
    RecallRefused,
}

impl Status {
    pub const ALL: [Status; 9] = [
        Status::Arrived,
        Status::Returned,
        Status::Accepted,
        Status::Assigned,
        Status::InProgress,
        Status::Completed,
        Status::RecallAsked,
        Status::RecallAgreed,
        Status::RecallRefused,
    ];

    /// The two digits exchanged between agencies.
    pub fn code(self) -> String {
        self.to_value()
    }
}

/// How a recall by the sender stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Recall {
    None,
    /// The receiver has yet to answer; nothing else happens to its copy until then.
    Asked,
    Agreed,
    Refused,
}

/// What an agency does in work that a leader of another hands on to it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = DispatchPart)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Part {
    /// Cơ quan chủ trì.
    Lead,
    /// Cơ quan phối hợp.
    Support,
}

impl Part {
    /// As it stands in an instruction.
    pub fn words(self) -> &'static str {
        match self {
            Part::Lead => "chủ trì",
            Part::Support => "phối hợp",
        }
    }
}

/// What someone does with a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DispatchAction)]
pub enum Action {
    Accept,
    Return,
    /// The leader's instruction (bút phê): lead and support, people here and other agencies, due date.
    Instruct,
    /// The lead hands the work on within the agency.
    Delegate,
    /// The lead hands the paper on to other agencies (chuyển tiếp), and goes on answering for it here.
    Forward,
    /// A supporter writes an opinion (ý kiến phối hợp).
    GiveOpinion,
    Begin,
    Complete,
    Recall,
    AgreeRecall,
    RefuseRecall,
}

impl Action {
    pub const ALL: [Action; 11] = [
        Action::Accept,
        Action::Return,
        Action::Instruct,
        Action::Delegate,
        Action::Forward,
        Action::GiveOpinion,
        Action::Begin,
        Action::Complete,
        Action::Recall,
        Action::AgreeRecall,
        Action::RefuseRecall,
    ];
}

/// In what capacity someone acts on one dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capacity {
    /// A clerk of the sending agency.
    Sender,
    /// A clerk of the receiving agency.
    Receiver,
    /// A leader of the receiving agency.
    Leader,
    /// The one named by the instruction as its lead.
    Handler,
    /// One named by the instruction to support the lead.
    Supporter,
    /// Someone of the receiving agency who may read it.
    Reader,
}

/// What must hold besides status and recall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Nothing,
    /// A reason is given in words.
    Reason,
    /// Verified on arrival, and not invalid: what fails goes back with a reason (article 21).
    Sound,
    /// Somebody is named who will handle it.
    Lead,
    /// Words are written.
    Words,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    pub action: Action,
    pub by: Capacity,
    pub from: &'static [Status],
    pub recall: &'static [Recall],
    pub condition: Condition,
    /// Where it stands afterwards; nothing where a recall leaves the receiver's work as it is.
    pub to: Option<Status>,
    pub recall_to: Option<Recall>,
    /// The row that is appended and told to the sender; nothing where the step stays inside the agency.
    pub row: Option<Status>,
    /// The action's name in the audit chain.
    pub audit: &'static str,
}

/// Nobody asks for it back, or it was refused.
const KEPT: &[Recall] = &[Recall::None, Recall::Refused];
const ASKED: &[Recall] = &[Recall::Asked];
const HELD: &[Status] = &[
    Status::Arrived,
    Status::Accepted,
    Status::Assigned,
    Status::InProgress,
    Status::Completed,
];
const REGISTERED: &[Status] = &[Status::Accepted, Status::Assigned, Status::InProgress];
const HANDLED: &[Status] = &[Status::Assigned, Status::InProgress];

/// Everything that may happen to a dispatch.
#[rustfmt::skip]
pub const TRANSITIONS: [Transition; 11] = [
    row(Action::Accept,       Capacity::Receiver,  &[Status::Arrived],  KEPT,  Condition::Sound,   Some(Status::Accepted),     None,                  Some(Status::Accepted),      "dispatch.accepted"),
    row(Action::Return,       Capacity::Receiver,  &[Status::Arrived],  KEPT,  Condition::Reason,  Some(Status::Returned),     None,                  Some(Status::Returned),      "dispatch.returned"),
    row(Action::Instruct,     Capacity::Leader,    REGISTERED,          KEPT,  Condition::Lead,    Some(Status::Assigned),     None,                  Some(Status::Assigned),      "dispatch.instructed"),
    row(Action::Delegate,     Capacity::Handler,   HANDLED,             KEPT,  Condition::Lead,    Some(Status::Assigned),     None,                  Some(Status::Assigned),      "dispatch.delegated"),
    row(Action::Forward,      Capacity::Handler,   HANDLED,             KEPT,  Condition::Lead,    Some(Status::InProgress),   None,                  Some(Status::InProgress),    "dispatch.forwarded"),
    row(Action::GiveOpinion,  Capacity::Supporter, HANDLED,             KEPT,  Condition::Words,   None,                       None,                  None,                        "dispatch.opinion_given"),
    row(Action::Begin,        Capacity::Handler,   &[Status::Assigned], KEPT,  Condition::Nothing, Some(Status::InProgress),   None,                  Some(Status::InProgress),    "dispatch.begun"),
    row(Action::Complete,     Capacity::Handler,   HANDLED,             KEPT,  Condition::Nothing, Some(Status::Completed),    None,                  Some(Status::Completed),     "dispatch.completed"),
    row(Action::Recall,       Capacity::Sender,    HELD,                KEPT,  Condition::Reason,  None,                       Some(Recall::Asked),   Some(Status::RecallAsked),   "dispatch.recall_asked"),
    row(Action::AgreeRecall,  Capacity::Receiver,  HELD,                ASKED, Condition::Nothing, Some(Status::RecallAgreed), Some(Recall::Agreed),  Some(Status::RecallAgreed),  "dispatch.recall_agreed"),
    row(Action::RefuseRecall, Capacity::Receiver,  HELD,                ASKED, Condition::Reason,  None,                       Some(Recall::Refused), Some(Status::RecallRefused), "dispatch.recall_refused"),
];

/// Why a step is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("this step belongs to someone else")]
    NotYours,
    #[error("the dispatch was already answered")]
    NotWaiting,
    #[error("a dispatch with status {} cannot take this step", .0.code())]
    WrongStatus(Status),
    #[error("the sender has asked for it back; that is answered first")]
    RecallPending,
    #[error("nobody asks for it back")]
    NoRecall,
    #[error("a reason is needed")]
    ReasonMissing,
    #[error("the document has not been verified on arrival yet")]
    NotVerified,
    #[error("a document that fails verification cannot be accepted")]
    Invalid,
    #[error("nobody is named who will handle it")]
    LeadMissing,
    #[error("nothing is written")]
    WordsMissing,
}

/// What verification on arrival said, as far as it binds the clerk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Unknown,
    Valid,
    /// The state of a certificate or a time-stamp cannot be established: the clerk is warned and decides.
    Indeterminate,
    Invalid,
}

/// What comes with a step.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub verdict: Verdict,
    /// The words that come with it: a reason, a note, an opinion.
    pub reason: Option<&'a str>,
    /// Whether somebody is named who will handle it.
    pub lead: bool,
}

/// What the rules need to know of a dispatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispatch {
    pub status: Status,
    pub recall: Recall,
}

impl Dispatch {
    pub const ARRIVED: Dispatch = Dispatch {
        status: Status::Arrived,
        recall: Recall::None,
    };

    /// The row of the table for this action, if the person may take it now.
    ///
    /// # Errors
    /// [`Refusal`]. A person without any part in the action is told so before anything else is looked at.
    pub fn permit(
        &self,
        action: Action,
        capacities: &[Capacity],
        given: Given<'_>,
    ) -> Result<Transition, Refusal> {
        let row = TRANSITIONS
            .iter()
            .find(|row| row.action == action && capacities.contains(&row.by))
            .ok_or(Refusal::NotYours)?;
        if !row.from.contains(&self.status) {
            return Err(match action {
                Action::Accept | Action::Return => Refusal::NotWaiting,
                _ => Refusal::WrongStatus(self.status),
            });
        }
        if !row.recall.contains(&self.recall) {
            return Err(match self.recall {
                Recall::Asked => Refusal::RecallPending,
                _ => Refusal::NoRecall,
            });
        }
        check(row.condition, given)?;
        Ok(*row)
    }

    /// The dispatch after a permitted transition.
    #[must_use]
    pub fn apply(self, transition: &Transition) -> Dispatch {
        Dispatch {
            status: transition.to.unwrap_or(self.status),
            recall: transition.recall_to.unwrap_or(self.recall),
        }
    }
}

fn check(condition: Condition, given: Given<'_>) -> Result<(), Refusal> {
    match condition {
        Condition::Nothing => Ok(()),
        Condition::Reason if given.reason.is_none_or(|reason| reason.trim().is_empty()) => {
            Err(Refusal::ReasonMissing)
        }
        Condition::Words if given.reason.is_none_or(|words| words.trim().is_empty()) => {
            Err(Refusal::WordsMissing)
        }
        Condition::Reason | Condition::Words => Ok(()),
        Condition::Lead => given.lead.then_some(()).ok_or(Refusal::LeadMissing),
        Condition::Sound => match given.verdict {
            Verdict::Unknown => Err(Refusal::NotVerified),
            Verdict::Invalid => Err(Refusal::Invalid),
            Verdict::Valid | Verdict::Indeterminate => Ok(()),
        },
    }
}

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn row(
    action: Action,
    by: Capacity,
    from: &'static [Status],
    recall: &'static [Recall],
    condition: Condition,
    to: Option<Status>,
    recall_to: Option<Recall>,
    row: Option<Status>,
    audit: &'static str,
) -> Transition {
    Transition {
        action,
        by,
        from,
        recall,
        condition,
        to,
        recall_to,
        row,
        audit,
    }
}

#[cfg(test)]
#[path = "dispatch_tests.rs"]
mod tests;
