//! A meeting's way, taken up wherever its record stands: a hand is raised, the floor given, taken and ended, a question put to the
//! vote, the roll called.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hoian_tests::Client;
use hoian_tests::blind::{Key, Token};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::story::{Died, ask};

const TITLE: &str = "Họp kiểm tra độ bền";
const SECRET: &str = "Bỏ phiếu kín kiểm tra độ bền";
/// As many as a secret vote needs.
const ROOMS: usize = 5;

/// Takes the meeting to the end of its one turn, however far it had come, and checks that its record is whole.
pub async fn hold(origin: &str, chair: &Client, cookie: &str) -> Result<(), Died> {
    let (id, codes) = called(chair, TITLE, 1).await?;
    let path = format!("/api/v1/meetings/{id}");
    let mut lead = Seat::open(origin, &id, None, Some(cookie)).await?;
    let mut room = Seat::open(origin, &id, Some(&codes[0]), None).await?;
    let mut floor = room.join().await?["procedure"]["floor"].clone();
    let own = lead.join().await?["id"].clone();
    if spoken(&ask(chair.get(&format!("{path}/roll"))).await?) == 0 {
        while !is_waiting(&floor) && floor["current"].is_null() {
            room.step(json!({ "name": "raise_hand" })).await?;
            floor = room.floor().await?;
        }
        if floor["current"].is_null() {
            let turn = floor["waiting"][0]["id"].clone();
            // Two clicks at once.
            for _ in 0..2 {
                lead.step(json!({ "name": "give_floor", "turn": turn })).await?;
            }
            floor = room.floor_where(|floor| floor["current"].is_object()).await?;
        }
        let turn = floor["current"]["turn"]["id"].clone();
        if floor["current"]["began_at"].is_null() {
            room.step(json!({ "name": "answer_floor", "turn": turn, "accept": true }))
                .await?;
            room.floor_where(|floor| floor["current"]["began_at"].is_string())
                .await?;
        }
        lead.step(json!({ "name": "end_turn", "turn": turn })).await?;
        lead.floor_where(|floor| floor["current"].is_null()).await?;
    }
    vote(
        &mut lead,
        &mut room,
        &ask(chair.get(&format!("{path}/roll"))).await?["votes"][0],
    )
    .await?;
    lead.step(json!({ "name": "mark", "seat": own, "mark": "in_person", "reason": null }))
        .await?;
    lead.settled().await?;
    room.leave().await?;
    lead.leave().await?;
    is_whole(&closed(chair, &path).await?);
    Ok(())
}

/// A secret vote of the rooms of five sites, taken to its end however far it had come: whoever has a token has one ballot.
pub async fn vote_in_secret(origin: &str, chair: &Client, cookie: &str) -> Result<(), Died> {
    let (id, codes) = called(chair, SECRET, ROOMS).await?;
    let path = format!("/api/v1/meetings/{id}");
    let mut lead = Seat::open(origin, &id, None, Some(cookie)).await?;
    lead.join().await?;
    let mut rooms = Vec::new();
    for code in &codes {
        let mut room = Seat::open(origin, &id, Some(code), None).await?;
        room.join().await?;
        rooms.push(room);
    }
    let recorded = ask(chair.get(&format!("{path}/roll"))).await?["votes"][0].clone();
    if recorded.is_null() {
        let terms = json!({
            "question": "Bỏ phiếu kín?", "item": null, "electorate": "sites", "is_secret": true, "majority": "half_of_called",
            "seconds": null, "grace_seconds": 0,
        });
        lead.step(json!({ "name": "open_vote", "terms": terms })).await?;
    }
    if recorded["end"].is_null() {
        // Whoever was there before has lost the token with the page: each page draws the same one again from its seed.
        let vote = lead.told_vote().await?;
        let key = Key::of(&vote);
        for (number, room) in rooms.iter_mut().enumerate() {
            let mut token = Token::new(&key, &mut StdRng::seed_from_u64(number as u64));
            let voter = room.id.clone();
            room.step(json!({ "name": "ask_token", "vote": 1, "voter": voter, "blinded": token.asked() }))
                .await?;
            token.take(&room.hear(|message| message["type"] == "token").await?, &key);
            for choice in ["against", "in_favour"] {
                let cast = chair.post("/api/v1/ballots").json(&token.ballot(&id, choice));
                assert_eq!(cast.send().await?.status(), 204);
            }
        }
        lead.step(json!({ "name": "close_vote", "vote": 1 })).await?;
        lead.vote_where(|vote| vote["end"].is_object()).await?;
    }
    for room in &mut rooms {
        room.leave().await?;
    }
    lead.leave().await?;
    let record = closed(chair, &path).await?;
    let vote = &record["votes"][0];
    assert_eq!(record["votes"].as_array().unwrap().len(), 1, "{record}");
    let tally = json!({ "in_favour": ROOMS, "against": 0, "abstaining": 0 });
    assert_eq!(
        vote["end"]["tally"], tally,
        "no ballot is lost and none is doubled: {record}"
    );
    Ok(())
}

/// Takes the one vote to its end, from wherever it stands.
async fn vote(lead: &mut Seat, room: &mut Seat, recorded: &Value) -> Result<(), Died> {
    if recorded["end"].is_object() {
        return Ok(());
    }
    let terms = json!({
        "question": "Thông qua?", "item": null, "electorate": "sites", "is_secret": false, "majority": "half_of_called", "seconds": null,
        "grace_seconds": 0,
    });
    if recorded.is_null() {
        // Two clicks at once are one vote.
        for _ in 0..2 {
            lead.step(json!({ "name": "open_vote", "terms": terms })).await?;
        }
        room.vote_where(|_| true).await?;
    }
    for choice in ["against", "in_favour", "in_favour"] {
        let voter = room.id.clone();
        room.step(json!({ "name": "cast_ballot", "vote": 1, "voter": voter, "choice": choice }))
            .await?;
    }
    // A ballot that the record holds already is told to nobody again.
    room.settled().await?;
    for _ in 0..2 {
        lead.step(json!({ "name": "close_vote", "vote": 1 })).await?;
    }
    lead.vote_where(|vote| vote["end"].is_object()).await?;
    Ok(())
}

/// The record once both farewells stand in it.
async fn closed(chair: &Client, path: &str) -> Result<Value, Died> {
    loop {
        let record = ask(chair.get(&format!("{path}/roll"))).await?;
        let mut entries = record["entries"].as_array().unwrap().iter();
        let is_open = |entry: &Value| {
            let intervals = entry["intervals"].as_array().unwrap();
            intervals.iter().any(|interval| interval["to"].is_null())
        };
        if !entries.any(is_open) {
            return Ok(record);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn is_waiting(floor: &Value) -> bool {
    floor["waiting"]
        .as_array()
        .is_some_and(|waiting| !waiting.is_empty())
}

fn spoken(record: &Value) -> usize {
    record["turns"].as_array().unwrap().len()
}

fn is_whole(record: &Value) {
    assert_eq!(spoken(record), 1, "no turn is lost and none is doubled: {record}");
    assert!(record["turns"][0]["began_at"].is_string(), "{record}");
    assert_eq!(record["waiting"], json!([]), "{record}");
    let entries = record["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "the room and the chair, each once: {record}");
    for entry in entries {
        let intervals = entry["intervals"].as_array().unwrap();
        assert!(!intervals.is_empty(), "{record}");
        assert!(
            intervals.iter().all(|interval| interval["to"].is_string()),
            "{record}"
        );
    }
    let votes = record["votes"].as_array().unwrap();
    assert_eq!(votes.len(), 1, "no vote is lost and none is doubled: {record}");
    assert_eq!(votes[0]["end"]["outcome"], "carried", "{record}");
    let tally = json!({ "in_favour": 1, "against": 0, "abstaining": 0 });
    assert_eq!(votes[0]["end"]["tally"], tally, "{record}");
    assert_eq!(votes[0]["tally"], tally, "{record}");
    let marked = entries
        .iter()
        .filter(|entry| entry["mark"] == "in_person")
        .count();
    assert_eq!(marked, 1, "{record}");
}

/// The meeting, called once, and the links of its sites' rooms.
async fn called(chair: &Client, title: &str, sites: usize) -> Result<(String, Vec<String>), Died> {
    let listed = ask(chair.get("/api/v1/meetings")).await?;
    let known: Vec<Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["title"] == title)
        .cloned()
        .collect();
    assert!(known.len() <= 1, "it was called once");
    let meeting = match known.into_iter().next() {
        Some(meeting) => meeting,
        None => {
            let site = |number| json!({ "name": format!("Xã Tân Thủy {number}") });
            let sites: Vec<Value> = (0..sites).map(site).collect();
            let body = json!({ "title": title, "sites": sites, "quorum": "none" });
            ask(chair.post("/api/v1/meetings").json(&body)).await?
        }
    };
    let id = meeting["id"].as_str().unwrap().to_owned();
    let prepared = ask(chair.get(&format!("/api/v1/meetings/{id}/preparation"))).await?;
    let sites = prepared["sites"].as_array().unwrap().iter();
    let codes = sites.map(|site| site["link_code"].as_str().unwrap().to_owned());
    Ok((id, codes.collect()))
}

struct Seat {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pings: u32,
    /// Known once they have joined.
    id: Value,
    welcome: Value,
}

impl Seat {
    async fn open(origin: &str, id: &str, link: Option<&str>, cookie: Option<&str>) -> Result<Self, Died> {
        let query = link.map(|link| format!("?link={link}")).unwrap_or_default();
        let url = format!("{origin}/api/v1/meetings/{id}/socket{query}").replace("http:", "ws:");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self {
            socket,
            pings: 0,
            id: Value::Null,
            welcome: Value::Null,
        })
    }

    async fn say(&mut self, message: Value) -> Result<(), Died> {
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    async fn step(&mut self, step: Value) -> Result<(), Died> {
        self.say(json!({ "type": "step", "step": step })).await
    }

    async fn join(&mut self) -> Result<Value, Died> {
        self.say(json!({ "type": "join", "version": 1 })).await?;
        let welcome = self.hear(|message| message["type"] == "welcome").await?;
        self.id = welcome["id"].clone();
        self.welcome = welcome.clone();
        Ok(welcome)
    }

    async fn floor(&mut self) -> Result<Value, Died> {
        self.floor_where(|_| true).await
    }

    async fn floor_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value, Died> {
        let message = self
            .hear(|message| message["type"] == "floor" && wanted(&message["floor"]))
            .await?;
        Ok(message["floor"].clone())
    }

    /// The vote as it stands: told when it was opened, or with the welcome.
    async fn told_vote(&mut self) -> Result<Value, Died> {
        if let Some(vote) = self.welcome["procedure"]["votes"].get(0) {
            return Ok(vote.clone());
        }
        let message = self.hear(|message| message["type"] == "vote").await?;
        Ok(message["vote"].clone())
    }

    async fn vote_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<(), Died> {
        self.hear(|message| message["type"] == "vote" && wanted(&message["vote"]))
            .await?;
        Ok(())
    }

    /// Everything said before is done.
    async fn settled(&mut self) -> Result<(), Died> {
        self.pings += 1;
        let id = self.pings;
        self.say(json!({ "type": "ping", "id": id })).await?;
        self.hear(|message| message["type"] == "pong" && message["id"] == id)
            .await?;
        Ok(())
    }

    /// Leaves, and waits for the farewell.
    async fn leave(&mut self) -> Result<(), Died> {
        self.say(json!({ "type": "leave" })).await?;
        loop {
            match self.next().await? {
                Message::Close(_) => return Ok(()),
                _ => continue,
            }
        }
    }

    async fn hear(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value, Died> {
        loop {
            match self.next().await? {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    assert_ne!(message["type"], "error", "{message}");
                    if wanted(&message) {
                        return Ok(message);
                    }
                }
                Message::Close(frame) => return Err(Died::new(format!("closed: {frame:?}"))),
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> Result<Message, Died> {
        let message = tokio::time::timeout(Duration::from_secs(60), self.socket.next()).await;
        match message.expect("an answer in time") {
            Some(message) => Ok(message?),
            None => Err(Died::new("the socket ended".into())),
        }
    }
}
