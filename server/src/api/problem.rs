//! Errors as `application/problem+json` (RFC 9457), in the caller's language, Vietnamese by default.
//!
//! `type` is stable (`/problems/<name>`) and what programs decide by; `title` and `detail` are sentences for people.
//! What went wrong inside goes to the log under the request's id, never into the body.

use std::any::Any;
use std::borrow::Cow;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::error;
use utoipa::ToSchema;

use crate::store::disk;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub vi: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Text {
    /// A sentence in Vietnamese and in English.
    pub fn new(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }

    fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.vi,
            Language::English => &self.en,
        }
    }
}

/// An answer that refuses or fails.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    /// The stable name, the last part of `type`.
    pub name: &'static str,
    pub title: Text,
    pub detail: Option<Text>,
    /// Further members of the body, such as `retry_after_seconds`.
    pub members: Map<String, Value>,
}

/// The body of a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body {
    /// Stable; what programs decide by.
    #[serde(rename = "type")]
    #[schema(example = "/problems/credentials")]
    pub kind: String,
    /// One sentence for people.
    pub title: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub status: u16,
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
}

impl Problem {
    /// A problem with its status, its stable name and its title in Vietnamese and English.
    pub fn new(
        status: StatusCode,
        name: &'static str,
        vi: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            name,
            title: Text::new(vi, en),
            detail: None,
            members: Map::new(),
        }
    }

    /// This problem with a sentence that says what to do.
    pub fn detail(mut self, vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(Text::new(vi, en));
        self
    }

    /// This problem with a further member in its body.
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// 400: the request itself is malformed.
    pub fn malformed(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        let title = "Yêu cầu không đúng định dạng.";
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            title,
            "The request is malformed.",
        )
        .detail(vi, en)
    }

    /// 401: nobody is logged in.
    pub fn login_required() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "login-required",
            "Đồng chí cần đăng nhập để tiếp tục.",
            "Log in to go on.",
        )
    }

    /// 403: who is logged in holds no role that allows it.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Vai trò của đồng chí không cho phép thực hiện việc này.",
            "Your role does not allow this.",
        )
    }

    /// 404: it does not exist, or the caller may not know that it does.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Không tìm thấy nội dung yêu cầu.",
            "What was asked for was not found.",
        )
    }

    /// 413: the body or file is larger than `limit_bytes`.
    pub fn too_large(limit_bytes: u64) -> Self {
        let megabytes = limit_bytes.div_ceil(1_000_000);
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("Tệp quá lớn: giới hạn là {megabytes} MB."),
            format!("The file is too large: the limit is {megabytes} MB."),
        )
        .with("limit_bytes", limit_bytes)
    }

    /// 503: too many passwords are being hashed.
    pub fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Đang có quá nhiều lượt đăng nhập. Xin thử lại sau ít giây.",
            "Too many people are logging in. Try again in a few seconds.",
        )
        .with("retry_after_seconds", 5)
    }

    /// 500: our fault. The cause goes to the log.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        error!(%cause, "a request failed inside");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Hệ thống gặp lỗi; việc vừa làm chưa được thực hiện. Xin thử lại sau.",
            "The system failed; nothing was done. Try again later.",
        )
    }

    /// 507: the disk is full or read-only. Nothing was done; what is there can still be read.
    fn no_room(cause: &dyn std::fmt::Display) -> Self {
        error!(%cause, "nothing can be written");
        Self::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no-room",
            "Máy chủ hết chỗ ghi nên chưa lưu được việc vừa làm. Dữ liệu đã có vẫn nguyên và xem được; xin báo quản trị hệ thống.",
            "The server has no room to write, so nothing was saved. What is there is whole and can be read; tell an administrator.",
        )
    }

    /// 503: the object store of the files does not answer. Nothing was done; what needs no file goes on.
    fn files_away(cause: &dyn std::fmt::Display) -> Self {
        error!(%cause, "the object store does not do what it is asked");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "files-away",
            "Kho tệp hiện không phục vụ nên việc vừa làm chưa được thực hiện; dữ liệu đã có vẫn nguyên. Xin thử lại sau ít phút.",
            "The store of files does not answer at the moment, so nothing was done; what is there is whole. Try again in a few minutes.",
        )
        .with("retry_after_seconds", 60)
    }

    fn respond(&self, language: Language) -> Response {
        let body = Body {
            kind: format!("/problems/{}", self.name),
            title: self.title.in_language(language).to_owned(),
            detail: self
                .detail
                .as_ref()
                .map(|text| text.in_language(language).to_owned()),
            status: self.status.as_u16(),
            members: self.members.clone(),
        };
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CONTENT_LANGUAGE, language.tag()),
            (header::CACHE_CONTROL, "no-store"),
        ];
        // A body of strings and JSON values always serialises.
        (
            self.status,
            headers,
            serde_json::to_string(&body).unwrap_or_default(),
        )
            .into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.respond(Language::Vietnamese);
        if let Some(seconds) = self.members.get("retry_after_seconds").and_then(Value::as_u64) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // Only the layer that has seen the request knows the language.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<DbErr> for Problem {
    fn from(error: DbErr) -> Self {
        match disk::database_is_out_of_room(&error) {
            true => Self::no_room(&error),
            false => Self::internal(&error),
        }
    }
}

impl From<crate::store::blob::Error> for Problem {
    fn from(error: crate::store::blob::Error) -> Self {
        use crate::store::blob::Error;
        match error {
            Error::TooLong { limit_bytes } => Self::too_large(limit_bytes),
            Error::BrokenOff(_) => Self::malformed(
                "Tệp gửi lên bị ngắt giữa chừng.",
                "The upload broke off half-way.",
            ),
            error if disk::is_out_of_room(&error) => Self::no_room(&error),
            error @ Error::Away(_) => Self::files_away(&error),
            error => Self::internal(&error),
        }
    }
}

/// Layer: says a problem again in the language that the caller asked for.
pub(super) async fn in_the_callers_language(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if language != Language::Vietnamese => {
            let (parts, body) = problem.respond(language).into_parts();
            response.headers_mut().extend(parts.headers);
            response.headers_mut().remove(header::CONTENT_LENGTH);
            response.map(|_| body)
        }
        _ => response,
    }
}

/// The answer to a panic in a handler: a bug of ours, told as such.
pub(super) fn of_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("of an unknown kind");
    Problem::internal(&format_args!("panic: {text}")).into_response()
}

/// The answer to a known path with a method it does not have.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Địa chỉ này không nhận phương thức của yêu cầu.",
        "This address does not take the request's method.",
    )
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Vietnamese,
    English,
}

impl Language {
    /// English where `Accept-Language` weighs it above Vietnamese (RFC 9110 section 12.5.4).
    fn of(headers: &HeaderMap) -> Self {
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        if weight(accepted, "en") > weight(accepted, "vi") {
            Self::English
        } else {
            Self::Vietnamese
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }
}

/// The weight of a language in thousandths; 0 where it is not named.
fn weight(accepted: &str, language: &str) -> u32 {
    let weights = accepted.split(',').filter_map(|range| {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let primary = tag.trim().split('-').next()?;
        let quality = parameters
            .trim()
            .strip_prefix("q=")
            .map_or(Some(1.0), |quality| quality.parse::<f32>().ok())?;
        primary
            .eq_ignore_ascii_case(language)
            .then_some((quality.clamp(0.0, 1.0) * 1000.0) as u32)
    });
    weights.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_vietnamese_unless_english_weighs_more() {
        let table = [
            ("", Language::Vietnamese),
            ("vi", Language::Vietnamese),
            ("fr", Language::Vietnamese),
            ("en", Language::English),
            ("en-GB,en;q=0.9,vi;q=0.8", Language::English),
            ("vi-VN,vi;q=0.9,en;q=0.8", Language::Vietnamese),
            ("en;q=x", Language::Vietnamese),
        ];
        for (accepted, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(Language::of(&headers), expected, "{accepted}");
        }
    }
}
