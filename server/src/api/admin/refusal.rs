//! What the keeping of accounts and agencies refuses, as problems: one clear sentence each.

use axum::http::StatusCode;
use tracing::info;

use crate::accounts::Error;
use crate::accounts::passkey::MOST_PASSKEYS;
use crate::api::passkeys;
use crate::api::problem::Problem;
use crate::domain::account::{Fault, SHORTEST_PASSWORD};
use crate::domain::listing::Wrong;
use crate::domain::{organisation, substitution};
use crate::password::Busy;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Fault(fault) => fault.into(),
            Error::Agency(fault) => agency(fault),
            Error::Substitution(refusal) => substitute(refusal),
            Error::NotFound | Error::Unknown(_) => Self::not_found(),
            Error::PasswordLength => unfit(
                "password-length",
                format!("Mật khẩu phải dài ít nhất {SHORTEST_PASSWORD} ký tự."),
                format!("A password has at least {SHORTEST_PASSWORD} characters."),
            ),
            Error::WrongPassword => unfit(
                "wrong-password",
                "Mật khẩu hiện tại không đúng.",
                "The present password is wrong.",
            ),
            Error::Passkey(refusal) => {
                info!("a passkey is refused: {refusal}");
                passkeys::refused()
            }
            Error::TooManyPasskeys => Problem::new(
                StatusCode::CONFLICT,
                "too-many-passkeys",
                format!(
                    "Mỗi người giữ nhiều nhất {MOST_PASSKEYS} khóa đăng nhập. Xin gỡ bớt khóa không dùng nữa."
                ),
                format!(
                    "A person keeps at most {MOST_PASSKEYS} passkeys. Remove one that is no longer used."
                ),
            ),
            Error::PasswordElsewhere => Problem::new(
                StatusCode::CONFLICT,
                "password-elsewhere",
                "Mật khẩu này do danh bạ của tỉnh giữ. Xin đổi tại nơi đồng chí vẫn đổi mật khẩu máy tính.",
                "The province's directory keeps this password. Change it where you change the password of your computer.",
            ),
            Error::UnknownAgency(organ_id) => unfit(
                "unknown-agency",
                format!("Không có cơ quan nào mang mã định danh {organ_id}."),
                format!("No agency has the identifier {organ_id}."),
            ),
            Error::Taken(name) => Self::new(
                StatusCode::CONFLICT,
                "taken",
                format!("“{name}” đã được dùng. Xin chọn tên hoặc mã khác."),
                format!("“{name}” is taken. Choose another."),
            ),
            Error::Oneself => Self::new(
                StatusCode::CONFLICT,
                "oneself",
                "Quản trị không tự khóa tài khoản hoặc tự bỏ vai trò quản trị của mình. Xin nhờ quản trị khác.",
                "An administrator neither locks their own account nor drops their own role. Ask another one.",
            ),
            Error::NoRole => unfit(
                "no-role",
                "Mỗi người cần ít nhất một vai trò. Nếu người này thôi việc, xin khóa tài khoản.",
                "Everybody needs a role. Lock the account of whoever leaves.",
            ),
            Error::NoCode(_) => unfit(
                "no-code",
                "Vai trò của người này không cần mã xác nhận.",
                "This person's role asks for no one-time code.",
            ),
            Error::LinkSpent => Self::new(
                StatusCode::GONE,
                "link-spent",
                "Liên kết đặt lại mật khẩu đã được dùng hoặc đã hết hạn. Xin yêu cầu liên kết mới.",
                "The link was used or its time is over. Ask for a new one.",
            ),
            Error::Busy(Busy) => Self::busy(),
            Error::Secret(error) => Self::internal(&error),
            Error::Database(error) => error.into(),
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let (vi, en) = account(fault);
        unfit("unfit", vi, en)
    }
}

/// What is wrong with a person's texts, in both languages.
pub(super) fn account(fault: Fault) -> (&'static str, &'static str) {
    match fault {
        Fault::UserName => (
            "Tên đăng nhập gồm 2 đến 60 chữ, số hoặc các dấu . - _ @, không có dấu cách.",
            "A user name has from 2 to 60 letters, figures or . - _ @, without blanks.",
        ),
        Fault::FullName => (
            "Họ và tên phải có và không dài quá 50 ký tự.",
            "A full name is needed, of at most 50 characters.",
        ),
        Fault::Position => (
            "Chức vụ phải có và không dài quá 100 ký tự.",
            "A position is needed, of at most 100 characters.",
        ),
        Fault::PasskeyName => (
            "Tên của khóa đăng nhập phải có và không dài quá 50 ký tự.",
            "The name of a passkey is needed, of at most 50 characters.",
        ),
        Fault::MailAddress => (
            "Địa chỉ thư điện tử không đúng.",
            "The mail address is no address.",
        ),
    }
}

/// What is wrong with an agency's texts, in both languages.
pub(super) fn organisation(fault: organisation::Fault) -> (&'static str, &'static str) {
    use organisation::Fault;
    match fault {
        Fault::OrganId => (
            "Mã định danh gồm 1 đến 35 chữ, số, dấu chấm hoặc gạch nối, như H37.02.",
            "An identifier has from 1 to 35 letters, figures, points or hyphens, as H37.02.",
        ),
        Fault::Name => (
            "Tên cơ quan phải có và không dài quá 200 ký tự.",
            "An agency's name is needed, of at most 200 characters.",
        ),
        Fault::Symbol => (
            "Ký hiệu cơ quan phải có và không dài quá 30 ký tự, như SNV.",
            "An agency's symbol is needed, of at most 30 characters, as SNV.",
        ),
        Fault::Place => (
            "Địa danh phải có và không dài quá 100 ký tự.",
            "A place is needed, of at most 100 characters.",
        ),
        Fault::Circle => (
            "Cơ quan cấp trên không thể là chính cơ quan này hoặc cơ quan trực thuộc nó.",
            "An agency cannot stand below itself.",
        ),
        Fault::Day => (
            "Ngày hiệu lực phải là hôm nay hoặc một ngày đã qua.",
            "The day must be today or past.",
        ),
    }
}

/// What is wrong with a line of a list, in both languages.
pub(super) fn line(wrong: &Wrong) -> (String, String) {
    let both = |(vi, en): (&str, &str)| (vi.to_owned(), en.to_owned());
    match wrong {
        Wrong::Account(fault) => both(account(*fault)),
        Wrong::Agency(fault) => both(organisation(*fault)),
        Wrong::Encoding => both((
            "Tệp không phải UTF-8. Trong Excel xin lưu thành “CSV UTF-8”.",
            "The file is not UTF-8. In Excel save it as “CSV UTF-8”.",
        )),
        Wrong::Unreadable => both((
            "Dòng này không đọc được theo cột, có thể do thiếu dấu ngoặc kép.",
            "The line cannot be read in columns; a quotation mark may be missing.",
        )),
        Wrong::TooMany => both((
            "Tệp có quá 20.000 dòng; xin chia thành nhiều tệp.",
            "There are more than 20,000 lines; divide the file.",
        )),
        Wrong::ColumnMissing(name) => (
            format!("Thiếu cột “{name}” ở dòng tiêu đề."),
            format!("The column “{name}” is missing in the first line."),
        ),
        Wrong::ColumnUnknown(name) => (
            format!("Không có cột “{name}”; xin dùng đúng tên cột của tệp mẫu."),
            format!("There is no column “{name}”; take the names of the template."),
        ),
        Wrong::Kind(text) => (
            format!("Loại “{text}” không đúng; xin ghi Tỉnh, Sở hoặc Xã."),
            format!("“{text}” is no sort of agency; write Tỉnh, Sở or Xã."),
        ),
        Wrong::Role(text) => (
            format!("Vai trò “{text}” không đúng; xin ghi Lãnh đạo, Văn thư, Chuyên viên hoặc Quản trị."),
            format!("“{text}” is no role; write Lãnh đạo, Văn thư, Chuyên viên or Quản trị."),
        ),
        Wrong::Twice(line) => (
            format!("Trùng với dòng {line}."),
            format!("It says the same as line {line}."),
        ),
        Wrong::OtherPerson(line) => (
            format!("Tên đăng nhập này ở dòng {line} có họ tên hoặc thư điện tử khác."),
            format!("Line {line} gives this user name another full name or mail address."),
        ),
        Wrong::UnknownAgency(organ_id) => (
            format!("Không có cơ quan nào mang mã định danh “{organ_id}”."),
            format!("No agency has the identifier “{organ_id}”."),
        ),
        Wrong::OutOfReach => both((
            "Cơ quan này không thuộc phạm vi quản trị của đồng chí.",
            "You do not administer this agency.",
        )),
        Wrong::Otherwise => both((
            "Đã có trong hệ thống với thông tin khác. Việc nhập chỉ thêm mới; xin sửa ở trang quản trị.",
            "It exists and is otherwise. A list only adds; change it on its page.",
        )),
    }
}

fn agency(fault: organisation::Fault) -> Problem {
    let (vi, en) = organisation(fault);
    unfit("unfit", vi, en)
}

fn substitute(refusal: substitution::Refusal) -> Problem {
    use substitution::Refusal;
    let (name, vi, en) = match refusal {
        Refusal::Oneself => (
            "substitute-oneself",
            "Người thay thế phải là người khác.",
            "The substitute must be somebody else.",
        ),
        Refusal::Days => (
            "substitute-days",
            "Ngày cuối phải từ hôm nay trở đi, không trước ngày đầu và không quá một năm.",
            "The last day must be today or later, not before the first, and within a year.",
        ),
        Refusal::Elsewhere => (
            "substitute-elsewhere",
            "Cả hai người phải là lãnh đạo, văn thư hoặc chuyên viên của cùng cơ quan này.",
            "Both must lead, clerk or draft in this agency.",
        ),
        Refusal::Taken => (
            "substitute-taken",
            "Người vắng mặt đã có người thay thế trong những ngày này.",
            "The absent person has a substitute on these days already.",
        ),
    };
    unfit(name, vi, en)
}

fn unfit(
    name: &'static str,
    vi: impl Into<std::borrow::Cow<'static, str>>,
    en: impl Into<std::borrow::Cow<'static, str>>,
) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, name, vi, en)
}
