//! Who may call a meeting, see it, and stand at its socket.

use hoian_server::accounts;
use hoian_server::accounts::change::{self, Standing};
use hoian_server::store::audit::Actor;
use hoian_tests::Server;
use serde_json::{Value, json};

use crate::person::{Person, call, cookie};

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_calls_a_meeting() {
    let server = Server::start().await;
    let body = json!({ "title": "Họp" });
    for (user_name, status) in [
        ("chutich", 201),
        ("vanthu", 201),
        ("chuyenvien", 201),
        ("quantri", 403),
    ] {
        let client = server.log_in(user_name).await;
        let response = client.post("/api/v1/meetings").json(&body).send().await.unwrap();
        assert_eq!(response.status(), status, "{user_name}");
    }
    assert_eq!(
        server
            .client()
            .post("/api/v1/meetings")
            .json(&body)
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_cannot_be_is_refused_with_its_reason() {
    let server = Server::start().await;
    let client = server.log_in("chutich").await;
    let nobody = json!([{ "person_id": "0192", "role": "delegate" }]);
    let guest = json!([{ "person_id": "0192", "role": "guest" }]);
    let cases = [
        (json!({ "title": "  " }), 422, "meeting-title"),
        (json!({ "title": "x".repeat(201) }), 422, "meeting-title"),
        (json!({ "title": "Họp\u{202e}" }), 422, "meeting-title"),
        (
            json!({ "title": "Họp", "members": nobody }),
            422,
            "meeting-members",
        ),
        (
            json!({ "title": "Họp", "members": guest }),
            422,
            "meeting-members",
        ),
        (
            json!({ "title": "Họp", "agency_id": "agency-snv" }),
            403,
            "forbidden",
        ),
        (json!({ "title": "Họp", "secret": true }), 400, "malformed"),
        (json!({}), 400, "malformed"),
    ];
    for (body, status, name) in cases {
        let response = client.post("/api/v1/meetings").json(&body).send().await.unwrap();
        assert_eq!(response.status(), status, "{body}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["type"], format!("/problems/{name}"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_is_seen_by_who_was_called_or_has_the_link() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let path = format!("/api/v1/meetings/{}", meeting.id);
    let door = format!("/api/v1/meetings/by-link/{}", meeting.code.to_uppercase());
    for (user_name, status, listed, role) in [
        ("chutich", 200, 1, "chair"),
        ("vanthu", 200, 1, "delegate"),
        ("giamdoc.sonv", 404, 0, "delegate"),
    ] {
        let client = server.log_in(user_name).await;
        assert_eq!(
            client.get(&path).send().await.unwrap().status(),
            status,
            "{user_name}"
        );
        let list: Value = client
            .get("/api/v1/meetings")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), listed, "{user_name}");
        let seen: Value = client.get(&door).send().await.unwrap().json().await.unwrap();
        assert_eq!(seen["my_role"], role, "{user_name}");
    }
    let anyone = server.client();
    let seen: Value = anyone.get(&door).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        (&seen["my_role"], &seen["title"]),
        (&json!("guest"), &json!("Giao ban tuần"))
    );
    assert!(
        seen.get("link_code").is_none() && seen.get("members").is_none(),
        "the door tells no more than it must"
    );
    for code in ["00000-00000-00000-00000", "x", "%00"] {
        let path = format!("/api/v1/meetings/by-link/{code}");
        assert_eq!(anyone.get(&path).send().await.unwrap().status(), 404, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_opens_only_to_who_may_enter() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let outsider = cookie(&server, "giamdoc.sonv").await;
    let ours = server.origin();
    let (ours, foreign) = (Some(ours.as_str()), Some("https://evil.example"));
    let (code, id) = (Some(meeting.code.as_str()), meeting.id.as_str());
    let wrong = Some("00000-00000-00000-00000");
    let nowhere = "01939c2e-0000-7000-8000-000000000001";
    let cases = [
        ("without session and link", id, None, None, ours, Err(401)),
        ("with another's link", id, wrong, None, ours, Err(404)),
        (
            "not called, without link",
            id,
            None,
            Some(outsider.as_str()),
            ours,
            Err(404),
        ),
        (
            "not called, with the link",
            id,
            code,
            Some(outsider.as_str()),
            ours,
            Ok(()),
        ),
        ("no such meeting", nowhere, code, None, ours, Err(404)),
        ("no id at all", "%F0", code, None, ours, Err(404)),
        ("from another site", id, code, None, foreign, Err(403)),
        (
            "from another site, with a session",
            id,
            None,
            Some(outsider.as_str()),
            foreign,
            Err(403),
        ),
        ("a program without a session", id, code, None, None, Ok(())),
        (
            "a session without an origin",
            id,
            code,
            Some(outsider.as_str()),
            None,
            Err(403),
        ),
    ];
    for (case, id, link, cookie, origin, wanted) in cases {
        let found = Person::open(&server, id, link, cookie, origin).await.map(|_| ());
        assert_eq!(found, wanted, "{case}");
    }
    let plain = server
        .client()
        .get(&format!("/api/v1/meetings/{id}/socket?link={}", meeting.code));
    assert_eq!(plain.send().await.unwrap().status(), 426, "no WebSocket");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_logged_out_or_locked_leaves_the_meeting_too() {
    let server = Server::start().await;
    let meeting = call(&server).await;
    let mut clerk = Person::member(&server, &meeting, "vanthu").await;
    let mut chair = Person::member(&server, &meeting, "chutich").await;
    clerk.join(None, None).await;
    chair.join(None, None).await;
    let id = |user_name: &'static str| {
        let app = server.app().clone();
        async move {
            accounts::find_person(app.store.read(), user_name)
                .await
                .unwrap()
                .id
        }
    };
    change::end_sessions(server.app(), &Actor::System, &id("vanthu").await)
        .await
        .unwrap();
    change::set_standing(
        server.app(),
        &Actor::System,
        &id("chutich").await,
        Standing::Locked,
    )
    .await
    .unwrap();
    assert_eq!(clerk.closing().await.0, 4401);
    assert_eq!(chair.closing().await.0, 4401);
}
