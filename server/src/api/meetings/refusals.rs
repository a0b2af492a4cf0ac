//! What cannot be asked of a meeting, in sentences.

use axum::http::StatusCode;

use crate::api::problem::Problem;
use crate::conference::protocol::ErrorName;
use crate::domain::meeting::NameError;
use crate::domain::meeting_plan::PlanError;

fn unprocessable(name: &'static str, vi: &'static str, en: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, name, vi, en)
}

pub(super) fn title(error: NameError) -> Problem {
    let (vi, en) = match error {
        NameError::Missing => ("Hãy ghi tên cuộc họp.", "Give the meeting a name."),
        NameError::TooLong => (
            "Tên cuộc họp dài quá 200 ký tự.",
            "The name has more than 200 characters.",
        ),
        NameError::Unprintable => (
            "Tên cuộc họp có ký tự lạ.",
            "The name holds characters that cannot be shown.",
        ),
    };
    unprocessable(
        "meeting-title",
        "Tên cuộc họp chưa dùng được.",
        "The meeting's name cannot be used.",
    )
    .detail(vi, en)
}

pub(super) fn recording_running() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "recording-running",
        "Bản ghi này chưa kết thúc.",
        "This recording is not over yet.",
    )
    .detail(
        "Hãy mở lại sau khi việc ghi đã dừng.",
        "Open it again once it was stopped.",
    )
}

pub(super) fn range() -> Problem {
    Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range",
        "Tệp không dài đến phần được yêu cầu.",
        "The file does not reach as far as that.",
    )
}

/// To who would come in.
pub(in crate::api) fn gone() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "meeting-ended",
        "Cuộc họp này đã kết thúc.",
        "This meeting has ended.",
    )
}

pub(super) fn device_name() -> Problem {
    unprocessable(
        "device-name",
        "Hãy đặt tên thiết bị, không quá 80 ký tự.",
        "Name the device, in at most 80 characters.",
    )
}

pub(super) fn devices() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "meeting-devices",
        "Cuộc họp này đã có quá nhiều thiết bị. Hãy thu hồi những thiết bị không còn dùng.",
        "This meeting has too many devices. Withdraw those that are no longer used.",
    )
}

pub(super) fn members() -> Problem {
    unprocessable(
        "meeting-members",
        "Danh sách người họp chưa đúng.",
        "The list of members is not usable.",
    )
    .detail(
        "Mỗi người phải có tài khoản, chỉ một người chủ trì, không quá 500 người.",
        "Each must have an account, one alone can be the chair, 500 at the most.",
    )
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Members => members(),
            PlanError::Sites => unprocessable(
                "meeting-sites",
                "Danh sách điểm cầu chưa đúng.",
                "The list of sites is not usable.",
            )
            .detail(
                "Mỗi điểm cầu có tên không quá 200 ký tự, chỉ một điểm cầu chính, không quá 300 điểm cầu.",
                "Each site has a name of up to 200 characters, one is the main site, 300 at the most.",
            ),
            PlanError::Agencies => unprocessable(
                "meeting-agencies",
                "Danh sách cơ quan được mời chưa đúng.",
                "The list of agencies is not usable.",
            )
            .detail("Mỗi cơ quan chỉ mời một lần.", "Each agency is asked once."),
            PlanError::Items => unprocessable(
                "meeting-agenda",
                "Chương trình họp chưa đúng.",
                "The agenda is not usable.",
            )
            .detail(
                "Mỗi mục có tên và thời lượng từ 1 đến 480 phút, không quá 100 mục.",
                "Each item has a title and from 1 to 480 minutes, 100 at the most.",
            ),
        }
    }
}

pub(super) fn time() -> Problem {
    unprocessable(
        "meeting-time",
        "Giờ kết thúc phải sau giờ bắt đầu.",
        "The end must come after the beginning.",
    )
}

pub(super) fn settings() -> Problem {
    unprocessable(
        "meeting-settings",
        "Hạn mức phát biểu từ 30 giây đến 2 giờ.",
        "A quota lies between half a minute and two hours.",
    )
}

pub(super) fn ended() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "meeting-over",
        "Cuộc họp này đã kết thúc, không đổi được nữa.",
        "This meeting has ended and can no longer be changed.",
    )
}

pub(super) fn invited() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "meeting-invited",
        "Cuộc họp này đã có giấy mời.",
        "This meeting has an invitation already.",
    )
}

pub(super) fn signer() -> Problem {
    unprocessable(
        "invitation-signer",
        "Hãy chọn người ký giấy mời.",
        "Choose who signs the invitation.",
    )
    .detail(
        "Người ký là lãnh đạo của cơ quan triệu tập cuộc họp.",
        "The signer leads the agency that calls the meeting.",
    )
}

pub(super) fn secretary() -> Problem {
    unprocessable(
        "meeting-secretary",
        "Cuộc họp chưa có chủ trì và thư ký để ký biên bản.",
        "The meeting has no chair and secretary to sign its minutes.",
    )
    .detail(
        "Hãy chọn thư ký trong phần chuẩn bị cuộc họp, rồi lập biên bản lại.",
        "Name a secretary where the meeting is prepared, then draft again.",
    )
}

pub(super) fn vote_undecided() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "vote-undecided",
        "Cuộc biểu quyết này chưa kết thúc hoặc đã bị rút, nên chưa có kết quả để lập biên bản.",
        "This vote is still open or was taken back, so there is no result to record.",
    )
}

pub(super) fn unconcluded() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "meeting-unconcluded",
        "Chưa ghi kết luận nào. Hãy ghi kết luận của chủ trì trước khi lập thông báo.",
        "No conclusion is written down yet. Write one before drafting the notice.",
    )
}

/// What was written could not be taken; what somebody else wrote stands.
pub(super) fn of_writing(error: ErrorName) -> Problem {
    match error {
        ErrorName::Stale => Problem::new(
            StatusCode::CONFLICT,
            "minutes-stale",
            error.sentence(),
            "Somebody else has just changed this. Read the new text, then write again; yours is still on the screen.",
        ),
        ErrorName::Unusable => words(),
        ErrorName::Refused => Problem::forbidden(),
        ErrorName::NothingThere => Problem::not_found(),
        other => of_room(other),
    }
}

pub(super) fn running() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "meeting-running",
        "Đang có người trong phòng họp; hãy kết thúc cuộc họp trong phòng.",
        "Somebody is in the meeting; end it in the room.",
    )
}

pub(super) fn substitute() -> Problem {
    unprocessable(
        "meeting-substitute",
        "Người đi thay chưa đúng.",
        "The substitute is not usable.",
    )
    .detail(
        "Người đi thay phải có tài khoản, chưa có trong danh sách họp; chủ trì không cử người đi thay ở đây.",
        "A substitute has an account and was not called yet; a chair names none here.",
    )
}

pub(super) fn words() -> Problem {
    unprocessable(
        "meeting-words",
        "Nội dung dài quá hoặc có ký tự lạ.",
        "The words are too long or cannot be shown.",
    )
}

pub(super) fn ballot_token() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "ballot-token",
        "Phiếu này không phải của cuộc bỏ phiếu kín đang mở.",
        "This ballot is not of the secret vote that is open.",
    )
}

pub(super) fn vote_closed() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "vote-closed",
        "Cuộc biểu quyết này đã kết thúc.",
        "This vote is over.",
    )
}

pub(super) fn ballot_not_kept() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "ballot-not-kept",
        "Máy chủ chưa giữ được phiếu này. Hãy thử lại.",
        "The ballot could not be kept. Try again.",
    )
}

pub(super) fn signatories() -> Problem {
    unprocessable(
        "paper-signatories",
        "Danh sách người ký chưa đúng.",
        "The list of signatories is not usable.",
    )
    .detail(
        "Chọn từ 1 đến 100 người có tài khoản và được triệu tập, mỗi người một lần.",
        "Choose from 1 to 100 people with an account who were called, each once.",
    )
}

pub(super) fn signing_open() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "paper-signing",
        "Tài liệu này đã được mở để ký, không đổi hay lấy xuống được nữa.",
        "This paper is open for signing and can no longer be changed or taken away.",
    )
}

pub(super) fn signing_full() -> Problem {
    unprocessable(
        "paper-full",
        "Tài liệu không còn chỗ cho từng ấy chữ ký. Hãy chọn ít người ký hơn, hoặc thêm trang.",
        "The paper has no room for so many signatures. Choose fewer people, or add a page.",
    )
}

pub(super) fn signing_busy() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "paper-busy",
        "Nhiều đồng chí đang ký cùng lúc. Hãy ký lại.",
        "Several sign at once. Sign again.",
    )
}

pub(super) fn token_given() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "ballot-token",
        "Phiếu kín của đồng chí đã được cấp cho một máy khác.",
        "The token of this secret ballot was given to another machine.",
    )
}

pub(super) fn opinion_question() -> Problem {
    unprocessable(
        "opinion-question",
        "Hãy ghi nội dung xin ý kiến, không quá 500 ký tự.",
        "Give the question, in 500 characters at the most.",
    )
}

pub(super) fn opinion_people() -> Problem {
    unprocessable(
        "opinion-people",
        "Danh sách người được lấy ý kiến chưa đúng.",
        "The list of those who are asked is not usable.",
    )
    .detail(
        "Chọn từ 1 đến 500 người có tài khoản, mỗi người một lần; bỏ phiếu kín cần ít nhất 5 người.",
        "Choose from 1 to 500 people with an account, each once; a secret vote needs five at the least.",
    )
}

pub(super) fn opinion_time() -> Problem {
    unprocessable(
        "opinion-time",
        "Hạn trả lời phải sau ít nhất 10 phút và không quá một năm.",
        "The deadline lies from ten minutes to a year from now.",
    )
}

pub(super) fn opinion_papers() -> Problem {
    unprocessable(
        "opinion-papers",
        "Kèm không quá 20 văn bản.",
        "Attach 20 documents at the most.",
    )
}

pub(super) fn opinion_manner() -> Problem {
    unprocessable(
        "opinion-manner",
        "Cách lấy ý kiến chưa đúng.",
        "The manner of voting is not usable.",
    )
    .detail(
        "Kết quả tính trên tổng số người được lấy ý kiến; phiếu kín thì không ký số.",
        "The result is counted on all who are asked; a secret ballot is not signed.",
    )
}

pub(super) fn of_room(error: ErrorName) -> Problem {
    let status = match error {
        ErrorName::TooMany => StatusCode::CONFLICT,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::new(
        status,
        "meeting-step",
        error.sentence(),
        "The meeting did not take this step.",
    )
}
