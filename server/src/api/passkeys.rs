//! `/session/passkeys`: the keys of whoever asks. `/session/passkey`: log in by one, without a user name.
//!
//! Questions and answers have the form of Web Authentication level 3 (`parseCreationOptionsFromJSON`, `toJSON`).

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::body::{Json, Path};
use super::login::{logged_in, place, told};
use super::origin::own as origin;
use super::problem::{self, Problem};
use super::sealed_cookie::SealedCookie;
use super::session::Person;
use super::sessions::not_changed;
use crate::accounts::login::Refusal;
use crate::accounts::passkey::{self, Asked};
use crate::clock::Timestamp;
use crate::domain::id::PersonId;
use crate::identity::Passkeys;
use crate::identity::passkeys::Enrolling;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, enrol))
        .routes(routes!(ask_to_enrol))
        .routes(routes!(remove))
        .routes(routes!(ask_to_log_in))
        .routes(routes!(log_in))
}

/// Between the question for a new key and the answer; with whose it is.
const ENROLLING: SealedCookie = SealedCookie {
    name: "passkey-enrolling",
};
/// Between the question for a log-in and the answer.
const ASKED: SealedCookie = SealedCookie {
    name: "passkey-asked",
};

/// A passkey of whoever asks.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey)]
struct Shown {
    id: String,
    name: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

/// My passkeys, the oldest first.
#[utoipa::path(
    get, path = "/session/passkeys", tag = "session",
    responses((status = OK, body = Vec<Shown>), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn list(State(app): State<App>, person: Person) -> Result<Json<Vec<Shown>>, Problem> {
    let rows = passkey::passkeys(&app, &person.id).await?;
    let shown = rows.into_iter().map(|row| Shown {
        id: row.id,
        name: row.name,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
    });
    Ok(Json(shown.collect()))
}

/// The password, so that nobody leaves a key behind in another's open browser.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyProof)]
struct Proof {
    #[schema(format = Password)]
    password: String,
}

/// Asks for a new passkey: the options of `navigator.credentials.create`.
#[utoipa::path(
    post, path = "/session/passkeys/question", tag = "session", request_body = Proof,
    responses(
        (status = OK, body = Object, description = "A cookie binds the answer to this browser"),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = NOT_FOUND, description = "There are no passkeys at this origin", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`wrong-password`", body = problem::Body),
        (status = TOO_MANY_REQUESTS, description = "`locked`", body = problem::Body),
    )
)]
async fn ask_to_enrol(
    State(app): State<App>,
    person: Person,
    Json(said): Json<Proof>,
) -> Result<Response, Problem> {
    let password = Zeroizing::new(said.password);
    let asked = passkey::ask_to_enrol(&app, rules(&app)?, &person, password).await;
    let (question, state) = asked.map_err(|refusal| not_changed(&app, refusal))?;
    let cookie = [(header::SET_COOKIE, ENROLLING.give(&app, (person.id, state)))];
    Ok((cookie, Json(question)).into_response())
}

/// The key that the browser has made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    /// What its owner calls it.
    name: String,
    /// `PublicKeyCredential.toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Keeps a new passkey.
#[utoipa::path(
    post, path = "/session/passkeys", tag = "session", request_body = NewPasskey,
    responses(
        (status = CREATED),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = NOT_FOUND, description = "There are no passkeys at this origin", body = problem::Body),
        (status = CONFLICT, description = "`too-many-passkeys`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`passkey-refused`, `unfit-account`", body = problem::Body),
    )
)]
async fn enrol(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Json(new): Json<NewPasskey>,
) -> Result<Response, Problem> {
    let asked: Option<(PersonId, Enrolling)> = ENROLLING.read(&app, &headers);
    let asked = asked.filter(|(id, _)| *id == person.id);
    let (_, state) = asked.ok_or_else(refused)?;
    let (rules, origin) = (rules(&app)?, origin(&app, &headers));
    passkey::enrol(&app, rules, &person, &origin, &state, &new.name, &new.credential).await?;
    let cookie = [(header::SET_COOKIE, ENROLLING.take(&app))];
    Ok((StatusCode::CREATED, cookie).into_response())
}

/// Takes a passkey of mine away.
#[utoipa::path(
    delete, path = "/session/passkeys/{id}", tag = "session", params(("id" = String, Path)),
    responses(
        (status = NO_CONTENT),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
async fn remove(
    State(app): State<App>,
    person: Person,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    passkey::remove(&app, &person, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for a passkey to log in by: the options of `navigator.credentials.get`.
#[utoipa::path(
    post, path = "/session/passkey/question", tag = "session",
    responses(
        (status = OK, body = Object, description = "A cookie binds the answer to this browser"),
        (status = NOT_FOUND, description = "There are no passkeys at this origin", body = problem::Body),
    )
)]
async fn ask_to_log_in(State(app): State<App>) -> Result<Response, Problem> {
    let (question, asked) = passkey::ask_to_log_in(&app, rules(&app)?)?;
    let cookie = [(header::SET_COOKIE, ASKED.give(&app, asked))];
    Ok((cookie, Json::<Value>(question)).into_response())
}

/// The answer of a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasskeyAnswer {
    /// `PublicKeyCredential.toJSON()`.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Logs in by a passkey. It verifies its user, so no one-time code is asked for.
#[utoipa::path(
    post, path = "/session/passkey", tag = "session", request_body = PasskeyAnswer,
    responses(
        (status = CREATED, body = Person, description = "Logged in; the cookie is the session"),
        (status = UNAUTHORIZED, body = problem::Body, description = "passkey-refused"),
        (status = NOT_FOUND, description = "There are no passkeys at this origin", body = problem::Body),
    )
)]
async fn log_in(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(said): Json<PasskeyAnswer>,
) -> Result<Response, Problem> {
    let rules = rules(&app)?;
    let asked: Option<Asked> = ASKED.read(&app, &headers);
    let asked = asked.ok_or_else(|| told(&app, Refusal::Passkey))?;
    let (origin, place) = (origin(&app, &headers), place(peer, &headers));
    let token = passkey::log_in(&app, rules, &origin, asked, &said.credential, place).await;
    let token = token.map_err(|refusal| told(&app, refusal))?;
    let response = logged_in(&app, &token).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, ASKED.take(&app))]), response).into_response())
}

fn rules(app: &App) -> Result<&Passkeys, Problem> {
    app.passkeys.as_ref().ok_or_else(Problem::not_found)
}

/// 422: the answer of a device does not hold, or is to no question of ours.
pub(super) fn refused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "passkey-refused",
        "Khóa đăng nhập này không dùng được, hoặc đã quá mười phút. Xin làm lại từ đầu.",
        "This passkey cannot be used, or ten minutes have passed. Begin again.",
    )
}
