//! A document on its way to one receiver: the status codes between agencies (Quyết định 28/2018/QĐ-TTg).
//!
//! Sending is idempotent by document and receiver. Every change of status is a new row; none is ever rewritten.

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

crate::id!(
    /// A document on its way to one receiver.
    DispatchId
);

/// The statuses this program gives and understands so far.
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
    /// 03 Đã tiếp nhận: taken in by the receiving clerk.
    #[sea_orm(string_value = "03")]
    Accepted,
}

impl Status {
    pub const ALL: [Status; 3] = [Status::Arrived, Status::Returned, Status::Accepted];

    /// The two digits exchanged between agencies.
    pub fn code(self) -> String {
        self.to_value()
    }
}

/// What the receiving clerk answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Accept,
    Return { reason: String },
}

/// Why an answer is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the dispatch has not arrived or was already answered")]
    NotWaiting,
    #[error("a return needs a reason")]
    ReasonMissing,
    #[error("the document has not been verified on arrival yet")]
    NotVerified,
    #[error("a document that fails verification cannot be accepted")]
    Invalid,
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

/// The status that follows an answer.
///
/// Nghị định 30/2020/NĐ-CP, article 21: what fails authenticity or integrity goes back through the system with a
/// reason, so an invalid document cannot be accepted, and an unverified one not yet.
///
/// # Errors
/// [`Refusal`] when the dispatch does not wait for an answer, the reason is empty, or the verdict forbids it.
pub fn answer(current: Status, verdict: Verdict, answer: &Answer) -> Result<Status, Refusal> {
    if current != Status::Arrived {
        return Err(Refusal::NotWaiting);
    }
    match (answer, verdict) {
        (Answer::Return { reason }, _) if reason.trim().is_empty() => Err(Refusal::ReasonMissing),
        (Answer::Return { .. }, _) => Ok(Status::Returned),
        (Answer::Accept, Verdict::Unknown) => Err(Refusal::NotVerified),
        (Answer::Accept, Verdict::Invalid) => Err(Refusal::Invalid),
        (Answer::Accept, Verdict::Valid | Verdict::Indeterminate) => Ok(Status::Accepted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_exchange() {
        for (status, code) in Status::ALL.into_iter().zip(["01", "02", "03"]) {
            assert_eq!(status.code(), code);
        }
    }

    #[test]
    fn answers_once_and_returns_only_with_a_reason() {
        let back = |reason: &str| Answer::Return {
            reason: reason.into(),
        };
        use {Answer::Accept, Status::*, Verdict::*};
        let cases = [
            (Arrived, Valid, Accept, Ok(Accepted)),
            (Arrived, Indeterminate, Accept, Ok(Accepted)),
            (Arrived, Unknown, Accept, Err(Refusal::NotVerified)),
            (Arrived, Invalid, Accept, Err(Refusal::Invalid)),
            (Arrived, Invalid, back("Chữ ký hỏng"), Ok(Returned)),
            (Arrived, Unknown, back("Gửi nhầm"), Ok(Returned)),
            (Arrived, Valid, back("  "), Err(Refusal::ReasonMissing)),
            (Accepted, Valid, Accept, Err(Refusal::NotWaiting)),
            (Returned, Valid, Accept, Err(Refusal::NotWaiting)),
            (Accepted, Valid, back("Muộn"), Err(Refusal::NotWaiting)),
        ];
        for (current, verdict, given, expected) in cases {
            assert_eq!(
                answer(current, verdict, &given),
                expected,
                "{current:?} {verdict:?} {given:?}"
            );
        }
    }
}
