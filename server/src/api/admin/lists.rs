//! Lists of agencies and people as files: taken in, handed out, and an empty one to begin with.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Administrator, refusal};
use crate::accounts::import::{self, Mode, Outcome};
use crate::accounts::listed;
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::clock::Timestamp;
use crate::domain::listing::{self, List};
use crate::jobs::password_letter;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(hand_out, take_in))
        .routes(routes!(template))
}

/// Which list.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ListName {
    Agencies,
    People,
}

impl From<ListName> for List {
    fn from(name: ListName) -> Self {
        match name {
            ListName::Agencies => Self::Agencies,
            ListName::People => Self::People,
        }
    }
}

impl ListName {
    fn file_name(self) -> &'static str {
        match self {
            Self::Agencies => "co-quan.csv",
            Self::People => "nguoi-dung.csv",
        }
    }
}

/// Whether the list is only tried.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// With `true` the list is taken in; else it is tried and everything stays as it was.
    apply: Option<bool>,
}

/// A line that adds something.
#[derive(Serialize, ToSchema)]
struct AddedLine {
    line: u64,
    what: String,
}

/// A line that fails, and why.
#[derive(Serialize, ToSchema)]
struct FailingLine {
    line: u64,
    reason_vi: String,
    reason_en: String,
}

/// What a new person is handed: shown once.
#[derive(Serialize, ToSchema)]
struct HandedLine {
    user_name: String,
    full_name: String,
    /// Where the person chooses a password, once.
    link: String,
    expires_at: Timestamp,
    one_time_code_secret: Option<String>,
}

/// What a list does.
#[derive(Serialize, ToSchema)]
struct ListOutcome {
    /// Whether it was taken in: not on trial, nor where any line fails.
    is_applied: bool,
    added: Vec<AddedLine>,
    /// How many lines say what is so already.
    unchanged: usize,
    failing: Vec<FailingLine>,
    handed: Vec<HandedLine>,
}

/// Tries a list or takes it in: all of it, or nothing.
#[utoipa::path(
    post, path = "/admin/lists/{list}", tag = "administration", params(("list" = inline(ListName), Path), How),
    request_body(content = Vec<u8>, content_type = "text/csv"),
    responses((status = OK, body = ListOutcome), (status = FORBIDDEN, body = problem::Body))
)]
async fn take_in(
    State(app): State<App>,
    administrator: Administrator,
    Path(list): Path<ListName>,
    Query(how): Query<How>,
    bytes: Bytes,
) -> Result<Json<ListOutcome>, Problem> {
    if matches!(list, ListName::Agencies) {
        administrator.of_province()?;
    }
    let mode = match how.apply {
        Some(true) => Mode::Apply,
        _ => Mode::Trial,
    };
    let actor = administrator.actor();
    let outcome = import::import(&app, &actor, &administrator.reach, list.into(), &bytes, mode).await?;
    Ok(Json(told(&app, outcome)))
}

fn told(app: &App, outcome: Outcome) -> ListOutcome {
    let failing = |one: listing::Failing| {
        let (reason_vi, reason_en) = refusal::line(&one.wrong);
        FailingLine {
            line: one.line,
            reason_vi,
            reason_en,
        }
    };
    let handed = |one: import::Handed| HandedLine {
        user_name: one.user_name,
        full_name: one.full_name,
        link: password_letter::link(app, &one.word),
        expires_at: one.expires_at,
        one_time_code_secret: one.one_time_code_secret,
    };
    ListOutcome {
        is_applied: outcome.is_applied,
        added: outcome
            .added
            .into_iter()
            .map(|(line, what)| AddedLine { line, what })
            .collect(),
        unchanged: outcome.unchanged,
        failing: outcome.failing.into_iter().map(failing).collect(),
        handed: outcome.handed.into_iter().map(handed).collect(),
    }
}

/// Everything within reach as a list; fields that a spreadsheet would run are made harmless.
#[utoipa::path(
    get, path = "/admin/lists/{list}", tag = "administration", params(("list" = inline(ListName), Path)),
    responses((status = OK, content_type = "text/csv", body = String), (status = FORBIDDEN, body = problem::Body))
)]
async fn hand_out(
    State(app): State<App>,
    administrator: Administrator,
    Path(list): Path<ListName>,
) -> Result<Response, Problem> {
    file(
        list,
        listed::lines(&app, &administrator.reach, list.into()).await?,
    )
}

/// An empty list with the names of its columns.
#[utoipa::path(
    get, path = "/admin/lists/{list}/template", tag = "administration", params(("list" = inline(ListName), Path)),
    responses((status = OK, content_type = "text/csv", body = String), (status = FORBIDDEN, body = problem::Body))
)]
async fn template(_: Administrator, Path(list): Path<ListName>) -> Result<Response, Problem> {
    file(list, Vec::new())
}

fn file(list: ListName, lines: Vec<Vec<String>>) -> Result<Response, Problem> {
    let bytes = listing::write(list.into(), lines).map_err(|error| Problem::internal(&error))?;
    let name = format!("attachment; filename=\"{}\"", list.file_name());
    let name = HeaderValue::from_str(&name).map_err(|error| Problem::internal(&error))?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok((
        [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)],
        bytes,
    )
        .into_response())
}
