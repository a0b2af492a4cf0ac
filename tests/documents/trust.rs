//! What becomes of papers when the office trusts their root no more.

use hoian_server::domain::trust::Standing;
use hoian_server::store::audit::Actor;
use hoian_tests::signing::{Office, PIN, act, content, look, problem};
use serde_json::json;

use crate::story::verdict;

#[tokio::test]
async fn nothing_new_is_valid_under_a_root_that_is_trusted_no_more() {
    let office = Office::open().await;
    let (sealed, submitted) = (office.sealed().await, office.submitted().await);
    let clerk = office.server.log_in("vanthu").await;
    let file = content(&clerk, &sealed, "latest").await;
    let anyone = office.server.client();
    assert_eq!(verdict(&anyone, file.clone()).await, "TOTAL-PASSED");

    let custody = &office.app().custody;
    let anchors = custody.anchors().await.unwrap();
    let root = anchors.iter().find(|row| row.standing == Standing::Root).unwrap();
    custody
        .end_trust(&Actor::System, &root.fingerprint, "Thay gốc")
        .await
        .unwrap();
    // The time-stamps of this office come from the same root, so nothing proves that the paper is older than its end.
    assert_eq!(verdict(&anyone, file.clone()).await, "INDETERMINATE");
    let leader = office.server.log_in("chutich").await;
    let refused = act(&leader, &submitted, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(refused, 409).await, "not-trusted");
    let document = look(&leader, &submitted).await;
    assert_eq!(document["state"], "submitted");
    let remark = document["remark"].as_str().unwrap();
    assert!(remark.contains("gốc mà cơ quan tin cậy"), "{remark}");
}
