//! Votes over the running program: each refusal with its own answer, who sees what, a lost line, the hour, a restart.

use std::time::Duration;

use hoian_server::clock;
use hoian_tests::Server;
use serde_json::{Value, json};

use crate::conference::{Hall, ask, hall};
use crate::person::Person;

/// Terms of a vote without a limit.
pub fn terms(electorate: &str, majority: &str) -> Value {
    json!({
        "question": "Thông qua dự thảo kế hoạch?", "item": 1, "electorate": electorate, "is_secret": false, "majority": majority,
        "seconds": null, "grace_seconds": 0,
    })
}

fn step(fields: Value) -> Value {
    json!({ "type": "step", "step": fields })
}

async fn put(person: &mut Person, terms: Value) {
    person
        .say(step(json!({ "name": "open_vote", "terms": terms })))
        .await;
}

async fn cast(person: &mut Person, voter: &Value, choice: &str) {
    let ballot = json!({ "name": "cast_ballot", "vote": 1, "voter": voter, "choice": choice });
    person.say(step(ballot)).await;
}

async fn vote(person: &mut Person, wanted: impl Fn(&Value) -> bool) -> Value {
    person
        .hear_where("vote", |message| wanted(&message["vote"]))
        .await["vote"]
        .clone()
}

async fn refusal(person: &mut Person) -> Value {
    person.hear("error").await["error"].clone()
}

/// Chair, a delegate with an account, and the room of a site.
async fn assembled(server: &Server, hall: &Hall) -> [(Person, Value); 3] {
    let mut chair = Person::member(server, &hall.meeting, "chutich").await;
    let chair_seat = chair.join(None, None).await["id"].clone();
    let mut delegate = Person::member(server, &hall.meeting, "vanthu.sonv").await;
    let delegate_seat = delegate.join(None, None).await["id"].clone();
    let mut room = hall.room(server, 1).await;
    let room_seat = room.join(None, None).await["id"].clone();
    [(chair, chair_seat), (delegate, delegate_seat), (room, room_seat)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_put_answered_counted_and_kept_in_the_record() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let mut early = Person::member(&server, &hall.meeting, "chutich").await;
    early.join(None, None).await;
    put(&mut early, terms("delegates", "half_of_called")).await;
    assert_eq!(refusal(&mut early).await, "no_quorum");
    drop(early);

    let [
        (mut chair, chair_seat),
        (mut delegate, delegate_seat),
        (mut room, room_seat),
    ] = assembled(&server, &hall).await;
    put(&mut delegate, terms("delegates", "half_of_called")).await;
    assert_eq!(refusal(&mut delegate).await, "refused");
    for _ in 0..2 {
        put(&mut chair, terms("delegates", "half_of_called")).await;
    }
    let opened = vote(&mut chair, |_| true).await;
    assert_eq!(
        [
            &opened["id"],
            &opened["voters"],
            &opened["called"],
            &opened["present"],
            &opened["needed"]
        ],
        [1, 2, 3, 2, 2]
    );
    assert_eq!(opened["ballots"][0]["voter"], chair_seat);
    assert_eq!(opened["missing"].as_array().unwrap().len(), 2);
    let seen = vote(&mut room, |_| true).await;
    assert_eq!(
        (&seen["ballots"], &seen["missing"]),
        (&json!([]), &json!([])),
        "nothing to cast, no names"
    );
    let stage = room.hear("stage").await;
    assert_eq!(stage["stage"], json!({ "what": "vote", "vote": 1 }));
    let other = json!({ "name": "open_vote", "terms": terms("sites", "half_of_called") });
    chair.say(step(other)).await;
    assert_eq!(refusal(&mut chair).await, "vote_open");

    cast(&mut room, &room_seat, "in_favour").await;
    assert_eq!(refusal(&mut room).await, "not_entitled");
    cast(&mut delegate, &chair_seat, "in_favour").await;
    assert_eq!(refusal(&mut delegate).await, "refused");
    for choice in ["against", "in_favour", "in_favour"] {
        cast(&mut delegate, &delegate_seat, choice).await;
    }
    let mine = vote(&mut delegate, |vote| vote["ballots"][0]["choice"] == "in_favour").await;
    assert_eq!(
        (&mine["voted"], &mine["tally"]["in_favour"]),
        (&json!(1), &json!(1)),
        "one ballot, changed"
    );
    let told = vote(&mut chair, |vote| vote["voted"] == 1).await;
    assert_eq!(told["missing"].as_array().unwrap().len(), 1);
    assert_eq!(told["missing"][0]["voter"], chair_seat);
    cast(&mut chair, &chair_seat, "in_favour").await;
    for _ in 0..2 {
        chair.say(step(json!({ "name": "close_vote", "vote": 1 }))).await;
    }
    for person in [&mut chair, &mut delegate, &mut room] {
        let over = vote(person, |vote| vote["end"].is_object()).await;
        assert_eq!(over["end"]["outcome"], "carried");
        assert_eq!(
            over["end"]["tally"],
            json!({ "in_favour": 2, "against": 0, "abstaining": 0 })
        );
    }
    cast(&mut delegate, &delegate_seat, "against").await;
    assert_eq!(refusal(&mut delegate).await, "vote_closed");

    let client = server.log_in("chutich").await;
    let record = ask(&client, &format!("/api/v1/meetings/{}/roll", hall.meeting.id)).await;
    assert_eq!(record["votes"].as_array().unwrap().len(), 1);
    let kept = &record["votes"][0];
    assert_eq!(kept["end"]["outcome"], "carried");
    assert_eq!(kept["quorum"]["present"], 2);
    let choices: Vec<&Value> = kept["voters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["choice"])
        .collect();
    assert_eq!(choices, ["in_favour", "in_favour"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_lost_its_line_keeps_its_ballot_and_the_chair_is_told() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let [(mut chair, _), (_delegate, _), (room, room_seat)] = assembled(&server, &hall).await;
    let mut limited = terms("sites", "half_of_called");
    limited["seconds"] = json!(60);
    limited["grace_seconds"] = json!(30);
    put(&mut chair, limited).await;
    let opened = vote(&mut chair, |_| true).await;
    assert!(opened["closes_at"].is_string());
    let main = opened["missing"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["voter"] != room_seat);
    let main = main.expect("the main site is there without a line").clone();
    assert_eq!(main["by_hand"], true);
    drop(room);
    let told = vote(&mut chair, |vote| vote["closes_at"].is_null()).await;
    let lost = told["missing"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["voter"] == room_seat);
    assert_eq!(lost.unwrap()["is_lost"], true);
    server.clock.advance(Duration::from_secs(300));
    cast(&mut chair, &main["voter"], "against").await;
    vote(&mut chair, |vote| vote["voted"] == 1).await;

    let mut room = hall.room(&server, 1).await;
    let welcome = room.join(None, None).await;
    let waiting = &welcome["procedure"]["votes"][0];
    assert_eq!(waiting["end"], Value::Null, "its ballot is kept open");
    assert_eq!(waiting["ballots"][0]["voter"], room_seat);
    assert!(waiting["closes_at"].is_string(), "for half a minute");
    cast(&mut room, &room_seat, "in_favour").await;
    // Nobody is waited for any more, and the time has long been over.
    let over = vote(&mut chair, |vote| vote["end"].is_object()).await;
    assert_eq!(
        over["end"]["tally"],
        json!({ "in_favour": 1, "against": 1, "abstaining": 0 })
    );
    assert_eq!(over["end"]["outcome"], "not_carried");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_the_hour_comes_too_late() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let [(mut chair, _), (mut delegate, delegate_seat), _room] = assembled(&server, &hall).await;
    let mut limited = terms("delegates", "two_thirds_of_present");
    limited["seconds"] = json!(7200);
    put(&mut chair, limited).await;
    vote(&mut delegate, |_| true).await;
    server.clock.advance(Duration::from_secs(7200));
    cast(&mut delegate, &delegate_seat, "in_favour").await;
    assert_eq!(refusal(&mut delegate).await, "vote_closed");
    assert_eq!(vote(&mut chair, |vote| vote["end"].is_object()).await["voted"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_meeting_breaks_an_open_vote_off_and_weights_count() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let client = server.log_in("chutich").await;
    let mut plan = crate::conference::plan(&client).await;
    for member in plan["members"].as_array_mut().unwrap() {
        member["weight"] = json!(4);
    }
    let path = format!("/api/v1/meetings/{}", hall.meeting.id);
    let prepared = ask(&client, &format!("{path}/preparation")).await;
    for (site, kept) in prepared["sites"].as_array().unwrap().iter().enumerate() {
        plan["sites"][site]["id"] = kept["id"].clone();
    }
    let change = async |plan: &Value| {
        let sent = client.request(reqwest::Method::PUT, &path).json(plan).send();
        sent.await.unwrap().status().as_u16()
    };
    assert_eq!(change(&plan).await, 200);
    plan["members"][0]["weight"] = json!(0);
    assert_eq!(change(&plan).await, 422);

    let [(mut chair, _), (mut delegate, delegate_seat), _room] = assembled(&server, &hall).await;
    put(&mut chair, terms("delegates", "two_thirds_of_present")).await;
    let opened = vote(&mut chair, |_| true).await;
    assert_eq!(
        [&opened["called"], &opened["present"], &opened["needed"]],
        [9, 5, 4]
    );
    cast(&mut delegate, &delegate_seat, "in_favour").await;
    assert_eq!(
        vote(&mut chair, |vote| vote["voted"] == 1).await["tally"]["in_favour"],
        4
    );
    chair.say(json!({ "type": "end" })).await;
    chair.hear("ended").await;
    assert_eq!(chair.closing().await.0, 4410);
    let record = ask(&client, &format!("{path}/roll")).await;
    assert_eq!(record["votes"][0]["end"]["outcome"], "withdrawn");
}

/// Where all vote at once, each page is told a few times a second and not once a ballot; the last count is always told.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_votes_at_once_is_counted_a_few_times_and_to_its_end() {
    const SITES: usize = 30;
    let server = Server::start().await;
    let hall = crate::secret::sites(&server, SITES).await;
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let mut rooms = Vec::new();
    for site in 0..SITES {
        let mut room = hall.room(&server, site).await;
        let seat = room.join(None, None).await["id"].clone();
        rooms.push((room, seat));
    }
    put(&mut chair, terms("sites", "half_of_called")).await;
    vote(&mut chair, |_| true).await;
    let begun = clock::instant();
    for (room, seat) in &mut rooms {
        cast(room, seat, "in_favour").await;
    }
    let mut told = 0;
    while vote(&mut chair, |_| true).await["voted"] != SITES {
        told += 1;
    }
    let most = clock::instant().duration_since(begun).as_millis() / 250 + 2;
    assert!(told <= most, "told {told} times, {most} at the most");
    for (room, _) in &mut rooms {
        let own = vote(room, |vote| vote["ballots"][0]["choice"] == "in_favour").await;
        assert_eq!(own["end"], Value::Null, "each sees their own at once");
    }
}
