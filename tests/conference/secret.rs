//! Secret votes over the running program: every voter casts once and finds their own, nobody else's; what the database, its
//! write-ahead log and the program's log hold tells an attacker no more than chance would.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hoian_tests::Server;
use hoian_tests::blind::{Key, Token};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::conference::{Hall, ask};
use crate::person::{Meeting, Person};

const CHOICES: [&str; 3] = ["in_favour", "against", "abstaining"];

/// A chair, and so many sites of which each has a vote.
pub async fn sites(server: &Server, count: usize) -> Hall {
    let chair = server.log_in("chutich").await;
    let sites: Vec<Value> = (0..=count)
        .map(|site| json!({ "name": format!("Xã số {site}"), "is_main": site == 0 }))
        .collect();
    let body = json!({ "title": "Hội nghị bỏ phiếu", "sites": sites, "quorum": "none" });
    let answer = chair.post("/api/v1/meetings").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let called: Value = answer.json().await.unwrap();
    let id = called["id"].as_str().unwrap().to_owned();
    let prepared = ask(&chair, &format!("/api/v1/meetings/{id}/preparation")).await;
    let code = |site: &Value| site["link_code"].as_str().unwrap().to_owned();
    Hall {
        meeting: Meeting {
            id,
            code: called["link_code"].as_str().unwrap().to_owned(),
        },
        // The main site has no line and so no ballot.
        site_codes: prepared["sites"]
            .as_array()
            .unwrap()
            .iter()
            .skip(1)
            .map(code)
            .collect(),
        absent_seat: String::new(),
    }
}

/// A voter's page: asks, takes the blinding off, casts.
struct Voter {
    seat: Value,
    token: Token,
}

impl Voter {
    fn new(seat: Value, key: &Key, random: &mut StdRng) -> Self {
        let token = Token::new(key, random);
        Self { seat, token }
    }

    async fn ask(&self, person: &mut Person) {
        let step =
            json!({ "name": "ask_token", "vote": 1, "voter": self.seat, "blinded": self.token.asked() });
        person.say(json!({ "type": "step", "step": step })).await;
    }

    async fn take(&mut self, person: &mut Person, key: &Key) {
        self.token.take(&person.hear("token").await, key);
    }

    async fn cast(&self, server: &Server, hall: &Hall, choice: &str) -> u16 {
        let ballot = self.token.ballot(&hall.meeting.id, choice);
        let sent = server.client().post("/api/v1/ballots").json(&ballot).send().await;
        sent.unwrap().status().as_u16()
    }
}

async fn open(chair: &mut Person, electorate: &str) {
    let mut terms = crate::votes::terms(electorate, "half_of_present");
    terms["is_secret"] = json!(true);
    chair
        .say(json!({ "type": "step", "step": { "name": "open_vote", "terms": terms } }))
        .await;
}

async fn close(chair: &mut Person) -> Value {
    chair
        .say(json!({ "type": "step", "step": { "name": "close_vote", "vote": 1 } }))
        .await;
    chair
        .hear_where("vote", |message| message["vote"]["end"].is_object())
        .await["vote"]
        .clone()
}

/// The rooms of all sites, in, and the chair who has opened the vote.
async fn opened(server: &Server, hall: &Hall, random: &mut StdRng) -> (Person, Vec<(Person, Voter)>) {
    let mut chair = Person::member(server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let mut rooms = Vec::new();
    for site in 0..hall.site_codes.len() {
        let mut room = hall.room(server, site).await;
        let seat = room.join(None, None).await["id"].clone();
        rooms.push((room, seat));
    }
    open(&mut chair, "sites").await;
    let mut voters = Vec::new();
    for (mut room, seat) in rooms {
        let vote = room.hear("vote").await["vote"].clone();
        let voter = Voter::new(seat, &Key::of(&vote), random);
        voters.push((room, voter));
    }
    (chair, voters)
}

async fn key(chair: &mut Person) -> Key {
    Key::of(&chair.hear("vote").await["vote"])
}

async fn published(server: &Server, hall: &Hall) -> Vec<(String, String)> {
    let client = server.log_in("chutich").await;
    let ballots = ask(
        &client,
        &format!("/api/v1/meetings/{}/votes/1/ballots", hall.meeting.id),
    )
    .await;
    let text = |ballot: &Value, name: &str| ballot[name].as_str().unwrap().to_owned();
    let ballots = ballots.as_array().unwrap().iter();
    ballots
        .map(|ballot| (text(ballot, "token"), text(ballot, "choice")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_vote_takes_one_ballot_a_token_and_survives_a_restart() {
    let server = Server::start().await;
    let hall = sites(&server, 5).await;
    let mut random = StdRng::seed_from_u64(1);
    let (mut chair, mut voters) = opened(&server, &hall, &mut random).await;
    let key = key(&mut chair).await;

    let (room, voter) = &mut voters[0];
    for _ in 0..2 {
        // Asked again, because the answer was lost: signed again.
        voter.ask(room).await;
        voter.take(room, &key).await;
    }
    let another = Voter::new(voter.seat.clone(), &key, &mut random);
    another.ask(room).await;
    assert_eq!(room.hear("error").await["error"], "token_given");
    let borrowed = Voter::new(json!(hall.meeting.id), &key, &mut random);
    borrowed.ask(room).await;
    assert_eq!(room.hear("error").await["error"], "not_entitled");
    let seat = voter.seat.clone();
    let open_ballot = json!({ "name": "cast_ballot", "vote": 1, "voter": seat, "choice": "against" });
    room.say(json!({ "type": "step", "step": open_ballot })).await;
    assert_eq!(room.hear("error").await["error"], "unusable");

    assert_eq!(another.cast(&server, &hall, "in_favour").await, 403, "no token");
    for choice in ["against", "in_favour", "in_favour"] {
        assert_eq!(voter.cast(&server, &hall, choice).await, 204);
    }
    let told = chair
        .hear_where("vote", |message| message["vote"]["voted"] == 1)
        .await;
    assert_eq!(
        told["vote"]["tally"],
        json!({ "in_favour": 0, "against": 0, "abstaining": 0 }),
        "how many, not what"
    );
    assert_eq!(told["vote"]["missing"].as_array().unwrap().len(), 4);
    let (room, voter) = &mut voters[1];
    voter.ask(room).await;
    voter.take(room, &key).await;

    drop(chair);
    let (first, second) = {
        let mut voters = voters.into_iter().map(|(_, voter)| voter);
        (voters.next().unwrap(), voters.next().unwrap())
    };
    let server = server.restart().await;
    assert_eq!(
        second.cast(&server, &hall, "against").await,
        404,
        "nobody is in the meeting"
    );
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    let welcome = chair.join(None, None).await;
    let vote = &welcome["procedure"]["votes"][0];
    assert_eq!((&vote["end"], &vote["voted"]), (&Value::Null, &json!(1)));
    assert_eq!(
        second.cast(&server, &hall, "against").await,
        204,
        "a token from before"
    );
    assert_eq!(first.cast(&server, &hall, "abstaining").await, 204, "changed");
    let over = close(&mut chair).await;
    assert_eq!(
        over["end"]["tally"],
        json!({ "in_favour": 0, "against": 1, "abstaining": 1 })
    );
    assert_eq!(over["voted"], 2);
    assert_eq!(second.cast(&server, &hall, "in_favour").await, 409);
    let ballots: BTreeSet<_> = published(&server, &hall).await.into_iter().collect();
    assert_eq!(
        ballots,
        BTreeSet::from([
            (first.token.name(), "abstaining".into()),
            (second.token.name(), "against".into())
        ])
    );

    let client = server.log_in("chutich").await;
    let record = ask(&client, &format!("/api/v1/meetings/{}/roll", hall.meeting.id)).await;
    let voters = record["votes"][0]["voters"].as_array().unwrap();
    assert!(voters.iter().all(|voter| voter["choice"].is_null()));
    assert_eq!(
        voters.iter().filter(|voter| voter["took_part"] == true).count(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn among_few_or_with_unequal_weights_there_is_no_secret_vote() {
    let server = Server::start().await;
    let hall = sites(&server, 4).await;
    let mut chair = Person::member(&server, &hall.meeting, "chutich").await;
    chair.join(None, None).await;
    let mut rooms = Vec::new();
    for site in 0..4 {
        let mut room = hall.room(&server, site).await;
        room.join(None, None).await;
        rooms.push(room);
    }
    open(&mut chair, "sites").await;
    assert_eq!(chair.hear("error").await["error"], "not_secret");
}

/// What the program writes into its log while the attack below runs, and the other tests beside it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Database, write-ahead log and whatever else lies in the folder but the server secret, one after the other.
fn stolen(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && !path.to_string_lossy().contains("secret") {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    bytes
}

/// So many bytes of something random are met nowhere else.
type Trace = [u8; 16];

fn trace(of: &[u8]) -> Trace {
    of[..16].try_into().unwrap()
}

/// Where each of the traces is met first.
fn firsts(bytes: &[u8], wanted: &HashSet<Trace>) -> HashMap<Trace, usize> {
    let mut found = HashMap::new();
    for (at, window) in bytes.windows(16).enumerate() {
        let window = trace(window);
        if wanted.contains(&window) {
            found.entry(window).or_insert(at);
        }
    }
    found
}

/// The attacker has everything but the server secret, knows in which order tokens were given, and voters who cast in that very
/// order, one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn with_database_log_and_write_ahead_log_of_fifty_voters_a_guess_is_no_better_than_chance() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the only one in this binary");
    let server = Server::start().await;
    let hall = sites(&server, 50).await;
    let mut random = StdRng::seed_from_u64(141);
    let (mut chair, mut voters) = opened(&server, &hall, &mut random).await;
    let key = key(&mut chair).await;
    for (room, voter) in &mut voters {
        voter.ask(room).await;
        voter.take(room, &key).await;
    }
    let truth: Vec<&str> = voters
        .iter()
        .map(|_| CHOICES[random.random_range(0..2)])
        .collect();
    let mut seen = Vec::new();
    for (number, ((_, voter), choice)) in voters.iter().zip(&truth).enumerate() {
        assert_eq!(voter.cast(&server, &hall, choice).await, 204);
        if number % 10 == 9 {
            seen.extend(stolen(server.folder()));
        }
    }
    let of_voter = |voter: &Voter| {
        let raw = [
            &voter.token.prepared,
            &voter.token.prepared[32..].to_vec(),
            &voter.token.signature,
        ]
        .map(|raw| raw.clone());
        let name = hex::decode(voter.token.name()).unwrap();
        let raw = raw.into_iter().chain([name]);
        raw.flat_map(|raw| [trace(&raw), trace(hex::encode(&raw).as_bytes())])
            .collect::<Vec<_>>()
    };
    let traces: HashSet<Trace> = voters.iter().flat_map(|(_, voter)| of_voter(voter)).collect();
    assert_eq!(
        firsts(&seen, &traces),
        HashMap::new(),
        "a token lies open before the close"
    );
    let blinded: HashSet<Trace> = voters
        .iter()
        .map(|(_, voter)| trace(voter.token.known_as().as_bytes()))
        .collect();
    assert_eq!(
        firsts(&seen, &blinded).len(),
        50,
        "what is stolen holds what the record holds"
    );
    close(&mut chair).await;
    seen.extend(stolen(server.folder()));

    let ballots = published(&server, &hall).await;
    assert_eq!(ballots.len(), 50);
    assert!(ballots.is_sorted(), "by token");
    for ((_, voter), choice) in voters.iter().zip(&truth) {
        assert!(
            ballots.contains(&(voter.token.name(), (*choice).to_owned())),
            "each finds their own"
        );
    }
    // The best guess: what stands first was cast first, by whom the first token was given.
    let names: HashSet<Trace> = ballots.iter().map(|ballot| trace(ballot.0.as_bytes())).collect();
    let places = firsts(&seen, &names);
    let mut found: Vec<(usize, &(String, String))> = ballots
        .iter()
        .map(|ballot| (places[&trace(ballot.0.as_bytes())], ballot))
        .collect();
    found.sort();
    let pairs = || voters.iter().zip(&found);
    let tokens = pairs()
        .filter(|((_, voter), (_, ballot))| voter.token.name() == ballot.0)
        .count();
    let choices = pairs()
        .zip(&truth)
        .filter(|((_, (_, ballot)), truth)| ballot.1 == **truth)
        .count();
    eprintln!("of 50 the attacker names {tokens} tokens and {choices} choices");
    // One in the mean, and nine or more once in a million; of choices 25, and 43 or more as seldom.
    assert!(tokens < 9, "{tokens} tokens are known");
    assert!(choices < 43, "{choices} choices are known");

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("/api/v1/meetings"), "the log is written");
    assert!(!log.contains("/api/v1/ballots"), "of ballots it has no line");
    for (_, voter) in &voters {
        assert!(!log.contains(&voter.token.name()) && !log.contains(&hex::encode(&voter.token.prepared)));
    }
}
