//! Cameras and monitors: who gives them links, what their tokens open, and that they are in the meeting like anybody else.

use std::collections::BTreeSet;
use std::time::Duration;

use hoian_server::conference;
use hoian_server::domain::device::{DeviceId, Purpose};
use hoian_server::domain::meeting::{DisplayName, MeetingId};
use hoian_server::media::CONSENT_EXPIRY;
use hoian_tests::{Client, Server};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::person::{Meeting, Person, call};

/// A device as somebody holds it who has been told of it.
struct Device {
    id: String,
    path: String,
    token: String,
}

async fn give(chair: &Client, meeting: &Meeting, name: &str, purpose: &str) -> Device {
    let path = format!("/api/v1/meetings/{}/devices", meeting.id);
    let body = json!({ "name": name, "purpose": purpose });
    let response = chair.post(&path).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let given: Value = response.json().await.unwrap();
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    Device {
        id: text("id"),
        path: text("path"),
        token: text("token"),
    }
}

impl Device {
    fn ask(&self, server: &Server, method: Method, path: &str) -> RequestBuilder {
        server.client().request(method, path).bearer_auth(&self.token)
    }

    async fn offer(&self, server: &Server, sdp: String) -> Response {
        let offer = self.ask(server, Method::POST, &self.path);
        offer
            .header("content-type", "application/sdp")
            .body(sdp)
            .send()
            .await
            .unwrap()
    }

    /// Its stream, once it is in.
    async fn attach(&self, server: &Server, sdp: String) -> Stream {
        let response = self.offer(server, sdp).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (response.status().as_u16(), header("content-type").as_str()),
            (201, "application/sdp")
        );
        let (path, tag) = (header("location"), header("etag"));
        Stream {
            path,
            tag,
            answer: response.text().await.unwrap(),
        }
    }

    async fn patch(&self, server: &Server, path: &str, condition: Option<&str>, fragment: &str) -> Response {
        let mut patch = self.ask(server, Method::PATCH, path);
        if let Some(condition) = condition {
            patch = patch.header("if-match", condition);
        }
        let patch = patch.header("content-type", "application/trickle-ice-sdpfrag");
        patch.body(fragment.to_owned()).send().await.unwrap()
    }
}

struct Stream {
    path: String,
    tag: String,
    answer: String,
}

/// An offer of sound and a picture in this direction.
fn offer(direction: &str) -> String {
    let transport = format!(
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:peer\r\na=ice-pwd:passwordpasswordpassword\r\na=setup:actpass\r\n\
         a=fingerprint:sha-256 {}00\r\na={direction}\r\na=rtcp-mux\r\n",
        "00:".repeat(31)
    );
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 100\r\n{transport}a=mid:0\r\na=rtpmap:100 opus/48000/2\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF 101\r\n{transport}a=mid:1\r\na=rtpmap:101 VP8/90000\r\n"
    )
}

fn named(name: &str) -> impl Fn(&Value) -> bool {
    let name = name.to_owned();
    move |message| message["participant"]["name"] == name
}

async fn problem(response: Response, status: u16, name: &str) {
    assert_eq!(response.status(), status, "{name}");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["type"], format!("/problems/{name}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_prepares_the_meeting_gives_links_and_withdraws_them() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let path = format!("/api/v1/meetings/{}/devices", meeting.id);
    let (chair, delegate) = (server.log_in("chutich").await, server.log_in("vanthu").await);
    let stranger = server.log_in("giamdoc.sonv").await;
    let body = json!({ "name": "Camera phòng họp", "purpose": "camera" });
    for (client, status) in [(&delegate, 403), (&stranger, 404), (&server.client(), 401)] {
        let posted = client.post(&path).json(&body).send().await.unwrap();
        assert_eq!(posted.status(), status);
        assert_eq!(client.get(&path).send().await.unwrap().status(), status);
        let withdrawn = client
            .request(Method::DELETE, &format!("{path}/0"))
            .send()
            .await
            .unwrap();
        assert_eq!(withdrawn.status(), status);
    }
    let nameless = json!({ "name": " ", "purpose": "camera" });
    let refused = chair.post(&path).json(&nameless).send().await.unwrap();
    problem(refused, 422, "device-name").await;

    let device = give(&chair, &meeting, "Camera phòng họp", "camera").await;
    assert_eq!(device.path, format!("/api/v1/meetings/{}/whip", meeting.id));
    let listed: Value = chair.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed[0]["name"], "Camera phòng họp");
    assert_eq!(listed[0]["is_attached"], false);
    assert!(
        !listed.to_string().contains(&device.token),
        "the token is shown once"
    );

    let stream = device.attach(&server, offer("sendonly")).await;
    let listed: Value = chair.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed[0]["is_attached"], true);
    let own = format!("{path}/{}", device.id);
    let withdraw = || chair.request(Method::DELETE, &own);
    assert_eq!(withdraw().send().await.unwrap().status(), 204);
    assert_eq!(withdraw().send().await.unwrap().status(), 404);
    problem(
        device.offer(&server, offer("sendonly")).await,
        401,
        "device-token",
    )
    .await;
    let ended = device
        .ask(&server, Method::DELETE, &stream.path)
        .send()
        .await
        .unwrap();
    problem(ended, 401, "device-token").await;
    let listed: Value = chair.get(&path).send().await.unwrap().json().await.unwrap();
    assert_eq!(listed, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_its_meeting_for_its_purpose_and_nothing_else() {
    let server = Server::start().await;
    let (meeting, other) = (call(&server).await, call(&server).await);
    let chair = server.log_in("chutich").await;
    let camera = give(&chair, &meeting, "Camera", "camera").await;
    let monitor = give(&chair, &meeting, "Màn hình", "monitor").await;
    let elsewhere = |device: &Device, path: String| Device {
        id: device.id.clone(),
        path,
        token: device.token.clone(),
    };
    let wrong = Device {
        token: "x".repeat(43),
        ..elsewhere(&camera, camera.path.clone())
    };
    problem(wrong.offer(&server, offer("sendonly")).await, 401, "device-token").await;
    let without = server
        .client()
        .post(&camera.path)
        .header("content-type", "application/sdp");
    let without = without.body(offer("sendonly")).send().await.unwrap();
    assert_eq!(without.headers()["www-authenticate"], "Bearer");
    problem(without, 401, "device-token").await;
    let of_other = elsewhere(&camera, format!("/api/v1/meetings/{}/whip", other.id));
    problem(
        of_other.offer(&server, offer("sendonly")).await,
        401,
        "device-token",
    )
    .await;
    let publishes = elsewhere(&monitor, camera.path.clone());
    problem(
        publishes.offer(&server, offer("sendonly")).await,
        403,
        "device-purpose",
    )
    .await;
    let watches = elsewhere(&camera, monitor.path.clone());
    problem(
        watches.offer(&server, offer("recvonly")).await,
        403,
        "device-purpose",
    )
    .await;

    for (sdp, status, name) in [
        (offer("recvonly"), 422, "session-description"),
        (
            offer("sendonly").replace("opus", "pcmu").replace("VP8", "H263"),
            422,
            "session-description",
        ),
        (
            offer("sendonly").replace("actpass", "passive"),
            422,
            "session-description",
        ),
        ("v=0".to_owned(), 400, "malformed"),
        ("x".repeat(65 * 1024), 413, "too-large"),
    ] {
        problem(camera.offer(&server, sdp).await, status, name).await;
    }
    problem(
        monitor.offer(&server, offer("sendonly")).await,
        422,
        "session-description",
    )
    .await;
    let other_type = camera.ask(&server, Method::POST, &camera.path).json(&json!({}));
    problem(other_type.send().await.unwrap(), 415, "unsupported-media-type").await;
    // Nobody came in by any of these.
    assert!(
        !server
            .app()
            .conferences
            .is_running(&MeetingId(meeting.id.clone()))
    );

    for path in [&camera.path, &monitor.path] {
        let asked = server.client().request(Method::GET, path).send().await.unwrap();
        problem(asked, 405, "method-not-allowed").await;
        let preflight = server.client().request(Method::OPTIONS, path);
        let preflight = preflight
            .header("origin", "https://camera.example")
            .send()
            .await
            .unwrap();
        assert_eq!(preflight.status(), 200);
        assert_eq!(preflight.headers()["accept-post"], "application/sdp");
        assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    }
    let from_page = camera
        .ask(&server, Method::POST, &camera.path)
        .header("origin", "https://camera.example");
    let from_page = from_page.header("content-type", "application/sdp; charset=utf-8");
    let from_page = from_page.body(offer("sendonly")).send().await.unwrap();
    assert_eq!(from_page.status(), 201);
    assert_eq!(from_page.headers()["access-control-allow-origin"], "*");

    let mut status = 0;
    for _ in 0..20 {
        status = camera.offer(&server, offer("sendonly")).await.status().as_u16();
    }
    assert_eq!(status, 429, "one that comes again and again is held back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_in_the_meeting_like_anybody_and_counts_for_nothing() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    let welcome = chair.join(None, None).await;
    let called = welcome["procedure"]["quorum"]["called"].clone();
    let client = server.log_in("chutich").await;
    let device = give(&client, &meeting, "Camera phòng họp", "camera").await;

    let first = device.attach(&server, offer("sendonly")).await;
    assert!(first.answer.contains("a=recvonly") && first.answer.contains("a=ice-lite"));
    assert!(
        first.answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 100\r\n"),
        "{}",
        first.answer
    );
    let open = |message: &Value| {
        let tracks = message["participant"]["tracks"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        named("Camera phòng họp")(message)
            && tracks.len() == 2
            && tracks.iter().all(|track| track["state"] == "silent")
    };
    let seen = chair.hear_where("participant", open).await["participant"].clone();
    assert_eq!(
        (&seen["device"], &seen["role"]),
        (&json!("camera"), &json!("guest"))
    );
    let seat = seen["id"].as_str().unwrap().to_owned();

    // Another offer takes the place of the first, on the same seat.
    let second = device.attach(&server, offer("sendonly")).await;
    assert_ne!(second.path, first.path);
    let gone = device
        .ask(&server, Method::DELETE, &first.path)
        .send()
        .await
        .unwrap();
    problem(gone, 404, "not-found").await;

    // Whoever leads closes the microphone; the camera is given the floor, takes it, and is heard again.
    let muted = |message: &Value| {
        let tracks = message["participant"]["tracks"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        message["participant"]["id"] == *seat && tracks.iter().any(|track| track["state"] == "muted")
    };
    chair
        .say(json!({ "type": "step", "step": { "name": "mute", "seat": seat } }))
        .await;
    chair.hear_where("participant", muted).await;
    chair
        .say(json!({ "type": "step", "step": { "name": "call_speaker", "seat": seat } }))
        .await;
    chair
        .hear_where("floor", |message| {
            message["floor"]["current"]["began_at"].is_string()
        })
        .await;
    chair.hear_where("participant", open).await;

    // It ends its stream itself.
    let end = device
        .ask(&server, Method::DELETE, &second.path)
        .send()
        .await
        .unwrap();
    assert_eq!(end.status(), 200);
    assert_eq!(chair.hear("left").await["id"], seat);
    let again = device
        .ask(&server, Method::DELETE, &second.path)
        .send()
        .await
        .unwrap();
    problem(again, 404, "not-found").await;

    // Sent out, it is held at the door like anybody.
    let third = device.attach(&server, offer("sendonly")).await;
    chair.hear_where("participant", open).await;
    chair
        .say(json!({ "type": "step", "step": { "name": "remove", "seat": seat } }))
        .await;
    assert_eq!(chair.hear("left").await["id"], seat);
    let patched = device
        .patch(&server, &third.path, Some(&third.tag), "a=end-of-candidates\r\n")
        .await;
    problem(patched, 404, "not-found").await;
    let waits = device.offer(&server, offer("sendonly")).await;
    assert_eq!(waits.headers()["retry-after"], "5");
    problem(waits, 503, "waiting").await;

    let path = format!("/api/v1/meetings/{}/roll", meeting.id);
    let roll: Value = client.get(&path).send().await.unwrap().json().await.unwrap();
    let line = roll["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["seat"] == *seat)
        .unwrap();
    assert_eq!(
        (&line["kind"], &line["name"]),
        (&json!("device"), &json!("Camera phòng họp"))
    );
    assert_eq!(roll["quorum"]["called"], called, "{roll}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_waits_before_a_held_door_until_somebody_opens() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;
    let client = server.log_in("chutich").await;
    let device = give(&client, &meeting, "Màn hình hội trường", "monitor").await;
    let rules = json!({ "name": "set_lobby", "lobby": true });
    chair.say(json!({ "type": "step", "step": rules })).await;
    chair.hear("rules").await;
    problem(device.offer(&server, offer("recvonly")).await, 503, "waiting").await;
    let knock = chair
        .hear_where("knocking", |message| {
            message["waiting"].as_array().is_some_and(|all| all.len() == 1)
        })
        .await;
    assert_eq!(knock["waiting"][0]["name"], "Màn hình hội trường");
    // Coming again is no second knock.
    problem(device.offer(&server, offer("recvonly")).await, 503, "waiting").await;
    let seat = knock["waiting"][0]["seat"].clone();
    chair
        .say(json!({ "type": "step", "step": { "name": "admit", "seats": [seat] } }))
        .await;
    chair
        .hear_where("knocking", |message| message["waiting"] == json!([]))
        .await;
    let stream = device.attach(&server, offer("recvonly")).await;
    assert!(stream.answer.contains("a=sendonly"), "{}", stream.answer);
    let seen = chair
        .hear_where("participant", named("Màn hình hội trường"))
        .await;
    assert_eq!(seen["participant"]["device"], "monitor");
    assert_eq!(seen["participant"]["tracks"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_takes_candidates_restarts_and_ends_with_its_meeting() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let client = server.log_in("chutich").await;
    let camera = give(&client, &meeting, "Camera", "camera").await;
    let monitor = give(&client, &meeting, "Màn hình", "monitor").await;
    for (device, direction) in [(&camera, "sendonly"), (&monitor, "recvonly")] {
        let stream = device.attach(&server, offer(direction)).await;
        let candidate = "a=mid:0\r\na=candidate:1 1 UDP 2122 192.0.2.1 61765 typ host\r\n";
        let restart = "a=ice-ufrag:another\r\na=ice-pwd:anotheranotheranother22\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n";
        let patch = |condition, fragment| device.patch(&server, &stream.path, condition, fragment);
        problem(patch(None, candidate).await, 428, "if-match").await;
        problem(patch(Some("\"other\""), candidate).await, 412, "ice-session").await;
        problem(patch(Some(&stream.tag), "hello").await, 400, "malformed").await;
        assert_eq!(patch(Some(&stream.tag), candidate).await.status(), 204);
        let other_type = device
            .ask(&server, Method::PATCH, &stream.path)
            .header("if-match", &stream.tag);
        problem(
            other_type.body(candidate).send().await.unwrap(),
            415,
            "unsupported-media-type",
        )
        .await;

        let restarted = patch(Some("*"), restart).await;
        assert_eq!(restarted.status(), 200);
        let tag = restarted.headers()["etag"].to_str().unwrap().to_owned();
        assert_ne!(tag, stream.tag);
        let fragment = restarted.text().await.unwrap();
        let own = fragment
            .lines()
            .find(|line| line.starts_with("a=ice-ufrag:"))
            .unwrap();
        assert!(
            !stream.answer.contains(own) && fragment.contains("a=candidate:"),
            "{fragment}"
        );
        problem(patch(Some(&stream.tag), candidate).await, 412, "ice-session").await;
        assert_eq!(patch(Some(&tag), candidate).await.status(), 204);

        // Of another device the stream is none.
        let other = if device.id == camera.id { &monitor } else { &camera };
        problem(
            other.patch(&server, &stream.path, Some(&tag), candidate).await,
            404,
            "not-found",
        )
        .await;
        let options = server
            .client()
            .request(Method::OPTIONS, &stream.path)
            .send()
            .await
            .unwrap();
        assert_eq!(
            options.headers()["accept-patch"],
            "application/trickle-ice-sdpfrag"
        );
    }

    let stream = camera.attach(&server, offer("sendonly")).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;
    chair.say(json!({ "type": "end" })).await;
    chair.hear("ended").await;
    problem(
        camera.offer(&server, offer("sendonly")).await,
        410,
        "meeting-ended",
    )
    .await;
    let mut status = 0;
    for _ in 0..50 {
        status = camera
            .patch(&server, &stream.path, Some(&stream.tag), "a=mid:0\r\n")
            .await
            .status()
            .as_u16();
        if status == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status, 404, "nothing of an ended meeting stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_stream_is_gone_and_the_device_comes_anew() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let client = server.log_in("chutich").await;
    let camera = give(&client, &meeting, "Camera", "camera").await;
    let stream = camera.attach(&server, offer("sendonly")).await;
    let server = server.restart().await;
    let patched = camera
        .patch(&server, &stream.path, Some(&stream.tag), "a=mid:0\r\n")
        .await;
    problem(patched, 404, "not-found").await;
    camera.attach(&server, offer("sendonly")).await;
}

/// Nobody tells of an encoder that lost its power: nothing comes from it any more (RFC 7675), and its place is kept for a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_falls_silent_is_let_go() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    chair.join(None, None).await;
    let client = server.log_in("chutich").await;
    let device = give(&client, &meeting, "Camera", "camera").await;
    let stream = device.attach(&server, offer("sendonly")).await;
    let seat = chair.hear_where("participant", named("Camera")).await["participant"]["id"].clone();
    // Another goes away before it is answered.
    let hasty = conference::Device {
        id: DeviceId("hasty".into()),
        meeting: MeetingId(meeting.id.clone()),
        name: DisplayName::parse("Màn hình").unwrap(),
        purpose: Purpose::Monitor,
    };
    let conferences = &server.app().conferences;
    let mut attach = Box::pin(conferences.attach(hasty, "Giao ban tuần".into(), offer("recvonly")));
    assert!(futures::poll!(&mut attach).is_pending());
    drop(attach);
    chair.hear_where("participant", named("Màn hình")).await;

    tokio::time::sleep(CONSENT_EXPIRY).await;
    let mut lost = BTreeSet::new();
    while lost.len() < 2 {
        let is_lost = |message: &Value| message["participant"]["presence"] == "lost";
        let heard = chair.hear_where("participant", is_lost).await;
        lost.insert(heard["participant"]["name"].to_string());
    }
    let patched = device
        .patch(&server, &stream.path, Some(&stream.tag), "a=mid:0\r\n")
        .await;
    problem(patched, 404, "not-found").await;
    let again = device.attach(&server, offer("sendonly")).await;
    assert_ne!(again.path, stream.path);
    let back = |message: &Value| {
        message["participant"]["id"] == seat && message["participant"]["presence"] == "here"
    };
    chair.hear_where("participant", back).await;
}
