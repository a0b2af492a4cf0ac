//! The steps of a dispatch, one POST each; each answers the dispatch as it stands afterwards.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use serde::Deserialize;
use time::Date;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;

use super::view::{self, Detail};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::custody::handling::Instruction;
use crate::domain::dispatch::{DispatchId, Part};
use crate::domain::id::{AgencyId, PersonId};
use crate::parts::App;

/// What the receiving clerk answers.
#[derive(Deserialize, ToSchema)]
pub(super) struct Receipt {
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

/// Accepts a dispatch and gives its arrival number (tiếp nhận, vào sổ), or returns it with a reason (trả lại).
#[utoipa::path(
    post, path = "/dispatches/{id}/receipt", tag = "dispatches", params(("id" = String, Path)), request_body = Receipt,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, description = "Answered before, or its signatures are invalid.", body = problem::Body)
    )
)]
pub(super) async fn receipt(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(Receipt { answer, reason }): Json<Receipt>,
) -> Result<Json<Detail>, Problem> {
    let reason = limited(reason)?.unwrap_or_default();
    let taken = match answer {
        Kept::Accept => Step::Accept,
        Kept::Return => Step::Return(reason),
    };
    step(&app, &person, &id, taken).await
}

/// The leader's instruction.
#[derive(Deserialize, ToSchema)]
#[schema(as = Instruction)]
pub(super) struct Said {
    /// Bút phê, up to 2,000 characters.
    instruction: String,
    /// Chủ trì.
    lead_id: PersonId,
    /// Phối hợp.
    #[serde(default)]
    support: BTreeSet<PersonId>,
    /// Other agencies with a part in the work, to which the paper goes on; one of them leads at most.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Part>)]
    agencies: BTreeMap<AgencyId, Part>,
    /// Hạn giải quyết: `2026-11-30`.
    due_on: Option<String>,
}

/// Writes the instruction (bút phê): who leads, who supports, here and in other agencies, until when. Status 04.
#[utoipa::path(
    post, path = "/dispatches/{id}/instruction", tag = "dispatches", params(("id" = String, Path)),
    request_body = Said,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, description = "An agency that is named has it already.", body = problem::Body),
        (
            status = UNPROCESSABLE_ENTITY,
            description = "Nobody of the agency is named, another agency cannot receive it, or the day is past.",
            body = problem::Body
        )
    )
)]
pub(super) async fn instruct(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(said): Json<Said>,
) -> Result<Json<Detail>, Problem> {
    let due = said.due_on.as_deref().filter(|due| !due.is_empty());
    let due = due.map(|due| Date::parse(due, &Iso8601::DATE));
    let instruction = Instruction {
        text: limited(Some(said.instruction))?.unwrap_or_default(),
        lead: said.lead_id,
        support: said.support,
        agencies: said.agencies,
        due: due.transpose().map_err(|_| crate::custody::Error::DueDate)?,
    };
    step(&app, &person, &id, Step::Instruct(instruction)).await
}

/// To whom the lead hands it on.
#[derive(Deserialize, ToSchema)]
pub(super) struct Delegation {
    lead_id: PersonId,
    note: Option<String>,
}

/// Hands the work on within the agency (chuyển người xử lý). Status 04 again.
#[utoipa::path(
    post, path = "/dispatches/{id}/delegation", tag = "dispatches", params(("id" = String, Path)),
    request_body = Delegation,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn delegate(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(Delegation { lead_id, note }): Json<Delegation>,
) -> Result<Json<Detail>, Problem> {
    let note = limited(note)?;
    step(&app, &person, &id, Step::Delegate(lead_id, note)).await
}

/// To which agencies it is handed on.
#[derive(Deserialize, ToSchema)]
pub(super) struct Forwarding {
    receivers: BTreeSet<AgencyId>,
    /// What they read with it, up to 2,000 characters.
    note: Option<String>,
}

/// Hands the paper on to other agencies (chuyển tiếp), which answer to this one. Status 05.
#[utoipa::path(
    post, path = "/dispatches/{id}/forwarding", tag = "dispatches", params(("id" = String, Path)),
    request_body = Forwarding,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, description = "One of them has it already.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "None is named, or one that cannot receive it.", body = problem::Body)
    )
)]
pub(super) async fn forward(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(Forwarding { receivers, note }): Json<Forwarding>,
) -> Result<Json<Detail>, Problem> {
    if receivers.is_empty() {
        return Err(crate::custody::Error::Receivers.into());
    }
    let note = limited(note)?;
    step(&app, &person, &id, Step::Forward(receivers, note)).await
}

/// What a supporter thinks.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewOpinion)]
pub(super) struct Opinion {
    /// Up to 2,000 characters.
    words: String,
}

/// Writes an opinion for the lead (ý kiến phối hợp); the sender is not told.
#[utoipa::path(
    post, path = "/dispatches/{id}/opinion", tag = "dispatches", params(("id" = String, Path)), request_body = Opinion,
    responses(
        (status = OK, body = Detail),
        (status = CONFLICT, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "Nothing is written.", body = problem::Body)
    )
)]
pub(super) async fn give_opinion(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(Opinion { words }): Json<Opinion>,
) -> Result<Json<Detail>, Problem> {
    let words = limited(Some(words))?.unwrap_or_default();
    step(&app, &person, &id, Step::GiveOpinion(words)).await
}

/// A word on the work, if there is one.
#[derive(Deserialize, ToSchema)]
pub(super) struct Remark {
    note: Option<String>,
}

/// Begins to handle it (đang xử lý). Status 05.
#[utoipa::path(
    post, path = "/dispatches/{id}/progress", tag = "dispatches", params(("id" = String, Path)),
    request_body = Remark,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn begin(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(Remark { note }): Json<Remark>,
) -> Result<Json<Detail>, Problem> {
    step(&app, &person, &id, Step::Begin(limited(note)?)).await
}

/// It is done (hoàn thành). Status 06.
#[utoipa::path(
    post, path = "/dispatches/{id}/completion", tag = "dispatches", params(("id" = String, Path)),
    request_body = Remark,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn finish(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(Remark { note }): Json<Remark>,
) -> Result<Json<Detail>, Problem> {
    step(&app, &person, &id, Step::Complete(limited(note)?)).await
}

/// What the receiving clerk answers to a recall.
#[derive(Deserialize, ToSchema)]
pub(super) struct RecallAnswer {
    agree: bool,
    /// Required when it is refused.
    reason: Option<String>,
}

/// Gives a recalled document back (15) or keeps it with a reason (16).
#[utoipa::path(
    post, path = "/dispatches/{id}/recall-answer", tag = "dispatches", params(("id" = String, Path)),
    request_body = RecallAnswer,
    responses((status = OK, body = Detail), (status = CONFLICT, body = problem::Body))
)]
pub(super) async fn answer_recall(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DispatchId>,
    Json(RecallAnswer { agree, reason }): Json<RecallAnswer>,
) -> Result<Json<Detail>, Problem> {
    let taken = match agree {
        true => Step::AgreeRecall,
        false => Step::RefuseRecall(limited(reason)?.unwrap_or_default()),
    };
    step(&app, &person, &id, taken).await
}

/// What the handlers above were asked for.
enum Step {
    Accept,
    Return(String),
    Instruct(Instruction),
    Delegate(PersonId, Option<String>),
    Forward(BTreeSet<AgencyId>, Option<String>),
    GiveOpinion(String),
    Begin(Option<String>),
    Complete(Option<String>),
    AgreeRecall,
    RefuseRecall(String),
}

/// Takes the step and answers the dispatch as it stands afterwards.
async fn step(app: &App, person: &Person, id: &DispatchId, step: Step) -> Result<Json<Detail>, Problem> {
    let (custody, presence) = (&app.custody, &person.into());
    match step {
        Step::Accept => custody.accept(presence, id).await.map(|_| ()),
        Step::Return(reason) => custody.turn_back(presence, id, &reason).await,
        Step::Instruct(said) => custody.instruct(presence, id, &said).await,
        Step::Delegate(to, note) => custody.delegate(presence, id, &to, note.as_deref()).await,
        Step::Forward(to, note) => custody.forward(presence, id, &to, note.as_deref()).await,
        Step::GiveOpinion(words) => custody.give_opinion(presence, id, &words).await,
        Step::Begin(note) => custody.begin(presence, id, note.as_deref()).await,
        Step::Complete(note) => custody.finish(presence, id, note.as_deref()).await,
        Step::AgreeRecall => custody.agree_recall(presence, id).await,
        Step::RefuseRecall(reason) => custody.refuse_recall(presence, id, &reason).await,
    }?;
    view::detail(app, person, id).await
}

/// No remark of a person is longer, in characters.
const LONGEST_REMARK: usize = 2000;

fn limited(text: Option<String>) -> Result<Option<String>, Problem> {
    if text
        .as_ref()
        .is_some_and(|text| text.chars().count() > LONGEST_REMARK)
    {
        return Err(Problem::malformed(
            "Ý kiến dài quá 2.000 ký tự.",
            "The text is longer than 2,000 characters.",
        ));
    }
    Ok(text)
}
