//! The registers of clerical work and their columns: Nghị định 30/2020/NĐ-CP, annex IV.

use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

/// Which register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Register {
    Outgoing,
    Incoming,
    Handling,
    /// What goes out on paper by the postal service.
    Postal,
}

/// A column: its heading, and its share of the sheet's width beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Column {
    pub title: &'static str,
    pub share: u32,
}

impl Register {
    pub const ALL: [Register; 4] = [
        Register::Outgoing,
        Register::Incoming,
        Register::Handling,
        Register::Postal,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Register::Outgoing => "Sổ đăng ký văn bản đi",
            Register::Incoming => "Sổ đăng ký văn bản đến",
            Register::Handling => "Sổ theo dõi giải quyết văn bản đến",
            Register::Postal => "Sổ gửi văn bản đi bưu điện",
        }
    }

    /// Every column the law asks for, in its order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Register::Outgoing => &OUTGOING,
            Register::Incoming => &INCOMING,
            Register::Handling => &HANDLING,
            Register::Postal => &POSTAL,
        }
    }
}

/// Annex IV, part I.
const OUTGOING: [Column; 10] = [
    column("Số, ký hiệu văn bản", 13),
    column("Ngày tháng văn bản", 10),
    column("Tên loại và trích yếu nội dung văn bản", 25),
    column("Người ký", 11),
    column("Nơi nhận văn bản", 17),
    column("Đơn vị, người nhận bản lưu", 11),
    column("Số lượng bản", 6),
    column("Ngày chuyển", 10),
    column("Ký nhận", 9),
    column("Ghi chú", 9),
];

/// Annex IV, part II.
const INCOMING: [Column; 10] = [
    column("Ngày đến", 10),
    column("Số đến", 6),
    column("Tác giả", 14),
    column("Số, ký hiệu văn bản", 13),
    column("Ngày tháng văn bản", 10),
    column("Tên loại và trích yếu nội dung văn bản", 24),
    column("Đơn vị hoặc người nhận", 12),
    column("Ngày chuyển", 10),
    column("Ký nhận", 9),
    column("Ghi chú", 9),
];

/// Annex IV, part II, the book in which the handling is followed.
const HANDLING: [Column; 7] = [
    column("Số đến", 6),
    column("Tên loại, số và ký hiệu, ngày tháng và tác giả văn bản", 32),
    column("Đơn vị hoặc người nhận", 16),
    column("Thời hạn giải quyết", 10),
    column("Tiến độ giải quyết", 18),
    column("Số, ký hiệu văn bản trả lời", 13),
    column("Ghi chú", 12),
];

/// Annex IV, part I, the book that goes to the post office with the envelopes.
const POSTAL: [Column; 6] = [
    column("Ngày chuyển", 10),
    column("Số, ký hiệu văn bản", 15),
    column("Nơi nhận văn bản", 38),
    column("Số lượng bì", 7),
    column("Ký nhận và dấu bưu điện", 18),
    column("Ghi chú", 14),
];

/// Annex V, the list of case files that an agency draws up for a year.
pub const FILES: [Column; 5] = [
    column("Số và ký hiệu hồ sơ", 14),
    column("Tên đề mục và tiêu đề hồ sơ", 46),
    column("Thời hạn bảo quản", 12),
    column("Người lập hồ sơ", 16),
    column("Ghi chú", 14),
];

/// The list of what is in a case file, as archives ask for it (Thông tư 07/2012/TT-BNV, annex III).
pub const CONTENTS: [Column; 7] = [
    column("STT", 5),
    column("Số, ký hiệu văn bản", 14),
    column("Ngày tháng văn bản", 11),
    column("Tên loại và trích yếu nội dung văn bản", 36),
    column("Tác giả văn bản", 18),
    column("Trang số", 8),
    column("Ghi chú", 12),
];

const fn column(title: &'static str, share: u32) -> Column {
    Column { title, share }
}

/// Kind and subject as one phrase: "Kế hoạch" and "Tuyển dụng viên chức" make "Kế hoạch tuyển dụng viên chức".
///
/// The subject's first letter becomes small only where the next word is small too: "Lam Giang ..." and "UBND ..." are
/// names and stay as they are.
pub fn titled(kind: &str, subject: &str) -> String {
    // Many a drafter writes the kind into the subject too.
    if subject
        .to_lowercase()
        .starts_with(&format!("{} ", kind.to_lowercase()))
    {
        return subject.to_owned();
    }
    let mut words = subject.split_whitespace();
    let capital = |word: &str, at: usize| word.chars().skip(at).any(char::is_uppercase);
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    if capital(first, 1) || second.chars().next().is_some_and(char::is_uppercase) {
        return format!("{kind} {subject}");
    }
    let mut letters = subject.chars();
    let head: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("{kind} {head}{}", letters.as_str())
}

/// A day as registers write it: `05/03/2026`.
pub fn day(date: Date) -> String {
    format!("{:02}/{:02}/{}", date.day(), u8::from(date.month()), date.year())
}

/// A day kept as `2026-03-05`, as registers write it; empty where there is none or it is no day.
pub fn stored_day(day: Option<&str>) -> String {
    let written = day.and_then(|day| {
        let mut parts = day.splitn(3, '-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        Some(format!("{day}/{month}/{year}"))
    });
    written.unwrap_or_default()
}

/// A day as rows keep it (ISO 8601): such days compare as text.
pub fn row_day(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// Whether the work is late: its last day is over and it is not done.
pub fn is_late(due_on: Option<&str>, done: bool, today: Date) -> bool {
    !done && due_on.is_some_and(|due| due < row_day(today).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn registers_have_the_columns_of_the_law() {
        assert_eq!(
            Register::ALL.map(|register| register.columns().len()),
            [10, 10, 7, 6]
        );
        assert_eq!((FILES.len(), CONTENTS.len()), (5, 7));
    }

    #[test]
    fn kind_and_subject_are_one_phrase_and_names_stay_names() {
        let cases = [
            (
                "Kế hoạch",
                "Tuyển dụng viên chức",
                "Kế hoạch tuyển dụng viên chức",
            ),
            ("Báo cáo", "Lam Giang sau ba năm", "Báo cáo Lam Giang sau ba năm"),
            ("Báo cáo", "UBND xã xin ý kiến", "Báo cáo UBND xã xin ý kiến"),
            ("Công văn", "Đề nghị họp", "Công văn đề nghị họp"),
            (
                "Kế hoạch",
                "Kế hoạch cải cách hành chính",
                "Kế hoạch cải cách hành chính",
            ),
            ("Công văn", "", "Công văn "),
        ];
        for (kind, subject, expected) in cases {
            assert_eq!(titled(kind, subject), expected);
        }
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        assert_eq!(day(date!(2026 - 03 - 05)), "05/03/2026");
        assert_eq!(stored_day(Some("2026-03-05")), "05/03/2026");
        assert_eq!(stored_day(None), "");
        assert_eq!(stored_day(Some("hôm qua")), "");
    }

    #[test]
    fn work_is_late_from_the_day_after_its_last_day_until_it_is_done() {
        let today = date!(2026 - 11 - 24);
        assert!(!is_late(Some("2026-11-24"), false, today));
        assert!(is_late(Some("2026-11-23"), false, today));
        assert!(!is_late(Some("2026-11-23"), true, today));
        assert!(!is_late(None, false, today));
    }
}
