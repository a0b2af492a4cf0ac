//! Notices (thông báo): what a person is told of a paper or a question in writing without having asked, each thing once.

use std::time::Duration;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::dispatch::{Dispatch, Recall, Status};
use super::numbering::local_date;
use super::working_day::{WorkingDays, opening, pressing};

crate::id!(
    /// A notice to one person.
    NoticeId
);

/// What is told.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = NoticeKind)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// Giao chủ trì: the work is yours.
    Assigned,
    /// Giao phối hợp: your opinion is asked for.
    SupportAsked,
    /// Thôi chủ trì: the work went to somebody else.
    Relieved,
    /// A supporter has written an opinion.
    OpinionGiven,
    /// Hoàn thành: the work that you gave is done.
    Completed,
    /// Chưa báo nhận: a paper waits since this morning, or since yesterday, for a clerk's answer.
    Unanswered,
    /// Đôn đốc: the due day is near.
    DueSoon,
    /// Quá hạn.
    Overdue,
    /// A receiver sent the paper back.
    Returned,
    /// A letter to a receiver outside was refused, or no server took it.
    MailRefused,
    /// Chờ trả lời: a question in writing asks for your ballot.
    BallotAsked,
    /// Sắp hết hạn trả lời: its hour is near and your ballot is missing.
    BallotDue,
    /// Có kết quả: a question in writing is over.
    BallotCounted,
    /// Chứng thư sắp hết hạn: of a person's own key, or of the agency's that the person seals with.
    CertificateEnds,
    /// Đã ký từ xa: the remote service has signed what you asked it to.
    RemoteSigned,
    /// Chưa ký được từ xa: it has not, and the words say why.
    RemoteFailed,
}

impl Kind {
    /// The word that begins the key by which a thing is told once.
    pub fn key(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::SupportAsked => "support_asked",
            Self::Relieved => "relieved",
            Self::OpinionGiven => "opinion_given",
            Self::Completed => "completed",
            Self::Unanswered => "unanswered",
            Self::DueSoon => "due_soon",
            Self::Overdue => "overdue",
            Self::Returned => "returned",
            Self::MailRefused => "mail_refused",
            Self::BallotAsked => "ballot_asked",
            Self::BallotDue => "ballot_due",
            Self::BallotCounted => "ballot_counted",
            Self::CertificateEnds => "certificate_ends",
            Self::RemoteSigned => "remote_signed",
            Self::RemoteFailed => "remote_failed",
        }
    }
}

/// When a day that is set for some work is told of: at the opening of the last working day before it, and of the first
/// one after it.
pub fn moments(due: Date, days: &WorkingDays) -> [(Kind, OffsetDateTime); 2] {
    [
        (Kind::DueSoon, opening(days.before(due))),
        (Kind::Overdue, opening(days.after(due))),
    ]
}

/// When clerks are told of what came at this moment and waits for their answer: that afternoon, while the day can still be
/// kept; of what came too late for that, or on a day off, as the next working day begins.
pub fn answer_by(came: OffsetDateTime, days: &WorkingDays) -> OffsetDateTime {
    let day = local_date(came);
    let afternoon = pressing(day);
    match days.includes(day) && came < afternoon {
        true => afternoon,
        false => opening(days.after(day)),
    }
}

/// Of how many days before a certificate's end it is time to tell, if it is: the last of those that have come. A new certificate
/// takes some weeks to be issued.
pub fn ending(left: Duration) -> Option<u64> {
    ENDING_DAYS
        .into_iter()
        .find(|days| !left.is_zero() && left <= Duration::from_secs(days * 24 * 3600))
}

/// From the last to the first.
const ENDING_DAYS: [u64; 3] = [7, 30, 60];
/// How long before the end of a certificate its holder is told first.
pub const ENDING_FIRST: Duration = Duration::from_secs(60 * 24 * 3600);

/// Whether somebody still has to act: nobody is pressed for what is done, or asked back by its sender.
pub fn presses(dispatch: Dispatch) -> bool {
    let handled = matches!(dispatch.status, Status::Assigned | Status::InProgress);
    handled && matches!(dispatch.recall, Recall::None | Recall::Refused)
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn a_due_day_is_told_of_on_the_working_days_around_it() {
        // A Monday: on Friday, and on Tuesday.
        let told = moments(date!(2026 - 11 - 30), &WorkingDays::default());
        assert_eq!(
            told,
            [
                (Kind::DueSoon, datetime!(2026-11-27 01:00 UTC)),
                (Kind::Overdue, datetime!(2026-12-01 01:00 UTC))
            ]
        );
    }

    #[test]
    fn an_end_is_told_of_two_months_one_month_and_a_week_before() {
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        for (left, told) in [
            (days(61), None),
            (days(60), Some(60)),
            (days(31), Some(60)),
            (days(30), Some(30)),
            (days(7), Some(7)),
            (Duration::from_secs(1), Some(7)),
            (Duration::ZERO, None),
        ] {
            assert_eq!(ending(left), told, "{left:?}");
        }
    }

    #[test]
    fn an_answer_is_pressed_for_in_the_afternoon_or_as_the_next_working_day_begins() {
        let days = WorkingDays::default();
        for (came, told) in [
            // A Friday at 08:00 and at 16:00 in Vietnam, and the Saturday after it.
            (datetime!(2026-11-27 01:00 UTC), datetime!(2026-11-27 08:30 UTC)),
            (datetime!(2026-11-27 09:00 UTC), datetime!(2026-11-30 01:00 UTC)),
            (datetime!(2026-11-28 01:00 UTC), datetime!(2026-11-30 01:00 UTC)),
        ] {
            assert_eq!(answer_by(came, &days), told, "{came}");
        }
    }

    #[test]
    fn nobody_is_pressed_for_what_is_not_theirs_to_do() {
        for status in Status::ALL {
            for recall in [Recall::None, Recall::Asked, Recall::Agreed, Recall::Refused] {
                let expected = matches!(status, Status::Assigned | Status::InProgress)
                    && !matches!(recall, Recall::Asked | Recall::Agreed);
                assert_eq!(
                    presses(Dispatch { status, recall }),
                    expected,
                    "{status:?} {recall:?}"
                );
            }
        }
    }
}
