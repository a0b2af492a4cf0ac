//! A meeting is recorded: who is told, who may have the file, and that the record names every piece of it. Nobody sends sound or
//! pictures here, so what is recorded is silence under a dark picture; `tests/browsers` has real ones.

use std::time::Duration;

use hoian_server::domain::record;
use hoian_server::media::recording::webm;
use hoian_server::store::blob;
use hoian_tests::{Client, Server, binary};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use serde_json::{Value, json};

use crate::conference::{Hall, ask, hall};
use crate::person::Person;

async fn step(person: &mut Person, name: &str) {
    person
        .say(json!({ "type": "step", "step": { "name": name } }))
        .await;
}

async fn recordings(client: &Client, hall: &Hall) -> Value {
    ask(
        client,
        &format!("/api/v1/meetings/{}/recordings", hall.meeting.id),
    )
    .await
}

/// Until of the recording `at` so much is stored.
async fn stored(client: &Client, hall: &Hall, at: usize, is_enough: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let found = recordings(client, hall).await[at].clone();
        if is_enough(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain: {}", recordings(client, hall).await);
}

async fn file(client: &Client, hall: &Hall, number: u32) -> Vec<u8> {
    let path = format!("/api/v1/meetings/{}/recordings/{number}", hall.meeting.id);
    let answer = client.get(&path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

async fn record_of(client: &Client, hall: &Hall) -> String {
    let path = format!("/api/v1/meetings/{}/record", hall.meeting.id);
    client.get(&path).send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_told_and_the_record_names_every_piece() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let client = server.log_in("chutich").await;
    assert_eq!(recordings(&client, &hall).await, json!([]));
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let mut delegate = Person::member(&server, &hall.meeting, "vanthu.sonv").await;
    delegate.join(None, None).await;
    step(&mut chair, "start_recording").await;
    let told = delegate.hear("recording").await["recording"].clone();
    assert_eq!((&told["id"], &told["is_paused"]), (&json!(1), &json!(false)));
    let mut guest = Person::guest(&server, &hall.meeting).await;
    let welcome = guest.join(Some("Khách"), None).await;
    assert_eq!(
        welcome["procedure"]["recording"], told,
        "whoever comes later as well"
    );
    chair
        .say(json!({ "type": "step", "step": { "name": "set_item", "number": 2 } }))
        .await;
    stored(&client, &hall, 0, |one| one["duration_ms"].as_u64() > Some(2_000)).await;
    let path = format!("/api/v1/meetings/{}/recordings/1", hall.meeting.id);
    let early = client.get(&path).send().await.unwrap();
    assert_eq!(early.status(), StatusCode::CONFLICT, "it is not over");

    step(&mut chair, "pause_recording").await;
    guest
        .hear_where("recording", |message| message["recording"]["is_paused"] == true)
        .await;
    step(&mut chair, "resume_recording").await;
    guest
        .hear_where("recording", |message| message["recording"]["is_paused"] == false)
        .await;
    step(&mut chair, "stop_recording").await;
    guest
        .hear_where("recording", |message| message["recording"].is_null())
        .await;
    let whole = stored(&client, &hall, 0, |one| one["is_whole"] == true).await;
    assert_eq!(whole["stop"], "stopped");
    assert_eq!(whole["chapters"][0]["title"], "2. Thảo luận", "{whole}");

    let bytes = file(&client, &hall, 1).await;
    let record = record_of(&client, &hall).await;
    let report = record::check(record.as_bytes(), None);
    assert!(report.is_good(), "{report}");
    let told = report.meeting.unwrap();
    let recording = told.recordings.of(1).unwrap();
    let hashed = |bytes: &[u8]| {
        let clusters = webm::clusters(bytes).unwrap().into_iter();
        clusters
            .map(|(at, bytes)| (at, blob::of(bytes).0))
            .collect::<Vec<_>>()
    };
    assert!(recording.kept() >= 2);
    assert_eq!(recording.differences(&hashed(&bytes)), []);
    doctor_names_a_changed_byte(&server, &bytes, &record);
    parts_are_those_of_the_whole(&client, &path, &bytes).await;
    only_who_may_have_the_record(&server, &hall).await;
    server.stop().await;
}

fn doctor_names_a_changed_byte(server: &Server, bytes: &[u8], record: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (video, text) = (folder.path().join("1.webm"), folder.path().join("record.jsonl"));
    std::fs::write(&text, record).unwrap();
    let doctor = |bytes: &[u8]| {
        std::fs::write(&video, bytes).unwrap();
        let arguments = [
            "doctor",
            "recording",
            video.to_str().unwrap(),
            "--record",
            text.to_str().unwrap(),
        ];
        let output = binary::command(server.folder(), &arguments).output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (code, said) = doctor(bytes);
    assert_eq!(code, Some(0), "{said}");
    let mut changed = bytes.to_vec();
    let last = changed.len() - 5;
    changed[last] ^= 1;
    let (code, said) = doctor(&changed);
    assert_eq!(code, Some(1));
    assert!(said.contains("was CHANGED"), "{said}");
}

async fn parts_are_those_of_the_whole(client: &Client, path: &str, whole: &[u8]) {
    let length = whole.len();
    let part = async |range: String| client.get(path).header(RANGE, range).send().await.unwrap();
    for (from, until) in [(0, 1), (100, 900), (length / 2, length)] {
        let answer = part(format!("bytes={from}-{}", until - 1)).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT);
        let named = format!("bytes {from}-{}/{length}", until - 1);
        assert_eq!(answer.headers()[CONTENT_RANGE], named);
        assert_eq!(answer.headers()[CONTENT_LENGTH], (until - from).to_string());
        assert_eq!(answer.bytes().await.unwrap(), whole[from..until]);
    }
    let tail = part("bytes=-7".to_owned()).await;
    assert_eq!(tail.bytes().await.unwrap(), whole[length - 7..]);
    let beyond = part(format!("bytes={length}-")).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
}

async fn only_who_may_have_the_record(server: &Server, hall: &Hall) {
    for (user_name, status) in [
        ("chuyenvien", 200),
        ("quantri", 200),
        ("vanthu", 403),
        ("vanthu.sonv", 403),
        ("giamdoc.sonv", 404),
    ] {
        let client = server.log_in(user_name).await;
        for path in ["recordings", "recordings/1"] {
            let path = format!("/api/v1/meetings/{}/{path}", hall.meeting.id);
            let answer = client.get(&path).send().await.unwrap();
            assert_eq!(answer.status(), status, "{user_name} {path}");
        }
    }
}

/// The end of the meeting is the end of its recording, and so is the program's; then it is whole before anybody comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_ends_with_the_meeting_and_with_the_program() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let client = server.log_in("chutich").await;
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    step(&mut chair, "start_recording").await;
    stored(&client, &hall, 0, |one| one["duration_ms"].as_u64() > Some(1_000)).await;
    let server = server.restart().await;
    let client = server.log_in("chutich").await;
    let first = recordings(&client, &hall).await[0].clone();
    assert_eq!(
        (&first["is_whole"], &first["stop"]),
        (&json!(true), &json!("interrupted"))
    );
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    let welcome = chair.join(None, None).await;
    assert_eq!(welcome["procedure"]["recording"], Value::Null);
    step(&mut chair, "start_recording").await;
    stored(&client, &hall, 1, |one| one["duration_ms"].as_u64() > Some(1_000)).await;
    chair.say(json!({ "type": "end" })).await;
    chair.hear("ended").await;
    let second = stored(&client, &hall, 1, |one| one["is_whole"] == true).await;
    assert_eq!(second["stop"], "meeting_over");
    let report = record::check(record_of(&client, &hall).await.as_bytes(), None);
    assert!(report.is_good(), "{report}");
    assert!(webm::clusters(&file(&client, &hall, 2).await).is_ok());
    server.stop().await;
}
