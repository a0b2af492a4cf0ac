//! Cameras and monitors of a meeting: who prepares it gives each a link with a token, shown once, and withdraws it.

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{access, refusals};
use crate::api::body::{Json, Path};
use crate::api::problem::{self, Problem};
use crate::api::session::Person;
use crate::clock::Timestamp;
use crate::domain::device::{DeviceId, Purpose};
use crate::domain::meeting::{DisplayName, MeetingId};
use crate::domain::meeting_right::Act;
use crate::parts::App;
use crate::store::entity::meeting_device::{ActiveModel, Column, Entity, Model};
use crate::store::{Tx, audit};

/// A camera or monitor whose token opens the meeting.
#[derive(Serialize, ToSchema)]
#[schema(as = MeetingDevice)]
pub(super) struct Device {
    id: DeviceId,
    name: String,
    purpose: Purpose,
    created_at: Timestamp,
    /// Whether its stream runs now.
    is_attached: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMeetingDevice)]
pub(super) struct NewDevice {
    /// As it stands in the roll, 1 to 80 characters: `Camera phòng họp`.
    name: String,
    purpose: Purpose,
}

/// The token, shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = GivenMeetingDevice)]
pub(super) struct GivenDevice {
    id: DeviceId,
    /// Of a camera the WHIP endpoint, of a monitor the WHEP endpoint, below the origin of this house.
    path: String,
    /// What the device sends as `Authorization: Bearer`.
    token: String,
}

/// The devices that may come in.
#[utoipa::path(
    get, path = "/meetings/{id}/devices", tag = "meetings", params(("id" = String, Path)),
    responses(
        (status = OK, body = Vec<Device>),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
) -> Result<Json<Vec<Device>>, Problem> {
    let access = access(&app, Some(person), id, None).await?;
    access.require_room()?;
    access.require(Act::AttachDevices)?;
    let rows = Entity::find()
        .filter(Column::MeetingId.eq(access.row.id))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::Id)
        .all(app.store.read())
        .await?;
    let attached = app.conferences.attached();
    let device = |row: Model| Device {
        is_attached: attached.contains(&row.id),
        id: row.id,
        name: row.name,
        purpose: row.purpose,
        created_at: row.created_at,
    };
    Ok(Json(rows.into_iter().map(device).collect()))
}

/// Gives out a link for a device, until the meeting ends.
#[utoipa::path(
    post, path = "/meetings/{id}/devices", tag = "meetings", params(("id" = String, Path)), request_body = NewDevice,
    responses(
        (status = CREATED, body = GivenDevice),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = CONFLICT, description = "`meeting-devices`: there are too many; `meeting-over`", body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`device-name`", body = problem::Body),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    person: Person,
    Path(id): Path<MeetingId>,
    Json(new): Json<NewDevice>,
) -> Result<(StatusCode, Json<GivenDevice>), Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::AttachDevices)?;
    if access.row.ended_at.is_some() {
        return Err(refusals::ended());
    }
    let name = DisplayName::parse(&new.name).map_err(|_| refusals::device_name())?;
    let token = BASE64_URL_SAFE_NO_PAD.encode(app.clock.random_bytes::<32>());
    let row = Model {
        id: DeviceId(app.clock.new_id()),
        meeting_id: access.row.id,
        name: name.as_str().to_owned(),
        purpose: new.purpose,
        digest: digest_of(&token),
        created_by: person.id.clone(),
        created_at: app.clock.now(),
        withdrawn_at: None,
    };
    let given = GivenDevice {
        id: row.id.clone(),
        path: format!("/api/v1/meetings/{}/{}", row.meeting_id, protocol(row.purpose)),
        token,
    };
    app.store
        .write(async |tx: &Tx| {
            let of_meeting = Entity::find()
                .filter(Column::MeetingId.eq(row.meeting_id.clone()))
                .filter(Column::WithdrawnAt.is_null());
            if of_meeting.count(tx).await? >= MOST_DEVICES {
                return Err(refusals::devices());
            }
            ActiveModel::from(row.clone()).reset_all().insert(tx).await?;
            let subject = format!("meeting/{}", row.meeting_id);
            let detail = json!({ "device": row.id, "name": row.name, "purpose": row.purpose });
            audit::append(
                tx,
                row.created_at,
                &person.actor(),
                "meeting.device_added",
                &subject,
                detail,
            )
            .await?;
            Ok::<_, Problem>(())
        })
        .await?;
    Ok((StatusCode::CREATED, Json(given)))
}

/// Withdraws the link of a device: its token opens nothing any more, and what runs of it ends.
#[utoipa::path(
    delete, path = "/meetings/{id}/devices/{device}", tag = "meetings",
    params(("id" = String, Path), ("device" = String, Path)),
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    person: Person,
    Path((id, device)): Path<(MeetingId, DeviceId)>,
) -> Result<StatusCode, Problem> {
    let access = access(&app, Some(person.clone()), id, None).await?;
    access.require_room()?;
    access.require(Act::AttachDevices)?;
    let now = app.clock.now();
    let withdraw = Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now))
        .filter(Column::Id.eq(device.clone()))
        .filter(Column::MeetingId.eq(access.row.id.clone()))
        .filter(Column::WithdrawnAt.is_null());
    app.store
        .write(async |tx: &Tx| {
            if withdraw.exec(tx).await?.rows_affected == 0 {
                return Err(Problem::not_found());
            }
            let subject = format!("meeting/{}", access.row.id);
            let detail = json!({ "device": device });
            audit::append(
                tx,
                now,
                &person.actor(),
                "meeting.device_withdrawn",
                &subject,
                detail,
            )
            .await?;
            Ok(())
        })
        .await?;
    app.conferences.detach_all(&device);
    Ok(StatusCode::NO_CONTENT)
}

/// The device of a meeting that holds this token.
///
/// # Errors
/// The database's.
pub(in crate::api) async fn by_token(
    app: &App,
    meeting: &MeetingId,
    token: &str,
) -> Result<Option<Model>, DbErr> {
    Entity::find()
        .filter(Column::Digest.eq(digest_of(token)))
        .filter(Column::MeetingId.eq(meeting.clone()))
        .filter(Column::WithdrawnAt.is_null())
        .one(app.store.read())
        .await
}

fn protocol(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Camera => "whip",
        Purpose::Monitor => "whep",
    }
}

fn digest_of(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes())
        .as_ref()
        .to_vec()
}

/// A large conference has a camera and a monitor in some halls.
const MOST_DEVICES: u64 = 50;
