//! A line is tested outside of any meeting: who may, how often, and what the socket takes.

use std::time::Duration;

use hoian_tests::{Client, Server};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::person::{Person, call};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_an_account_or_the_link_of_a_meeting_that_is_to_come_may_test() {
    let server = Server::start().await;
    for user_name in ["quantri", "chutich", "vanthu", "chuyenvien"] {
        let client = server.log_in(user_name).await;
        assert_eq!(ask(&client, json!({})).await.0, 201, "{user_name}");
        // Nobody holds these places any longer.
        server.clock.advance(Duration::from_secs(60));
    }
    let meeting = call(&server).await;
    let guest = server.client();
    let with = |link: &str| json!({ "link": link });
    assert_eq!(ask(&guest, json!({})).await.0, 401);
    assert_eq!(ask(&guest, with(&meeting.code)).await.0, 201);
    assert_eq!(ask(&guest, with(&meeting.code.to_uppercase())).await.0, 201);
    for nothing in ["00000-00000-00000-00000", "x", ""] {
        assert_eq!(ask(&guest, with(nothing)).await.0, 404, "{nothing}");
    }
    assert_eq!(
        ask(&guest, json!({ "link": meeting.code, "seconds": 900 }))
            .await
            .0,
        400
    );
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;
    chair.say(json!({ "type": "end" })).await;
    chair.hear("ended").await;
    let (status, body) = ask(&guest, with(&meeting.code)).await;
    assert_eq!((status, &body["type"]), (410, &json!("/problems/meeting-ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_opens_one_socket_and_lapses() {
    let server = Server::start().await;
    let client = server.log_in("vanthu").await;
    let (used, unused) = (word(&client).await, word(&client).await);
    let origin = server.origin();
    let foreign = open(&server, &used, "https://elsewhere.test").await;
    assert_eq!(foreign.err(), Some(403), "a page of somebody else's");
    let mut test = open(&server, &used, &origin).await.expect("the word opens");
    let welcome = test.hear("welcome").await;
    assert_eq!(welcome["seconds"], 90);
    assert_eq!(open(&server, &used, &origin).await.err(), Some(404));
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(open(&server, &unused, &origin).await.err(), Some(404));
    assert_eq!(open(&server, "0", &origin).await.err(), Some(404));
}

#[tokio::test(flavor = "multi_thread")]
async fn few_test_at_once_and_nobody_again_and_again() {
    let server = Server::start().await;
    let client = server.log_in("vanthu").await;
    let origin = server.origin();
    let first = open(&server, &word(&client).await, &origin).await;
    let _second = open(&server, &word(&client).await, &origin).await;
    let (status, body) = ask(&client, json!({})).await;
    assert_eq!(
        (status, &body["type"]),
        (429, &json!("/problems/line-tests-full"))
    );
    drop(first);
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    while ask(&client, json!({})).await.0 != 201 {
        assert!(tokio::time::Instant::now() < end, "a place comes back");
        server.clock.advance(Duration::from_secs(10));
    }
    let mut last = (0, Value::Null);
    for _ in 0..7 {
        last = ask(&client, json!({})).await;
    }
    let (status, body) = last;
    assert_eq!(
        (status, &body["type"]),
        (429, &json!("/problems/line-test-too-often"))
    );
    assert!(body["retry_after_seconds"].as_u64().is_some_and(|wait| wait >= 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_tells_of_its_own_ports_and_answers_descriptions() {
    let server = Server::start().await;
    let client = server.log_in("vanthu").await;
    let mut test = open(&server, &word(&client).await, &server.origin())
        .await
        .expect("the word opens");
    let ports = test.hear("ports").await;
    assert_eq!((&ports["udp"], &ports["tcp"]), (&json!(true), &json!(true)));
    test.say(json!({ "type": "ping", "id": 7 })).await;
    assert_eq!(test.hear("pong").await["id"], 7);
    test.say(json!({ "type": "listen" })).await;
    let offer = test.hear("subscribe_offer").await;
    let offer = offer["sdp"].as_str().unwrap();
    assert!(
        offer.contains(" udp ") && offer.contains("tcptype passive"),
        "{offer}"
    );
    test.say(json!({ "type": "publish_offer", "sdp": "v=0", "tracks": [] }))
        .await;
    assert_eq!(test.hear("error").await["error"], "description_unusable");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_ends_a_test() {
    let server = Server::start().await;
    let client = server.log_in("vanthu").await;
    let cases = [
        (Message::text("{}"), 4400),
        (
            Message::text(json!({ "type": "join", "version": 1 }).to_string()),
            4400,
        ),
        (
            Message::text(json!({ "type": "listen", "seats": 25 }).to_string()),
            4400,
        ),
        (Message::binary(vec![0; 8]), 4400),
        (Message::text("x".repeat(200 * 1024)), 4413),
    ];
    for (message, code) in cases {
        server.clock.advance(Duration::from_secs(60));
        let mut test = open(&server, &word(&client).await, &server.origin())
            .await
            .expect("the word opens");
        test.send(message.clone()).await;
        assert_eq!(test.closing().await.0, code, "{:.60}", message.to_string());
    }
    server.clock.advance(Duration::from_secs(60));
    let mut test = open(&server, &word(&client).await, &server.origin())
        .await
        .expect("the word opens");
    for id in 0..100 {
        test.say(json!({ "type": "ping", "id": id })).await;
    }
    assert_eq!(test.closing().await, (4429, Some("too_fast".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_answer_nobody_are_the_servers_own() {
    let server = Server::start_with(|config| {
        // An address that nobody has (RFC 5737).
        config.media.addresses = vec!["192.0.2.7".parse().unwrap()];
        config.media.tcp = false;
    })
    .await;
    let client = server.log_in("vanthu").await;
    let mut test = open(&server, &word(&client).await, &server.origin())
        .await
        .expect("the word opens");
    let ports = test.hear("ports").await;
    assert_eq!((&ports["udp"], &ports["tcp"]), (&json!(false), &Value::Null));
}

async fn ask(client: &Client, wish: Value) -> (u16, Value) {
    let response = client
        .post("/api/v1/line-tests")
        .json(&wish)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn word(client: &Client) -> String {
    let (status, body) = ask(client, json!({})).await;
    assert_eq!(status, 201, "{body}");
    body["word"].as_str().unwrap().to_owned()
}

async fn open(server: &Server, word: &str, origin: &str) -> Result<Person, u16> {
    let path = format!("/api/v1/line-tests/{word}/socket");
    Person::at(server, &path, None, Some(origin)).await
}
