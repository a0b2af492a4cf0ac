//! `/session/provider`: log in by the provider of OpenID Connect that the settings name.
//!
//! The provider sends the browser back to the log-in page, which brings the answer here: so every request that changes
//! anything comes from our own page, and cookies can stay `SameSite=Strict`.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::Json;
use super::login::{logged_in, place, told};
use super::origin;
use super::problem::{self, Problem};
use super::sealed_cookie::SealedCookie;
use super::session::Person;
use crate::accounts::login::{self, Refusal};
use crate::accounts::{Place, Token};
use crate::identity::Provider;
use crate::identity::provider::{self, Begun};
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(ways))
        .routes(routes!(begin))
        .routes(routes!(answer))
        .routes(routes!(code))
}

/// Between leaving for the provider and coming back.
const BEGUN: SealedCookie = SealedCookie {
    name: "provider-begun",
};
/// Between the provider's word and the one-time code.
const PROVEN: SealedCookie = SealedCookie {
    name: "provider-proven",
};

/// The ways to log in beside user name and password.
#[derive(Serialize, ToSchema)]
#[schema(as = LogInWays)]
struct Ways {
    /// What people call the provider by which they may log in; null where there is none.
    provider: Option<String>,
    /// The host at which passkeys can be used; null where they cannot.
    passkeys: Option<String>,
}

/// How one may log in here.
#[utoipa::path(
    get, path = "/session/ways", tag = "session",
    responses((status = OK, body = Ways))
)]
async fn ways(State(app): State<App>) -> Json<Ways> {
    Json(Ways {
        provider: app.provider.as_ref().map(|provider| provider.name().to_owned()),
        passkeys: app.passkeys.as_ref().map(|passkeys| passkeys.host().to_owned()),
    })
}

/// Where the browser goes.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderAddress)]
struct Address {
    url: String,
}

/// Begins a log-in by the provider: the browser is to go to the address, and comes back to the log-in page with an answer.
#[utoipa::path(
    post, path = "/session/provider", tag = "session",
    responses(
        (status = OK, body = Address, description = "A cookie binds the answer to this browser"),
        (status = NOT_FOUND, body = problem::Body, description = "There is no provider"),
        (status = SERVICE_UNAVAILABLE, body = problem::Body, description = "`provider-away`"),
    )
)]
async fn begin(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let provider = provider(&app)?;
    let origin = origin::own(&app, &headers);
    let (url, begun) = provider.begin(&origin).await.map_err(refused)?;
    let cookie = [(header::SET_COOKIE, BEGUN.give(&app, begun))];
    Ok((cookie, Json(Address { url: url.into() })).into_response())
}

/// What the provider put into the log-in page's address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderAnswer)]
struct Answer {
    state: String,
    code: String,
}

/// Logs in with the provider's answer. `one-time-code-required` asks for the code at `/session/provider/code`.
#[utoipa::path(
    post, path = "/session/provider/answer", tag = "session", request_body = Answer,
    responses(
        (status = CREATED, body = Person, description = "Logged in; the cookie is the session"),
        (status = UNAUTHORIZED, body = problem::Body, description = "provider-refused, one-time-code-required"),
        (status = FORBIDDEN, body = problem::Body, description = "unknown-account, one-time-code-missing"),
        (status = NOT_FOUND, body = problem::Body, description = "There is no provider"),
        (status = TOO_MANY_REQUESTS, body = problem::Body, description = "locked"),
        (status = SERVICE_UNAVAILABLE, body = problem::Body, description = "`provider-away`"),
    )
)]
async fn answer(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(answer): Json<Answer>,
) -> Result<Response, Problem> {
    let provider = provider(&app)?;
    let begun: Option<Begun> = BEGUN.read(&app, &headers);
    let begun = begun.ok_or_else(|| refused(provider::Refusal::State))?;
    let named = provider.finish(begun, &answer.state, answer.code).await;
    let named = named.map_err(refused)?;
    let proof = login::Proof {
        has_second_factor: provider.has_second_factor(),
    };
    match login::log_in_as(&app, &named, proof, None, place(peer, &headers)).await {
        Ok(token) => done(&app, &token).await,
        Err(Refusal::OneTimeCodeRequired) => {
            let cookies = AppendHeaders([
                (header::SET_COOKIE, BEGUN.take(&app)),
                (header::SET_COOKIE, PROVEN.give(&app, named)),
            ]);
            Ok((cookies, told(&app, Refusal::OneTimeCodeRequired)).into_response())
        }
        Err(refusal) => Err(told(&app, refusal)),
    }
}

/// The second step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProviderCode)]
struct Code {
    /// Six digits.
    one_time_code: String,
}

/// Logs in whom the provider has named, with their one-time code.
#[utoipa::path(
    post, path = "/session/provider/code", tag = "session", request_body = Code,
    responses(
        (status = CREATED, body = Person, description = "Logged in; the cookie is the session"),
        (status = UNAUTHORIZED, body = problem::Body, description = "provider-refused, one-time-code-wrong"),
        (status = TOO_MANY_REQUESTS, body = problem::Body, description = "locked"),
    )
)]
async fn code(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(said): Json<Code>,
) -> Result<Response, Problem> {
    let named: Option<String> = PROVEN.read(&app, &headers);
    let named = named.ok_or_else(|| refused(provider::Refusal::State))?;
    let place: Place = place(peer, &headers);
    let proof = login::Proof {
        has_second_factor: false,
    };
    let token = login::log_in_as(&app, &named, proof, Some(&said.one_time_code), place).await;
    done(&app, &token.map_err(|refusal| told(&app, refusal))?).await
}

async fn done(app: &App, token: &Token) -> Result<Response, Problem> {
    let response = logged_in(app, token).await?;
    let spent = AppendHeaders([
        (header::SET_COOKIE, BEGUN.take(app)),
        (header::SET_COOKIE, PROVEN.take(app)),
    ]);
    Ok((spent, response).into_response())
}

fn provider(app: &App) -> Result<&Provider, Problem> {
    app.provider.as_ref().ok_or_else(Problem::not_found)
}

/// A refusal in people's words. What exactly does not hold is for the log.
fn refused(refusal: provider::Refusal) -> Problem {
    if let provider::Refusal::Away(cause) = refusal {
        warn!(%cause, "the provider does not answer");
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "provider-away",
            "Hệ thống định danh hiện không trả lời. Xin thử lại sau ít phút, hoặc đăng nhập bằng mật khẩu.",
            "The identity provider does not answer at the moment. Try again in a few minutes, or log in with a password.",
        )
        .with("retry_after_seconds", 60);
    }
    info!("a log-in by the provider is refused: {refusal}");
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "provider-refused",
        "Lượt đăng nhập qua hệ thống định danh không còn hiệu lực. Xin đăng nhập lại từ đầu.",
        "This log-in by the identity provider is not valid, or no longer. Begin again.",
    )
}
