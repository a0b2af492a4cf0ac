//! The security headers of every answer, and requests from other sites.

use hoian_tests::{PASSWORD, Server};
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::json;

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = Server::start().await;
    for path in [
        "/",
        "/van-ban/123",
        "/api/v1/session",
        "/api/v1/nowhere",
        "/healthz",
        "/assets/nothing.js",
    ] {
        let response = server.client().get(path).send().await.unwrap();
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
                .to_owned()
        };
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert!(header("permissions-policy").contains("camera=(self)"), "{path}");
        assert_eq!(header("x-request-id").len(), 36, "{path}");
        assert_eq!(header("strict-transport-security"), "", "only where TLS is");
    }
}

#[tokio::test]
async fn tls_brings_hsts_and_a_secure_cookie_bound_to_the_host() {
    let origin = "https://hop.langiang.gov.vn";
    let server = Server::start_with(|config| config.http.public_origin = Some(origin.into())).await;
    let body = json!({ "user_name": "chuyenvien", "password": PASSWORD });
    let http = hoian_tests::tls::http().build().unwrap();
    let log_in = |origin: &str| {
        http.post(server.url("/api/v1/session"))
            .header(ORIGIN, origin)
            .json(&body)
            .send()
    };
    let response = log_in(origin).await.unwrap();
    assert_eq!(response.status(), 201);
    assert!(
        response.headers()["strict-transport-security"]
            .to_str()
            .unwrap()
            .contains("max-age=63072000")
    );
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.starts_with("__Host-hoian=") && cookie.ends_with("; Secure"),
        "{cookie}"
    );
    assert_eq!(
        log_in(&server.origin()).await.unwrap().status(),
        403,
        "not the public origin"
    );
}

#[tokio::test]
async fn another_site_changes_nothing_and_opens_no_socket() {
    let server = Server::start().await;
    let http = hoian_tests::tls::http().build().unwrap();
    let body = json!({ "user_name": "chuyenvien", "password": PASSWORD });
    let log_in = || http.post(server.url("/api/v1/session")).json(&body);

    let foreign = log_in()
        .header(ORIGIN, "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
    let problem: serde_json::Value = foreign.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/foreign-origin");

    // A program without a browser: no origin, no session, nothing to abuse. With a session it must name its origin.
    let own = log_in().send().await.unwrap();
    assert_eq!(own.status(), 201);
    let cookie = own.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let log_out = || http.delete(server.url("/api/v1/session")).header(COOKIE, &cookie);
    assert_eq!(log_out().send().await.unwrap().status(), 403);
    assert_eq!(
        log_out()
            .header(ORIGIN, server.origin())
            .send()
            .await
            .unwrap()
            .status(),
        204
    );

    let socket = http
        .get(server.url("/api/v1/session"))
        .header("upgrade", "websocket")
        .header(ORIGIN, "https://evil.example")
        .send();
    assert_eq!(socket.await.unwrap().status(), 403);
}
