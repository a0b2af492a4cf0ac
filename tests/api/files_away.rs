//! The object store of the files goes away while people work: a sentence, nothing done, and on it goes once it is back.

use hoian_server::store::entity::{audit_entry, document};
use hoian_tests::object_store::ObjectStore;
use hoian_tests::signing::{Office, PIN, act, expect, look, paper, problem};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

async fn blobs_level(office: &Office) -> Value {
    let administrator = office.server.log_in("quantri").await;
    let asked = administrator.get("/api/v1/admin/health").send().await.unwrap();
    let report = expect(asked, 200).await;
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["part"] == "blobs").unwrap();
    check["level"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_half_done_while_the_files_are_away() {
    let mut objects = ObjectStore::start();
    let office = Office::open_with(|config| objects.configure(config)).await;
    let id = office.submitted().await;
    let officer = office.server.log_in("chuyenvien").await;
    let leader = office.server.log_in("chutich").await;
    assert_eq!(blobs_level(&office).await, "good");
    let before = (look(&officer, &id).await, counts(&office).await);

    objects.go_away();
    let upload = office.upload(&officer, paper()).await;
    assert_eq!(problem(upload, 503).await, "files-away");
    let signature = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(signature, 503).await, "files-away");
    let content = format!("/api/v1/documents/{id}/versions/latest/content");
    let content = officer.get(&content).send().await.unwrap();
    assert_eq!(problem(content, 503).await, "files-away");
    assert_eq!((look(&officer, &id).await, counts(&office).await), before);
    assert_eq!(blobs_level(&office).await, "bad");

    objects.come_back();
    assert_eq!(blobs_level(&office).await, "good");
    let signature = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(expect(signature, 200).await["state"], "signed");
}

/// Documents, and what the audit chain says was done.
async fn counts(office: &Office) -> (u64, u64) {
    let reader = office.app().store.read();
    let documents = document::Entity::find().count(reader).await.unwrap();
    (
        documents,
        audit_entry::Entity::find().count(reader).await.unwrap(),
    )
}
