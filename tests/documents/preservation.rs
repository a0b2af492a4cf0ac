//! Papers kept provable: proofs behind what was issued, renewed when their authority has a new certificate, and found again
//! by whoever may read the paper.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hoian_server::domain::trust::{Regime, Standing};
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::preservation;
use hoian_tests::Client;
use hoian_tests::forms::run;
use hoian_tests::signing::{Office, TrainingAuthority, act, content, expect, look, problem};
use reqwest::multipart::{Form, Part};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn an_issued_paper_is_proven_for_as_long_as_anybody_stamps() {
    let stamper = Stamper::default();
    let tsa = stamper.serve().await;
    let office = Office::open_with(|config| {
        let host = tsa.replace("http://", "").replace("/tsa", "");
        config.signing.allowed_hosts.push(host);
        config.signing.tsa_url = Some(tsa);
    })
    .await;
    stamper.turn_to(&office.authority);
    let id = issued(&office).await;
    let clerk = office.server.log_in("vanthu").await;
    let paper = content(&clerk, &id, "latest").await;
    assert!(look(&clerk, &id).await["kept"].is_null());
    problem(ask(&clerk, &id).await, 404).await;

    // A day later what the authorities say is newer than the signatures; the job looks every hour.
    pass(&office, DAY + HOUR).await;
    let first = row(&office).await;
    let proven = with_proofs(&office, &id).await;
    assert!(proven.starts_with(&paper) && proven.len() > paper.len());
    judged(&office, &proven, &["B-LTA", "B-LTA"]).await;
    let receiver = office.server.log_in("vanthu.sonv").await;
    let inbox = receiver
        .get("/api/v1/dispatches?box=waiting")
        .send()
        .await
        .unwrap();
    let dispatch = expect(inbox, 200).await["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let received = receiver.get(&format!("/api/v1/dispatches/{dispatch}/content?proofs=true"));
    assert!(
        received.send().await.unwrap().bytes().await.unwrap() == proven,
        "the receiver's"
    );
    let outsider = office.server.log_in("vanthu.anphu").await;
    problem(ask(&outsider, &id).await, 404).await;

    // The authority goes on under the certificate of the first time: nothing would be won, and nothing is stored.
    wait_until_due(&office).await;
    let again = row(&office).await;
    assert_eq!(
        (&again.proofs, again.proven_until),
        (&first.proofs, first.proven_until)
    );
    assert!(again.due_at > first.due_at, "{again:?}");

    // It has a new one: the proofs are carried on past the end of the old one.
    let then = again.due_at.unwrap().after(HOUR);
    let next = TrainingAuthority::start_at(then).await;
    for (certificate, standing) in [
        (&next.root, Standing::Root),
        (&next.issuing, Standing::Intermediate),
    ] {
        let custody = &office.app().custody;
        let why = "the next authority";
        let trusted = custody.enrol_anchor(&Actor::System, certificate, Regime::Training, standing, why);
        assert!(trusted.await.unwrap());
    }
    stamper.turn_to(&next);
    wait_until_due(&office).await;
    let renewed = with_proofs(&office, &id).await;
    assert_eq!(row(&office).await.last_error, None);
    assert!(renewed.starts_with(&proven) && renewed.len() > proven.len());
    assert!(row(&office).await.proven_until > first.proven_until);
    let past = first.proven_until.unwrap().since(office.server.clock.now()) + 30 * DAY;
    office.server.clock.advance(past);
    judged(&office, &renewed, &["B-LTA", "B-LTA"]).await;
    let (verdict, _) = verdict(&office, &paper).await;
    assert_ne!(verdict, "TOTAL-PASSED", "long after its certificates have ended");

    let file = office.server.folder().join("renewed.pdf");
    std::fs::write(&file, &renewed).unwrap();
    run(std::process::Command::new("qpdf").arg("--check").arg(&file));
}

#[tokio::test]
async fn an_authority_that_is_silent_costs_time_and_nothing_else() {
    let office = Office::open().await;
    let id = issued(&office).await;
    office.authority.tsa_is_down.store(true, Ordering::SeqCst);
    pass(&office, DAY + HOUR).await;
    let waits = row(&office).await;
    assert!(waits.proofs.is_none() && waits.attempts == 1, "{waits:?}");
    assert!(waits.last_error.unwrap().contains("time-stamp"));
    office.authority.tsa_is_down.store(false, Ordering::SeqCst);
    pass(&office, DAY + HOUR).await;
    judged(&office, &with_proofs(&office, &id).await, &["B-LTA", "B-LTA"]).await;
}

/// A time-stamp address that stays, whichever authority stands behind it.
#[derive(Clone, Default)]
struct Stamper(Arc<Mutex<String>>);

impl Stamper {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/tsa", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/tsa", post(pass_on))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    fn turn_to(&self, authority: &TrainingAuthority) {
        *self.0.lock().unwrap() = format!("{}/pki/tsa", authority.base_url);
    }
}

async fn pass_on(State(Stamper(behind)): State<Stamper>, question: Bytes) -> Response {
    let behind = behind.lock().unwrap().clone();
    let http = hoian_tests::tls::http().build().unwrap();
    let asked = http
        .post(behind)
        .header(header::CONTENT_TYPE, "application/timestamp-query")
        .body(question);
    match asked.send().await.and_then(reqwest::Response::error_for_status) {
        Ok(answer) => answer.bytes().await.unwrap().into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn issued(office: &Office) -> String {
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let issued = act(&clerk, &id, "issue", json!({ "receivers": ["agency-snv"] })).await;
    expect(issued, 200).await;
    office.run_jobs().await;
    // The program's own worker may have taken the job first.
    while preservation::Entity::find()
        .all(office.app().store.read())
        .await
        .unwrap()
        .is_empty()
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    id
}

async fn row(office: &Office) -> preservation::Model {
    let rows = preservation::Entity::find()
        .all(office.app().store.read())
        .await
        .unwrap();
    let [row] = rows.try_into().expect("one paper");
    row
}

async fn wait_until_due(office: &Office) {
    let due = row(office).await.due_at.unwrap();
    pass(office, due.since(office.server.clock.now()) + HOUR).await;
}

/// Lets time pass until the job has looked at the paper, which it does every hour; the program's own worker may run it.
async fn pass(office: &Office, time: Duration) {
    let before = row(office).await.due_at;
    office.let_pass(time).await;
    let looked = async {
        while row(office).await.due_at == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), looked)
        .await
        .expect("the job looks");
}

/// The clock has moved past every session.
async fn with_proofs(office: &Office, id: &str) -> Bytes {
    let clerk = office.server.log_in("vanthu").await;
    let answer = ask(&clerk, id).await.error_for_status().unwrap();
    assert!(look(&clerk, id).await["kept"]["proven_until"].is_string());
    answer.bytes().await.unwrap()
}

async fn ask(client: &Client, id: &str) -> reqwest::Response {
    let path = format!("/api/v1/documents/{id}/versions/latest/content?proofs=true&download=true");
    client.get(&path).send().await.unwrap()
}

async fn judged(office: &Office, file: &[u8], levels: &[&str]) {
    let (verdict, found) = verdict(office, file).await;
    assert_eq!(
        (verdict.as_str(), found),
        ("TOTAL-PASSED", levels.iter().map(|one| json!(one)).collect())
    );
}

/// What the public page says, and the level of each signature.
async fn verdict(office: &Office, file: &[u8]) -> (String, Vec<Value>) {
    let form = Form::new().part("file", Part::bytes(file.to_vec()));
    let asked = office
        .server
        .client()
        .post("/api/v1/verifications")
        .multipart(form);
    let said = expect(asked.send().await.unwrap(), 200).await;
    let signatures = said["report"]["signatures"].as_array().unwrap();
    let levels = signatures
        .iter()
        .filter(|one| one["kind"] == "signature")
        .map(|one| one["level"].clone());
    (said["verdict"].as_str().unwrap().to_owned(), levels.collect())
}
