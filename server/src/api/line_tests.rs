//! `/line-tests`: a place for a test of somebody's line, and its socket. The messages are in `server/PROTOCOL.md`.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Json, Path};
use super::login::place;
use super::meetings::{as_whom, refusals};
use super::problem::{self, Problem};
use super::session::Person;
use super::socket::{self, say, upgrade_required};
use crate::clock::Clock;
use crate::conference::line_test::protocol::Say;
use crate::conference::line_test::{Asker, LONGEST, LOOK, LineTest, NoPlace};
use crate::conference::protocol::{CloseCode, ErrorName, MESSAGE_BYTES};
use crate::domain::meeting::LinkCode;
use crate::domain::meeting_right::{Act, may};
use crate::parts::App;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create)).routes(routes!(open))
}

/// Who wants to test their line.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LineTestWish)]
struct Wish {
    /// The code of a meeting's link, or of a site's; needed by whoever has no account.
    link: Option<String>,
}

/// A place among those who test.
#[derive(Serialize, ToSchema)]
#[schema(as = LineTestPlace)]
struct Kept {
    /// Opens the test's socket once, within half a minute.
    word: String,
}

/// Keeps a place for a test: for whoever is logged in, or would be heard in the meeting behind the link.
#[utoipa::path(
    post, path = "/line-tests", tag = "meetings", request_body = Wish,
    responses(
        (status = CREATED, body = Kept),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, description = "There is no such link", body = problem::Body),
        (status = GONE, description = "`meeting-ended`", body = problem::Body),
        (status = TOO_MANY_REQUESTS, description = "`line-test-too-often`, `line-tests-full`", body = problem::Body),
    )
)]
async fn create(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    person: Option<Person>,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, Json<Kept>), Problem> {
    let place = place(peer, &headers).address;
    let address = place.and_then(|address| address.parse::<IpAddr>().ok());
    let mut askers = vec![Asker::at(address.unwrap_or(peer.ip()))];
    match person {
        Some(person) => askers.push(Asker::Person(person.id)),
        None => may_come(&app, wish.link.as_deref()).await?,
    }
    let word = app.conferences.ask_line_test(askers).map_err(no_place)?;
    Ok((StatusCode::CREATED, Json(Kept { word })))
}

/// Whether whoever holds this link would be heard.
async fn may_come(app: &App, link: Option<&str>) -> Result<(), Problem> {
    let link = link.ok_or_else(Problem::login_required)?;
    let code = LinkCode::parse(link).ok_or_else(Problem::not_found)?;
    let (meeting, role) = as_whom(app.store.read(), &code)
        .await?
        .ok_or_else(Problem::not_found)?;
    if meeting.ended_at.is_some() {
        return Err(refusals::gone());
    }
    if !may(role, Act::Speak) {
        return Err(Problem::forbidden());
    }
    Ok(())
}

/// Opens the socket of a test.
#[utoipa::path(
    get, path = "/line-tests/{word}/socket", tag = "meetings", params(("word" = String, Path)),
    responses(
        (status = SWITCHING_PROTOCOLS, description = "A WebSocket; see PROTOCOL.md"),
        (status = UPGRADE_REQUIRED, body = problem::Body),
        (status = NOT_FOUND, description = "The word was used or has lapsed", body = problem::Body),
        (status = SERVICE_UNAVAILABLE, description = "`media-unavailable`", body = problem::Body),
    )
)]
async fn open(
    State(app): State<App>,
    Path(word): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let test = app.conferences.begin_line_test(&word).await;
    let test = test.ok_or_else(Problem::not_found)?.map_err(|_| no_media())?;
    let upgrade = upgrade.map_err(|_| upgrade_required())?;
    // Above our own limit, so that it can be said what is wrong before the socket closes.
    let upgrade = upgrade
        .max_message_size(4 * MESSAGE_BYTES)
        .max_frame_size(4 * MESSAGE_BYTES);
    let (clock, stopping) = (app.clock.clone(), app.stopping.clone());
    Ok(upgrade.on_upgrade(move |socket| run(socket, test, clock, stopping)))
}

async fn run(mut socket: WebSocket, mut test: LineTest, clock: Clock, stopping: CancellationToken) {
    let code = converse(&mut socket, &mut test, &clock, &stopping).await;
    drop(test);
    if let Some(code) = code {
        socket::close(&mut socket, code).await;
    }
}

/// Until the socket is gone (`None`) or is to be closed.
async fn converse(
    socket: &mut WebSocket,
    test: &mut LineTest,
    clock: &Clock,
    stopping: &CancellationToken,
) -> Option<CloseCode> {
    say(socket, &test.welcome()).await?;
    let until = Instant::from_std(clock.monotonic()) + LONGEST;
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            message = socket.recv() => {
                let heard = match message? {
                    Ok(Message::Text(text)) => test.hear(&text).await,
                    Ok(Message::Binary(_)) => Err(ErrorName::Malformed),
                    Ok(Message::Ping(_) | Message::Pong(_)) => Ok(None),
                    Ok(Message::Close(_)) | Err(_) => return None,
                };
                match heard {
                    Ok(Some(answer)) => say(socket, &answer).await?,
                    Ok(None) => {}
                    Err(error) => {
                        say(socket, &Say::Error { error, sentence: error.sentence().to_owned() }).await?;
                        if let Some(code) = error.closes() { return Some(code) }
                    }
                }
            }
            _ = look.tick() => {
                let look = test.look().await;
                for said in &look.said {
                    say(socket, said).await?;
                }
                if look.is_over { return Some(CloseCode::Ended) }
            }
            () = sleep_until(until) => return Some(CloseCode::TimedOut),
            () = stopping.cancelled() => return Some(CloseCode::GoingAway),
        }
    }
}

fn no_place(refusal: NoPlace) -> Problem {
    let too_many =
        |name, vi: &'static str, en: &'static str| Problem::new(StatusCode::TOO_MANY_REQUESTS, name, vi, en);
    match refusal {
        NoPlace::TooOften(wait) => too_many(
            "line-test-too-often",
            "Máy này vừa kiểm tra nhiều lần liên tiếp. Xin chờ một phút rồi kiểm tra lại.",
            "This computer was tested several times in a row. Wait a minute, then test again.",
        )
        .with("retry_after_seconds", wait.as_secs().max(1)),
        NoPlace::Full => too_many(
            "line-tests-full",
            "Đang có nhiều người cùng kiểm tra. Xin thử lại sau nửa phút.",
            "Several people are testing at this moment. Try again in half a minute.",
        )
        .with("retry_after_seconds", 30),
    }
}

fn no_media() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "media-unavailable",
        "Máy chủ chưa truyền được hình và tiếng. Xin thử lại sau ít phút.",
        "The server cannot carry sound and pictures at the moment. Try again in a few minutes.",
    )
    .with("retry_after_seconds", 30)
}
