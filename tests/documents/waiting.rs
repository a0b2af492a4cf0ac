//! A time-stamp authority that is down: the signature waits, says so, and nothing is signed twice.

use std::sync::atomic::Ordering;

use hoian_server::store::entity::signature_pending;
use hoian_tests::signing::{LEADER, Office, PIN, act, expect, look, problem};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

#[tokio::test]
async fn a_signature_waits_for_its_time_stamp_and_is_completed_by_a_job() {
    let office = Office::open().await;
    let id = office.submitted().await;
    office.authority.tsa_is_down.store(true, Ordering::SeqCst);
    let leader = office.server.log_in(LEADER).await;
    let answer = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert!(answer.headers().contains_key("location"));
    let waiting = expect(answer, 202).await;
    assert_eq!(
        (&waiting["state"], &waiting["waiting_time_stamp"]),
        (&json!("signing"), &json!(true))
    );
    assert_eq!(waiting["actions"], json!([]));

    // Neither a second signature nor a number while it waits.
    assert_eq!(
        problem(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 409).await,
        "wrong-state"
    );
    let clerk = office.server.log_in("vanthu").await;
    assert_eq!(
        problem(act(&clerk, &id, "number", json!({})).await, 409).await,
        "wrong-state"
    );
    office.run_jobs_later().await;
    assert_eq!(look(&leader, &id).await["state"], "signing");

    office.authority.tsa_is_down.store(false, Ordering::SeqCst);
    office.run_jobs_later().await;
    let signed = look(&clerk, &id).await;
    assert_eq!(
        (&signed["state"], &signed["waiting_time_stamp"]),
        (&json!("signed"), &json!(false))
    );
    assert_eq!(signed["versions"][2]["level"], "B-T");
    let left = signature_pending::Entity::find()
        .count(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(left, 0);
    // A job may run twice.
    office
        .app()
        .custody
        .complete(&hoian_server::domain::document::DocumentId(id.clone()))
        .await
        .unwrap();
    assert_eq!(look(&clerk, &id).await["versions"].as_array().unwrap().len(), 3);
}
