//! Only our own pages may change anything: the Origin check, beside the cookie's SameSite=Strict.
//!
//! Browsers send `Origin` with everything but plain GET and HEAD, and with every WebSocket (RFC 6455 section 4.1).
//! Programs without a browser need none, as long as they carry no session.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::session;
use crate::config::Config;
use crate::parts::App;

/// Layer: refuses a change, or a socket, asked for by another site.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let matters = !is_safe(request.method()) || headers.contains_key(header::UPGRADE);
    if matters {
        let allowed = match headers.get(header::ORIGIN) {
            Some(origin) => is_ours(origin.to_str().ok(), &app.config, headers),
            None => !session::has_cookie(&app.config, headers),
        };
        if !allowed {
            return refusal().into_response();
        }
    }
    next.run(request).await
}

/// The origin of the page that asks: the configured one, else what the browser says, which [`check`] has compared with the host.
pub(super) fn own(app: &App, headers: &HeaderMap) -> String {
    let said = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let origin = app.config.http.public_origin.as_deref().or(said);
    origin.map_or_else(|| app.config.origin(), str::to_owned)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Without a configured origin the page's host must be the one that was asked; a name server that an attacker controls
/// could make both agree, so a configured origin is what `serve` should have.
fn is_ours(origin: Option<&str>, config: &Config, headers: &HeaderMap) -> bool {
    let Some(origin) = origin else { return false };
    match config.http.public_origin.as_deref() {
        Some(public_origin) => origin == public_origin,
        None => {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            host.is_some() && origin.strip_prefix(config.scheme()) == host
        }
    }
}

fn refusal() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "foreign-origin",
        "Yêu cầu đến từ một trang khác nên không được thực hiện.",
        "The request came from another site and was not carried out.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_origin_is_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:8080".parse().unwrap());
        let table = [
            (Some("http://localhost:8080"), None, true),
            (Some("https://localhost:8080"), None, false),
            (Some("http://localhost:8081"), None, false),
            (Some("http://localhost:8080.evil.vn"), None, false),
            (Some("null"), None, false),
            (None, None, false),
            (Some("https://hop.vn"), Some("https://hop.vn"), true),
            (Some("http://hop.vn"), Some("https://hop.vn"), false),
            (Some("http://localhost:8080"), Some("https://hop.vn"), false),
        ];
        for (origin, public, expected) in table {
            let mut config = Config::default();
            config.http.public_origin = public.map(str::to_owned);
            assert_eq!(
                is_ours(origin, &config, &headers),
                expected,
                "{origin:?} {public:?}"
            );
        }
    }

    #[test]
    fn under_tls_without_a_proxy_the_page_comes_over_tls() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "hop.vn".parse().unwrap());
        let mut config = Config::default();
        config.http.tls_certificate = Some("tls.pem".into());
        assert!(is_ours(Some("https://hop.vn"), &config, &headers));
        assert!(!is_ours(Some("http://hop.vn"), &config, &headers));
    }
}
