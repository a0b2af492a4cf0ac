//! `/meetings/{id}/socket`: the WebSocket of one participant. The messages are in `server/PROTOCOL.md`; this file only
//! settles who comes in, and moves text between the socket and the talk.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{
    CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Path, Query};
use super::meetings::{member_of, refusals, site_of};
use super::problem::{self, Problem};
use super::session::{self, Person};
use crate::accounts;
use crate::clock::Clock;
use crate::conference::protocol::{CloseCode, MESSAGE_BYTES};
use crate::conference::{Hall, Identity, Out, Outbox, Talk, Turn, Visitor};
use crate::domain::meeting::{DisplayName, LinkCode, MeetingId, Role, SeatId, SiteId};
use crate::domain::meeting_plan::MeetingKind;
use crate::domain::meeting_right::{Act, may};
use crate::parts::App;
use crate::store::entity::{meeting, meeting_site};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(open))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Ticket {
    /// The code of the meeting's link; needed by whoever was not called to the meeting.
    link: Option<String>,
    /// To be tried out instead of entering the meeting: `own` for one's own seat; who looks after the lines names another's.
    trial: Option<SeatId>,
}

/// Opens the socket of a participant.
#[utoipa::path(
    get, path = "/meetings/{id}/socket", tag = "meetings", params(("id" = String, Path), Ticket),
    responses(
        (status = SWITCHING_PROTOCOLS, description = "A WebSocket; see PROTOCOL.md"),
        (status = UPGRADE_REQUIRED, body = problem::Body),
        (status = UNAUTHORIZED, body = problem::Body),
        (status = FORBIDDEN, description = "Another's trial", body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = GONE, description = "`meeting-ended`", body = problem::Body),
    )
)]
async fn open(
    State(app): State<App>,
    person: Option<Person>,
    Path(id): Path<MeetingId>,
    Query(ticket): Query<Ticket>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let token = session::token(&app.config, &headers).filter(|_| person.is_some());
    let (row, visitor) = admit(&app, person, id, ticket.link.as_deref()).await?;
    let hall = match ticket.trial {
        Some(wanted) => trial(&app, &row.id, &visitor, wanted).await?,
        None => Hall::Meeting,
    };
    let upgrade = upgrade.map_err(|_| upgrade_required())?;
    // Above our own limit, so that the talk can say what is wrong before the socket closes.
    let upgrade = upgrade
        .max_message_size(4 * MESSAGE_BYTES)
        .max_frame_size(4 * MESSAGE_BYTES);
    let (outbox, inbox) = Outbox::new();
    let pump = Pump {
        cut_off: outbox.cut_off(),
        inbox,
        stopping: app.stopping.clone(),
        clock: app.clock.clone(),
        session: token.map(|token| (app.clone(), token)),
    };
    let talk = app.conferences.talk(row.id, hall, row.title, visitor, outbox);
    Ok(upgrade.on_upgrade(move |socket| pump.run(socket, talk)))
}

/// Who comes in and as what: one who was called, by their account; anybody else by the link.
async fn admit(
    app: &App,
    person: Option<Person>,
    id: MeetingId,
    link: Option<&str>,
) -> Result<(meeting::Model, Visitor), Problem> {
    if person.is_none() && link.is_none() {
        return Err(Problem::login_required());
    }
    let reader = app.store.read();
    let row = meeting::Entity::find_by_id(id).one(reader).await?;
    // A question in writing has no room.
    let row = row.filter(|row| row.kind != MeetingKind::Written);
    let row = row.ok_or_else(Problem::not_found)?;
    let visitor = visitor(reader, &row, person, link).await?;
    if row.ended_at.is_some() {
        return Err(refusals::gone());
    }
    Ok((row, visitor))
}

/// The room in which a seat is tried out: by itself, or with somebody who looks after the lines. A guest has no seat before
/// they come.
async fn trial(app: &App, id: &MeetingId, visitor: &Visitor, wanted: SeatId) -> Result<Hall, Problem> {
    if visitor.identity == Identity::Guest {
        return Err(Problem::forbidden());
    }
    let own = app.conferences.seat_of(id, &visitor.identity);
    if wanted == own || wanted.0 == "own" {
        return Ok(Hall::Trial(own));
    }
    if !may(visitor.role, Act::SeeLines) {
        return Err(Problem::forbidden());
    }
    let called = app.conferences.called(id).await?;
    called
        .entry(&wanted)
        .map(|_| Hall::Trial(wanted.clone()))
        .ok_or_else(Problem::not_found)
}

/// As whom somebody enters: the room of a site by its link, one who was called by their account, anybody else by the
/// meeting's link.
async fn visitor(
    reader: &impl ConnectionTrait,
    row: &meeting::Model,
    person: Option<Person>,
    link: Option<&str>,
) -> Result<Visitor, Problem> {
    let code = link.and_then(LinkCode::parse);
    if let Some(site) = site_of(reader, &row.id, code.as_ref()).await? {
        return Ok(room_of(site));
    }
    let called_as = match &person {
        Some(person) => member_of(reader, &row.id, &person.id).await?,
        None => None,
    };
    let has_link = code.is_some_and(|code| code.as_str() == row.link_code);
    let (role, site) = match (called_as, has_link, &person) {
        (Some(member), _, _) => (member.role, member.site_id),
        (None, true, Some(_)) => (Role::Delegate, None),
        (None, true, None) => (Role::Guest, None),
        (None, false, _) => return Err(Problem::not_found()),
    };
    Ok(someone(person, role, site))
}

fn room_of(site: meeting_site::Model) -> Visitor {
    Visitor {
        account_name: DisplayName::parse(&site.name).ok(),
        identity: Identity::Site(site.id.clone()),
        title: None,
        role: Role::Delegate,
        site: Some(site.id),
    }
}

fn someone(person: Option<Person>, role: Role, site: Option<SiteId>) -> Visitor {
    let Some(person) = person else {
        return Visitor {
            identity: Identity::Guest,
            account_name: None,
            title: None,
            role,
            site,
        };
    };
    let title = person
        .main()
        .map(|main| format!("{} {}", main.position, main.agency_name));
    let account_name = DisplayName::parse(&person.full_name).ok();
    Visitor {
        identity: Identity::Person(person.id),
        account_name,
        title,
        role,
        site,
    }
}

struct Pump {
    inbox: mpsc::Receiver<Out>,
    cut_off: CancellationToken,
    stopping: CancellationToken,
    clock: Clock,
    /// The session by which somebody came in; none for who holds a link alone.
    session: Option<(App, String)>,
}

impl Pump {
    async fn run(mut self, mut socket: WebSocket, mut talk: Talk) {
        let code = self.converse(&mut socket, &mut talk).await;
        talk.lose().await;
        drop(talk);
        if let Some(code) = code {
            self.say_the_rest(&mut socket).await;
            close(&mut socket, code).await;
        }
    }

    /// Until the socket is gone (`None`) or is to be closed.
    async fn converse(&mut self, socket: &mut WebSocket, talk: &mut Talk) -> Option<CloseCode> {
        let mut look = tokio::time::interval(LOOK);
        let mut silent_until = Instant::from_std(self.clock.monotonic()) + JOIN;
        loop {
            tokio::select! {
                message = socket.recv() => {
                    let Some(Ok(message)) = message else { return None };
                    let turn = self.take(message, talk).await?;
                    if let Turn::Close(code) = turn { return Some(code) }
                    if talk.is_known() {
                        silent_until = Instant::from_std(self.clock.monotonic()) + SILENCE;
                    }
                }
                out = self.inbox.recv() => match out? {
                    Out::Say(message) => say(socket, &*message).await?,
                    Out::Close(code) => return Some(code),
                },
                _ = look.tick() => if self.is_logged_out().await { return Some(CloseCode::LoggedOut) },
                () = sleep_until(silent_until) => return Some(CloseCode::TimedOut),
                () = self.cut_off.cancelled() => return None,
                () = self.stopping.cancelled() => return Some(CloseCode::GoingAway),
            }
        }
    }

    /// Whether the session was ended meanwhile. A database that does not answer throws nobody out of a meeting.
    async fn is_logged_out(&self) -> bool {
        let Some((app, token)) = &self.session else {
            return false;
        };
        matches!(accounts::is_open(app, token).await, Ok(false))
    }

    /// `None` when the other end says good-bye.
    async fn take(&self, message: Message, talk: &mut Talk) -> Option<Turn> {
        match message {
            Message::Text(text) => Some(talk.hear(&text, self.clock.monotonic()).await),
            Message::Binary(_) => Some(talk.mishear()),
            Message::Ping(_) | Message::Pong(_) => Some(Turn::Next),
            Message::Close(_) => None,
        }
    }

    async fn say_the_rest(&mut self, socket: &mut WebSocket) {
        while let Ok(Out::Say(message)) = self.inbox.try_recv() {
            if say(socket, &*message).await.is_none() {
                return;
            }
        }
    }
}

/// `None` when the socket does not take it.
pub(super) async fn say(socket: &mut WebSocket, message: &impl Serialize) -> Option<()> {
    let text = match serde_json::to_string(message) {
        Ok(text) => text,
        Err(error) => {
            debug!(%error, "a message could not be written");
            return None;
        }
    };
    timeout(SEND, socket.send(Message::Text(text.into())))
        .await
        .ok()?
        .ok()
}

/// Says why it ends.
pub(super) async fn close(socket: &mut WebSocket, code: CloseCode) {
    let frame = CloseFrame {
        code: code as u16,
        reason: format!("{code:?}").into(),
    };
    // Whoever is gone needs no good-bye.
    let _ = timeout(SEND, socket.send(Message::Close(Some(frame)))).await;
    // The other end answers the close; only then has it surely read what came before.
    let _ = timeout(SEND, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
}

pub(super) fn upgrade_required() -> Problem {
    Problem::new(
        StatusCode::UPGRADE_REQUIRED,
        "websocket-required",
        "Địa chỉ này chỉ nhận kết nối WebSocket.",
        "This address takes WebSocket connections only.",
    )
}

/// How soon who was logged out is out of the meeting too.
const LOOK: Duration = Duration::from_secs(10);
/// How long somebody may stand in the door without a `join`.
const JOIN: Duration = Duration::from_secs(10);
/// Clients ping every 15 s; four missing are a lost line.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a socket may take to accept one message.
const SEND: Duration = Duration::from_secs(10);
