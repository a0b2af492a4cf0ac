//! The board of those who look after the lines.

use std::collections::BTreeMap;

use axum::extract::State;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use utoipa::ToSchema;

use super::access;
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::conference::board::{self, Check, Seated};
use crate::conference::lines::Line;
use crate::conference::protocol::{Participant, Presence, TrackState};
use crate::conference::{Hall, Identity};
use crate::domain::meeting::{MeetingId, SeatId, SiteId, Source};
use crate::domain::meeting_right::Act;
use crate::domain::roll::{Entry, Kind};
use crate::parts::App;
use crate::store::entity::meeting_site;

/// Each site, whether it has signed on, what it tried out and how its line is; each who is called where there are no sites.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingBoard)]
pub(super) struct Board {
    title: String,
    starts_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// The code of the meeting's link: the door to its rooms.
    link_code: String,
    seats: Vec<Row>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MeetingBoardSeat)]
struct Row {
    seat: SeatId,
    name: String,
    /// The link of the site's room.
    link_code: Option<String>,
    standing: Standing,
    /// While connected: what the server sees of it.
    #[schema(value_type = Option<String>)]
    camera: Option<TrackState>,
    #[schema(value_type = Option<String>)]
    microphone: Option<TrackState>,
    line: Option<Line>,
    /// What it reported last.
    check: Option<Check>,
    tested_at: Option<Timestamp>,
}

/// Where a seat is now.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MeetingSeatStanding)]
enum Standing {
    Out,
    /// Trying itself out, in a room of its own.
    Trial,
    Meeting,
    /// Its line was lost a moment ago.
    Lost,
}

/// The board, for those who look after the lines.
#[utoipa::path(
    get, path = "/meetings/{id}/board", tag = "meetings", params(("id" = String, Path)),
    responses((status = OK, body = Board), (status = FORBIDDEN, body = problem::Body), (status = NOT_FOUND, body = problem::Body))
)]
pub(super) async fn read(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Board>, Problem> {
    let access = access(&app, Some(person), id, None).await?;
    access.require(Act::SeeLines)?;
    let meeting = access.row;
    let roll = app.conferences.called(&meeting.id).await?;
    let has_sites = roll.entries.iter().any(|entry| entry.kind == Kind::Site);
    let mut links = site_links(&app, &meeting.id).await?;
    let seated = app.conferences.seated(&meeting.id).await;
    let checks = board::checks(app.store.read(), &meeting.id).await?;
    let row = |entry: Entry| {
        let here = find(&seated, &entry.seat);
        let check = checks.iter().find(|(seat, _, _)| *seat == entry.seat);
        Row {
            link_code: links.remove(&entry.seat),
            standing: here.map_or(Standing::Out, standing),
            camera: here.and_then(|one| state(&one.participant, Source::Camera)),
            microphone: here.and_then(|one| state(&one.participant, Source::Microphone)),
            line: here.and_then(|one| one.line.clone()),
            check: check.map(|(_, _, check)| *check),
            tested_at: check.map(|(_, at, _)| *at),
            seat: entry.seat,
            name: entry.name,
        }
    };
    let shown = roll
        .entries
        .into_iter()
        .filter(|entry| !has_sites || entry.kind == Kind::Site);
    Ok(Json(Board {
        title: meeting.title,
        starts_at: meeting.starts_at,
        ended_at: meeting.ended_at,
        link_code: meeting.link_code,
        seats: shown.map(row).collect(),
    }))
}

async fn site_links(app: &App, id: &MeetingId) -> Result<BTreeMap<SeatId, String>, Problem> {
    let sites = meeting_site::Entity::find()
        .filter(meeting_site::Column::MeetingId.eq(id.clone()))
        .all(app.store.read())
        .await?;
    let seat = |site: SiteId| app.conferences.seat_of(id, &Identity::Site(site));
    Ok(sites
        .into_iter()
        .map(|site| (seat(site.id), site.link_code))
        .collect())
}

/// In the meeting rather than where it was tried out before.
fn find<'a>(seated: &'a [Seated], seat: &SeatId) -> Option<&'a Seated> {
    let mut found = seated.iter().filter(|one| one.participant.id == seat.0);
    let first = found.next()?;
    Some(found.find(|one| one.hall == Hall::Meeting).unwrap_or(first))
}

fn standing(seated: &Seated) -> Standing {
    match (&seated.hall, seated.participant.presence) {
        (_, Presence::Lost) => Standing::Lost,
        (Hall::Meeting, Presence::Here) => Standing::Meeting,
        (Hall::Trial(_), Presence::Here) => Standing::Trial,
    }
}

fn state(participant: &Participant, source: Source) -> Option<TrackState> {
    let track = participant.tracks.iter().find(|track| track.source == source);
    track.map(|track| track.state)
}
