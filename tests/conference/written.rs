//! Votes in writing: asked, answered openly and in secret, closed by everybody's having voted or by the hour, in a record that
//! proves itself; and letters to those who have not answered.

use std::time::Duration;

use hoian_server::domain::record;
use hoian_server::jobs;
use hoian_tests::blind::{Key, Token};
use hoian_tests::mail::MailServer;
use hoian_tests::{Client, Server};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::conference::{ask, people};

const ASKED: [(&str, &str); 5] = [
    ("vanthu", "Lê Thị Hoa"),
    ("chuyenvien", "Phạm Quốc Anh"),
    ("giamdoc.sonv", "Nguyễn Thị Lan"),
    ("vanthu.sonv", "Vũ Thị Mai"),
    ("chuyenvien.sonv", "Hoàng Văn Nam"),
];

/// A question to so many, until this many hours from now.
async fn question(server: &Server, count: usize, hours: u64) -> Value {
    let client = server.log_in("chutich").await;
    let id = people(&client).await;
    let named: Vec<Value> = ASKED[..count].iter().map(|(_, name)| id(name)).collect();
    let until = server.clock.now().after(Duration::from_secs(hours * 3600));
    json!({
        "question": "Đồng ý ban hành quy chế làm việc?", "people": named, "closes_at": until.to_string(),
        "majority": "half_of_called",
    })
}

async fn put(client: &Client, body: &Value) -> reqwest::Response {
    client.post("/api/v1/opinions").json(body).send().await.unwrap()
}

async fn put_in(server: &Server, body: &Value) -> String {
    let answer = put(&server.log_in("chutich").await, body).await;
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    let made: Value = answer.json().await.unwrap();
    assert_eq!(
        (&made["end"], &made["leads"], &made["is_asked"]),
        (&Value::Null, &json!(true), &json!(false))
    );
    made["id"].as_str().unwrap().to_owned()
}

async fn cast(client: &Client, id: &str, choice: &str) -> reqwest::Response {
    let path = format!("/api/v1/opinions/{id}/ballot");
    client
        .post(&path)
        .json(&json!({ "choice": choice }))
        .send()
        .await
        .unwrap()
}

async fn seen(client: &Client, id: &str) -> Value {
    ask(client, &format!("/api/v1/opinions/{id}")).await
}

/// What kinds of notices somebody has, the latest first.
async fn told(client: &Client) -> Vec<String> {
    let notices = ask(client, "/api/v1/notices").await;
    let kinds = notices["items"].as_array().unwrap().iter();
    kinds
        .map(|one| one["kind"].as_str().unwrap().to_owned())
        .collect()
}

async fn run_jobs(server: &Server) {
    let registry = jobs::registry();
    while jobs::run_due(server.app(), &registry).await.expect("jobs") > 0 {}
}

async fn record_is_good(server: &Server, id: &str) -> String {
    let client = server.log_in("chutich").await;
    let file = client
        .get(&format!("/api/v1/meetings/{id}/record"))
        .send()
        .await
        .unwrap();
    let report = record::check(&file.bytes().await.unwrap(), None);
    assert!(report.is_good(), "{report}");
    report.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_question_is_closed_when_everyone_has_answered_or_by_the_hour() {
    let server = Server::start().await;
    let chair = server.log_in("chutich").await;
    let good = question(&server, 3, 24).await;
    for (field, wrong, name) in [
        ("question", json!(" "), "opinion-question"),
        ("people", json!([]), "opinion-people"),
        ("people", json!(["nobody"]), "opinion-people"),
        ("closes_at", json!(server.clock.now().to_string()), "opinion-time"),
        ("majority", json!("half_of_present"), "opinion-manner"),
        ("is_secret", json!(true), "opinion-people"),
        ("papers", json!(vec!["document"; 21]), "opinion-papers"),
    ] {
        let mut body = good.clone();
        body[field] = wrong;
        let refused = put(&chair, &body).await;
        assert_eq!(refused.status(), 422);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["type"], format!("/problems/{name}"));
    }
    let refused = put(&server.log_in("quantri").await, &good).await;
    assert_eq!(refused.status(), 403, "administrators ask nothing");
    let id = put_in(&server, &good).await;

    let clients = [
        server.log_in("vanthu").await,
        server.log_in("chuyenvien").await,
        server.log_in("giamdoc.sonv").await,
    ];
    let stranger = server.log_in("vanthu.sonv").await;
    let path = format!("/api/v1/opinions/{id}");
    assert_eq!(stranger.get(&path).send().await.unwrap().status(), 404);
    assert_eq!(cast(&stranger, &id, "in_favour").await.status(), 404);
    assert_eq!(
        cast(&chair, &id, "in_favour").await.status(),
        403,
        "asks and is not asked"
    );
    let waiting = ask(&clients[0], "/api/v1/opinions").await;
    assert_eq!(waiting[0]["id"], id);
    assert_eq!(
        ask(&clients[0], "/api/v1/meetings").await["items"],
        json!([]),
        "it is no meeting"
    );
    for choice in ["against", "in_favour", "in_favour"] {
        assert_eq!(cast(&clients[0], &id, choice).await.status(), 200);
    }
    let mine = seen(&clients[0], &id).await;
    assert_eq!(
        (&mine["my_choice"], &mine["voted"], &mine["ballots"]),
        (&json!("in_favour"), &json!(1), &json!([]))
    );
    assert_eq!(
        seen(&chair, &id).await["ballots"].as_array().unwrap().len(),
        3,
        "whoever asks sees who has answered"
    );
    assert_eq!(cast(&clients[1], &id, "in_favour").await.status(), 200);
    assert_eq!(told(&clients[1]).await, ["ballot_asked"]);
    assert_eq!(told(&chair).await, [""; 0], "whoever asks knows");
    assert_eq!(seen(&clients[1], &id).await["end"], Value::Null);
    let last: Value = cast(&clients[2], &id, "abstaining").await.json().await.unwrap();
    assert_eq!(last["end"]["outcome"], "carried");
    assert_eq!(told(&clients[1]).await, ["ballot_counted", "ballot_asked"]);
    assert_eq!(
        told(&chair).await,
        ["ballot_counted"],
        "nobody closed it but the last ballot"
    );
    let notices = ask(&chair, "/api/v1/notices").await;
    let first = &notices["items"][0];
    assert_eq!(
        (&first["href"], &first["subject"], &first["code"]),
        (&json!(format!("/lay-y-kien/{id}")), &good["question"], &json!(""))
    );
    assert_eq!(
        last["tally"],
        json!({ "in_favour": 2, "against": 0, "abstaining": 1 })
    );
    assert_eq!(cast(&clients[0], &id, "against").await.status(), 409);
    assert!(
        record_is_good(&server, &id)
            .await
            .contains("carried: 2 in favour, 0 against, 1 abstaining, 2 needed")
    );

    let id = put_in(&server, &question(&server, 3, 24).await).await;
    assert_eq!(cast(&clients[0], &id, "in_favour").await.status(), 200);
    let closing = format!("/api/v1/opinions/{id}/closing");
    assert_eq!(clients[0].post(&closing).send().await.unwrap().status(), 403);
    server.clock.advance(Duration::from_secs(24 * 3600));
    let client = server.log_in("chuyenvien").await;
    assert_eq!(
        cast(&client, &id, "in_favour").await.status(),
        409,
        "the hour does not wait for the job"
    );
    run_jobs(&server).await;
    let over = seen(&server.log_in("chutich").await, &id).await;
    assert_eq!(over["end"]["outcome"], "not_carried", "of all who were asked");
    record_is_good(&server, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_question_takes_one_ballot_a_token_over_a_restart() {
    let server = Server::start().await;
    let mut body = question(&server, 5, 24).await;
    body["is_secret"] = json!(true);
    let id = put_in(&server, &body).await;
    let mut random = StdRng::seed_from_u64(4);
    let mut tokens = Vec::new();
    for (user, _) in ASKED {
        let client = server.log_in(user).await;
        let question = seen(&client, &id).await;
        let key = Key::of(&question);
        let mut token = Token::new(&key, &mut random);
        let path = format!("/api/v1/opinions/{id}/token");
        for _ in 0..2 {
            let answer = client
                .post(&path)
                .json(&json!({ "blinded": token.asked() }))
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 200);
            token.take(&answer.json().await.unwrap(), &key);
        }
        let another = Token::new(&key, &mut random);
        let refused = client
            .post(&path)
            .json(&json!({ "blinded": another.asked() }))
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), 409, "one token a voter");
        assert_eq!(
            cast(&client, &id, "in_favour").await.status(),
            404,
            "nobody votes openly here"
        );
        tokens.push(token);
    }
    let throw = async |server: &Server, token: &Token, choice: &str| {
        let ballot = token.ballot(&id, choice);
        let sent = server.client().post("/api/v1/ballots").json(&ballot).send().await;
        sent.unwrap().status().as_u16()
    };
    let forged = Token::new(
        &Key::of(&seen(&server.log_in("vanthu").await, &id).await),
        &mut random,
    );
    assert_eq!(throw(&server, &forged, "against").await, 403);
    for token in &tokens[..4] {
        assert_eq!(throw(&server, token, "against").await, 204);
    }
    assert_eq!(throw(&server, &tokens[0], "in_favour").await, 204, "changed");
    let open = seen(&server.log_in("chutich").await, &id).await;
    assert_eq!(
        (&open["end"], &open["tally"]["against"]),
        (&Value::Null, &json!(0)),
        "nothing before the close"
    );
    let server = server.restart().await;
    assert_eq!(throw(&server, &tokens[4], "against").await, 204);
    let over = seen(&server.log_in("chutich").await, &id).await;
    assert_eq!(
        over["end"]["tally"],
        json!({ "in_favour": 1, "against": 4, "abstaining": 0 })
    );
    assert!(
        over["ballots"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["choice"].is_null())
    );
    assert_eq!(throw(&server, &tokens[4], "in_favour").await, 409);
    let said = record_is_good(&server, &id).await;
    assert!(
        said.contains("(secret)") && said.contains("not carried: 1 in favour, 4 against"),
        "{said}"
    );
    let published = ask(
        &server.log_in("vanthu").await,
        &format!("/api/v1/meetings/{id}/votes/1/ballots"),
    )
    .await;
    let names: Vec<&Value> = published
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["token"])
        .collect();
    assert!(
        tokens.iter().all(|token| names.contains(&&json!(token.name()))),
        "each finds their own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_answered_is_written_to_the_day_before_and_on_the_day() {
    let mail = MailServer::start();
    let server = Server::start_with(|config| config.mail = mail.settings()).await;
    let id = put_in(&server, &question(&server, 3, 48).await).await;
    for (user, _) in &ASKED[..3] {
        let client = server.log_in(user).await;
        let put = client.request(reqwest::Method::PUT, "/api/v1/session/mail-address");
        let put = put.json(&json!({ "address": format!("{user}@langiang.test") }));
        assert_eq!(put.send().await.unwrap().status(), 200);
    }
    assert_eq!(
        cast(&server.log_in("vanthu").await, &id, "in_favour")
            .await
            .status(),
        200
    );
    run_jobs(&server).await;
    assert_eq!(mail.letters().len(), 0, "not yet");
    server.clock.advance(Duration::from_secs(25 * 3600));
    run_jobs(&server).await;
    assert_eq!(mail.letters().len(), 2, "to the two who have not answered");
    let answered = server.log_in("vanthu").await;
    assert_eq!(told(&answered).await, ["ballot_asked"]);
    let silent = server.log_in("chuyenvien").await;
    assert_eq!(told(&silent).await, ["ballot_due", "ballot_asked"]);
    server.clock.advance(Duration::from_secs(20 * 3600));
    run_jobs(&server).await;
    // The program's own worker may have taken a letter first.
    for _ in 0..200 {
        if mail.letters().len() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(mail.letters().len(), 4);
}
