//! A key that a remote service keeps: the service is one of the harness that follows the published protocol.

use std::net::Ipv4Addr;
use std::time::Duration;

use hoian_server::config::Config;
use hoian_server::domain::role::Role;
use hoian_server::store::entity::{audit_entry, membership};
use hoian_signer::validate::{Level, Verdict};
use hoian_tests::Client;
use hoian_tests::remote_service::{CODE, Manner, OWN_KEY, REMOTE_PIN, RemoteService, STRANGERS_KEY, USER};
use hoian_tests::signing::{LEADER, Office, PIN, TrainingAuthority, act, content, expect, look, problem};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::judged;

const KEY: &str = "/api/v1/session/signing-key";

#[tokio::test]
async fn a_leader_enrols_a_key_at_the_service_and_signs_with_it() {
    let (office, service) = open(|_| {}).await;
    let leader = office.server.log_in(LEADER).await;
    let ways = expect(
        leader.get("/api/v1/session/signing-ways").send().await.unwrap(),
        200,
    )
    .await;
    assert_eq!(ways["remote"], "dịch vụ thử");

    // Keys of one's own name alone are offered; nobody has the service ask a stranger, or enrols a stranger's key.
    let listed = expect(
        post(
            &leader,
            "/api/v1/session/remote-keys",
            &json!({ "user_id": USER }),
        )
        .await,
        200,
    )
    .await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["credential_id"], OWN_KEY);
    assert_eq!(listed[0]["subject"], "Trần Văn Minh");
    assert_eq!(listed[0]["factors"][1]["kind"], "sent");
    let nobody = post(
        &leader,
        "/api/v1/session/remote-keys",
        &json!({ "user_id": "079200009999" }),
    )
    .await;
    assert_eq!(expect(nobody, 200).await, json!([]));
    let strangers = json!({ "credential_id": STRANGERS_KEY, "factor": "OTP" });
    let refused = post(&leader, &format!("{KEY}/remote/codes"), &strangers).await;
    assert_eq!(problem(refused, 409).await, "certificate-of-another");
    let strangers = json!({ "credential_id": STRANGERS_KEY, "answers": answers(REMOTE_PIN, CODE) });
    let refused = post(&leader, &format!("{KEY}/remote"), &strangers).await;
    assert_eq!(problem(refused, 409).await, "certificate-of-another");
    assert_eq!(service.codes_sent(), 0);

    // Without the owner's secrets nothing is enrolled.
    send_code(&leader, Some(OWN_KEY)).await;
    let wrong = json!({ "credential_id": OWN_KEY, "answers": answers("00000", CODE) });
    let refused = post(&leader, &format!("{KEY}/remote"), &wrong).await;
    assert_eq!(problem(refused, 403).await, "remote-secret");
    let key = expect(leader.get(KEY).send().await.unwrap(), 200).await;
    assert_eq!(key["remote"], Value::Null);
    enrol(&leader).await;
    let key = expect(leader.get(KEY).send().await.unwrap(), 200).await;
    assert_eq!(
        (&key["on_token"], &key["remote"]["service"]),
        (&json!(false), &json!("dịch vụ thử"))
    );

    let id = office.submitted().await;
    // The key that was kept here before signs no more, and no token signs for this one.
    let kept = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(kept, 409).await, "key-elsewhere");
    let token = act(&leader, &id, "signature-requests", json!({})).await;
    assert_eq!(problem(token, 409).await, "key-remote");
    // A token of the service that serves no more is had anew.
    service.forget_tokens();
    let signed = expect(sign(&leader, &id, CODE).await, 200).await;
    assert_eq!(signed["state"], "signed");
    assert_eq!(signed["waits_remotely"], Value::Null);
    let file = content(&leader, &id, "latest").await;
    let report = judged(&office, &file);
    assert_eq!(report.verdict, Verdict::TotalPassed, "{report:#?}");
    assert_eq!(report.signatures[0].level, Level::BT);
    // And the paper goes its way.
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    let sealed = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(sealed["state"], "sealed");
}

#[tokio::test]
async fn wrong_secrets_an_absent_service_and_another_hash_leave_the_document_as_it_was() {
    let (office, service) = open(|_| {}).await;
    let leader = office.server.log_in(LEADER).await;
    send_code(&leader, Some(OWN_KEY)).await;
    enrol(&leader).await;
    let id = office.submitted().await;
    let before = look(&leader, &id).await;

    assert_eq!(
        problem(sign(&leader, &id, "000000").await, 403).await,
        "remote-secret"
    );
    let nothing = act(
        &leader,
        &id,
        "remote-signature",
        json!({ "answers": [{ "id": "PIN", "value": "" }] }),
    )
    .await;
    assert_eq!(problem(nothing, 422).await, "remote-malformed");
    service.behave(Manner {
        is_away: true,
        ..Manner::default()
    });
    assert_eq!(problem(sign(&leader, &id, CODE).await, 502).await, "remote-away");
    service.behave(Manner {
        activation_expires: true,
        ..Manner::default()
    });
    assert_eq!(
        problem(sign(&leader, &id, CODE).await, 409).await,
        "remote-refused"
    );
    // What signs another document's hash is no signature of this one.
    service.behave(Manner {
        signs_another: Some([7; 32]),
        ..Manner::default()
    });
    assert_eq!(
        problem(sign(&leader, &id, CODE).await, 422).await,
        "signature-unfit"
    );
    service.behave(Manner::default());

    let after = look(&leader, &id).await;
    assert_eq!(after, before);
    office.run_jobs_later().await;
    assert_eq!(look(&leader, &id).await, before);
    // Each refusal is in the audit chain, and none of the secrets.
    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::Action.eq("signature.remote_refused"))
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(entries.len(), 4);
    assert!(
        entries
            .iter()
            .all(|entry| !entry.detail.contains(CODE) && !entry.detail.contains(REMOTE_PIN))
    );
    // Nobody else signs with it, and nobody without the service.
    let officer = office.server.log_in("chuyenvien").await;
    let refused = sign(&officer, &id, CODE).await;
    assert!(
        [403, 409].contains(&refused.status().as_u16()),
        "{}",
        refused.status()
    );
    expect(sign(&leader, &id, CODE).await, 200).await;
}

#[tokio::test]
async fn a_service_that_takes_its_time_is_asked_until_it_has_signed() {
    let (office, service) = open(|_| {}).await;
    let leader = office.server.log_in(LEADER).await;
    send_code(&leader, Some(OWN_KEY)).await;
    enrol(&leader).await;
    let id = office.submitted().await;
    service.behave(slow());
    let waits = expect(sign(&leader, &id, CODE).await, 202).await;
    assert_eq!(waits["state"], "submitted");
    let request = waits["waits_remotely"]["id"].as_str().unwrap().to_owned();
    expect(look_at(&leader, &request).await, 200).await;
    // Nobody else hears of it; and whoever asked goes home.
    let officer = office.server.log_in("chuyenvien").await;
    assert_eq!(
        problem(look_at(&officer, &request).await, 410).await,
        "signature-request-over"
    );
    assert_eq!(look(&officer, &id).await["waits_remotely"], Value::Null);
    leader
        .request(reqwest::Method::DELETE, "/api/v1/session")
        .send()
        .await
        .unwrap();

    office.let_pass(Duration::from_secs(5)).await;
    service.behave(Manner {
        is_away: true,
        ..slow()
    });
    for _ in 0..12 {
        pass(&office).await;
    }
    service.behave(slow());
    service.make();

    let leader = office.server.log_in(LEADER).await;
    becomes(&office, &leader, &id, "signed").await;
    assert_eq!(notices(&leader).await, ["remote_signed"]);
    assert_eq!(
        problem(look_at(&leader, &request).await, 410).await,
        "signature-request-over"
    );
}

#[tokio::test]
async fn a_call_back_after_a_restart_finishes_the_signature_once() {
    let port = free_port();
    let at_a_place = move |config: &mut Config| {
        config.http.address = (Ipv4Addr::LOCALHOST, port).into();
        config.http.public_origin = Some(format!("http://127.0.0.1:{port}"));
    };
    let (office, service) = open(at_a_place).await;
    let leader = office.server.log_in(LEADER).await;
    send_code(&leader, Some(OWN_KEY)).await;
    enrol(&leader).await;
    let id = office.submitted().await;
    service.behave(slow());
    expect(sign(&leader, &id, CODE).await, 202).await;

    let Office { server, authority } = office;
    let server = server
        .restart_with(|config| {
            authority.configure(config);
            service.configure(config);
            at_a_place(config);
        })
        .await;
    let office = Office { server, authority };
    let [address] = &service.make()[..] else {
        panic!("the service was given an address")
    };
    let address = address
        .strip_prefix(&office.server.origin())
        .expect("ours")
        .to_owned();
    let stranger = office.server.client();
    // A word that was never given does nothing; nor does this one where what is to be signed is handed out.
    let guessed = format!("/api/v1/signature-requests/calls/{}", "A".repeat(43));
    assert_eq!(
        problem(post(&stranger, &guessed, &json!({})).await, 410).await,
        "signature-request-over"
    );
    let word = address.rsplit('/').next().unwrap();
    let opened = post(
        &stranger,
        "/api/v1/signature-requests/opening",
        &json!({ "word": word }),
    )
    .await;
    assert_eq!(problem(opened, 410).await, "signature-request-over");
    assert_eq!(look(&leader, &id).await["state"], "submitted");

    // What it says is not heard, only that it calls.
    let said = json!({ "signatures": ["AAAA"], "state": "failed" });
    assert_eq!(post(&stranger, &address, &said).await.status(), 204);
    // The clock stands still: nothing but the call makes the program ask.
    for _ in 0..100 {
        if look(&leader, &id).await["state"] == "signed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let signed = look(&leader, &id).await;
    assert_eq!(signed["state"], "signed");
    assert_eq!(
        problem(post(&stranger, &address, &said).await, 410).await,
        "signature-request-over"
    );
    office.run_jobs_later().await;
    assert_eq!(look(&leader, &id).await["versions"], signed["versions"]);
}

#[tokio::test]
async fn what_the_service_never_signs_ends_with_a_clear_word_and_nothing_changed() {
    let (office, service) = open(|_| {}).await;
    let leader = office.server.log_in(LEADER).await;
    send_code(&leader, Some(OWN_KEY)).await;
    enrol(&leader).await;
    service.behave(slow());
    let id = office.submitted().await;
    let before = look(&leader, &id).await;
    let waits = expect(sign(&leader, &id, CODE).await, 202).await;
    let request = waits["waits_remotely"]["id"].as_str().unwrap().to_owned();
    office.run_jobs_later().await;
    assert_eq!(ends(&office, &leader, &request).await, "remote-expired");
    assert_eq!(look(&leader, &id).await, before);
    assert_eq!(notices(&leader).await, ["remote_failed"]);
    // A signature that comes afterwards is not taken.
    service.make();
    office.run_jobs_later().await;
    assert_eq!(look(&leader, &id).await, before);

    // One that is given back meanwhile is not signed, nor by who signs no more.
    let waits = expect(sign(&leader, &id, CODE).await, 202).await;
    let request = waits["waits_remotely"]["id"].as_str().unwrap().to_owned();
    expect(
        act(&leader, &id, "return", json!({ "reason": "Xin sửa lại" })).await,
        200,
    )
    .await;
    service.make();
    assert_eq!(ends(&office, &leader, &request).await, "remote-changed");
    let other = office.submitted().await;
    expect(sign(&leader, &other, CODE).await, 202).await;
    let roles = membership::Entity::delete_many()
        .filter(membership::Column::PersonId.eq(office.person(LEADER).await))
        .filter(membership::Column::Role.eq(Role::Leader));
    office
        .app()
        .store
        .write(async |tx| roles.exec(tx).await)
        .await
        .unwrap();
    service.make();
    for _ in 0..12 {
        pass(&office).await;
    }
    let officer = office.server.log_in("chuyenvien").await;
    assert_eq!(look(&officer, &other).await["state"], "submitted");
}

#[tokio::test]
async fn a_service_that_asks_on_the_telephone_signs_when_its_owner_agrees() {
    let (office, service) = open(|_| {}).await;
    let leader = office.server.log_in(LEADER).await;
    service.behave(Manner {
        on_telephone: true,
        ..Manner::default()
    });
    // Enrolment too waits for the telephone.
    let wanted = json!({ "credential_id": OWN_KEY, "answers": [] });
    let waits = expect(post(&leader, &format!("{KEY}/remote"), &wanted).await, 202).await;
    service.agree(true);
    let request = waits["id"].as_str().unwrap();
    assert_eq!(ends(&office, &leader, request).await, "signature-request-over");
    let key = expect(leader.get(KEY).send().await.unwrap(), 200).await;
    assert_eq!(key["remote"]["factors"][0]["kind"], "elsewhere");

    let id = office.submitted().await;
    let waits = expect(
        act(&leader, &id, "remote-signature", json!({ "answers": [] })).await,
        202,
    )
    .await;
    let request = waits["waits_remotely"]["id"].as_str().unwrap().to_owned();
    service.agree(false);
    assert_eq!(ends(&office, &leader, &request).await, "remote-secret");
    assert_eq!(look(&leader, &id).await["state"], "submitted");
    expect(
        act(&leader, &id, "remote-signature", json!({ "answers": [] })).await,
        202,
    )
    .await;
    service.agree(true);
    becomes(&office, &leader, &id, "signed").await;
    assert_eq!(notices(&leader).await, ["remote_signed", "remote_failed"]);
}

/// An office whose leader has a key at a service.
async fn open(change: impl FnOnce(&mut Config)) -> (Office, RemoteService) {
    let authority = TrainingAuthority::start().await;
    let service = RemoteService::start(authority.pkcs12("token"), authority.pkcs12("stranger"), PIN).await;
    let office = Office::open_by(authority, |config| {
        service.configure(config);
        change(config);
    });
    (office.await, service)
}

fn slow() -> Manner {
    Manner {
        is_asynchronous: true,
        ..Manner::default()
    }
}

fn answers(pin: &str, code: &str) -> Value {
    json!([{ "id": "PIN", "value": pin }, { "id": "OTP", "value": code }])
}

async fn send_code(leader: &Client, credential: Option<&str>) {
    let wanted = json!({ "credential_id": credential, "factor": "OTP" });
    let sent = post(leader, &format!("{KEY}/remote/codes"), &wanted).await;
    assert_eq!(sent.status(), 204);
}

async fn enrol(leader: &Client) {
    let wanted = json!({ "credential_id": OWN_KEY, "answers": answers(REMOTE_PIN, CODE) });
    let enrolled = post(leader, &format!("{KEY}/remote"), &wanted).await;
    assert_eq!(enrolled.status(), 204);
}

async fn sign(leader: &Client, id: &str, code: &str) -> reqwest::Response {
    act(
        leader,
        id,
        "remote-signature",
        json!({ "answers": answers(REMOTE_PIN, code) }),
    )
    .await
}

async fn look_at(client: &Client, request: &str) -> reqwest::Response {
    let path = format!("/api/v1/session/remote-requests/{request}");
    client.get(&path).send().await.unwrap()
}

/// Lets time pass until a document is in this state.
async fn becomes(office: &Office, client: &Client, id: &str, state: &str) {
    for _ in 0..60 {
        if look(client, id).await["state"] == state {
            return;
        }
        pass(office).await;
    }
    panic!("the document did not become {state}");
}

/// Lets time pass until a request is over; comes back with what is said of it then.
async fn ends(office: &Office, client: &Client, request: &str) -> String {
    for _ in 0..60 {
        let answer = look_at(client, request).await;
        match answer.status().as_u16() {
            200 => pass(office).await,
            status => return problem(answer, status).await,
        }
    }
    panic!("the request did not end");
}

/// Some seconds of the program's clock; its own worker may have taken a job and needs true time for it.
async fn pass(office: &Office) {
    office.let_pass(Duration::from_secs(5)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// The kinds of this person's notices, the newest first.
async fn notices(client: &Client) -> Vec<String> {
    let listed = expect(client.get("/api/v1/notices").send().await.unwrap(), 200).await;
    let items = listed["items"].as_array().unwrap();
    items
        .iter()
        .map(|one| one["kind"].as_str().unwrap().to_owned())
        .collect()
}

async fn post(client: &Client, path: &str, body: &Value) -> reqwest::Response {
    client.post(path).json(body).send().await.unwrap()
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
