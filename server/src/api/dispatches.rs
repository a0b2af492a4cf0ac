//! `/dispatches`: what other agencies sent to ours, with the verdict.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path, Query};
use super::documents::pdf;
use super::documents::view::{self, Agency};
use super::page::{Page, PageQuery};
use super::problem::{self, Problem};
use super::session::Person;
use super::verifications::english;
use crate::clock::Timestamp;
use crate::domain::dispatch::{Answer, DispatchId, Status};
use crate::domain::numbering::{self, Kind};
use crate::domain::role::Action;
use crate::parts::App;
use crate::store::entity::{dispatch, document, document_version, verification};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(content))
        .routes(routes!(receipt))
}

/// A dispatch in a list.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchSummary)]
struct Summary {
    id: DispatchId,
    /// Number and symbol: `141/KH-UBND`.
    code: String,
    kind_name: String,
    subject: String,
    urgency: i16,
    sender: Agency,
    /// The agency that it was sent to.
    receiver: Agency,
    status: Status,
    /// As in the signer command's contract; empty until it has been verified.
    verdict: Option<String>,
    /// Day of the date line.
    issued_on: Option<String>,
    sent_at: Timestamp,
    /// Whether the person who asks may accept or return it now.
    may_answer: bool,
}

/// A dispatch with its verification.
#[derive(Serialize, ToSchema)]
#[schema(as = DispatchDetail)]
struct Detail {
    #[serde(flatten)]
    summary: Summary,
    /// The verdict in one Vietnamese sentence.
    sentence: Option<String>,
    sentence_en: Option<String>,
    /// The report of the validator, as in the signer command's contract.
    #[schema(value_type = Option<Object>)]
    report: Option<serde_json::Value>,
    verified_at: Option<Timestamp>,
    /// Why it was returned.
    reason: Option<String>,
    answered_at: Option<Timestamp>,
    answered_by: Option<String>,
}

/// Which dispatches are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those of this status.
    #[param(inline)]
    status: Option<Status>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many, 1 to 200. Default 50.
    limit: Option<u64>,
}

/// What came to the agencies in which this person may read it, the latest first.
#[utoipa::path(
    get, path = "/dispatches", tag = "dispatches", params(Wanted),
    responses((status = OK, body = Page<Summary>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Summary>>, Problem> {
    let page = PageQuery {
        after: wanted.after,
        limit: wanted.limit,
    };
    let agencies = person.agencies_where(Action::ReadDispatches);
    let mut find = dispatch::Entity::find()
        .filter(dispatch::Column::ReceiverId.is_in(agencies))
        .order_by_desc(dispatch::Column::Id)
        .limit(page.rows());
    if let Some(status) = wanted.status {
        find = find.filter(dispatch::Column::Status.eq(status));
    }
    if let Some(after) = &page.after {
        find = find.filter(dispatch::Column::Id.lt(DispatchId(after.clone())));
    }
    let rows = find.all(app.store.read()).await?;
    let summaries = summaries(&app, &person, rows).await?;
    Ok(Json(Page::of(&page, summaries, |summary| summary.id.0.clone())))
}

/// One dispatch with the report of its verification.
#[utoipa::path(
    get, path = "/dispatches/{id}", tag = "dispatches", params(("id" = String, Path)),
    responses((status = OK, body = Detail), (status = NOT_FOUND, body = problem::Body))
)]
async fn one(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
) -> Result<Json<Detail>, Problem> {
    detail(&app, &person, &id).await
}

/// The PDF that was sent.
#[utoipa::path(
    get, path = "/dispatches/{id}/content", tag = "dispatches", params(("id" = String, Path)),
    responses(
        (status = OK, content_type = "application/pdf", body = Vec<u8>),
        (status = NOT_FOUND, body = problem::Body)
    )
)]
async fn content(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
) -> Result<Response, Problem> {
    let row = app.custody.received(&(&person).into(), &id).await?;
    let version = document_version::Entity::find_by_id((row.document_id, row.version))
        .one(app.store.read())
        .await?;
    let size_bytes = version.ok_or_else(Problem::not_found)?.size_bytes;
    pdf(&app, &row.blob, size_bytes, false).await
}

/// What the receiving clerk answers.
#[derive(Deserialize, ToSchema)]
struct Receipt {
    #[schema(inline)]
    answer: Kept,
    /// Required when it is returned.
    reason: Option<String>,
}

/// Taken in or sent back.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Accept,
    Return,
}

/// Accepts a dispatch (tiếp nhận) or returns it with a reason (trả lại).
#[utoipa::path(
    post, path = "/dispatches/{id}/receipt", tag = "dispatches", params(("id" = String, Path)), request_body = Receipt,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, description = "Answered before, or its signatures are invalid.", body = problem::Body)
    )
)]
async fn receipt(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(receipt): Json<Receipt>,
) -> Result<Json<Detail>, Problem> {
    let answer = match receipt.answer {
        Kept::Accept => Answer::Accept,
        Kept::Return => Answer::Return {
            reason: receipt.reason.unwrap_or_default(),
        },
    };
    app.custody.answer(&(&person).into(), &id, &answer).await?;
    detail(&app, &person, &id).await
}

async fn detail(app: &App, person: &Person, id: &DispatchId) -> Result<Json<Detail>, Problem> {
    let row = app.custody.received(&person.into(), id).await?;
    let verification = match &row.verification_id {
        Some(id) => {
            verification::Entity::find_by_id(id.clone())
                .one(app.store.read())
                .await?
        }
        None => None,
    };
    let report = verification
        .as_ref()
        .and_then(|row| serde_json::from_str(&row.report).ok());
    let report: Option<hoian_signer::validate::Report> = report;
    let last = view::last_statuses(app, vec![id.clone()]).await?.remove(id);
    let answered = last.filter(|status| status.status != Status::Arrived);
    let by = answered.as_ref().and_then(|status| status.person_id.clone());
    let names = view::people(app, by.iter().cloned().collect()).await?;
    let mut summaries = summaries(app, person, vec![row]).await?;
    let summary = summaries.pop().ok_or_else(Problem::not_found)?;
    Ok(Json(Detail {
        summary,
        sentence: report.as_ref().map(|report| report.sentence().to_owned()),
        sentence_en: report.as_ref().map(|report| english(report).to_owned()),
        report: report.and_then(|report| serde_json::to_value(report).ok()),
        verified_at: verification.map(|row| row.verified_at),
        reason: answered.as_ref().and_then(|status| status.reason.clone()),
        answered_at: answered.map(|status| status.at),
        answered_by: by.and_then(|by| names.get(&by).cloned()),
    }))
}

async fn summaries(app: &App, person: &Person, rows: Vec<dispatch::Model>) -> Result<Vec<Summary>, Problem> {
    let agencies = rows
        .iter()
        .flat_map(|row| [row.sender_id.clone(), row.receiver_id.clone()])
        .collect();
    let agencies = view::agencies(app, agencies).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.document_id.clone()).collect();
    let documents = document::Entity::find()
        .filter(document::Column::Id.is_in(ids))
        .all(app.store.read())
        .await?;
    let documents: BTreeMap<_, _> = documents.into_iter().map(|row| (row.id.clone(), row)).collect();
    let ids: Vec<_> = rows
        .iter()
        .filter_map(|row| row.verification_id.clone())
        .collect();
    let verdicts = verification::Entity::find()
        .filter(verification::Column::Id.is_in(ids))
        .all(app.store.read())
        .await?;
    let verdicts: BTreeMap<_, _> = verdicts.into_iter().map(|row| (row.id, row.verdict)).collect();
    let summary = |row: dispatch::Model| {
        let document = documents.get(&row.document_id)?;
        let number = u32::try_from(document.number?).ok()?;
        Some(Summary {
            code: numbering::code(number, &document.notation),
            kind_name: Kind::from_code(&document.kind)
                .map(|kind| kind.name.to_owned())
                .unwrap_or_default(),
            subject: document.subject.clone(),
            urgency: document.urgency,
            issued_on: document.issued_on.clone(),
            sender: view::agency_name(&agencies, &row.sender_id),
            may_answer: row.status == Status::Arrived && person.may(Action::Receive, &row.receiver_id),
            receiver: view::agency_name(&agencies, &row.receiver_id),
            verdict: row
                .verification_id
                .as_ref()
                .and_then(|id| verdicts.get(id).cloned()),
            id: row.id,
            status: row.status,
            sent_at: row.sent_at,
        })
    };
    Ok(rows.into_iter().filter_map(summary).collect())
}
