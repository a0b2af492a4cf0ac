//! What each role may ask of a meeting, asked directly on the socket: a row for every message and every step, and a
//! message or step without a row fails.

use hoian_server::conference::protocol::ClientMessage;
use hoian_server::domain::procedure::Step;
use hoian_tests::Server;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::conference::{Hall, hall};
use crate::person::Person;
use crate::votes::terms;

/// The names that an enum of messages knows, as its own reader says them.
fn names<T: DeserializeOwned>(tag: &str) -> Vec<String> {
    let refused = serde_json::from_value::<T>(json!({ tag: "no such name" })).err();
    let sentence = refused.expect("no such name is refused").to_string();
    let known = sentence.split("expected").nth(1).expect("the known names");
    let mut names: Vec<String> = known.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

/// Chair, secretary, technical host, delegate, guest: `.` taken, `R` refused by role, `-` not reached by role (what is
/// named is not there, or the state does not let it), which counts as allowed.
const STEPS: &[(&str, &str)] = &[
    ("raise_hand", "....."),
    ("lower_hand", "....."),
    ("give_floor", "--RRR"),
    ("call_speaker", "..RRR"),
    ("answer_floor", "-----"),
    ("end_turn", "....."),
    ("extend_turn", "--RRR"),
    ("move_turn", "--RRR"),
    ("drop_turn", "--RRR"),
    ("mark", "..RRR"),
    ("admit", "...RR"),
    ("remove", "---RR"),
    ("mute", "...RR"),
    ("lock", "...RR"),
    ("set_lobby", "...RR"),
    ("set_chat", "...RR"),
    ("set_microphones", "...RR"),
    ("set_quota", "..RRR"),
    ("set_stage", "..RRR"),
    ("set_item", "..RRR"),
    ("say", "....."),
    // The secretary asks for the same vote, which is the chair's.
    ("open_vote", "..RRR"),
    ("close_vote", "--RRR"),
    ("withdraw_vote", "--RRR"),
    ("cast_ballot", "--R-R"),
    ("ask_token", "--R-R"),
    // The secretary writes the same words, which are there already.
    ("write", "..RRR"),
    ("start_recording", "..RRR"),
    ("pause_recording", "..RRR"),
    ("resume_recording", "..RRR"),
    ("stop_recording", "..RRR"),
];

/// The same for messages that are no step.
const MESSAGES: &[(&str, &str)] = &[
    ("check", "....R"),
    ("end", "..RRR"),
    // Asked when already in: answered by another error than `refused`.
    ("join", "-----"),
    ("leave", "....."),
    ("line", "....."),
    ("mute", "....R"),
    ("ping", "....."),
    // Who may not point is not heard; there is nothing to refuse.
    ("point", "....."),
    ("publish_offer", "----R"),
    ("step", "....."),
    ("still", "....."),
    ("subscribe_again", "....."),
    ("subscribe_answer", "-----"),
    ("view", "....."),
    ("watch", "....."),
];

#[test]
fn every_message_and_every_step_has_a_row() {
    let rows = |table: &[(&str, &str)]| {
        let mut rows: Vec<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(STEPS), names::<Step>("name"));
    assert_eq!(rows(MESSAGES), names::<ClientMessage>("type"));
}

fn step(name: &str, hall: &Hall) -> Value {
    let other = &hall.absent_seat;
    let fields = match name {
        "give_floor" | "drop_turn" | "end_turn" => json!({ "turn": 999 }),
        "answer_floor" => json!({ "turn": 999, "accept": true }),
        "extend_turn" => json!({ "turn": 999, "seconds": 60 }),
        "move_turn" => json!({ "turn": 999, "to": 0 }),
        "call_speaker" => json!({ "seat": other }),
        "mark" => json!({ "seat": other, "mark": "absent", "reason": "bận" }),
        "admit" => json!({ "seats": [] }),
        "remove" => json!({ "seat": "no such seat" }),
        "mute" => json!({ "seat": null }),
        "lock" => json!({ "locked": false }),
        "set_lobby" => json!({ "lobby": false }),
        "set_chat" => json!({ "open": true }),
        "set_microphones" => json!({ "rule": "free" }),
        "set_quota" => json!({ "seconds": 300 }),
        "set_stage" => json!({ "stage": { "what": "paper", "paper": "p", "page": 1 } }),
        "set_item" => json!({ "number": 1 }),
        "say" => json!({ "text": "xin chào" }),
        "open_vote" => json!({ "terms": terms("sites", "half_of_called") }),
        "close_vote" | "withdraw_vote" => json!({ "vote": 999 }),
        "ask_token" => json!({ "vote": 999, "voter": other, "blinded": "00".repeat(256) }),
        "write" => json!({ "writing": { "what": "note", "item": 1, "revision": 0, "text": "ghi" } }),
        "cast_ballot" => json!({ "vote": 999, "voter": other, "choice": "in_favour" }),
        _ => json!({}),
    };
    let mut step = fields;
    step["name"] = json!(name);
    json!({ "type": "step", "step": step })
}

fn message(name: &str) -> Value {
    let mut message = match name {
        "join" => json!({ "version": 1, "name": "Khách" }),
        "mute" => json!({ "source": "screen", "muted": false }),
        "point" => json!({ "x": 1, "y": 1 }),
        "publish_offer" => json!({ "sdp": "", "tracks": [{ "mid": "0", "source": "screen" }] }),
        "step" => json!({ "step": { "name": "lower_hand" } }),
        "still" => json!({ "jpeg": "/9j/4AAQSkZJRg==" }),
        "subscribe_again" => json!({ "keep": true }),
        "subscribe_answer" => json!({ "sdp": "" }),
        "view" => json!({ "slots": [] }),
        "line" => json!({ "line": {
            "lost_permille": 1, "concealed_permille": 0, "round_trip_ms": 20, "jitter_ms": 2, "freezes": 0,
            "down_kbps": 800, "up_kbps": 300, "way": "udp",
        } }),
        "watch" => json!({ "pictures": 4 }),
        "check" => json!({ "check": { "camera": "works", "microphone": "fails", "loudspeaker": "untried" } }),
        "ping" => json!({ "id": 7 }),
        _ => json!({}),
    };
    message["type"] = json!(name);
    message
}

/// How a message was answered: the ping behind it says that its answer, if any, has come.
async fn answer(person: &mut Person, message: Value, id: u32) -> char {
    person.say(message).await;
    person.say(json!({ "type": "ping", "id": id })).await;
    match person.error_before_pong(id).await.as_deref() {
        None => '.',
        Some("refused") => 'R',
        Some(_) => '-',
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_is_answered_as_the_rows_say_by_direct_messages() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut people = hall.everyone(&server).await;
    let mut wrong = Vec::new();
    let steps = STEPS.iter().map(|(name, row)| (*name, *row, step(name, &hall)));
    let ends = ["end", "leave"];
    let plain = MESSAGES.iter().filter(|(name, _)| !ends.contains(name));
    let plain = plain.map(|(name, row)| (*name, *row, message(name)));
    for (number, (name, row, message)) in (1000..).zip(steps.chain(plain)) {
        let mut found = String::new();
        for person in &mut people {
            found.push(answer(person, message.clone(), number).await);
        }
        if found != row {
            wrong.push(format!("{name}: the row says {row}, the socket {found}"));
        }
    }
    // Those who may not end it are asked first, or nobody would be left.
    for (index, person) in people.iter_mut().enumerate().rev().take(3) {
        if answer(person, message("end"), 1).await != 'R' {
            wrong.push(format!("end by {index} was not refused"));
        }
        person.say(message("leave")).await;
        assert_eq!(person.closing().await.0, 1000);
    }
    people[1].say(message("end")).await;
    people[0].hear("ended").await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
