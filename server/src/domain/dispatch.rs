//! A document on its way to one receiver: the status codes between agencies (Quyết định 28/2018/QĐ-TTg).
//!
//! Sending is idempotent by document and receiver. Every change of status is a new row; none is ever rewritten.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The statuses this program gives and understands so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 01 Đã đến: the document has reached the receiver's system.
    Arrived,
    /// 02 Từ chối tiếp nhận: sent back with a reason.
    Returned,
    /// 03 Đã tiếp nhận: taken in by the receiving clerk.
    Accepted,
}

impl Status {
    pub const ALL: [Status; 3] = [Status::Arrived, Status::Returned, Status::Accepted];

    /// The two digits exchanged between agencies.
    pub fn code(self) -> &'static str {
        match self {
            Status::Arrived => "01",
            Status::Returned => "02",
            Status::Accepted => "03",
        }
    }

    pub fn from_code(code: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.code() == code)
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
            assert_eq!(Status::from_code(code), Some(status));
        }
        assert_eq!(Status::from_code("04"), None);
    }

    #[test]
    fn answers_once_and_returns_only_with_a_reason() {
        let back = |reason: &str| Answer::Return { reason: reason.into() };
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
            assert_eq!(answer(current, verdict, &given), expected, "{current:?} {verdict:?} {given:?}");
        }
    }
}
