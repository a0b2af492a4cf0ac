//! The client: files of `web/dist`, embedded in the program.
//!
//! Vite names every file under `assets/` by its content, so those never change; `index.html` is asked for again each
//! time, by its ETag. Any other path without a dot is a page of the client, which it draws itself.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::{self, Problem};

#[derive(RustEmbed)]
#[folder = "../web/dist"]
struct Files;

/// Answers whatever no endpoint answers.
pub(super) async fn serve(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") || path.starts_with("pki/") {
        return Problem::not_found().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return problem::method_not_allowed().await.into_response();
    }
    let is_page = !path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let name = if is_page { "index.html" } else { path };
    match Files::get(name) {
        Some(file) => answer(name, file, request.headers()),
        None => Problem::not_found().into_response(),
    }
}

fn answer(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let caching = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    // Weak, because the body may be compressed on its way.
    let tag = format!("W/\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag)) {
        return (
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, tag)],
            [(header::CACHE_CONTROL, caching)],
        )
            .into_response();
    }
    let kind = match file.metadata.mimetype() {
        kind if kind.starts_with("text/") => Cow::from(format!("{kind}; charset=utf-8")),
        kind => Cow::from(kind.to_owned()),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.into_owned()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, tag),
    ];
    (headers, file.data.into_owned()).into_response()
}
