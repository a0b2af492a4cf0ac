//! An urgent issue to 150 receivers: one dispatch each, one verification for all, evidence that stands without a network;
//! and its recall.

use std::collections::BTreeSet;
use std::time::Duration;

use hoian_server::clock;
use hoian_server::store::entity::{dispatch, dispatch_status, verification};
use hoian_tests::people;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, act, content, expect};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::handling::{first, step};
use crate::judges;

const RECEIVERS: usize = 150;

#[tokio::test]
async fn an_urgent_issue_reaches_150_receivers_and_comes_back_on_sqlite() {
    issued_and_recalled(&Office::open().await).await;
}

#[tokio::test]
async fn an_urgent_issue_reaches_150_receivers_and_comes_back_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    issued_and_recalled(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn issued_and_recalled(office: &Office) {
    let more = people::add_communes(office.app(), RECEIVERS - 2).await;
    let receivers: Vec<String> = ["agency-snv".to_owned(), "agency-anphu".to_owned()]
        .into_iter()
        .chain(more)
        .collect();
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let began = clock::instant();
    let body = json!({ "receivers": receivers });
    expect(act(&clerk, &id, "issue", body.clone()).await, 200).await;
    let sent = verified(office, &id).await;
    let took = began.elapsed();
    eprintln!("issued to {RECEIVERS} receivers and verified in {took:?}");
    assert!(took < Duration::from_secs(60), "the fan-out takes under a minute");
    assert_eq!(sent.len(), RECEIVERS);

    // One validation a file and policy, whoever receives it and however often the job runs.
    let verifications = verification::Entity::find()
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(verifications.len(), 1);
    assert_eq!(verifications[0].verdict, "TOTAL-PASSED");
    stands_without_a_network(office, &content(&clerk, &id, "latest").await, &verifications[0]).await;

    let recall = json!({ "reason": "Gửi nhầm bản dự thảo" });
    let recalled = expect(act(&clerk, &id, "recall", recall).await, 200).await;
    let asked = recalled["dispatches"].as_array().unwrap().iter();
    assert_eq!(asked.filter(|sent| sent["recall"] == "asked").count(), RECEIVERS);
    let department = office.server.log_in("vanthu.sonv").await;
    let path = first(&department, "box=waiting").await;
    expect(
        step(&department, &path, "recall-answer", json!({ "agree": true })).await,
        200,
    )
    .await;
    told_each_once(office, &sent).await;
}

/// Each of the receivers has exactly the rows of its own way: arrived, asked, and one has answered.
async fn told_each_once(office: &Office, sent: &[dispatch::Model]) {
    let ids = sent.iter().map(|row| row.id.clone());
    let rows = dispatch_status::Entity::find()
        .filter(dispatch_status::Column::DispatchId.is_in(ids))
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 2 * RECEIVERS + 1);
}

/// Waits for the program's own job; every dispatch then knows its verification.
async fn verified(office: &Office, id: &str) -> Vec<dispatch::Model> {
    let committed = office.app().store.committed();
    loop {
        let wake = committed.notified();
        let rows = dispatch::Entity::find()
            .filter(dispatch::Column::DocumentId.eq(id))
            .all(office.app().store.read())
            .await
            .unwrap();
        if rows.iter().all(|row| row.verification_id.is_some()) {
            return rows;
        }
        wake.await;
    }
}

/// pyHanko judges the file by the stored evidence alone, and wants a status for every certificate.
async fn stands_without_a_network(office: &Office, file: &[u8], row: &verification::Model) {
    let listed: Vec<Value> = serde_json::from_str(&row.evidence).unwrap();
    let mut evidence = Vec::new();
    for piece in &listed {
        let blob = serde_json::from_value(piece["blob"].clone()).unwrap();
        let bytes = office.app().store.blobs().get(&blob).await.unwrap();
        evidence.push((piece["kind"].as_str().unwrap().to_owned(), bytes));
    }
    let kinds: BTreeSet<_> = evidence.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(kinds.contains("ocsp_response") || kinds.contains("revocation_list"));
    let moment = office.app().clock.now_utc();
    judges::accept_offline(&office.authority.root, file, &evidence, moment);
}
