//! `/session`: log in, who am I, log out.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use super::body::Json;
use super::problem::{self, Problem};
use super::session::{self, Person};
use crate::accounts::login::{Attempt, Refusal, log_in};
use crate::accounts::{self, Place, Token};
use crate::custody;
use crate::domain::outside::mail_address;
use crate::jobs::invitation;
use crate::parts::App;
use crate::password::Busy;
use crate::store::audit;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, show, delete))
        .routes(routes!(set_mail_address))
}

/// What the log-in page asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    #[schema(example = "vanthu")]
    user_name: String,
    #[schema(format = Password)]
    password: String,
    /// Six digits; asked for with `one-time-code-required` where a role needs it.
    one_time_code: Option<String>,
}

/// Log in.
#[utoipa::path(
    post, path = "/session", tag = "session", request_body = Login,
    responses(
        (status = CREATED, body = Person, description = "Logged in; the cookie is the session"),
        (status = UNAUTHORIZED, body = problem::Body,
            description = "credentials, one-time-code-required, one-time-code-wrong"),
        (status = FORBIDDEN, body = problem::Body, description = "one-time-code-missing"),
        (status = TOO_MANY_REQUESTS, body = problem::Body, description = "locked"),
    )
)]
async fn create(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    let Login {
        user_name,
        password,
        one_time_code,
    } = login;
    let attempt = Attempt {
        user_name,
        password: Zeroizing::new(password),
        one_time_code,
        place: place(peer, &headers),
    };
    let token = log_in(&app, attempt)
        .await
        .map_err(|refusal| told(&app, refusal))?;
    logged_in(&app, &token).await
}

/// Who has logged in, and the cookie that is the session.
pub(super) async fn logged_in(app: &App, token: &Token) -> Result<Response, Problem> {
    let person = accounts::identify(app, token.as_str())
        .await?
        .ok_or_else(Problem::login_required)?;
    let cookie = session::cookie(&app.config, token);
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(person)).into_response())
}

/// Where the log-in comes from. Behind a proxy on this machine that is the last address it names; anybody else's word for it
/// is not taken.
pub(super) fn place(peer: SocketAddr, headers: &HeaderMap) -> Place {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = text("x-forwarded-for").and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    let forwarded: Option<IpAddr> = forwarded.filter(|_| peer.ip().is_loopback());
    Place {
        device: text("user-agent").map(str::to_owned),
        address: Some(forwarded.unwrap_or(peer.ip()).to_string()),
    }
}

/// Who is logged in.
#[utoipa::path(
    get, path = "/session", tag = "session",
    responses((status = OK, body = Person), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn show(person: Person) -> Json<Person> {
    Json(person)
}

/// Log out.
#[utoipa::path(
    delete, path = "/session", tag = "session",
    responses((status = NO_CONTENT), (status = UNAUTHORIZED, body = problem::Body))
)]
async fn delete(State(app): State<App>, headers: HeaderMap, person: Person) -> Result<Response, Problem> {
    let token = session::token(&app.config, &headers).unwrap_or_default();
    app.store
        .write(async |tx| {
            accounts::close(tx, &token).await?;
            let subject = format!("person/{}", person.id);
            audit::append(
                tx,
                app.clock.now(),
                &person.actor(),
                "session.closed",
                &subject,
                json!({}),
            )
            .await
        })
        .await?;
    let cookie = session::no_cookie(&app.config);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Where letters to me go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MailAddress {
    /// Empty or null: nowhere.
    address: Option<String>,
}

/// Sets where letters to me go: invitations to meetings.
#[utoipa::path(
    put, path = "/session/mail-address", tag = "session", request_body = MailAddress,
    responses(
        (status = OK, body = Person),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`outside-receiver`: it is no address", body = problem::Body),
    )
)]
async fn set_mail_address(
    State(app): State<App>,
    person: Person,
    Json(said): Json<MailAddress>,
) -> Result<Json<Person>, Problem> {
    let address = said.address.filter(|address| !address.trim().is_empty());
    let address = address.map(|address| mail_address(&address)).transpose();
    let address = address.map_err(custody::Error::from)?;
    let now = app.clock.now();
    app.store
        .write(async |tx| {
            accounts::keep_mail_address(tx, now, &person.actor(), &person.id, address.as_deref()).await?;
            invitation::address_changed(tx, &app.clock, &person.id).await
        })
        .await?;
    Ok(Json(Person {
        mail_address: address,
        ..person
    }))
}

/// A refusal in people's words.
pub(super) fn told(app: &App, refusal: Refusal) -> Problem {
    let unauthorized =
        |name, vi: &'static str, en: &'static str| Problem::new(StatusCode::UNAUTHORIZED, name, vi, en);
    match refusal {
        Refusal::Credentials => unauthorized(
            "credentials",
            "Tên đăng nhập hoặc mật khẩu không đúng.",
            "The user name or the password is wrong.",
        ),
        Refusal::OneTimeCodeRequired => unauthorized(
            "one-time-code-required",
            "Xin nhập mã dùng một lần trong ứng dụng xác thực.",
            "Enter the one-time code of your authenticator.",
        ),
        Refusal::OneTimeCodeWrong => unauthorized(
            "one-time-code-wrong",
            "Mã dùng một lần không đúng hoặc đã được dùng. Xin chờ mã kế tiếp.",
            "The one-time code is wrong or was used already. Wait for the next one.",
        ),
        Refusal::OneTimeCodeMissing => Problem::new(
            StatusCode::FORBIDDEN,
            "one-time-code-missing",
            "Vai trò của tài khoản cần mã dùng một lần nhưng tài khoản chưa có. Xin liên hệ quản trị.",
            "The account's role asks for a one-time code and it has none yet. Ask an administrator.",
        ),
        Refusal::Passkey => unauthorized(
            "passkey-refused",
            "Khóa đăng nhập không được chấp nhận, hoặc đã quá mười phút. Xin thử lại hoặc dùng mật khẩu.",
            "The passkey is not accepted, or ten minutes have passed. Try again or use your password.",
        ),
        Refusal::UnknownAccount => Problem::new(
            StatusCode::FORBIDDEN,
            "unknown-account",
            "Đồng chí chưa có tài khoản tại đây, hoặc tài khoản đã khóa. Xin liên hệ quản trị.",
            "You have no account here, or it is locked. Ask an administrator.",
        ),
        Refusal::DirectoryAway(cause) => directory_away(&cause),
        Refusal::Locked { until } => locked(until.since(app.clock.now()).as_secs().max(1)),
        Refusal::Busy(Busy) => Problem::busy(),
        Refusal::Database(error) => error.into(),
        Refusal::Secret(error) => Problem::internal(&error),
    }
}

/// 503: nobody is let in on no answer.
fn directory_away(cause: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%cause, "no password can be checked");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "directory-away",
        "Danh bạ mật khẩu của tỉnh hiện không trả lời nên chưa đăng nhập được. Xin thử lại sau ít phút.",
        "The directory that keeps passwords does not answer, so nobody can log in at the moment. Try again in a few minutes.",
    )
    .with("retry_after_seconds", 60)
}

fn locked(seconds: u64) -> Problem {
    let minutes = seconds.div_ceil(60);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "locked",
        format!("Đăng nhập sai quá nhiều lần. Xin thử lại sau {minutes} phút."),
        format!("Too many wrong attempts. Try again in {minutes} min."),
    )
    .with("retry_after_seconds", seconds)
}
