//! Whoever signs with a key is told before its certificate ends: two months, a month and a week, each once.

use std::time::Duration;

use hoian_server::clock::Timestamp;
use hoian_server::domain::holder::Holder;
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::audit_entry;
use hoian_tests::signing::{LEADER, Office, PIN, expect};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn holders_and_clerks_are_told_three_times_and_no_more_once_there_is_another_key() {
    let office = Office::open().await;
    office.run_jobs().await;
    let custody = &office.app().custody;
    let leader = Holder::Person(office.person(LEADER).await);
    let key = custody.key_of(&leader).await.unwrap();
    assert_eq!(told(&office, LEADER).await.len(), 0);

    until(&office, key.not_after, 61).await;
    assert_eq!(told(&office, LEADER).await.len(), 0);
    for (days, times) in [(60, 1), (59, 1), (31, 1), (30, 2), (8, 2), (7, 3), (1, 3)] {
        until(&office, key.not_after, days).await;
        for user in [LEADER, "vanthu"] {
            assert_eq!(
                told(&office, user).await.len(),
                times,
                "{user}, {days} days before"
            );
        }
        // Another agency's clerk, and whoever has no key.
        for user in ["vanthu.sonv", "quantri"] {
            assert_eq!(told(&office, user).await.len(), 0, "{user}");
        }
    }
    let of_clerk = &told(&office, "vanthu").await[0];
    assert_eq!(of_clerk["subject"], "Ủy ban nhân dân tỉnh Lam Giang");
    assert_eq!(of_clerk["href"], "/cai-dat");
    assert!(of_clerk["due_on"].is_string() && of_clerk["code"] == "");

    // The page says it too, and health has both keys.
    let clerk = office.server.log_in("vanthu").await;
    let keys = expect(
        clerk.get("/api/v1/session/agency-keys").send().await.unwrap(),
        200,
    )
    .await;
    assert_eq!(keys[0]["agency"], "Ủy ban nhân dân tỉnh Lam Giang");
    assert!(keys[0]["key"]["not_after"].is_string());
    let admin = office.server.log_in("quantri").await;
    let health = expect(admin.get("/api/v1/admin/health").send().await.unwrap(), 200).await;
    let ending: Vec<&str> = health["ending_certificates"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["holder"].as_str())
        .collect();
    assert!(ending.contains(&"Trần Văn Minh") && ending.contains(&"Ủy ban nhân dân tỉnh Lam Giang"));

    let entries = audit_entry::Entity::find()
        .filter(audit_entry::Column::Action.eq("signing_key.ending_told"))
        .filter(audit_entry::Column::Subject.eq(format!("signing_key/{}", key.id)))
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(entries.len(), 3);
}

#[tokio::test]
async fn a_key_whose_place_another_has_taken_is_told_of_no_more() {
    let office = Office::open().await;
    office.run_jobs().await;
    let custody = &office.app().custody;
    let leader = Holder::Person(office.person(LEADER).await);
    let key = custody.key_of(&leader).await.unwrap();
    until(&office, key.not_after, 45).await;
    assert_eq!(told(&office, LEADER).await.len(), 1);
    let next = office.authority.pkcs12("token");
    custody
        .enrol_key(&Actor::System, &leader, next, PIN, PIN)
        .await
        .unwrap();
    until(&office, key.not_after, 20).await;
    let of = |one: &Value| one["kind"] == "certificate_ends";
    let told = told(&office, LEADER).await;
    // The next one ends on the same day here, and is told of under its own name.
    assert_eq!(told.iter().filter(|one| of(one)).count(), 2);
    let keys = audit_entry::Entity::find()
        .filter(audit_entry::Column::Subject.eq(format!("signing_key/{}", key.id)))
        .filter(audit_entry::Column::Action.eq("signing_key.ending_told"))
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(keys.len(), 1);
}

/// Lets time pass until so many days are left before this moment.
async fn until(office: &Office, end: Timestamp, days: u32) {
    let now = office.server.clock.now();
    office.let_pass(end.before(DAY * days).since(now)).await;
}

/// The notices of certificates that this person has.
async fn told(office: &Office, user: &str) -> Vec<Value> {
    let client = office.server.log_in(user).await;
    let page = expect(client.get("/api/v1/notices").send().await.unwrap(), 200).await;
    let all = page["items"].as_array().unwrap().iter();
    all.filter(|one| one["kind"] == "certificate_ends")
        .cloned()
        .collect()
}
