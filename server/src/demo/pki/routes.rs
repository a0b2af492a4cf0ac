//! The training PKI over HTTP: plain, as the standards have it, since every answer is signed.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tracing::error;

use super::{Authority, Error, ocsp, revocation_list, time_stamp};
use crate::clock::Clock;

/// The largest request: an honest one has some hundred bytes.
const MOST_BYTES: usize = 8 * 1024;

#[derive(Clone)]
struct Service {
    authority: Arc<Authority>,
    clock: Clock,
}

/// The addresses under `/pki`; to be nested there.
pub fn routes(authority: Arc<Authority>, clock: Clock) -> Router {
    Router::new()
        .route("/ocsp", post(ocsp_by_post))
        .route("/ocsp/{*request}", get(ocsp_by_get))
        .route("/tsa", post(stamp))
        .route("/crl/{name}", get(list))
        .route("/ca/{name}", get(certificate))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(Service { authority, clock })
}

/// RFC 6960 appendix A.1.
async fn ocsp_by_post(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_of_type(&headers, "application/ocsp-request") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    service.ocsp(&body)
}

/// The same with the request in the address, base64 and percent-encoded; the path has been decoded once.
async fn ocsp_by_get(State(service): State<Service>, Path(request): Path<String>) -> Response {
    if request.len() > MOST_BYTES {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    // What is not base64 is no OCSP request either, and is answered as such.
    service.ocsp(&BASE64.decode(request).unwrap_or_default())
}

/// RFC 3161 section 3.4.
async fn stamp(State(service): State<Service>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_of_type(&headers, "application/timestamp-query") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let (serial, now) = (service.clock.random_bytes(), service.clock.now_utc());
    let answer = time_stamp::respond(&service.authority, &body, serial, now);
    reply("application/timestamp-reply", answer)
}

/// RFC 5280 section 4.2.1.13 and RFC 2585.
async fn list(State(service): State<Service>, Path(name): Path<String>) -> Response {
    let now = service.clock.now_utc();
    let list = match name.as_str() {
        "issuing.crl" => revocation_list::issuing(&service.authority, now),
        "root.crl" => revocation_list::root(&service.authority, now),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    reply("application/pkix-crl", list)
}

async fn certificate(State(service): State<Service>, Path(name): Path<String>) -> Response {
    let certificate = match name.as_str() {
        "issuing.cer" => service.authority.issuing(),
        "root.cer" => service.authority.root(),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    reply("application/pkix-cert", Ok(certificate.to_vec()))
}

impl Service {
    fn ocsp(&self, request: &[u8]) -> Response {
        reply(
            "application/ocsp-response",
            ocsp::respond(&self.authority, request, self.clock.now_utc()),
        )
    }
}

fn is_of_type(headers: &HeaderMap, wanted: &str) -> bool {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    given.is_some_and(|given| {
        given
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
    })
}

fn reply(content_type: &'static str, answer: Result<Vec<u8>, Error>) -> Response {
    match answer {
        Ok(answer) => ([(header::CONTENT_TYPE, content_type)], answer).into_response(),
        Err(error) => {
            error!(%error, "the training PKI could not answer");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
