//! The session in a request: cookie, the [`Person`] extractor, the layer that identifies once.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;

use super::problem::Problem;
use crate::accounts::{self, Token};
use crate::config::Config;
use crate::parts::App;

pub use crate::accounts::{Membership, Person};

impl<S: Sync> FromRequestParts<S> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::login_required)
    }
}

/// `Option<Person>`: for what serves people with and without a session alike.
impl<S: Sync> OptionalFromRequestParts<S> for Person {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// Layer: finds out once who sent the request.
pub(super) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if let Some(token) = token(&app.config, request.headers()) {
        match accounts::identify(&app, &token).await {
            Ok(Some(person)) => {
                request.extensions_mut().insert(person);
            }
            Ok(None) => {}
            Err(error) => return Problem::from(error).into_response(),
        }
    }
    next.run(request).await
}

/// The token in the request's cookie.
pub(super) fn token(config: &Config, headers: &HeaderMap) -> Option<String> {
    Some(
        CookieJar::from_headers(headers)
            .get(name(config))?
            .value()
            .to_owned(),
    )
}

/// The header that gives the browser its session.
pub(super) fn cookie(config: &Config, token: &Token) -> HeaderValue {
    header_value(config, token.as_str(), config.session.absolute().as_secs())
}

/// The header that takes it away.
pub(super) fn no_cookie(config: &Config) -> HeaderValue {
    header_value(config, "", 0)
}

/// Under TLS the prefix keeps other hosts of the domain from setting it (RFC 6265bis section 4.1.3.2).
fn name(config: &Config) -> &'static str {
    if config.is_tls() { "__Host-hoian" } else { "hoian" }
}

#[expect(
    clippy::expect_used,
    reason = "a name, base64url text and numbers are visible ASCII"
)]
fn header_value(config: &Config, value: &str, max_age_seconds: u64) -> HeaderValue {
    let secure = if config.is_tls() { "; Secure" } else { "" };
    let name = name(config);
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&cookie).expect("visible ASCII")
}

/// Whether a request carries a session cookie at all, alive or not.
pub(super) fn has_cookie(config: &Config, headers: &HeaderMap) -> bool {
    headers.contains_key(header::COOKIE) && token(config, headers).is_some()
}
