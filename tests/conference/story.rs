//! The course of a meeting.

use hoian_tests::Server;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::person::{Person, call};

fn is(id: &Value) -> impl Fn(&Value) -> bool {
    let id = id.clone();
    move |message| message["participant"]["id"] == id
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_and_go_and_everyone_is_told() {
    let server = Server::start().await;
    let meeting = call(&server).await;

    let mut chair = Person::member(&server, &meeting, "chutich").await;
    let welcome = chair.join(None, None).await;
    assert_eq!(welcome["role"], "chair");
    assert_eq!(welcome["may"].as_array().unwrap().len(), 23);
    assert_eq!(welcome["title"], "Giao ban tuần");
    assert_eq!(
        welcome["participants"][0]["name"], "Trần Văn Minh",
        "shown by the name of the account"
    );
    assert_eq!(
        welcome["participants"][0]["title"],
        "Chủ tịch Ủy ban nhân dân tỉnh Lam Giang"
    );

    let mut guest = Person::guest(&server, &meeting).await;
    let welcome = guest.join(Some("  Xã   Tân Thủy "), None).await;
    assert_eq!(
        (&welcome["role"], &welcome["may"]),
        (&json!("guest"), &json!(["speak", "raise_hand", "chat"]))
    );
    assert_eq!(welcome["participants"].as_array().unwrap().len(), 2);
    let came = chair.hear_where("participant", is(&welcome["id"])).await;
    assert_eq!(came["participant"]["name"], "Xã Tân Thủy");

    guest.say(json!({ "type": "ping", "id": 7 })).await;
    assert_eq!(guest.hear("pong").await["id"], 7);

    guest.say(json!({ "type": "leave" })).await;
    assert_eq!(guest.closing().await, (1000, None));
    assert_eq!(chair.hear("left").await["id"], welcome["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_finds_their_seat() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;

    let mut guest = Person::guest(&server, &meeting).await;
    let first = guest.join(Some("Xã Tân Thủy"), None).await;
    drop(guest);
    let lost = |message: &Value| is(&first["id"])(message) && message["participant"]["presence"] == "lost";
    chair.hear_where("participant", lost).await;

    let mut guest = Person::guest(&server, &meeting).await;
    let second = guest.join(Some("Xã Tân Thủy"), first["place"].as_str()).await;
    assert_eq!(second["id"], first["id"]);
    assert_eq!(
        second["participants"].as_array().unwrap().len(),
        2,
        "nobody sits there twice"
    );
    let back = |message: &Value| is(&first["id"])(message) && message["participant"]["presence"] == "here";
    chair.hear_where("participant", back).await;

    let mut stranger = Person::guest(&server, &meeting).await;
    let third = stranger.join(Some("Xã Tân Thủy"), Some("0123456789abcdef")).await;
    assert_ne!(third["id"], first["id"], "a guessed place opens no seat");
}

/// A socket is lost, pictures and sound are not: who holds the place goes on with the connections that stand.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_standing_connections_keeps_them() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;
    let mut guest = Person::guest(&server, &meeting).await;
    let first = guest.join(Some("Xã Tân Thủy"), None).await;
    assert_eq!(first["kept"], false);
    drop(guest);
    let lost = |message: &Value| is(&first["id"])(message) && message["participant"]["presence"] == "lost";
    chair.hear_where("participant", lost).await;

    let mut guest = Person::guest(&server, &meeting).await;
    let join =
        json!({ "type": "join", "version": 1, "name": "Xã Tân Thủy", "place": first["place"], "keep": true });
    guest.say(join).await;
    let second = guest.hear("welcome").await;
    assert_eq!((&second["id"], &second["kept"]), (&first["id"], &json!(true)));
    guest.say(json!({ "type": "ping", "id": 1 })).await;
    loop {
        if let Message::Text(text) = guest.next().await {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            assert_ne!(message["type"], "subscribe_offer", "the connection stands");
            if message["type"] == "pong" {
                break;
            }
        }
    }

    let mut stranger = Person::guest(&server, &meeting).await;
    let join = json!({ "type": "join", "version": 1, "name": "Xã Tân Thủy", "place": "0123456789abcdef", "keep": true });
    stranger.say(join).await;
    assert_eq!(stranger.hear("welcome").await["kept"], false);
    stranger.hear("subscribe_offer").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_window_takes_the_seat_of_the_first() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut first = Person::member(&server, &meeting, "chutich").await;
    let welcome = first.join(None, None).await;
    let mut second = Person::member(&server, &meeting, "chutich").await;
    assert_eq!(second.join(None, None).await["id"], welcome["id"]);
    first.hear("replaced").await;
    assert_eq!(first.closing().await.0, 4409);
    second.say(json!({ "type": "ping", "id": 1 })).await;
    second.hear("pong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_ends_it_and_then_it_is_over_for_all() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;
    let mut delegate = Person::member(&server, &meeting, "vanthu").await;
    delegate.join(None, None).await;
    let mut guest = Person::guest(&server, &meeting).await;
    guest.join(Some("Khách"), None).await;

    for refused in [&mut delegate, &mut guest] {
        refused.say(json!({ "type": "end" })).await;
        assert_eq!(refused.hear("error").await["error"], "refused");
    }
    guest
        .say(json!({ "type": "mute", "source": "screen", "muted": false }))
        .await;
    assert_eq!(guest.hear("error").await["error"], "refused");
    let screen = json!([{ "mid": "0", "source": "screen" }]);
    guest
        .say(json!({ "type": "publish_offer", "sdp": "v=0\r\n", "tracks": screen }))
        .await;
    assert_eq!(guest.hear("error").await["error"], "refused");

    chair.say(json!({ "type": "end" })).await;
    for one in [&mut chair, &mut delegate, &mut guest] {
        one.hear("ended").await;
        assert_eq!(one.closing().await.0, 4410);
    }
    let origin = server.origin();
    let again = Person::open(&server, &meeting.id, Some(&meeting.code), None, Some(&origin)).await;
    assert_eq!(again.err(), Some(410));
    let door = server
        .client()
        .get(&format!("/api/v1/meetings/by-link/{}", meeting.code))
        .send()
        .await
        .unwrap();
    assert!(door.json::<Value>().await.unwrap()["ended_at"].is_string());
}

/// More seats are offered once the first offer is answered, and to who comes back with the same connections as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_room_for_more_pictures_is_offered_more_seats_one_offer_at_a_time() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut guest = Person::guest(&server, &meeting).await;
    guest
        .say(json!({ "type": "join", "version": 1, "name": "Xã Tân Thủy", "place": null }))
        .await;
    guest.hear("welcome").await;
    let offer = guest.hear("subscribe_offer").await;
    let pictures = |offer: &Value| offer["sdp"].as_str().unwrap().matches("m=video").count();
    assert_eq!((pictures(&offer), &offer["fresh"]), (10, &json!(true)));
    guest.say(json!({ "type": "watch", "pictures": 16 })).await;
    guest.say(json!({ "type": "watch", "pictures": 20 })).await;
    guest.say(json!({ "type": "ping", "id": 1 })).await;
    assert_eq!(guest.error_before_pong(1).await, None);
    let answer = |offer: &Value| {
        let kept = ["m=", "a=mid", "a=rtpmap", "a=group"];
        let transport = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:peer\r\na=ice-pwd:passwordpasswordpassword\r\n\
                         a=setup:active\r\na=recvonly\r\n";
        let fingerprint = format!("a=fingerprint:sha-256 {}00\r\n", "00:".repeat(31));
        let mut sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n".to_owned();
        for line in offer["sdp"].as_str().unwrap().lines() {
            if kept.iter().any(|start| line.starts_with(start)) {
                sdp += &format!("{line}\r\n");
            }
            if line.starts_with("m=") {
                sdp += &format!("{transport}{fingerprint}");
            }
        }
        json!({ "type": "subscribe_answer", "sdp": sdp })
    };
    guest.say(answer(&offer)).await;
    let more = guest.hear("subscribe_offer").await;
    assert_eq!((pictures(&more), &more["fresh"]), (21, &json!(false)));
    assert_eq!(
        more["sdp"].as_str().unwrap().matches("m=audio").count(),
        10,
        "nine voices and the screen's"
    );
    guest.say(answer(&more)).await;
    guest
        .say(json!({ "type": "watch", "pictures": 12, "sound_only": true }))
        .await;
    guest.say(json!({ "type": "ping", "id": 2 })).await;
    assert_eq!(
        guest.error_before_pong(2).await,
        None,
        "and nothing more is offered"
    );
    guest.say(json!({ "type": "watch", "pictures": 26 })).await;
    assert_eq!(guest.closing().await, (4400, Some("malformed".to_owned())));
}
