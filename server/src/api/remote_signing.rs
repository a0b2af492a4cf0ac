//! `/session/remote-keys`, `/documents/{id}/remote-signature`: keys that a remote signing service keeps.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::body::{Json, Path};
use super::documents::{after, place, view};
use super::problem::{self, Problem};
use super::session::Person;
use super::signature_requests::session;
use crate::clock::Timestamp;
use crate::custody::csc::{Answer, Factor};
use crate::custody::remote::{Asked, Offer, Waiting};
use crate::domain::document::DocumentId;
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(keys))
        .routes(routes!(enrol))
        .routes(routes!(send_code))
        .routes(routes!(sign))
        .routes(routes!(request))
        .routes(routes!(call_back))
}

/// How people can sign here with a key that is not kept here.
#[derive(Serialize, ToSchema)]
struct SigningWays {
    /// What people call the remote signing service, if there is one.
    remote: Option<String>,
    /// Where the state's desktop tool answers at people's own PCs, if it is used.
    desktop_tool: Option<String>,
}

/// The ways of signing that this house offers beside keys kept here and USB tokens.
#[utoipa::path(
    get, path = "/session/signing-ways", tag = "session",
    responses((status = OK, body = SigningWays), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn ways(State(app): State<App>, _: Person) -> Json<SigningWays> {
    Json(SigningWays {
        remote: app.custody.remote_name().map(str::to_owned),
        desktop_tool: app.custody.desktop_tool().map(str::to_owned),
    })
}

/// Whose keys are looked for at the remote service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoteUser {
    /// As the service knows its user.
    user_id: String,
}

/// A key at the remote service that bears my name.
#[derive(Serialize, ToSchema)]
struct RemoteOffer {
    credential_id: String,
    /// Common names.
    subject: String,
    issuer: String,
    serial: String,
    not_after: Timestamp,
    /// What its owner shows for each signature.
    factors: Vec<Factor>,
}

impl From<Offer> for RemoteOffer {
    fn from(offer: Offer) -> Self {
        let certificate = offer.certificate;
        Self {
            credential_id: offer.credential_id,
            subject: offer.subject,
            issuer: offer.issuer,
            serial: certificate.serial,
            not_after: certificate.not_after.into(),
            factors: offer.factors,
        }
    }
}

/// The keys of a user of the remote service that bear my name.
#[utoipa::path(
    post, path = "/session/remote-keys", tag = "session", request_body = RemoteUser,
    responses(
        (status = OK, body = Vec<RemoteOffer>),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = CONFLICT, description = "`not-remote`, `remote-refused`", body = problem::Body),
        (status = BAD_GATEWAY, description = "`remote-away`", body = problem::Body)
    )
)]
async fn keys(
    State(app): State<App>,
    person: Person,
    Json(RemoteUser { user_id }): Json<RemoteUser>,
) -> Result<Json<Vec<RemoteOffer>>, Problem> {
    let user_id = short(user_id.trim())?;
    let offers = app.custody.remote_keys(&person.full_name, user_id).await?;
    Ok(Json(offers.into_iter().map(RemoteOffer::from).collect()))
}

/// What I typed for one of the key's factors. Passed on, and kept nowhere.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoteAnswer {
    id: String,
    value: String,
}

/// A key to be enrolled, and its owner's will to sign once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoteEnrolment {
    credential_id: String,
    answers: Vec<RemoteAnswer>,
}

/// A signature that the remote service has not made yet.
#[derive(Serialize, ToSchema)]
pub(super) struct RemoteRequest {
    id: String,
    /// Until then the service is asked; I am told what became of it.
    expires_at: Timestamp,
}

impl From<Waiting> for RemoteRequest {
    fn from(waiting: Waiting) -> Self {
        Self {
            id: waiting.id,
            expires_at: waiting.expires_at,
        }
    }
}

/// Enrols a key at the remote service as mine: it signs once to prove that it is in my hands; an earlier key of mine is retired.
#[utoipa::path(
    post, path = "/session/signing-key/remote", tag = "session", request_body = RemoteEnrolment,
    responses(
        (status = NO_CONTENT, description = "Enrolled."),
        (status = ACCEPTED, description = "The service has not signed yet.", body = RemoteRequest),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = FORBIDDEN, description = "`remote-secret`", body = problem::Body),
        (
            status = CONFLICT,
            description = "`not-remote`, `remote-refused`, and those of the certificate as for a token", body = problem::Body
        ),
        (status = UNPROCESSABLE_ENTITY, description = "`signature-unfit`", body = problem::Body),
        (status = BAD_GATEWAY, description = "`remote-away`", body = problem::Body)
    )
)]
async fn enrol(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Json(RemoteEnrolment {
        credential_id,
        answers,
    }): Json<RemoteEnrolment>,
) -> Result<Response, Problem> {
    let answers = read(answers)?;
    let session = session(&app, &headers);
    let asked = app
        .custody
        .enrol_remotely(
            &(&person).into(),
            &session,
            &person.full_name,
            short(&credential_id)?,
            &answers,
        )
        .await?;
    Ok(match asked {
        Asked::Done(_) => StatusCode::NO_CONTENT.into_response(),
        Asked::Waits(waiting) => waits(waiting),
    })
}

/// Which code is sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoteCode {
    /// The key to be enrolled; without it, the one that is enrolled.
    credential_id: Option<String>,
    factor: String,
}

/// Has the remote service send me a code, as by SMS.
#[utoipa::path(
    post, path = "/session/signing-key/remote/codes", tag = "session", request_body = RemoteCode,
    responses(
        (status = NO_CONTENT, description = "On its way."),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = CONFLICT, description = "`not-remote`, `remote-refused`, `certificate-of-another`", body = problem::Body),
        (status = BAD_GATEWAY, description = "`remote-away`", body = problem::Body)
    )
)]
async fn send_code(
    State(app): State<App>,
    person: Person,
    Json(RemoteCode {
        credential_id,
        factor,
    }): Json<RemoteCode>,
) -> Result<StatusCode, Problem> {
    let credential = credential_id.as_deref().map(short).transpose()?;
    app.custody
        .send_remote_code(&(&person).into(), &person.full_name, credential, short(&factor)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// My will to sign.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoteSignature {
    answers: Vec<RemoteAnswer>,
    /// Where I put it by hand; without it, between position and name.
    place: Option<view::PlaceView>,
}

/// Signs by my key at the remote service (ký số từ xa). Where the service takes its time, the document shows what it waits for,
/// and I am told what became of it.
#[utoipa::path(
    post, path = "/documents/{id}/remote-signature", tag = "documents", params(("id" = String, Path)),
    request_body = RemoteSignature,
    responses(
        (status = OK, body = view::Detail),
        (status = ACCEPTED, description = "Waits for the service, or for the time-stamp.", body = view::Detail),
        (status = FORBIDDEN, description = "Not the signer; `remote-secret`.", body = problem::Body),
        (status = CONFLICT, description = "`not-remote`, `remote-refused`, and as for signing.", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`signature-unfit`", body = problem::Body),
        (status = BAD_GATEWAY, description = "`remote-away`", body = problem::Body)
    )
)]
async fn sign(
    State(app): State<App>,
    headers: HeaderMap,
    person: Person,
    Path(id): Path<DocumentId>,
    Json(RemoteSignature { answers, place: wish }): Json<RemoteSignature>,
) -> Result<Response, Problem> {
    let answers = read(answers)?;
    let session = session(&app, &headers);
    let asked = app
        .custody
        .sign_remotely(&(&person).into(), &session, &id, wish.map(place), &answers)
        .await?;
    match asked {
        Asked::Done(outcome) => after(&app, &person, &id, outcome).await,
        Asked::Waits(_) => after(&app, &person, &id, crate::custody::Outcome::Waiting).await,
    }
}

/// How a remote signature of mine stands that was not made at once.
#[utoipa::path(
    get, path = "/session/remote-requests/{request}", tag = "session", params(("request" = String, Path)),
    responses(
        (status = OK, description = "The service has not signed yet.", body = RemoteRequest),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = GONE, description = "`signature-request-over`: done, or never asked for", body = problem::Body),
        (status = FORBIDDEN, description = "`remote-secret`", body = problem::Body),
        (status = CONFLICT, description = "`remote-refused`, `remote-expired`, `remote-changed`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`signature-unfit`", body = problem::Body)
    )
)]
async fn request(
    State(app): State<App>,
    person: Person,
    Path(request): Path<String>,
) -> Result<Json<RemoteRequest>, Problem> {
    let waiting = app.custody.remote_request(&person.id, &request).await?;
    Ok(Json(waiting.into()))
}

/// The remote service calls back: once, by the word that it was given, and whatever the body says. It is asked then what it made.
#[utoipa::path(
    post, path = "/signature-requests/calls/{word}", tag = "documents", params(("word" = String, Path)),
    responses(
        (status = NO_CONTENT, description = "Heard."),
        (status = GONE, description = "`signature-request-over`", body = problem::Body)
    )
)]
async fn call_back(State(app): State<App>, Path(word): Path<String>) -> Result<StatusCode, Problem> {
    app.custody.heard_from_remote(&word).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn waits(waiting: Waiting) -> Response {
    (StatusCode::ACCEPTED, Json(RemoteRequest::from(waiting))).into_response()
}

fn read(answers: Vec<RemoteAnswer>) -> Result<Vec<Answer>, Problem> {
    if answers.len() > MOST_ANSWERS {
        return Err(malformed());
    }
    let read = |RemoteAnswer { id, value }: RemoteAnswer| {
        short(&id)?;
        short(&value)?;
        Ok(Answer {
            id,
            value: Zeroizing::new(value),
        })
    };
    answers.into_iter().map(read).collect()
}

/// A name or a secret as services have them.
fn short(text: &str) -> Result<&str, Problem> {
    let length = text.chars().count();
    (1..=LONGEST)
        .contains(&length)
        .then_some(text)
        .ok_or_else(malformed)
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "remote-malformed",
        "Xin nhập đủ các ô của dịch vụ ký số từ xa, mỗi ô tối đa 128 ký tự.",
        "Fill in what the remote signing service asks for, at most 128 characters each.",
    )
}

const LONGEST: usize = 128;
const MOST_ANSWERS: usize = 6;
