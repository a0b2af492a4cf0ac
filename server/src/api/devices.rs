//! `/meetings/{id}/whip` (RFC 9725) and `/meetings/{id}/whep` (draft-ietf-wish-whep-03): cameras and monitors, by a token.
//!
//! Served beside all other routes: a page of any origin may ask, since the token in the header is the right and no cookie is
//! looked at. Each offer makes a stream, on which fragments and its end are asked for.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use sea_orm::EntityTrait;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::body::{Path, Text};
use super::headers::{self, bearer};
use super::meetings::{devices, refusals};
use super::metrics::{self, Traffic};
use super::problem::{self, Problem};
use super::trace;
use crate::conference::protocol::{ErrorName, IceServer};
use crate::conference::{Device, Trickled, Unattached};
use crate::domain::device::Purpose;
use crate::domain::meeting::{DisplayName, MeetingId};
use crate::parts::App;
use crate::store::entity::meeting;

/// The routes, for the description of the interface.
pub(super) fn described() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(publish, publishing))
        .routes(routes!(watch, watching))
        .routes(routes!(trickle, end, streaming))
}

/// The routes as they are served.
pub(super) fn router(app: App, traffic: Traffic) -> Router {
    let (router, _) = OpenApiRouter::new()
        .nest("/api/v1", described())
        .split_for_parts();
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(from_fn_with_state(app.clone(), headers::secure))
        .layer(from_fn(from_any_origin))
        .layer(from_fn(problem::in_the_callers_language))
        .layer(from_fn_with_state(app.clone(), trace::log))
        .layer(from_fn_with_state(traffic, metrics::count))
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(DefaultBodyLimit::max(MOST_BYTES));
    router
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(layers)
        .with_state(app)
}

/// Publishes what a camera or encoder sends, by its offer. It is in the meeting from then on, under the name of its device, until
/// it ends its stream or is silent; another offer by the same token takes the place of the former.
#[utoipa::path(
    post, path = "/meetings/{id}/whip", tag = "devices", params(("id" = String, Path)),
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (
            status = CREATED, body = String, content_type = "application/sdp",
            headers(("Location", description = "The stream"), ("ETag", description = "Its ICE session"), ("Link", description = "Relays, `rel=\"ice-server\"`"))
        ),
        (status = UNAUTHORIZED, description = "`device-token`", body = problem::Body),
        (status = FORBIDDEN, description = "`device-purpose`: the token of a monitor", body = problem::Body),
        (status = GONE, description = "`meeting-ended`", body = problem::Body),
        (status = PAYLOAD_TOO_LARGE, body = problem::Body),
        (status = UNSUPPORTED_MEDIA_TYPE, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`session-description`: nothing in it can be forwarded", body = problem::Body),
        (status = TOO_MANY_REQUESTS, body = problem::Body),
        (status = SERVICE_UNAVAILABLE, description = "`waiting`: somebody must let it in; ask again after `Retry-After`", body = problem::Body),
    )
)]
async fn publish(
    State(app): State<App>,
    Path(id): Path<MeetingId>,
    headers: HeaderMap,
    Text(body): Text,
) -> Result<Response, Problem> {
    attach(&app, id, Purpose::Camera, &headers, &body).await
}

/// Shows a monitor what is on the stage of a meeting, and who is heard, by its offer: one section with pictures and up to five
/// with sound. Another offer by the same token takes the place of the former.
#[utoipa::path(
    post, path = "/meetings/{id}/whep", tag = "devices", params(("id" = String, Path)),
    request_body(content = String, content_type = "application/sdp"),
    responses(
        (
            status = CREATED, body = String, content_type = "application/sdp",
            headers(("Location", description = "The stream"), ("ETag", description = "Its ICE session"), ("Link", description = "Relays, `rel=\"ice-server\"`"))
        ),
        (status = UNAUTHORIZED, description = "`device-token`", body = problem::Body),
        (status = FORBIDDEN, description = "`device-purpose`: the token of a camera", body = problem::Body),
        (status = GONE, description = "`meeting-ended`", body = problem::Body),
        (status = PAYLOAD_TOO_LARGE, body = problem::Body),
        (status = UNSUPPORTED_MEDIA_TYPE, body = problem::Body),
        (status = UNPROCESSABLE_ENTITY, description = "`session-description`: nothing in it can be sent", body = problem::Body),
        (status = TOO_MANY_REQUESTS, body = problem::Body),
        (status = SERVICE_UNAVAILABLE, description = "`waiting`: somebody must let it in; ask again after `Retry-After`", body = problem::Body),
    )
)]
async fn watch(
    State(app): State<App>,
    Path(id): Path<MeetingId>,
    headers: HeaderMap,
    Text(body): Text,
) -> Result<Response, Problem> {
    attach(&app, id, Purpose::Monitor, &headers, &body).await
}

/// What may be asked of the endpoint of cameras; to who holds a token, the relays as well.
#[utoipa::path(
    options, path = "/meetings/{id}/whip", tag = "devices", params(("id" = String, Path)),
    responses((status = OK, headers(("Accept-Post", description = "application/sdp"))))
)]
async fn publishing(
    State(app): State<App>,
    Path(id): Path<MeetingId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    endpoint(&app, id, &headers).await
}

/// What may be asked of the endpoint of monitors; to who holds a token, the relays as well.
#[utoipa::path(
    options, path = "/meetings/{id}/whep", tag = "devices", params(("id" = String, Path)),
    responses((status = OK, headers(("Accept-Post", description = "application/sdp"))))
)]
async fn watching(
    State(app): State<App>,
    Path(id): Path<MeetingId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    endpoint(&app, id, &headers).await
}

/// Takes candidates of a stream, which are not needed: the server learns every way from the checks. With `If-Match: *` and
/// another user fragment it restarts ICE.
#[utoipa::path(
    patch, path = "/meetings/{id}/streams/{stream}", tag = "devices",
    params(("id" = String, Path), ("stream" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses(
        (status = NO_CONTENT),
        (
            status = OK, body = String, content_type = "application/trickle-ice-sdpfrag",
            description = "ICE restarts", headers(("ETag", description = "The new ICE session"))
        ),
        (status = UNAUTHORIZED, description = "`device-token`", body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
        (status = PRECONDITION_FAILED, description = "`ice-session`: `If-Match` names another", body = problem::Body),
        (status = UNSUPPORTED_MEDIA_TYPE, body = problem::Body),
        (status = PRECONDITION_REQUIRED, description = "`if-match`", body = problem::Body),
        (status = TOO_MANY_REQUESTS, body = problem::Body),
    )
)]
async fn trickle(
    State(app): State<App>,
    Path((id, stream)): Path<(MeetingId, String)>,
    headers: HeaderMap,
    Text(body): Text,
) -> Result<Response, Problem> {
    let (device, _) = holder(&app, id, &headers).await?;
    expects(&headers, FRAGMENT)?;
    let condition = headers
        .get(header::IF_MATCH)
        .and_then(|value| value.to_str().ok());
    let condition = condition.ok_or_else(if_match)?;
    let trickled = app
        .conferences
        .trickle(&device.id, &stream, condition, &body)
        .await;
    Ok(match trickled.map_err(unattached)? {
        Trickled::Noted => StatusCode::NO_CONTENT.into_response(),
        Trickled::Restarted { fragment, tag } => {
            let headers = [
                (header::CONTENT_TYPE, FRAGMENT.to_owned()),
                (header::ETAG, quoted(&tag)),
            ];
            (headers, fragment).into_response()
        }
    })
}

/// Ends a stream: its device leaves the meeting.
#[utoipa::path(
    delete, path = "/meetings/{id}/streams/{stream}", tag = "devices",
    params(("id" = String, Path), ("stream" = String, Path)),
    responses(
        (status = OK),
        (status = UNAUTHORIZED, description = "`device-token`", body = problem::Body),
        (status = NOT_FOUND, body = problem::Body),
    )
)]
async fn end(
    State(app): State<App>,
    Path((id, stream)): Path<(MeetingId, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let (device, _) = holder(&app, id, &headers).await?;
    match app.conferences.detach(&device.id, &stream) {
        true => Ok(StatusCode::OK),
        false => Err(Problem::not_found()),
    }
}

/// What may be asked of a stream.
#[utoipa::path(
    options, path = "/meetings/{id}/streams/{stream}", tag = "devices",
    params(("id" = String, Path), ("stream" = String, Path)),
    responses((status = OK, headers(("Accept-Patch", description = "application/trickle-ice-sdpfrag"))))
)]
async fn streaming() -> Response {
    (
        StatusCode::OK,
        [(header::HeaderName::from_static("accept-patch"), FRAGMENT)],
    )
        .into_response()
}

async fn attach(
    app: &App,
    id: MeetingId,
    purpose: Purpose,
    headers: &HeaderMap,
    offer: &str,
) -> Result<Response, Problem> {
    let (device, row) = holder(app, id, headers).await?;
    if device.purpose != purpose {
        return Err(another_purpose());
    }
    if row.ended_at.is_some() {
        return Err(refusals::gone());
    }
    expects(headers, OFFER)?;
    let attached = app
        .conferences
        .attach(device.clone(), row.title, offer.to_owned());
    let attached = attached.await.map_err(unattached)?;
    // Withdrawn or ended meanwhile, there was no stream to be ended with it.
    let still = holder(app, device.meeting.clone(), headers).await;
    if still.as_ref().is_ok_and(|(_, row)| row.ended_at.is_some()) || still.is_err() {
        let _ = app.conferences.detach(&device.id, &attached.stream);
        return Err(still.err().unwrap_or_else(refusals::gone));
    }
    let location = format!("/api/v1/meetings/{}/streams/{}", device.meeting, attached.stream);
    let described = [
        (header::CONTENT_TYPE, OFFER.to_owned()),
        (header::LOCATION, location),
        (header::ETAG, quoted(&attached.tag)),
    ];
    let mut response = (StatusCode::CREATED, described, attached.answer).into_response();
    link(&mut response, &attached.relays);
    Ok(response)
}

async fn endpoint(app: &App, id: MeetingId, headers: &HeaderMap) -> Result<Response, Problem> {
    let accepts = [(HeaderName::from_static("accept-post"), OFFER)];
    let mut response = (StatusCode::OK, accepts).into_response();
    if bearer(headers).is_some() {
        let (device, _) = holder(app, id, headers).await?;
        link(&mut response, &app.conferences.relays_of(&device));
    }
    Ok(response)
}

/// Whose token it is, and of which meeting. Nobody else is told whether there is such a meeting.
async fn holder(app: &App, id: MeetingId, headers: &HeaderMap) -> Result<(Device, meeting::Model), Problem> {
    let token = bearer(headers).ok_or_else(device_token)?;
    let found = devices::by_token(app, &id, token)
        .await?
        .ok_or_else(device_token)?;
    let row = meeting::Entity::find_by_id(id).one(app.store.read()).await?;
    let row = row.ok_or_else(device_token)?;
    let name = DisplayName::parse(&found.name).map_err(|error| Problem::internal(&error))?;
    let device = Device {
        id: found.id,
        meeting: found.meeting_id,
        name,
        purpose: found.purpose,
    };
    Ok((device, row))
}

/// The body's media type, without its parameters.
fn expects(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let said = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let said = said.and_then(|value| value.split(';').next()).unwrap_or_default();
    if said.trim().eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        format!("Nội dung yêu cầu phải là {wanted}."),
        format!("The request's body must be {wanted}."),
    ))
}

/// RFC 9725 section 4.6: a link for each address of a relay.
fn link(response: &mut Response, relays: &[IceServer]) {
    for relay in relays {
        for url in &relay.urls {
            let link = format!(
                "<{url}>; rel=\"ice-server\"; username=\"{}\"; credential=\"{}\"; credential-type=\"password\"",
                relay.username, relay.credential
            );
            if let Ok(link) = HeaderValue::try_from(link) {
                response.headers_mut().append(header::LINK, link);
            }
        }
    }
}

fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}

/// Layer: a page of any origin may ask, and read what it is answered (Fetch, CORS protocol).
async fn from_any_origin(request: Request, next: Next) -> Response {
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = next.run(request).await;
    let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    let mut say = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    // RFC 6750 section 3.
    if is_unauthorized {
        say(header::WWW_AUTHENTICATE, "Bearer");
    }
    say(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    say(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "Location, ETag, Link, Retry-After",
    );
    if is_preflight {
        say(header::ACCESS_CONTROL_ALLOW_METHODS, "POST, PATCH, DELETE");
        say(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, If-Match",
        );
        say(header::ACCESS_CONTROL_MAX_AGE, "600");
    }
    response
}

fn device_token() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "device-token",
        "Mã của thiết bị không đúng hoặc đã bị thu hồi.",
        "The device's token is wrong or was withdrawn.",
    )
}

fn another_purpose() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "device-purpose",
        "Mã này dành cho loại thiết bị khác.",
        "This token is for the other kind of device.",
    )
    .detail(
        "Mã của camera chỉ dùng ở địa chỉ whip, mã của màn hình chỉ dùng ở địa chỉ whep.",
        "A camera's token opens the whip address, a monitor's the whep address.",
    )
}

fn if_match() -> Problem {
    Problem::new(
        StatusCode::PRECONDITION_REQUIRED,
        "if-match",
        "Yêu cầu phải có If-Match.",
        "The request must have If-Match: the stream's ETag, or * to restart ICE.",
    )
}

fn unattached(error: Unattached) -> Problem {
    match error {
        Unattached::TooOften(wait) => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-often",
            "Thiết bị này kết nối lại quá nhiều lần. Hãy chờ một lát.",
            "The device comes again too often. Wait a moment.",
        )
        .with("retry_after_seconds", wait.as_secs().max(1)),
        Unattached::Waits => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "waiting",
            "Cửa phòng họp đang giữ: cần người điều hành cho thiết bị này vào.",
            "The door is held: somebody must let the device in.",
        )
        .with("retry_after_seconds", 5),
        Unattached::Malformed(reason) => {
            Problem::malformed("Bản mô tả kết nối (SDP) không đọc được.", reason)
        }
        Unattached::Unsupported(reason) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "session-description",
            "Bản mô tả kết nối (SDP) không có hình hay tiếng mà máy chủ truyền được.",
            "Nothing in the session description can be forwarded.",
        )
        .detail("Hình: VP8, VP9, H.264, AV1. Tiếng: Opus.", reason),
        Unattached::Gone => Problem::not_found(),
        Unattached::Stale => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "ice-session",
            "If-Match không phải của kết nối đang có.",
            "If-Match names another ICE session than the one that stands.",
        ),
        Unattached::Refused(ErrorName::NotKept) => {
            Problem::internal(&"an entry into a meeting could not be written")
        }
        Unattached::Refused(name) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "meeting-unavailable",
            name.sentence(),
            "The meeting cannot take the device now.",
        )
        .with("retry_after_seconds", 5),
    }
}

const OFFER: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// A browser's offer of five voices and a picture is half of it.
const MOST_BYTES: usize = 64 * 1024;
