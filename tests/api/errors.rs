//! Errors: problem+json in the caller's language, whatever goes wrong.

use hoian_tests::Server;
use reqwest::Method;
use serde_json::Value;

const SESSION: &str = "/api/v1/session";

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let server = Server::start().await;
    let client = server.client();
    let post = || client.post(SESSION);
    let cases = [
        (client.get("/api/v1/nowhere"), 404, "not-found"),
        (client.get("/api"), 404, "not-found"),
        (client.get("/missing.js"), 404, "not-found"),
        (client.request(Method::PATCH, SESSION), 405, "method-not-allowed"),
        (client.post("/van-ban"), 405, "method-not-allowed"),
        (client.get(SESSION), 401, "login-required"),
        (post().body("{}"), 415, "unsupported-media-type"),
        (
            post().header("content-type", "application/json").body("{"),
            400,
            "malformed",
        ),
        (
            post().json(&serde_json::json!({ "user_name": 1 })),
            400,
            "malformed",
        ),
        (
            post().json(&serde_json::json!({ "user_name": "a", "password": "b", "extra": 1 })),
            400,
            "malformed",
        ),
        (post().json(&"x".repeat(2_000_000)), 413, "too-large"),
    ];
    for (request, status, name) in cases {
        let response = request.send().await.unwrap();
        let address = response.url().clone();
        assert_eq!(response.status(), status, "{address} {name}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json",
            "{address}"
        );
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["type"], format!("/problems/{name}"), "{address}");
        assert_eq!(problem["status"], status);
        assert!(!problem["title"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_problem_speaks_the_callers_language() {
    let server = Server::start().await;
    let in_language = async |accepted: &str| {
        let request = server.client().get(SESSION).header("accept-language", accepted);
        let response = request.send().await.unwrap();
        let language = response.headers()["content-language"]
            .to_str()
            .unwrap()
            .to_owned();
        let problem: Value = response.json().await.unwrap();
        (language, problem["title"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        in_language("").await,
        ("vi".into(), "Đồng chí cần đăng nhập để tiếp tục.".into())
    );
    assert_eq!(
        in_language("en-GB,en;q=0.9").await,
        ("en".into(), "Log in to go on.".into())
    );
}
