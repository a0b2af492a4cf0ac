//! The procedure over the running program: queue and floor, roll and quorum, door, stage, chat; and that a restart and a
//! reconnect lose and double nothing.

use hoian_tests::Server;
use serde_json::{Value, json};

use crate::conference::{ask, hall};
use crate::person::Person;

fn step(fields: Value) -> Value {
    json!({ "type": "step", "step": fields })
}

async fn floor(person: &mut Person, wanted: impl Fn(&Value) -> bool) -> Value {
    person
        .hear_where("floor", |message| wanted(&message["floor"]))
        .await["floor"]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_floor_is_asked_given_taken_with_consent_and_ended() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let mut room = hall.room(&server, 1).await;
    let welcome = room.join(None, None).await;
    assert_eq!(welcome["role"], "delegate");
    assert_eq!(
        welcome["participants"][1]["name"], "Xã An Phú",
        "shown by the name of the site"
    );
    let seat = welcome["id"].clone();

    let unmute = json!({ "type": "mute", "source": "microphone", "muted": false });
    room.say(unmute.clone()).await;
    assert_eq!(room.hear("error").await["error"], "floor_needed");

    for _ in 0..2 {
        room.say(step(json!({ "name": "raise_hand" }))).await;
    }
    let asked = floor(&mut chair, |floor| floor["waiting"][0]["seat"] == seat).await;
    assert_eq!(
        asked["waiting"].as_array().unwrap().len(),
        1,
        "two clicks are one turn"
    );
    let turn = asked["waiting"][0]["id"].clone();
    for _ in 0..2 {
        chair
            .say(step(json!({ "name": "give_floor", "turn": turn })))
            .await;
    }
    let offered = floor(&mut room, |floor| floor["current"].is_object()).await;
    assert_eq!(
        offered["current"]["began_at"],
        Value::Null,
        "not before the site's own consent"
    );
    room.say(unmute.clone()).await;
    assert_eq!(room.hear("error").await["error"], "floor_needed");
    room.say(step(
        json!({ "name": "answer_floor", "turn": turn, "accept": true }),
    ))
    .await;
    floor(&mut chair, |floor| floor["current"]["began_at"].is_string()).await;
    room.say(unmute).await;
    room.say(json!({ "type": "ping", "id": 3 })).await;
    assert_eq!(
        room.error_before_pong(3).await,
        None,
        "who has the floor is heard"
    );
    chair.say(step(json!({ "name": "end_turn", "turn": turn }))).await;
    floor(&mut room, |floor| {
        floor["current"].is_null() && floor["waiting"] == json!([])
    })
    .await;

    let client = server.log_in("chutich").await;
    let record = ask(&client, &format!("/api/v1/meetings/{}/roll", hall.meeting.id)).await;
    assert_eq!(record["turns"].as_array().unwrap().len(), 1);
    assert_eq!(record["turns"][0]["name"], "Xã An Phú");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_line_keeps_its_place_and_goes_into_the_roll() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let mut room = hall.room(&server, 1).await;
    let seat = room.join(None, None).await["id"].clone();
    room.say(step(json!({ "name": "raise_hand" }))).await;
    floor(&mut chair, |floor| floor["waiting"][0]["seat"] == seat).await;
    drop(room);
    let line = |message: &Value| {
        message["entry"]["seat"] == seat && message["entry"]["intervals"][0]["to"].is_string()
    };
    let lost = chair.hear_where("roll", line).await;
    assert_eq!(lost["entry"]["intervals"][0]["departure"], "lost");
    assert_eq!(lost["quorum"]["sites_present"], 1, "the main site alone");

    let mut room = hall.room(&server, 1).await;
    let welcome = room.join(None, None).await;
    assert_eq!(welcome["id"], seat);
    assert_eq!(
        welcome["procedure"]["floor"]["waiting"][0]["seat"], seat,
        "the place is kept"
    );
    let back = |message: &Value| {
        message["entry"]["seat"] == seat && message["entry"]["intervals"][1]["to"].is_null()
    };
    let back = chair.hear_where("roll", back).await;
    assert_eq!(back["quorum"]["sites_present"], 2);

    room.say(json!({ "type": "leave" })).await;
    floor(&mut chair, |floor| floor["waiting"] == json!([])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quorum_follows_the_roll_call() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut secretary = Person::member(&server, &hall.meeting, "chuyenvien").await;
    let welcome = secretary.join(None, None).await;
    let quorum = &welcome["procedure"]["quorum"];
    assert_eq!(
        (&quorum["called"], &quorum["present"], &quorum["needed"]),
        (&json!(3), &json!(0), &json!(2))
    );
    let seats: Vec<Value> = welcome["procedure"]["roll"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "person" && entry["role"] == "delegate")
        .map(|entry| entry["seat"].clone())
        .collect();
    for (seat, present, reached) in [(&seats[0], 1, false), (&seats[1], 2, true)] {
        secretary
            .say(step(
                json!({ "name": "mark", "seat": seat, "mark": "in_person", "reason": null }),
            ))
            .await;
        let told = secretary
            .hear_where("roll", |message| message["entry"]["seat"] == *seat)
            .await;
        assert_eq!(told["quorum"]["present"], present);
        assert_eq!(told["quorum"]["is_reached"], reached);
    }
    let away = json!({ "name": "mark", "seat": seats[1], "mark": "absent", "reason": "đi công tác" });
    secretary.say(step(away)).await;
    let told = secretary
        .hear_where("roll", |message| message["entry"]["mark"] == "absent")
        .await;
    assert_eq!(
        (&told["entry"]["reason"], &told["quorum"]["present"]),
        (&json!("đi công tác"), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_at_the_door_comes_in_when_let_in() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    chair
        .say(step(json!({ "name": "set_lobby", "lobby": true })))
        .await;
    chair.hear("rules").await;
    let mut guest = Person::guest(&server, &hall.meeting).await;
    guest
        .say(json!({ "type": "join", "version": 1, "name": "Báo Lam Giang" }))
        .await;
    let place = guest.hear("waiting").await["place"].clone();
    guest.say(step(json!({ "name": "raise_hand" }))).await;
    assert_eq!(
        guest.hear("error").await["error"],
        "not_joined",
        "before the door nothing is heard"
    );
    let knocking = chair.hear("knocking").await;
    assert_eq!(knocking["waiting"][0]["name"], "Báo Lam Giang");
    let seat = knocking["waiting"][0]["seat"].clone();
    chair.say(step(json!({ "name": "admit", "seats": [seat] }))).await;
    guest.hear("admitted").await;
    assert_eq!(
        guest.join(Some("Báo Lam Giang"), place.as_str()).await["id"],
        seat
    );

    chair.say(step(json!({ "name": "remove", "seat": seat }))).await;
    guest.hear("removed").await;
    assert_eq!(guest.closing().await.0, 4403);
    let mut again = Person::guest(&server, &hall.meeting).await;
    again
        .say(json!({ "type": "join", "version": 1, "name": "Tên khác" }))
        .await;
    again.hear("waiting").await;
    drop(again);
    chair
        .hear_where("knocking", |message| message["waiting"] == json!([]))
        .await;

    chair.say(step(json!({ "name": "lock", "locked": true }))).await;
    chair.hear("rules").await;
    let mut late = Person::member(&server, &hall.meeting, "vanthu.sonv").await;
    late.say(json!({ "type": "join", "version": 1 })).await;
    late.hear("waiting").await;
    let mut secretary = Person::member(&server, &hall.meeting, "chuyenvien").await;
    secretary.join(None, None).await;
    chair.say(step(json!({ "name": "lock", "locked": false }))).await;
    late.hear("admitted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_can_be_closed_and_the_pointer_is_the_presenters() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let [mut chair, mut delegate] = {
        let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
        chair.join(None, None).await;
        let mut delegate = Person::member(&server, &hall.meeting, "vanthu.sonv").await;
        delegate.join(None, None).await;
        [chair, delegate]
    };
    delegate
        .say(step(json!({ "name": "say", "text": "  Xin   chào \n" })))
        .await;
    assert_eq!(chair.hear("said").await["said"]["text"], "Xin chào");
    chair
        .say(step(json!({ "name": "set_chat", "open": false })))
        .await;
    delegate.hear("rules").await;
    delegate.say(step(json!({ "name": "say", "text": "nữa" }))).await;
    assert_eq!(delegate.hear("error").await["error"], "chat_closed");
    chair
        .say(step(
            json!({ "name": "set_stage", "stage": { "what": "paper", "paper": "p", "page": 2 } }),
        ))
        .await;
    assert_eq!(delegate.hear("stage").await["stage"]["page"], 2);
    delegate.say(json!({ "type": "point", "x": 1, "y": 1 })).await;
    delegate.say(json!({ "type": "ping", "id": 1 })).await;
    delegate.hear("pong").await;
    chair.say(json!({ "type": "point", "x": 5000, "y": 2500 })).await;
    assert_eq!(
        delegate.hear("pointer").await["x"],
        5000,
        "the delegate's own pointer was not heard"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_still_is_kept_for_those_in_the_meeting_and_must_be_a_picture() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut room = hall.room(&server, 1).await;
    let seat = room.join(None, None).await["id"].as_str().unwrap().to_owned();
    for wrong in ["", "AAAA", "kein base64"] {
        room.say(json!({ "type": "still", "jpeg": wrong })).await;
        assert_eq!(room.hear("error").await["error"], "unusable", "{wrong}");
    }
    room.say(json!({ "type": "still", "jpeg": "/9j/4AAQSkZJRg==" }))
        .await;
    room.say(json!({ "type": "ping", "id": 1 })).await;
    room.hear("pong").await;
    let path = format!("/api/v1/meetings/{}/stills/{seat}", hall.meeting.id);
    let chair = server.log_in("chutich").await;
    let still = chair.get(&path).send().await.unwrap();
    assert_eq!(
        (
            still.status().as_u16(),
            still.headers()["content-type"].to_str().unwrap()
        ),
        (200, "image/jpeg")
    );
    assert_eq!(server.client().get(&path).send().await.unwrap().status(), 401);
    let stranger = server.log_in("giamdoc.sonv").await;
    assert_eq!(stranger.get(&path).send().await.unwrap().status(), 404);
}
