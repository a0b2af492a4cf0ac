//! What is said to a client that was refused something, and with which code its socket is closed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::protocol::ServerMessage;
use crate::domain::procedure::Refusal;

/// Stable names of what went wrong; `server/PROTOCOL.md` says what each means and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorName {
    Malformed,
    TooLarge,
    TooFast,
    UnsupportedVersion,
    NotJoined,
    AlreadyJoined,
    NameMissing,
    NameUnusable,
    RoomFull,
    Refused,
    DescriptionUnusable,
    MediaUnavailable,
    NothingThere,
    ChatClosed,
    Unusable,
    FloorNeeded,
    TooMany,
    NotKept,
    VoteOpen,
    VoteClosed,
    NotEntitled,
    NoQuorum,
    NotSecret,
    TokenGiven,
    Stale,
    SignatureNeeded,
}

/// Close codes of the socket (RFC 6455 section 7.4.2 leaves 4000 to 4999 to the application).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The client left.
    Left = 1000,
    /// The server stops; come back in a moment.
    GoingAway = 1001,
    Malformed = 4400,
    /// The session that opened the socket was ended.
    LoggedOut = 4401,
    /// Sent out by who leads the meeting.
    Removed = 4403,
    /// `join` did not come within ten seconds, or nothing at all for a minute.
    TimedOut = 4408,
    Replaced = 4409,
    Ended = 4410,
    TooLarge = 4413,
    UnsupportedVersion = 4426,
    TooFast = 4429,
    RoomFull = 4503,
}

impl From<Refusal> for ErrorName {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAllowed => Self::Refused,
            Refusal::Gone => Self::NothingThere,
            Refusal::ChatClosed => Self::ChatClosed,
            Refusal::Unusable => Self::Unusable,
            Refusal::Full => Self::TooMany,
            Refusal::VoteOpen => Self::VoteOpen,
            Refusal::VoteClosed => Self::VoteClosed,
            Refusal::NotEntitled => Self::NotEntitled,
            Refusal::NoQuorum => Self::NoQuorum,
            Refusal::NotSecret => Self::NotSecret,
            Refusal::TokenGiven => Self::TokenGiven,
            Refusal::Stale => Self::Stale,
            Refusal::SignatureNeeded => Self::SignatureNeeded,
        }
    }
}

impl ErrorName {
    /// The sentence a person may read.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            ErrorName::Malformed => "Máy chủ không hiểu tin nhắn vừa nhận.",
            ErrorName::TooLarge => "Tin nhắn gửi tới máy chủ quá lớn.",
            ErrorName::TooFast => "Máy này gửi tin quá nhanh. Hãy chờ một lát rồi vào lại.",
            ErrorName::UnsupportedVersion => "Trang này đã cũ. Hãy tải lại trang để vào họp.",
            ErrorName::NotJoined => "Chưa vào phòng họp nên chưa làm được việc này.",
            ErrorName::AlreadyJoined => "Cửa sổ này đã ở trong phòng họp.",
            ErrorName::NameMissing => "Hãy nhập tên hiện trong phòng họp.",
            ErrorName::NameUnusable => "Tên này không dùng được. Hãy nhập tên ngắn hơn, không có ký tự lạ.",
            ErrorName::RoomFull => "Phòng họp đã đủ người.",
            ErrorName::Refused => "Vai trò của đồng chí trong cuộc họp này không làm được việc đó.",
            ErrorName::DescriptionUnusable => {
                "Trình duyệt và máy chủ chưa thống nhất được cách truyền hình, tiếng."
            }
            ErrorName::MediaUnavailable => "Máy chủ chưa truyền được hình và tiếng. Hãy thử lại sau ít giây.",
            ErrorName::NothingThere => "Lượt hoặc người này không còn ở đó.",
            ErrorName::ChatClosed => "Trao đổi đang đóng.",
            ErrorName::Unusable => "Nội dung này không dùng được.",
            ErrorName::FloorNeeded => {
                "Chỉ người được mời phát biểu mới mở được micrô. Hãy giơ tay để được mời."
            }
            ErrorName::TooMany => "Danh sách này đã đầy.",
            ErrorName::NotKept => "Máy chủ chưa ghi lại được việc này. Hãy thử lại.",
            ErrorName::VoteOpen => "Đang có một cuộc biểu quyết. Hãy kết thúc rồi mở cuộc khác.",
            ErrorName::VoteClosed => "Cuộc biểu quyết này đã kết thúc.",
            ErrorName::NotEntitled => {
                "Khi mở biểu quyết, người này không có trong danh sách được biểu quyết."
            }
            ErrorName::NoQuorum => "Chưa đủ số người có mặt theo điểm danh để biểu quyết.",
            ErrorName::NotSecret => {
                "Bỏ phiếu kín cần ít nhất 5 người có máy riêng và mỗi người một phiếu như nhau."
            }
            ErrorName::TokenGiven => "Phiếu kín của người này đã được cấp cho một máy khác.",
            ErrorName::Stale => {
                "Người khác vừa sửa nội dung này. Hãy xem bản mới rồi ghi lại; nội dung của đồng chí vẫn còn trên màn hình."
            }
            ErrorName::SignatureNeeded => "Cuộc biểu quyết này cần mỗi đồng chí tự ký số phiếu của mình.",
        }
    }

    /// With which code the socket is closed after this error, if it is: what may be an honest slip is only
    /// answered, what no client of ours does ends the talk.
    #[must_use]
    pub fn closes(self) -> Option<CloseCode> {
        match self {
            ErrorName::Malformed => Some(CloseCode::Malformed),
            ErrorName::TooLarge => Some(CloseCode::TooLarge),
            ErrorName::TooFast => Some(CloseCode::TooFast),
            ErrorName::UnsupportedVersion => Some(CloseCode::UnsupportedVersion),
            ErrorName::RoomFull => Some(CloseCode::RoomFull),
            ErrorName::NotJoined
            | ErrorName::AlreadyJoined
            | ErrorName::NameMissing
            | ErrorName::NameUnusable
            | ErrorName::Refused
            | ErrorName::DescriptionUnusable
            | ErrorName::MediaUnavailable
            | ErrorName::NothingThere
            | ErrorName::ChatClosed
            | ErrorName::Unusable
            | ErrorName::FloorNeeded
            | ErrorName::TooMany
            | ErrorName::NotKept
            | ErrorName::VoteOpen
            | ErrorName::VoteClosed
            | ErrorName::NotEntitled
            | ErrorName::NoQuorum
            | ErrorName::NotSecret
            | ErrorName::TokenGiven
            | ErrorName::SignatureNeeded
            | ErrorName::Stale => None,
        }
    }

    /// The message that says so.
    #[must_use]
    pub fn message(self) -> ServerMessage {
        ServerMessage::Error {
            error: self,
            sentence: self.sentence().to_owned(),
        }
    }
}
