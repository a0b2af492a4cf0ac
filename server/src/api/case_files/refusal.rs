//! What the rules of case files refuse, as problems.

use axum::http::StatusCode;

use crate::api::problem::Problem;
use crate::api::refusal::rule;
use crate::domain::case_file::{Refusal, State};
use crate::domain::document;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        problem(refusal)
    }
}

fn problem(refusal: Refusal) -> Problem {
    let (status, name, vi, en) = match refusal {
        Refusal::NotYours => return Problem::forbidden(),
        Refusal::ReasonMissing => return rule(document::Refusal::ReasonMissing),
        Refusal::WrongState(state) => return file_state(state),
        Refusal::Empty => (
            StatusCode::CONFLICT,
            "empty-file",
            "Hồ sơ chưa có văn bản nào nên chưa kết thúc được.",
            "Nothing is in the file, so it cannot be closed yet.",
        ),
        Refusal::CodeTaken => (
            StatusCode::CONFLICT,
            "code-taken",
            "Danh mục của năm đã có hồ sơ mang số, ký hiệu này.",
            "The list of the year has a file with this code already.",
        ),
        Refusal::AlreadyIn => (
            StatusCode::CONFLICT,
            "already-in",
            "Văn bản này đã có trong hồ sơ.",
            "This document is in the file already.",
        ),
        Refusal::NotIn => (
            StatusCode::CONFLICT,
            "not-in",
            "Văn bản này không còn trong hồ sơ.",
            "This document is not in the file.",
        ),
        Refusal::NotOfAgency => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "not-of-agency",
            "Chỉ đưa vào hồ sơ văn bản cơ quan đã phát hành hoặc đã tiếp nhận.",
            "Only what the agency has issued or taken in is put into its files.",
        ),
        Refusal::Keeper => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "file-keeper",
            "Xin chọn người lập hồ sơ trong cơ quan.",
            "Choose a keeper among the people of the agency.",
        ),
        Refusal::Code => entry(
            "Số, ký hiệu hồ sơ từ 1 đến 30 ký tự.",
            "A code has from 1 to 30 characters.",
        ),
        Refusal::Title => entry(
            "Tiêu đề hồ sơ từ 1 đến 500 ký tự.",
            "A title has from 1 to 500 characters.",
        ),
        Refusal::Note => entry("Ghi chú tối đa 500 ký tự.", "A note has at most 500 characters."),
        Refusal::Retention => entry(
            "Thời hạn bảo quản từ 1 đến 70 năm, hoặc vĩnh viễn.",
            "Papers are kept from 1 to 70 years, or for ever.",
        ),
        Refusal::Year => entry(
            "Danh mục hồ sơ lập cho năm nay, năm trước hoặc năm sau.",
            "A list is drawn up for this year, the one before or the one after.",
        ),
    };
    Problem::new(status, name, vi, en)
}

fn entry(vi: &'static str, en: &'static str) -> (StatusCode, &'static str, &'static str, &'static str) {
    (StatusCode::UNPROCESSABLE_ENTITY, "file-entry", vi, en)
}

fn file_state(state: State) -> Problem {
    let (vi, en) = match state {
        State::Planned => (
            "Hồ sơ chưa mở; hãy mở hồ sơ trước.",
            "The file is not open yet; open it first.",
        ),
        State::Open => ("Hồ sơ đang mở.", "The file is open."),
        State::Closed => ("Hồ sơ đã kết thúc.", "The file is closed."),
    };
    Problem::new(StatusCode::CONFLICT, "file-state", vi, en)
}
