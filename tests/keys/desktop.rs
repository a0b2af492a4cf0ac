//! The state's desktop tool: a simulator of the harness that follows its messages.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hoian_server::store::entity::audit_entry;
use hoian_signer::validate::{Kind, Level, Verdict};
use hoian_tests::Client;
use hoian_tests::desktop_tool::{DesktopTool, Mode, question};
use hoian_tests::signing::{LEADER, Office, PIN, TrainingAuthority, act, content, expect, look, problem};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::judged;

const KEY: &str = "/api/v1/session/signing-key";

#[tokio::test]
async fn a_leader_enrols_and_signs_with_the_tool_and_the_paper_goes_its_way() {
    let (office, tool) = open().await;
    let leader = office.server.log_in(LEADER).await;
    let ways = expect(
        leader.get("/api/v1/session/signing-ways").send().await.unwrap(),
        200,
    )
    .await;
    assert_eq!(ways["desktop_tool"], tool.address);
    // The page may reach the tool, and nothing else beside its own server.
    let page = leader.get("/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains(&format!("connect-src 'self' {};", tool.address)),
        "{policy}"
    );

    let key = enrol(&leader, &tool).await;
    assert_eq!(key["on_token"], true);
    assert_eq!(
        problem(ask_to_enrol_again(&office, &leader, &tool).await, 410).await,
        "signature-request-over"
    );

    let id = office.submitted().await;
    let asked = ask(&leader, &id).await;
    let (answer, _) = tool.ask(&question(&asked["address"])).await;
    assert_eq!(
        (&answer["Status"], &answer["Message"]),
        (&json!(0), &json!("")),
        "{answer}"
    );
    assert!(answer["FileServer"].is_string());
    let signed = look(&leader, &id).await;
    assert_eq!(signed["state"], "signed");
    // Number, date and seal come after it as after any other signature.
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    let sealed = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(sealed["state"], "sealed");
    let report = judged(&office, &content(&leader, &id, "latest").await);
    assert_eq!(report.verdict, Verdict::TotalPassed, "{report:#?}");
    let signatures: Vec<_> = report
        .signatures
        .iter()
        .filter(|one| one.kind == Kind::Signature)
        .collect();
    assert_eq!(signatures.len(), 2);
    // The tool gave it no time-stamp; the house did.
    assert!(signatures.iter().all(|one| one.level >= Level::BT), "{report:#?}");
    assert_eq!(signatures[0].field, "Signature1");
}

/// The tool signs once: a silent authority costs time and no second signature.
#[tokio::test]
async fn a_file_without_a_time_stamp_waits_for_the_houses() {
    let (office, tool) = open().await;
    let leader = office.server.log_in(LEADER).await;
    enrol(&leader, &tool).await;
    let id = office.submitted().await;
    office.authority.tsa_is_down.store(true, Ordering::SeqCst);
    let asked = ask(&leader, &id).await;
    let (answer, _) = tool.ask(&question(&asked["address"])).await;
    assert_eq!(answer["Status"], 0, "{answer}");
    assert_eq!(look(&leader, &id).await["waiting_time_stamp"], true);
    office.authority.tsa_is_down.store(false, Ordering::SeqCst);
    for _ in 0..60 {
        if look(&leader, &id).await["state"] == "signed" {
            return;
        }
        office.let_pass(Duration::from_secs(60)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the paper still waits");
}

#[tokio::test]
async fn nothing_but_the_signed_file_is_taken() {
    let (office, tool) = open().await;
    let leader = office.server.log_in(LEADER).await;
    enrol(&leader, &tool).await;
    let (id, other) = (office.submitted().await, office.submitted().await);
    let elsewhere = ask(&leader, &other).await;
    let elsewhere = get(&office, &elsewhere["address"])
        .await
        .bytes()
        .await
        .unwrap()
        .to_vec();
    let before = look(&leader, &id).await;

    let modes = [
        Mode::Tampered,
        Mode::Retouched,
        Mode::OtherDocument(elsewhere),
        Mode::OtherDocument(hoian_tests::signing::paper()),
        Mode::Unsigned,
    ];
    let count = modes.len();
    for mode in modes {
        tool.behave(mode.clone());
        let asked = ask(&leader, &id).await;
        let (answer, _) = tool.ask(&question(&asked["address"])).await;
        assert_eq!(answer["Status"], 1, "{mode:?}");
        assert!(
            answer["Message"].as_str().unwrap().contains("không được lưu"),
            "{answer}"
        );
        assert_eq!(look(&leader, &id).await, before, "{mode:?}");
        // One file is taken back, whatever it was.
        let (_, said) = tool.ask(&question(&asked["address"])).await;
        assert_eq!(said[0].0, 410, "{mode:?}");
    }
    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::Action.eq("signature.file_refused"))
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(entries.len(), count);
    assert!(
        entries
            .iter()
            .all(|entry| entry.subject == format!("document/{id}"))
    );

    // Cancelled, and never answered.
    tool.behave(Mode::Cancel);
    let asked = ask(&leader, &id).await;
    let (answer, said) = tool.ask(&question(&asked["address"])).await;
    assert_eq!((&answer["Status"], said.len()), (&json!(1), 0));
    tool.behave(Mode::Timeout);
    let asked = ask(&leader, &id).await;
    let late = question(&asked["address"]);
    let asking = tool.ask(&late);
    assert!(
        tokio::time::timeout(Duration::from_secs(2), asking)
            .await
            .is_err()
    );
    office.server.clock.advance(Duration::from_secs(301));
    assert_eq!(
        problem(send(&office, &asked["address"]).await, 410).await,
        "signature-request-over"
    );
    assert_eq!(look(&leader, &id).await, before);

    // Another's key signs nothing here.
    let strangers = DesktopTool::open(office.authority.pkcs12("stranger"), PIN).await;
    let asked = ask(&leader, &id).await;
    let (answer, _) = strangers.ask(&question(&asked["address"])).await;
    assert_eq!(answer["Status"], 1);
    assert_eq!(look(&leader, &id).await, before);

    // Sent twice it counts once.
    tool.behave(Mode::Replay);
    let asked = ask(&leader, &id).await;
    let (answer, said) = tool.ask(&question(&asked["address"])).await;
    assert_eq!(answer["Status"], 0);
    assert_eq!((said[0].0, said[1].0), (200, 410));
    let signed = look(&leader, &id).await;
    assert_eq!(signed["state"], "signed");
}

#[tokio::test]
async fn a_request_is_of_one_session_and_opens_once() {
    let (office, tool) = open().await;
    let leader = office.server.log_in(LEADER).await;
    let id = office.submitted().await;
    // A key kept here signs here.
    let path = format!("/api/v1/documents/{id}/desktop-requests");
    assert_eq!(
        problem(post(&leader, &path, &json!({})).await, 409).await,
        "key-here"
    );
    enrol(&leader, &tool).await;
    // Nothing is taken back that was not handed out.
    let asked = ask(&leader, &id).await;
    assert_eq!(
        problem(send(&office, &asked["address"]).await, 410).await,
        "signature-request-over"
    );
    assert_eq!(get(&office, &asked["address"]).await.status(), 200);
    assert_eq!(get(&office, &asked["address"]).await.status(), 410);
    // A newer request ends it, and so does the end of the session that asked.
    let newer = ask(&leader, &id).await;
    assert_eq!(
        problem(send(&office, &asked["address"]).await, 410).await,
        "signature-request-over"
    );
    assert_eq!(get(&office, &newer["address"]).await.status(), 200);
    leader
        .request(reqwest::Method::DELETE, "/api/v1/session")
        .send()
        .await
        .unwrap();
    assert_eq!(
        problem(send(&office, &newer["address"]).await, 410).await,
        "signature-request-over"
    );
    // Nobody asks for another's signature.
    let officer = office.server.log_in("chuyenvien").await;
    let refused = post(&officer, &path, &json!({})).await;
    assert!(
        [403, 409].contains(&refused.status().as_u16()),
        "{}",
        refused.status()
    );
}

#[tokio::test]
async fn a_key_of_another_name_is_not_enrolled_and_without_a_tool_nothing_is_asked() {
    let (office, _) = open().await;
    let leader = office.server.log_in(LEADER).await;
    let before = expect(leader.get(KEY).send().await.unwrap(), 200).await;
    for alias in ["stranger", "expired", "revoked"] {
        let tool = DesktopTool::open(office.authority.pkcs12(alias), PIN).await;
        let asked = expect(
            post(&leader, &format!("{KEY}/desktop-requests"), &json!({})).await,
            201,
        )
        .await;
        let (answer, _) = tool.ask(&question(&asked["address"])).await;
        assert_eq!(answer["Status"], 1, "{alias}: {answer}");
        assert_eq!(
            expect(leader.get(KEY).send().await.unwrap(), 200).await,
            before,
            "{alias}"
        );
    }
    let without = Office::open().await;
    let leader = without.server.log_in(LEADER).await;
    let refused = post(&leader, &format!("{KEY}/desktop-requests"), &json!({})).await;
    assert_eq!(problem(refused, 409).await, "no-tool");
    let page = leader.get("/").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("connect-src 'self';"), "{policy}");
}

/// An office, and the tool at the PC of [`LEADER`].
async fn open() -> (Office, DesktopTool) {
    let authority = TrainingAuthority::start().await;
    let tool = DesktopTool::open(authority.pkcs12("token"), PIN).await;
    let address = tool.address.clone();
    let office = Office::open_by(authority, |config| config.signing.desktop_tool = Some(address));
    (office.await, tool)
}

/// Enrols the key of the tool's token.
async fn enrol(leader: &Client, tool: &DesktopTool) -> Value {
    let asked = expect(
        post(leader, &format!("{KEY}/desktop-requests"), &json!({})).await,
        201,
    )
    .await;
    let (answer, _) = tool.ask(&question(&asked["address"])).await;
    assert_eq!(answer["Status"], 0, "{answer}");
    expect(leader.get(KEY).send().await.unwrap(), 200).await
}

/// A request that is over, asked for once more by the tool itself.
async fn ask_to_enrol_again(office: &Office, leader: &Client, tool: &DesktopTool) -> reqwest::Response {
    let asked = expect(
        post(leader, &format!("{KEY}/desktop-requests"), &json!({})).await,
        201,
    )
    .await;
    // The key is enrolled already, so the file is refused and the request over.
    let (answer, _) = tool.ask(&question(&asked["address"])).await;
    assert_eq!(answer["Status"], 1, "{answer}");
    get(office, &asked["address"]).await
}

async fn ask(leader: &Client, id: &str) -> Value {
    let path = format!("/api/v1/documents/{id}/desktop-requests");
    expect(post(leader, &path, &json!({})).await, 201).await
}

async fn get(office: &Office, address: &Value) -> reqwest::Response {
    let path = address
        .as_str()
        .unwrap()
        .strip_prefix(&office.server.origin())
        .unwrap();
    office.server.client().get(path).send().await.unwrap()
}

/// Sends some file to an address.
async fn send(office: &Office, address: &Value) -> reqwest::Response {
    let path = address
        .as_str()
        .unwrap()
        .strip_prefix(&office.server.origin())
        .unwrap();
    let part = reqwest::multipart::Part::bytes(b"%PDF-1.7".to_vec()).file_name("a.pdf");
    let form = reqwest::multipart::Form::new().part("uploadfile", part);
    office
        .server
        .client()
        .post(path)
        .multipart(form)
        .send()
        .await
        .unwrap()
}

async fn post(client: &Client, path: &str, body: &Value) -> reqwest::Response {
    client.post(path).json(body).send().await.unwrap()
}
