//! What malformed and hostile messages come to: a clear error, a code where the socket closes, and no harm to others.

use hoian_tests::Server;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::person::{Person, call};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_closes_the_socket_and_disturbs_nobody() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;

    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let cases: [(&str, Message, u16, &str); 9] = [
        ("no JSON", Message::text("xin chào"), 4400, "malformed"),
        ("no object", Message::text("[]"), 4400, "malformed"),
        (
            "unknown type",
            Message::text(r#"{"type":"rule_the_world"}"#),
            4400,
            "malformed",
        ),
        (
            "a server's message",
            Message::text(r#"{"type":"ended"}"#),
            4400,
            "malformed",
        ),
        (
            "additional field",
            Message::text(r#"{"type":"leave","as":"chutich"}"#),
            4400,
            "malformed",
        ),
        ("deep nesting", Message::text(deep), 4400, "malformed"),
        ("binary", Message::binary(vec![0xff; 64]), 4400, "malformed"),
        (
            "too large",
            Message::text("x".repeat(300 * 1024)),
            4413,
            "too_large",
        ),
        (
            "an old page",
            Message::text(r#"{"type":"join","version":0}"#),
            4426,
            "unsupported_version",
        ),
    ];
    for (case, message, code, error) in cases {
        let mut hostile = Person::guest(&server, &meeting).await;
        hostile.send(message).await;
        assert_eq!(hostile.closing().await, (code, Some(error.to_owned())), "{case}");
    }
    chair.say(json!({ "type": "ping", "id": 1 })).await;
    chair.hear("pong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_fast_is_closed() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut hasty = Person::guest(&server, &meeting).await;
    for id in 0..200 {
        hasty.say(json!({ "type": "ping", "id": id })).await;
    }
    assert_eq!(hasty.closing().await, (4429, Some("too_fast".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_slip_is_answered_and_the_talk_goes_on() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut guest = Person::guest(&server, &meeting).await;
    let join = |name: Value| json!({ "type": "join", "version": 1, "name": name });
    let before = [
        (
            json!({ "type": "mute", "source": "camera", "muted": true }),
            "not_joined",
        ),
        (json!({ "type": "leave" }), "not_joined"),
        (json!({ "type": "end" }), "not_joined"),
        (json!({ "type": "subscribe_again" }), "not_joined"),
        (json!({ "type": "subscribe_answer", "sdp": "" }), "not_joined"),
        (join(Value::Null), "name_missing"),
        (join(json!("   ")), "name_missing"),
        (join(json!("x".repeat(81))), "name_unusable"),
        (join(json!("Chủ\u{202e}tịch")), "name_unusable"),
    ];
    for (message, error) in before {
        guest.say(message.clone()).await;
        assert_eq!(guest.hear("error").await["error"], error, "{message}");
    }
    guest.join(Some("Khách"), None).await;
    let tracks = json!([{ "mid": "0", "source": "camera" }]);
    let after = [
        (join(json!("Khách")), "already_joined"),
        (
            json!({ "type": "publish_offer", "sdp": "", "tracks": [] }),
            "description_unusable",
        ),
        (
            json!({ "type": "publish_offer", "sdp": "v=0\r\nm=\r\n\u{0}", "tracks": tracks }),
            "description_unusable",
        ),
        (
            json!({ "type": "subscribe_answer", "sdp": "a=".repeat(40_000) }),
            "description_unusable",
        ),
    ];
    for (message, error) in after {
        guest.say(message.clone()).await;
        assert_eq!(guest.hear("error").await["error"], error, "{message}");
    }
    guest.say(json!({ "type": "ping", "id": 9 })).await;
    assert_eq!(guest.hear("pong").await["id"], 9);
}
