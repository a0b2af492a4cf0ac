//! `Idempotency-Key`: the same POST again is answered again, not done again.

use hoian_tests::Server;
use serde_json::{Value, json};

/// A meeting is the plainest thing that a POST creates.
const MEETINGS: &str = "/api/v1/meetings";

#[tokio::test]
async fn the_same_key_creates_once() {
    let server = Server::start().await;
    let client = server.log_in("chuyenvien").await;
    let post = |key: &'static str| {
        client
            .post(MEETINGS)
            .header("idempotency-key", key)
            .json(&json!({ "title": "Giao ban tuần" }))
            .send()
    };
    let first = post("một").await.unwrap();
    assert_eq!(first.status(), 201);
    assert!(first.headers().get("idempotency-replayed").is_none());
    let first: Value = first.json().await.unwrap();
    let again = post("một").await.unwrap();
    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let other: Value = post("hai").await.unwrap().json().await.unwrap();
    assert_ne!(other["id"], first["id"]);

    // The key belongs to whoever sent it.
    let colleague = server.log_in("vanthu").await;
    let request = colleague
        .post(MEETINGS)
        .header("idempotency-key", "một")
        .json(&json!({ "title": "Họp khác" }));
    let theirs: Value = request.send().await.unwrap().json().await.unwrap();
    assert_ne!(theirs["id"], first["id"]);
}

#[tokio::test]
async fn a_refused_request_may_be_sent_again_under_its_key() {
    let server = Server::start().await;
    let client = server.log_in("chuyenvien").await;
    let post = |body: Value| {
        client
            .post(MEETINGS)
            .header("idempotency-key", "k")
            .json(&body)
            .send()
    };
    assert_eq!(post(json!({})).await.unwrap().status(), 400);
    assert_eq!(post(json!({ "title": "Giao ban" })).await.unwrap().status(), 201);
}
