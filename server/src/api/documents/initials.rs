//! Initials, and the rule of a signer about them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::{self, Detail};
use crate::api::body::{Json, Path, Query};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::domain::document::DocumentId;
use crate::domain::id::{AgencyId, PersonId};
use crate::parts::App;

/// What is said beside an initial.
#[derive(Deserialize, ToSchema)]
#[schema(as = InitialNote)]
pub(super) struct Note {
    #[serde(default)]
    note: Option<String>,
}

/// Initials the part that the person answers for (ký nháy): content first, then form.
#[utoipa::path(
    post, path = "/documents/{id}/initial", tag = "documents", params(("id" = String, Path)), request_body = Note,
    responses(
        (status = OK, body = Detail),
        (status = FORBIDDEN, description = "Not named, or done already.", body = problem::Body),
        (status = CONFLICT, body = problem::Body)
    )
)]
pub(super) async fn initial(
    State(app): State<App>,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(Note { note }): Json<Note>,
) -> Result<Json<Detail>, Problem> {
    app.custody
        .initial(&(&person).into(), &id, note.as_deref())
        .await?;
    view::now(&app, &person, &id).await
}

/// Whose rule.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    #[param(value_type = String)]
    signer_id: PersonId,
}

/// Which initials a signer wants before signing.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningRule {
    agency_id: AgencyId,
    /// Of whoever answers for the content.
    content: bool,
    /// Of whoever answers for the form.
    form: bool,
}

/// The rule of a signer for whom this person may draft.
#[utoipa::path(
    get, path = "/signing-rule", tag = "documents", params(Wanted),
    responses((status = OK, body = SigningRule), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn rule(
    State(app): State<App>,
    person: Person,
    Query(wanted): Query<Wanted>,
) -> Result<Json<SigningRule>, Problem> {
    let (agency, signer, _) = app.custody.signer(&(&person).into(), &wanted.signer_id).await?;
    let (content, form) = app.custody.signing_rule(&agency.id, &signer.id).await?;
    Ok(Json(SigningRule {
        agency_id: agency.id,
        content,
        form,
    }))
}

/// Sets the rule of the person who asks, for an agency in which they sign.
#[utoipa::path(
    post, path = "/signing-rule", tag = "documents", request_body = SigningRule,
    responses((status = OK, body = SigningRule), (status = FORBIDDEN, body = problem::Body))
)]
pub(super) async fn set_rule(
    State(app): State<App>,
    person: Person,
    Json(rule): Json<SigningRule>,
) -> Result<Json<SigningRule>, Problem> {
    app.custody
        .set_signing_rule(&(&person).into(), &rule.agency_id, rule.content, rule.form)
        .await?;
    Ok(Json(rule))
}
