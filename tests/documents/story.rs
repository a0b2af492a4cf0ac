//! Upload → submit → sign → number → seal → issue → receive → verify.

use hoian_server::clock::Timestamp;
use hoian_server::store::audit::{self, Verdict};
use hoian_server::store::entity::verification;
use hoian_tests::Client;
use hoian_tests::object_store::ObjectStore;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, act, content, expect, look, paper, problem};
use reqwest::multipart::{Form, Part};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::judges;

#[tokio::test]
async fn a_document_goes_its_whole_way_on_sqlite() {
    let office = Office::open().await;
    whole_way(&office).await;
}

#[tokio::test]
async fn a_document_goes_its_whole_way_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    let office = Office::open_with(|config| config.database.url = Some(postgres.url())).await;
    whole_way(&office).await;
}

#[tokio::test]
async fn a_document_goes_its_whole_way_with_its_files_in_an_object_store() {
    let objects = ObjectStore::start();
    let office = Office::open_with(|config| objects.configure(config)).await;
    whole_way(&office).await;
    assert!(!office.server.folder().join("blobs").exists());
}

async fn whole_way(office: &Office) {
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let sealed = look(&clerk, &id).await;
    assert_eq!(sealed["code"], "01/KH-UBND");
    assert_eq!(
        sealed["steps"],
        json!({ "approve": true, "sign": true, "number": true, "seal": true })
    );
    versions_follow_from_one_another(&clerk, &id, &sealed).await;
    let file = content(&clerk, &id, "latest").await;
    judges::accept(&office.authority.root, &file);

    issue_and_receive(office, &clerk, &id).await;
    the_evidence_is_kept(office).await;
    verify(office, file).await;
    let chain = audit::verify(office.app().store.read()).await.unwrap();
    assert!(
        matches!(chain, Verdict::Whole { entries } if entries > 10),
        "{chain:?}"
    );
}

/// Each version begins with the bytes of the one before.
async fn versions_follow_from_one_another(client: &Client, id: &str, detail: &Value) {
    let versions = detail["versions"].as_array().unwrap();
    let purposes: Vec<_> = versions
        .iter()
        .map(|version| version["purpose"].as_str().unwrap())
        .collect();
    assert_eq!(purposes, ["draft", "prepared", "signed", "numbered", "sealed"]);
    let mut before = paper_prefix();
    for version in versions {
        let bytes = content(client, id, &version["number"].to_string()).await;
        assert!(
            bytes.starts_with(&before),
            "version {} begins with the one before",
            version["number"]
        );
        before = bytes;
    }
}

fn paper_prefix() -> Vec<u8> {
    paper()[..8].to_vec()
}

async fn issue_and_receive(office: &Office, clerk: &Client, id: &str) {
    let receivers = json!({ "receivers": ["agency-snv", "agency-anphu"] });
    let issued = expect(act(clerk, id, "issue", receivers.clone()).await, 200).await;
    assert_eq!(issued["dispatches"].as_array().unwrap().len(), 2);
    // Sending again is idempotent by document and receiver.
    let again = expect(act(clerk, id, "issue", receivers).await, 200).await;
    assert_eq!(again["dispatches"].as_array().unwrap().len(), 2);
    crate::handling::verified(office, id).await;

    let receiver = office.server.log_in("vanthu.sonv").await;
    let list = get(&receiver, "/api/v1/dispatches").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let dispatch = &list["items"][0];
    assert_eq!(
        (&dispatch["verdict"], &dispatch["status"]),
        (&json!("TOTAL-PASSED"), &json!("arrived"))
    );
    let path = format!("/api/v1/dispatches/{}", dispatch["id"].as_str().unwrap());
    let detail = get(&receiver, &path).await;
    assert_eq!(detail["sentence"], "Chữ ký số hợp lệ.");
    assert_eq!(detail["report"]["signatures"].as_array().unwrap().len(), 2);

    let accept = json!({ "answer": "accept" });
    let receipt = format!("{path}/receipt");
    let accepted = receiver.post(&receipt).json(&accept).send().await.unwrap();
    assert_eq!(expect(accepted, 200).await["status"], "accepted");
    let twice = receiver.post(&receipt).json(&accept).send().await.unwrap();
    assert_eq!(problem(twice, 409).await, "already-answered");
    let seen = look(clerk, id).await;
    let statuses: Vec<_> = seen["dispatches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sent| &sent["status"])
        .collect();
    assert!(
        statuses.contains(&&json!("accepted")) && statuses.contains(&&json!("arrived")),
        "{statuses:?}"
    );
    // The commune sends it back, with a reason only.
    let commune = office.server.log_in("vanthu.anphu").await;
    let list = get(&commune, "/api/v1/dispatches").await;
    let receipt = format!(
        "/api/v1/dispatches/{}/receipt",
        list["items"][0]["id"].as_str().unwrap()
    );
    let silent = commune
        .post(&receipt)
        .json(&json!({ "answer": "return" }))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(silent, 422).await, "reason-missing");
    let reason = json!({ "answer": "return", "reason": "Gửi nhầm nơi nhận" });
    let returned = commune.post(&receipt).json(&reason).send().await.unwrap();
    assert_eq!(expect(returned, 200).await["status"], "returned");
}

/// The certificates, and what their authorities said, stand beside the verdict.
async fn the_evidence_is_kept(office: &Office) {
    let row = verification::Entity::find()
        .one(office.app().store.read())
        .await
        .unwrap()
        .expect("a verification");
    let evidence: Value = serde_json::from_str(&row.evidence).unwrap();
    for kind in ["certificate", "ocsp_response", "revocation_list"] {
        let mut pieces = evidence.as_array().unwrap().iter();
        assert!(pieces.any(|piece| piece["kind"] == kind), "{kind}: {evidence}");
    }
    let report: Value = serde_json::from_str(&row.report).unwrap();
    assert!(report["objects"].is_null(), "their bytes stand in blobs");
    for piece in evidence.as_array().unwrap() {
        let existed_at: Timestamp = serde_json::from_value(piece["existed_at"].clone()).unwrap();
        assert!(existed_at <= row.verified_at, "{piece}");
        let blob = serde_json::from_value(piece["blob"].clone()).unwrap();
        assert!(!office.app().store.blobs().get(&blob).await.unwrap().is_empty());
    }
    for signature in report["signatures"].as_array().unwrap() {
        let chain = signature["chain"].as_array().unwrap();
        assert!(chain.len() >= 3, "{signature}");
        for certificate in chain {
            let mut pieces = evidence.as_array().unwrap().iter();
            assert!(pieces.any(|piece| piece["blob"] == *certificate), "{certificate}");
        }
        assert_eq!(signature["revocation"], "good", "{signature}");
        assert!(
            !signature["warnings"].to_string().contains("revocation_unknown"),
            "{signature}"
        );
    }
}

async fn verify(office: &Office, file: Vec<u8>) {
    let anyone = office.server.client();
    assert_eq!(verdict(&anyone, file.clone()).await, "TOTAL-PASSED");
    // One byte of the page's content.
    let mut flipped = file.clone();
    flipped[file.len() / 4] ^= 1;
    let flipped = verdict(&anyone, flipped).await;
    assert!(
        ["TOTAL-FAILED", "MALFORMED"].contains(&flipped.as_str()),
        "{flipped}"
    );
    // A revision that covers the page with something else.
    let appended = judges::with_revision(&file);
    assert_eq!(verdict(&anyone, appended).await, "TOTAL-FAILED");
    assert_eq!(verdict(&anyone, paper()).await, "NO-SIGNATURE");
    assert_eq!(verdict(&anyone, b"hello".to_vec()).await, "MALFORMED");
}

/// What the public page says.
pub async fn verdict(client: &Client, file: Vec<u8>) -> String {
    let form = Form::new().part("file", Part::bytes(file).file_name("tep.pdf"));
    let answer = client
        .post("/api/v1/verifications")
        .multipart(form)
        .send()
        .await
        .unwrap();
    expect(answer, 200).await["verdict"].as_str().unwrap().to_owned()
}

/// The bytes behind a path.
pub async fn file(client: &Client, path: &str) -> Vec<u8> {
    let answer = client.get(path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

pub async fn get(client: &Client, path: &str) -> Value {
    expect(client.get(path).send().await.unwrap(), 200).await
}

#[tokio::test]
async fn numbers_are_given_once_and_without_gap_to_clerks_at_the_same_time() {
    let office = Office::open().await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(office.signed().await);
    }
    let clerk = office.server.log_in("vanthu").await;
    let number = |id: String| {
        let clerk = clerk.clone();
        async move { expect(act(&clerk, &id, "number", json!({})).await, 200).await["code"].clone() }
    };
    let mut codes = futures::future::join_all(ids.into_iter().map(number)).await;
    codes.sort_by_key(Value::to_string);
    assert_eq!(codes, ["01/KH-UBND", "02/KH-UBND", "03/KH-UBND", "04/KH-UBND"]);
}
