//! What custody refuses, as problems: a status that fits, and a clear sentence.

use axum::http::StatusCode;
use hoian_signer::error::Error as Signer;
use hoian_signer::validate::Verdict;
use time::OffsetDateTime;

use super::problem::Problem;
use crate::custody::remote::Failure;
use crate::custody::{Error, intake};
use crate::domain::document::State;
use crate::domain::{
    copy, dispatch, document, document_metadata, numbering, outside, paper_arrival, relation,
};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found(),
            Error::Refused(refusal) => rule(refusal),
            Error::Receipt(refusal) => receipt(refusal),
            Error::Outside(refusal) => outside_receiver(refusal),
            Error::Copy(refusal) => copying(refusal),
            Error::Filing(refusal) => refusal.into(),
            Error::Paper(refusal) => paper(refusal),
            Error::Trust(refusal) => refusal.into(),
            Error::Relation(refusal) => mending(refusal),
            Error::Reviewers(_) | Error::Appendix(_) => beside(&error),
            Error::Metadata(refusal) => metadata(refusal),
            Error::Upload(refusal) => upload(refusal),
            Error::Database(error) => error.into(),
            Error::Blob(error) => error.into(),
            Error::Signer(error) => signer(&error),
            Error::WrongPin { .. } | Error::KeyLocked | Error::KeyMissing | Error::PinLength { .. } => {
                key(&error)
            }
            Error::CertificateExpired(_)
            | Error::CertificateNotYetValid(_)
            | Error::CertificateRevoked
            | Error::CertificateUnfit(_)
            | Error::CertificateUntrusted(_)
            | Error::CertificateOfAnother
            | Error::WrongHolder(_)
            | Error::AlreadyEnrolled => certificate(&error),
            Error::KeyElsewhere
            | Error::KeyHere
            | Error::KeyRemote
            | Error::NotRemote
            | Error::NoTool
            | Error::FileUnfit(_)
            | Error::AnothersSignature
            | Error::RequestOver
            | Error::SignatureUnfit(_) => elsewhere(&error),
            Error::Remote { reason, .. } => remote(reason, &error),
            Error::SelfCheck { verdict, .. } => self_check(verdict, &error),
            Error::Row(_) | Error::Pool => Self::internal(&error),
            other => now(&other),
        }
    }
}

pub(super) fn rule(refusal: document::Refusal) -> Problem {
    use document::Refusal;
    match refusal {
        Refusal::NotYours => Problem::forbidden(),
        Refusal::WrongState(state) => Problem::new(
            StatusCode::CONFLICT,
            "wrong-state",
            format!("Văn bản {} nên chưa thực hiện được việc này.", standing(state)),
            format!("The document is {}, so this cannot be done now.", state.name()),
        )
        .with("state", state.name()),
        Refusal::ReasonMissing => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "reason-missing",
            "Xin ghi rõ lý do.",
            "Please give a reason.",
        ),
        Refusal::NotInitialled => Problem::new(
            StatusCode::CONFLICT,
            "not-initialled",
            "Văn bản chưa có đủ ký nháy về nội dung và thể thức nên chưa ký được.",
            "The document lacks an initial on content or form, so it cannot be signed yet.",
        ),
        Refusal::Incomplete => Problem::new(
            StatusCode::CONFLICT,
            "incomplete",
            "Văn bản còn thiếu chữ ký hoặc số nên chưa thực hiện được việc này.",
            "The document lacks a signature or its number, so this cannot be done.",
        ),
    }
}

/// Nothing goes to this receiver outside.
fn outside_receiver(refusal: outside::Refusal) -> Problem {
    use outside::Refusal;
    let vi = match refusal {
        Refusal::Receiver => "Hãy ghi tên nơi nhận, tối đa 200 ký tự.",
        Refusal::Address => "Gửi bưu điện cần địa chỉ, tối đa 300 ký tự.",
        Refusal::MailAddress => "Địa chỉ thư điện tử không đúng; địa chỉ đúng như vanthu@coquan.gov.vn.",
        Refusal::Copies => "Số bản từ 1 đến 999.",
        Refusal::TrackingCode => "Mã bưu gửi từ 1 đến 40 ký tự.",
        Refusal::TooMany => "Mỗi lần gửi nhiều nhất 200 nơi nhận bên ngoài.",
        Refusal::NoMail => "Hệ thống chưa có máy chủ thư; hãy gửi bưu điện hoặc giao gói tệp.",
        Refusal::TooLarge => "Các tệp quá lớn để gửi thư điện tử; hãy giao gói tệp.",
        Refusal::NotRefused => "Thư này không bị từ chối nên không gửi lại.",
    };
    let status = match refusal {
        Refusal::NoMail | Refusal::NotRefused => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let kind = match refusal {
        Refusal::NoMail => "no-mail",
        Refusal::NotRefused => "not-refused",
        _ => "outside-receiver",
    };
    Problem::new(status, kind, vi, format!("Not sent: {refusal}."))
}

/// No copy that the law knows.
fn copying(refusal: copy::Refusal) -> Problem {
    use copy::Refusal;
    let (vi, en) = match refusal {
        Refusal::ElectronicWhole => (
            "Văn bản điện tử đã ký số không sao y, sao lục: hãy gửi chính văn bản đó, hoặc trích sao một phần.",
            "A signed electronic document is sent as it is, not copied whole; a part of it can be extracted.",
        ),
        Refusal::NotAPart => (
            "Trích sao là một phần văn bản: hãy ghi các trang cần trích, không phải tất cả.",
            "An extract is a part: name the pages, but not all of them.",
        ),
        Refusal::NotWhole => (
            "Sao y, sao lục phải đủ mọi trang; muốn lấy một phần thì trích sao.",
            "A certified copy has every page; make an extract of a part.",
        ),
        Refusal::Pages => (
            "Các trang ghi như 1, 3-5 và phải có trong văn bản.",
            "Pages are written as 1, 3-5 and must be in the document.",
        ),
        Refusal::Regions => (
            "Mỗi phần trích phải nằm trong trang, đủ lớn để đọc được; mỗi bản trích sao tối đa 40 phần.",
            "Each part lies within its page and can be read; an extract has at most 40 parts.",
        ),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "copy", vi, en)
}

/// A document that came on paper is not registered.
fn paper(refusal: paper_arrival::Refusal) -> Problem {
    use paper_arrival::Refusal;
    let vi = match refusal {
        Refusal::Secret(secrecy) => return upload(intake::Refusal::StateSecret(secrecy.name())),
        Refusal::Double => {
            return Problem::new(
                StatusCode::CONFLICT,
                "registered-already",
                "Sổ đã có văn bản cùng tác giả, số và ngày này. Nếu đây là văn bản khác, hãy vào sổ lần nữa.",
                "A document of this author, number and date stands in the register. If this is another one, register it again.",
            );
        }
        Refusal::Forward => {
            return Problem::new(
                StatusCode::CONFLICT,
                "came-on-paper",
                "Văn bản này đến bằng giấy. Hãy ký số bản số hóa (sao y) rồi gửi bản sao cho cơ quan khác.",
                "This document came on paper. Certify the scan and send that copy to the other agency.",
            );
        }
        Refusal::Author => "Hãy ghi tác giả văn bản, tối đa 200 ký tự.",
        Refusal::Code => "Số, ký hiệu dài tối đa 42 ký tự.",
        Refusal::Subject => "Hãy ghi trích yếu, tối đa 500 ký tự.",
        Refusal::Signer => "Họ tên người ký dài tối đa 50 ký tự.",
        Refusal::Date => "Ngày văn bản không thể sau ngày đến.",
        Refusal::Urgency => "Độ khẩn không đúng.",
    };
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "paper-arrival",
        vi,
        format!("Not registered: {refusal}."),
    )
}

/// A paper cannot correct or replace that one.
fn mending(refusal: relation::Refusal) -> Problem {
    use relation::Refusal;
    let (vi, en) = match refusal {
        Refusal::OtherAgency => (
            "Chỉ cơ quan đã ban hành văn bản mới đính chính, thay thế văn bản đó.",
            "Only the agency that issued a document corrects or replaces it.",
        ),
        Refusal::NotIssued => (
            "Văn bản chưa phát hành thì sửa dự thảo, không đính chính hay thay thế.",
            "A document that was not issued is changed as a draft, not corrected or replaced.",
        ),
        Refusal::Replaced => (
            "Văn bản này đã được thay thế; hãy đính chính hoặc thay thế văn bản mới.",
            "This document has been replaced; correct or replace the new one.",
        ),
    };
    Problem::new(StatusCode::CONFLICT, "cannot-be-mended", vi, en)
}

/// Reviewers who are not named or not of the agency; appendices beyond a limit.
fn beside(error: &Error) -> Problem {
    let (name, vi) = match error {
        Error::Reviewers(_) => (
            "reviewers",
            "Hãy chọn người ký nháy trong cơ quan, đủ theo yêu cầu của người ký; ghi chú tối đa 1.000 ký tự.",
        ),
        _ => (
            "appendix",
            "Phụ lục cần có tên, tối đa 500 ký tự; mỗi văn bản tối đa 30 phụ lục.",
        ),
    };
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        name,
        vi,
        format!("Not done: {error}."),
    )
}

/// What is said of a document breaks a limit of annex VI, or may not be processed here at all.
fn metadata(refusal: document_metadata::Refusal) -> Problem {
    use document_metadata::Refusal;
    let (vi, en) = match refusal {
        Refusal::Secret(secrecy) => return upload(intake::Refusal::StateSecret(secrecy.name())),
        Refusal::TooLong { field, limit } => (
            format!("{} dài quá {limit}.", wording(field)),
            format!("The field {field} is longer than {limit}."),
        ),
        Refusal::Unit => (
            "Ký hiệu đơn vị soạn thảo chỉ gồm chữ và số, tối đa 10 ký tự.".to_owned(),
            "The drafting unit's abbreviation has letters and figures only, at most 10.".to_owned(),
        ),
        Refusal::Copies => (
            "Số lượng bản phát hành tối đa là 999.".to_owned(),
            "At most 999 copies are issued.".to_owned(),
        ),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "metadata", vi, en)
}

fn wording(field: &str) -> &str {
    match field {
        "language" => "Ngôn ngữ",
        "description" => "Mô tả",
        "addressees" => "Danh sách Kính gửi",
        "receivers" => "Danh sách Nơi nhận",
        "filed" => "Nơi lưu",
        "file_code" => "Mã hồ sơ",
        "beside" => "Tên người ký bên cạnh",
        "head" => "Chức vụ người giao quyền",
        other => other,
    }
}

fn standing(state: State) -> &'static str {
    match state {
        State::Draft => "còn là dự thảo",
        State::Submitted => "đang chờ ký",
        State::Returned => "đã được trả lại",
        State::Signing | State::SecondSigning | State::Sealing | State::SecondSealing => {
            "đang chờ dấu thời gian"
        }
        State::FirstSigned => "chờ người ký thứ hai",
        State::FirstSealed => "chờ cơ quan thứ hai đóng dấu",
        State::Signed => "đã ký, chờ cấp số",
        State::Numbered => "đã cấp số, chờ đóng dấu",
        State::Sealed => "đã đóng dấu, chờ phát hành",
        State::Issued => "đã phát hành",
        State::Recalled => "đã được thu hồi",
    }
}

fn receipt(refusal: dispatch::Refusal) -> Problem {
    use dispatch::Refusal;
    let (name, vi, en) = match refusal {
        Refusal::NotYours => return Problem::forbidden(),
        Refusal::ReasonMissing => return rule(document::Refusal::ReasonMissing),
        Refusal::NotWaiting => (
            "already-answered",
            "Văn bản này đã được tiếp nhận hoặc trả lại.",
            "This document was accepted or returned already.",
        ),
        Refusal::WrongStatus(_) => (
            "wrong-status",
            "Văn bản đến này chưa tới bước đó, hoặc đã qua rồi.",
            "The incoming document has not come to this step yet, or is past it.",
        ),
        Refusal::RecallPending => (
            "recall-pending",
            "Nơi gửi đang yêu cầu lấy lại văn bản này; xin trả lời yêu cầu đó trước.",
            "The sender asks for this document back; answer that first.",
        ),
        Refusal::NoRecall => (
            "no-recall",
            "Nơi gửi không yêu cầu lấy lại văn bản này.",
            "The sender does not ask for this document back.",
        ),
        Refusal::NotVerified => (
            "not-verified",
            "Chữ ký của văn bản đang được kiểm tra; xin tiếp nhận sau ít giây.",
            "The document's signatures are being verified; accept it in a few seconds.",
        ),
        Refusal::Invalid => (
            "invalid-document",
            "Chữ ký không hợp lệ nên không thể tiếp nhận; xin trả lại kèm lý do.",
            "The signatures are invalid, so the document cannot be accepted; return it with a reason.",
        ),
        Refusal::LeadMissing => return handlers(),
        Refusal::WordsMissing => {
            return Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "words-missing",
                "Xin ghi ý kiến phối hợp.",
                "Please write your opinion.",
            );
        }
    };
    Problem::new(StatusCode::CONFLICT, name, vi, en)
}

fn handlers() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "handlers",
        "Xin chọn người chủ trì và phối hợp trong cơ quan nhận.",
        "Choose the lead and the supporters among the people of the receiving agency.",
    )
}

fn upload(refusal: intake::Refusal) -> Problem {
    use intake::Refusal;
    let (name, vi, en) = match refusal {
        Refusal::TooLarge { limit_bytes } => return Problem::too_large(limit_bytes),
        Refusal::NotPdf => {
            return Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-pdf",
                "Tệp này không phải là PDF.",
                "This file is not a PDF.",
            );
        }
        Refusal::Broken(reason) => {
            return Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "broken",
                "Tệp PDF bị hỏng nên không thể ký. Xin xuất lại tệp từ phần mềm soạn thảo.",
                "The PDF is broken and cannot be signed. Export it again from your editor.",
            )
            .with("reason", reason);
        }
        Refusal::Encrypted => (
            "encrypted",
            "Tệp PDF được bảo vệ bằng mật khẩu hoặc mã hóa. Xin bỏ bảo vệ rồi tải lên lại.",
            "The PDF is encrypted. Remove the protection and upload it again.",
        ),
        Refusal::Unsupported(_) => (
            "unsupported",
            "Tệp PDF dùng cách lưu mà hệ thống chưa hỗ trợ. Xin xuất lại tệp từ phần mềm soạn thảo.",
            "The PDF is stored in a way that is not supported yet. Export it again from your editor.",
        ),
        Refusal::Signed => (
            "signed-already",
            "Tệp PDF đã có chữ ký số. Thêm trường ký sẽ làm hỏng chữ ký đó, nên xin tải lên bản chưa ký.",
            "The PDF is signed already. New fields would break that signature, so upload the unsigned file.",
        ),
        Refusal::StateSecret(_) => (
            "state-secret",
            "Văn bản mang dấu chỉ độ mật. Văn bản mật không được xử lý trên hệ thống này.",
            "The document bears a secrecy mark. State secrets must not be processed on this system.",
        ),
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, name, vi, en)
}

fn key(error: &Error) -> Problem {
    match error {
        Error::WrongPin { tries_left } => Problem::new(
            StatusCode::FORBIDDEN,
            "wrong-pin",
            format!("Mã PIN chưa đúng. Còn {tries_left} lần thử trước khi khóa bị khóa lại."),
            format!("The PIN is wrong. {tries_left} tries are left before the key is locked."),
        )
        .with("tries_left", *tries_left),
        Error::KeyLocked => Problem::new(
            StatusCode::LOCKED,
            "key-locked",
            "Khóa ký đã bị khóa vì nhập sai mã PIN năm lần. Xin liên hệ quản trị để cấp lại.",
            "The key is locked after five wrong PINs. Ask the administrator to enrol it again.",
        )
        .with("tries_left", 0),
        Error::PinLength { least, most } => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "pin-length",
            format!("Mã PIN phải dài từ {least} đến {most} ký tự."),
            format!("A PIN has from {least} to {most} characters."),
        ),
        _ => Problem::new(
            StatusCode::CONFLICT,
            "key-missing",
            "Chưa có khóa ký nào được đăng ký để ký văn bản này.",
            "No key is enrolled to sign this document.",
        ),
    }
}

fn certificate(error: &Error) -> Problem {
    let (name, vi, en) = match error {
        Error::CertificateExpired(at) => (
            "certificate-expired",
            format!("Chứng thư số đã hết hạn ngày {}, nên không thể ký.", day(*at)),
            format!("The certificate expired on {}, so it cannot sign.", day(*at)),
        ),
        Error::CertificateNotYetValid(at) => (
            "certificate-not-yet-valid",
            format!(
                "Chứng thư số chỉ có hiệu lực từ ngày {}, nên chưa thể ký.",
                day(*at)
            ),
            format!(
                "The certificate is valid only from {}, so it cannot sign yet.",
                day(*at)
            ),
        ),
        Error::CertificateRevoked => (
            "certificate-revoked",
            "Chứng thư số đã bị thu hồi, nên không thể ký.".to_owned(),
            "The certificate is revoked, so it cannot sign.".to_owned(),
        ),
        Error::CertificateUnfit(_) => (
            "certificate-unfit",
            "Chứng thư số này không dùng để ký văn bản được. Xin chọn chứng thư ký của đồng chí.".to_owned(),
            "This certificate is not for signing documents. Choose your signing certificate.".to_owned(),
        ),
        Error::CertificateUntrusted(_) => (
            "certificate-untrusted",
            "Chứng thư số không dẫn tới gốc mà tỉnh tin cậy. Xin báo quản trị của tỉnh.".to_owned(),
            "The certificate leads to no root that the province trusts. Tell the administrator.".to_owned(),
        ),
        Error::CertificateOfAnother => (
            "certificate-of-another",
            "Chứng thư số ghi tên người khác, nên không đăng ký cho đồng chí được.".to_owned(),
            "The certificate names somebody else, so it cannot be enrolled for you.".to_owned(),
        ),
        Error::AlreadyEnrolled => (
            "already-enrolled",
            "Chứng thư số này đã được đăng ký.".to_owned(),
            "This certificate is enrolled already.".to_owned(),
        ),
        _ => (
            "wrong-holder",
            "Chứng thư số không phải của người ký văn bản này.".to_owned(),
            "The certificate is not that of this document's signer.".to_owned(),
        ),
    };
    Problem::new(StatusCode::CONFLICT, name, vi, en)
}

fn elsewhere(error: &Error) -> Problem {
    match error {
        Error::KeyElsewhere => Problem::new(
            StatusCode::CONFLICT,
            "key-elsewhere",
            "Khóa ký của đồng chí không do hệ thống giữ. Việc này hiện chỉ ký được bằng khóa do hệ thống giữ.",
            "Your key is not kept by the system. For now this is signed only with a key that the system keeps.",
        ),
        Error::KeyHere => Problem::new(
            StatusCode::CONFLICT,
            "key-here",
            "Khóa ký của đồng chí do hệ thống giữ, không nằm trên USB token.",
            "Your key is kept by the system and is not on a USB token.",
        ),
        Error::KeyRemote => Problem::new(
            StatusCode::CONFLICT,
            "key-remote",
            "Khóa ký của đồng chí ở dịch vụ ký số từ xa. Xin tải lại trang để ký từ xa.",
            "Your key is at the remote signing service. Reload the page to sign there.",
        ),
        Error::NoTool => Problem::new(
            StatusCode::CONFLICT,
            "no-tool",
            "Việc này không ký được bằng công cụ ký của Ban Cơ yếu. Xin ký bằng cách khác.",
            "This cannot be signed with the state's signing tool. Sign in another way.",
        ),
        Error::FileUnfit(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "file-unfit",
            "Tệp nhận về không phải văn bản đã trao kèm đúng một chữ ký, nên không được lưu. Xin ký lại.",
            "The file that came back is not the one that was handed out with one signature more, so it was not kept.",
        ),
        Error::AnothersSignature => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "anothers-signature",
            "Chữ ký không phải bằng chứng thư đồng chí đã đăng ký, nên không được lưu.",
            "The signature is not by the certificate that you have enrolled, so it was not kept.",
        ),
        Error::NotRemote => Problem::new(
            StatusCode::CONFLICT,
            "not-remote",
            "Hệ thống chưa nối dịch vụ ký số từ xa, hoặc khóa này không dùng được ở đây.",
            "There is no remote signing service, or this key cannot be used here.",
        ),
        Error::SignatureUnfit(_) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "signature-unfit",
            "Chữ ký nhận được không khớp với văn bản hoặc với chứng thư đã đăng ký, nên không được lưu.",
            "The signature does not fit the document or the enrolled certificate, so it was not kept.",
        ),
        _ => Problem::new(
            StatusCode::GONE,
            "signature-request-over",
            "Lượt ký này đã hết hạn hoặc đã dùng. Xin bấm ký lại.",
            "This request for a signature is over or was used. Start again.",
        ),
    }
}

/// A remote signature did not come about.
fn remote(reason: Failure, error: &Error) -> Problem {
    let (status, name) = match reason {
        Failure::Away => (StatusCode::BAD_GATEWAY, "remote-away"),
        Failure::Secret => (StatusCode::FORBIDDEN, "remote-secret"),
        Failure::Refused => (StatusCode::CONFLICT, "remote-refused"),
        Failure::Expired => (StatusCode::CONFLICT, "remote-expired"),
        Failure::Unfit => (StatusCode::UNPROCESSABLE_ENTITY, "signature-unfit"),
        Failure::Changed => (StatusCode::CONFLICT, "remote-changed"),
    };
    tracing::warn!(%error, "a remote signature did not come about");
    let en = format!("The remote signing service: {reason}. Nothing was signed.");
    Problem::new(status, name, reason.sentence(), en)
}

/// What may be otherwise in a moment, or with another request.
fn now(error: &Error) -> Problem {
    match error {
        Error::Stale => Problem::new(
            StatusCode::CONFLICT,
            "stale",
            "Văn bản vừa được người khác xử lý. Xin tải lại trang để xem.",
            "Someone else has just handled the document. Reload the page to see.",
        ),
        Error::PlaceOutside => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "place-outside",
            "Vị trí chữ ký nằm ngoài trang giấy.",
            "The signature's place lies outside the page.",
        ),
        Error::PlaceUnknown => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "place-unknown",
            "Không tìm thấy họ tên người ký trên trang, xin chọn vị trí chữ ký.",
            "The signer's name does not stand on the page; choose the signature's place.",
        ),
        Error::Receivers => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "receivers",
            "Xin chọn ít nhất một nơi nhận trong danh sách cơ quan.",
            "Choose at least one receiver from the list of agencies.",
        ),
        Error::HasIt => Problem::new(
            StatusCode::CONFLICT,
            "has-it",
            "Một cơ quan được chọn đã có văn bản này nên không chuyển tiếp; xin bỏ cơ quan đó.",
            "One of the chosen agencies has this document already, so it is not forwarded; leave that one out.",
        ),
        Error::Cosigner => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "cosigner",
            "Người ký thứ hai phải là lãnh đạo một cơ quan và khác người ký thứ nhất.",
            "The second signatory must lead an agency and be another person than the first.",
        ),
        Error::Secretary => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "secretary",
            "Thư ký ký biên bản phải làm việc trong cơ quan của người chủ trì.",
            "The secretary who signs the minutes must work in the agency of who presided.",
        ),
        Error::Handlers => handlers(),
        Error::TwoLeads => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "two-leads",
            "Chỉ một cơ quan chủ trì; các cơ quan khác phối hợp.",
            "One agency leads; the others support it.",
        ),
        Error::DueDate => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "due-date",
            "Hạn giải quyết phải là một ngày từ hôm nay trở đi.",
            "The due date must be a day from today on.",
        ),
        Error::TooMany(wait) => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-files",
            "Khóa này đã gửi quá số tệp được phép. Xin chờ rồi gửi tiếp.",
            "More files came under this key than it may send. Wait, then go on.",
        )
        .with("retry_after_seconds", wait.as_secs().max(1)),
        Error::Hsm(_) | Error::HsmMissing => {
            tracing::error!(%error, "the HSM did not sign");
            retry(
                "hsm-away",
                "Thiết bị giữ khóa của cơ quan (HSM) chưa trả lời, nên chưa đóng dấu được. Văn bản vẫn như trước; xin thử \
                 lại, và báo quản trị của tỉnh nếu vẫn vậy.",
                "The device that holds the agency's key (HSM) does not answer, so nothing was sealed. The document is as \
                 before; try again, and tell the province's administrator if it stays so.",
            )
        }
        Error::TimeStamp(_) => retry(
            "time-stamp",
            "Máy chủ dấu thời gian chưa trả lời.",
            "The time-stamp authority does not answer.",
        ),
        _ => retry(
            "busy",
            "Hệ thống đang bận, xin thử lại sau ít giây.",
            "The system is busy; try again shortly.",
        ),
    }
}

fn retry(name: &'static str, vi: &'static str, en: &'static str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, name, vi, en).with("retry_after_seconds", 5)
}

/// Our own validator stands between a bug of ours and a stored version.
fn self_check(verdict: Verdict, error: &Error) -> Problem {
    tracing::error!(%error, "our own validator refused a version");
    if verdict == Verdict::Indeterminate {
        return Problem::new(
            StatusCode::CONFLICT,
            "not-trusted",
            "Chứng thư ký số không dẫn tới gốc mà cơ quan đang tin cậy, nên chữ ký chưa được coi là hợp lệ và chưa được lưu. \
             Văn bản vẫn như trước; xin báo quản trị của tỉnh.",
            "The signing certificate leads to no root that the office trusts, so the signature was not stored. The document is \
             as before; tell the province's administrator.",
        );
    }
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "self-check",
        "Hệ thống tự kiểm tra và không chấp nhận bản vừa tạo, nên không lưu bản đó. Văn bản vẫn như trước.",
        "Our own check refused the version just made, so it was not stored. The document is as before.",
    )
}

fn signer(error: &Signer) -> Problem {
    match error {
        Signer::Malformed { reason, .. } => upload(intake::Refusal::Broken(reason.to_string())),
        Signer::Unsupported { reason, .. } | Signer::Refused { reason, .. } => {
            upload(intake::Refusal::Unsupported(reason.to_string())).with("reason", reason.to_string())
        }
        Signer::Misuse { .. } => Problem::internal(error),
    }
}

fn day(at: OffsetDateTime) -> String {
    let date = numbering::local_date(at);
    format!("{:02}/{:02}/{}", date.day(), u8::from(date.month()), date.year())
}
