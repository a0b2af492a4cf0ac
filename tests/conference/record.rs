//! The record of a real meeting as a file: who may take it away, that it is whole, and that a change of it is named.

use hoian_server::conference::export;
use hoian_server::domain::meeting::MeetingId;
use hoian_server::domain::record;
use hoian_tests::Server;
use hoian_tests::binary::doctor_record;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::conference::{Hall, ask, hall, plan};
use crate::person::Person;
use crate::votes::terms;

async fn step(person: &mut Person, step: Value) {
    person.say(json!({ "type": "step", "step": step })).await;
}

/// A meeting in which something of everything happens; it goes on over a restart and a change of its plan.
async fn held(server: Server, hall: &Hall) -> Server {
    let delegate = server.log_in("vanthu.sonv").await;
    let registered = delegate.post(&format!("/api/v1/meetings/{}/speech", hall.meeting.id));
    assert_eq!(
        registered.send().await.unwrap().status(),
        204,
        "before anybody is in"
    );
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    let seat = chair.join(None, None).await["id"].clone();
    let mut room = hall.room(&server, 1).await;
    room.join(None, None).await;
    let mut guest = Person::guest(&server, &hall.meeting).await;
    guest.join(Some("Khách"), None).await;
    step(&mut chair, json!({ "name": "say", "text": "Chào các đồng chí" })).await;
    chair.hear("said").await;
    for muted in [false, false, true] {
        chair
            .say(json!({ "type": "mute", "source": "microphone", "muted": muted }))
            .await;
    }
    let paper = json!({ "what": "paper", "paper": "giay-to", "page": 2 });
    step(&mut chair, json!({ "name": "set_stage", "stage": paper })).await;
    room.hear("stage").await;
    step(&mut chair, json!({ "name": "mute", "seat": null })).await;
    // Everything said before is done.
    chair.say(json!({ "type": "ping", "id": 1 })).await;
    assert_eq!(chair.error_before_pong(1).await, None);
    drop(guest);
    drop(room);
    drop(chair);
    let server = server.restart().await;

    let client = server.log_in("chutich").await;
    let path = format!("/api/v1/meetings/{}", hall.meeting.id);
    let mut changed = plan(&client).await;
    changed["members"][2]["weight"] = json!(3);
    let prepared = ask(&client, &format!("{path}/preparation")).await;
    for (site, kept) in prepared["sites"].as_array().unwrap().iter().enumerate() {
        changed["sites"][site]["id"] = kept["id"].clone();
    }
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let sent = client.request(reqwest::Method::PUT, &path).json(&changed).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    chair.hear("procedure").await;
    let mut delegate = Person::member(&server, &hall.meeting, "vanthu.sonv").await;
    let voter = delegate.join(None, None).await["id"].clone();
    step(
        &mut chair,
        json!({ "name": "open_vote", "terms": terms("delegates", "half_of_called") }),
    )
    .await;
    delegate.hear("vote").await;
    let ballot =
        |voter: &Value, choice| json!({ "name": "cast_ballot", "vote": 1, "voter": voter, "choice": choice });
    step(&mut delegate, ballot(&voter, "against")).await;
    step(&mut delegate, ballot(&voter, "in_favour")).await;
    delegate
        .hear_where("vote", |message| {
            message["vote"]["ballots"][0]["choice"] == "in_favour"
        })
        .await;
    step(&mut chair, ballot(&seat, "in_favour")).await;
    step(&mut chair, json!({ "name": "close_vote", "vote": 1 })).await;
    let over = delegate
        .hear_where("vote", |message| message["vote"]["end"].is_object())
        .await;
    assert_eq!(over["vote"]["tally"]["in_favour"], 4);
    chair.say(json!({ "type": "end" })).await;
    chair.hear("ended").await;
    chair.closing().await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_meeting_is_whole_and_every_entry_changed_or_gone_is_named() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let path = format!("/api/v1/meetings/{}/record", hall.meeting.id);
    let server = held(server, &hall).await;
    for (user_name, status) in [
        ("chutich", 200),
        ("chuyenvien", 200),
        ("quantri", 200),
        ("vanthu", 403),
        ("vanthu.sonv", 403),
        ("giamdoc.sonv", 404),
    ] {
        let answer = server.log_in(user_name).await.get(&path).send().await.unwrap();
        assert_eq!(answer.status(), status, "{user_name}");
    }
    let answer = server.log_in("chutich").await.get(&path).send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-ndjson");
    let file = answer.text().await.unwrap();
    let report = record::check(file.as_bytes(), None);
    assert!(report.is_good(), "{report}");
    for event in [
        "called",
        "came",
        "gone",
        "asked",
        "said",
        "microphone",
        "staged",
        "muted",
        "vote_opened",
        "voted",
        "vote_closed",
    ] {
        let count = file.matches(&format!(r#""event":"{event}""#)).count();
        let wanted = match event {
            "called" | "microphone" => 2,
            "voted" => 3,
            _ => 1,
        };
        assert!(count >= wanted, "{count} of {event}");
        assert!(event != "microphone" || count == 2, "only what changes");
    }
    let id = MeetingId(hall.meeting.id.clone());
    let head = export::head(server.app().store.read(), &id).await.unwrap();
    let (code, said) = doctor_record(file.as_bytes(), &["--head", &head]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("carried: 4 in favour"), "{said}");

    let lines: Vec<&str> = file.lines().collect();
    let voted = lines
        .iter()
        .position(|line| line.contains(r#""event":"voted""#))
        .unwrap();
    let without: String = lines
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != voted)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let (code, said) = doctor_record(without.as_bytes(), &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("entry {voted} was REMOVED")), "{said}");
    let (code, said) = doctor_record(file.replacen("against", "in_favour", 1).as_bytes(), &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("entry {voted} was CHANGED")), "{said}");
    let (code, said) = doctor_record(file.as_bytes(), &["--head", &"0".repeat(64)]);
    assert_eq!(code, Some(1));
    assert!(said.contains("ANOTHER RECORD"), "{said}");
}
