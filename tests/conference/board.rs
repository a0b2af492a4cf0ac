//! Trying seats out before the meeting, one by one or with the technical host, and the board that shows it.

use hoian_tests::Server;
use serde_json::{Value, json};

use crate::conference::{Hall, ask, hall};
use crate::person::{Person, cookie};

/// A socket in the room in which `seat` is tried out.
async fn trial(
    server: &Server,
    hall: &Hall,
    link: Option<&str>,
    user_name: Option<&str>,
    seat: &str,
) -> Result<Person, u16> {
    let cookie = match user_name {
        Some(user_name) => Some(cookie(server, user_name).await),
        None => None,
    };
    let query = format!("{}&trial={seat}", link.unwrap_or(&hall.meeting.code));
    Person::open(
        server,
        &hall.meeting.id,
        Some(&query),
        cookie.as_deref(),
        Some(&server.origin()),
    )
    .await
}

async fn board(server: &Server, hall: &Hall, user_name: &str) -> Vec<Value> {
    let host = server.log_in(user_name).await;
    let board = ask(&host, &format!("/api/v1/meetings/{}/board", hall.meeting.id)).await;
    board["seats"].as_array().unwrap().clone()
}

async fn settled(person: &mut Person) {
    person.say(json!({ "type": "ping", "id": 77 })).await;
    assert_eq!(person.error_before_pong(77).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_tries_itself_out_with_the_host_and_the_board_tells_it_before_and_in_the_meeting() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let before = board(&server, &hall, "vanthu").await;
    assert_eq!(before.len(), 2, "the sites: {before:?}");
    assert_eq!(
        (&before[1]["name"], &before[1]["standing"]),
        (&json!("Xã An Phú"), &json!("out"))
    );
    assert_eq!(before[1]["link_code"], hall.site_codes[1]);
    let seat = before[1]["seat"].as_str().unwrap().to_owned();

    let code = Some(hall.site_codes[1].as_str());
    let mut site = trial(&server, &hall, code, None, "own")
        .await
        .unwrap_or_else(|status| panic!("a site tries itself out: {status}"));
    assert_eq!(site.join(None, None).await["id"], seat.as_str());
    let check = json!({ "camera": "works", "microphone": "fails", "loudspeaker": "untried" });
    site.say(json!({ "type": "check", "check": check })).await;
    settled(&mut site).await;
    let now = board(&server, &hall, "vanthu").await;
    assert_eq!(
        (&now[1]["standing"], &now[1]["check"]["microphone"]),
        (&json!("trial"), &json!("fails"))
    );
    assert!(now[1]["tested_at"].is_string(), "{}", now[1]);
    assert_eq!(now[0]["standing"], "out");

    let mut host = trial(&server, &hall, None, Some("vanthu"), &seat)
        .await
        .unwrap_or_else(|status| panic!("the host calls: {status}"));
    let welcome = host.join(None, None).await;
    assert_eq!(welcome["participants"].as_array().unwrap().len(), 2);
    site.hear_where("participant", |heard| {
        heard["participant"]["name"] == "Lê Thị Hoa"
    })
    .await;
    nothing_of_it_counts(&server, &hall).await;

    site.say(json!({ "type": "leave" })).await;
    let mut site = hall.room(&server, 1).await;
    site.join(None, None).await;
    let now = board(&server, &hall, "vanthu").await;
    assert_eq!(
        (&now[1]["standing"], &now[1]["check"]["camera"]),
        (&json!("meeting"), &json!("works"))
    );
    site.say(json!({ "type": "check", "check": { "camera": "works", "microphone": "works", "loudspeaker": "works" } }))
        .await;
    settled(&mut site).await;
    assert_eq!(
        board(&server, &hall, "vanthu").await[1]["check"]["loudspeaker"],
        "works"
    );
}

/// No roll is kept of a trial, and its end is no end of the meeting.
async fn nothing_of_it_counts(server: &Server, hall: &Hall) {
    let chair = server.log_in("chutich").await;
    let path = format!("/api/v1/meetings/{}", hall.meeting.id);
    let roll = ask(&chair, &format!("{path}/roll")).await;
    let entries = roll["entries"].as_array().unwrap();
    assert!(
        entries.iter().all(|entry| entry["intervals"] == json!([])),
        "{roll}"
    );
    assert_eq!(ask(&chair, &path).await["is_running"], false);
    let mut own = trial(server, hall, None, Some("chutich"), "own")
        .await
        .unwrap_or_else(|status| panic!("the chair tries too: {status}"));
    own.join(None, None).await;
    own.say(json!({ "type": "end" })).await;
    own.hear("ended").await;
    assert_eq!(ask(&chair, &path).await["ended_at"], Value::Null);
    assert_eq!(ask(&chair, &format!("{path}/lines")).await["whole"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_look_after_the_lines_enters_nobody_elses_trial_and_sees_no_board() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let seat = board(&server, &hall, "chutich").await[1]["seat"]
        .as_str()
        .unwrap()
        .to_owned();
    let site = Some(hall.site_codes[0].as_str());
    for (link, user_name, seat, status) in [
        (None, None, "own", 403),
        (None, None, seat.as_str(), 403),
        (None, Some("vanthu.sonv"), seat.as_str(), 403),
        (site, None, seat.as_str(), 403),
        (None, Some("vanthu"), "nobody", 404),
        // A seat, but nobody's in this meeting.
        (None, Some("vanthu"), "5f0c1d3e-0000-4000-8000-000000000000", 404),
    ] {
        let answer = trial(&server, &hall, link, user_name, seat).await.err();
        assert_eq!(answer, Some(status), "{user_name:?} in the trial of {seat}");
    }
    for (user_name, status) in [
        ("chuyenvien", 200),
        ("vanthu.sonv", 403),
        ("vanthu.anphu", 403),
        ("quantri", 404),
    ] {
        let person = server.log_in(user_name).await;
        let path = format!("/api/v1/meetings/{}/board", hall.meeting.id);
        assert_eq!(
            person.get(&path).send().await.unwrap().status(),
            status,
            "{user_name}"
        );
    }
}
