//! A recalled document is frozen at its sender; each receiver gives it back or keeps it with a reason.

use hoian_tests::signing::{Office, act, expect, look, problem};
use serde_json::{Value, json};

use crate::handling::{first, issued, step};
use crate::story::get;

#[tokio::test]
async fn receivers_answer_a_recall_and_the_sender_sees_it() {
    let office = Office::open().await;
    let id = issued(&office, &["agency-snv", "agency-anphu"]).await;
    let department = office.server.log_in("vanthu.sonv").await;
    let registered = first(&department, "").await;
    expect(
        step(&department, &registered, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;

    let sender = office.server.log_in("vanthu").await;
    let silent = act(&sender, &id, "recall", json!({ "reason": " " })).await;
    assert_eq!(problem(silent, 422).await, "reason-missing");
    let recalled = act(&sender, &id, "recall", json!({ "reason": "Sai phụ lục" })).await;
    assert_eq!(expect(recalled, 200).await["state"], "recalled");
    let again = act(&sender, &id, "issue", json!({ "receivers": ["agency-snv"] })).await;
    assert_eq!(problem(again, 409).await, "wrong-state", "frozen");

    // Nothing else happens to a copy until its clerk has answered.
    let commune = office.server.log_in("vanthu.anphu").await;
    let arrived = first(&commune, "box=waiting").await;
    let asked = get(&commune, &arrived).await;
    assert_eq!(
        (&asked["recall"], &asked["reason"]),
        (&json!("asked"), &json!("Sai phụ lục"))
    );
    let early = step(&commune, &arrived, "receipt", json!({ "answer": "accept" })).await;
    assert_eq!(problem(early, 409).await, "recall-pending");

    let given = step(&commune, &arrived, "recall-answer", json!({ "agree": true })).await;
    let given = expect(given, 200).await;
    assert_eq!(
        (&given["status"], &given["actions"]),
        (&json!("recall_agreed"), &json!([]))
    );
    let kept = step(
        &department,
        &registered,
        "recall-answer",
        json!({ "agree": false }),
    )
    .await;
    assert_eq!(problem(kept, 422).await, "reason-missing");
    let kept = json!({ "agree": false, "reason": "Đã thực hiện xong" });
    let kept = expect(step(&department, &registered, "recall-answer", kept).await, 200).await;
    assert_eq!(
        (&kept["status"], &kept["recall"]),
        (&json!("accepted"), &json!("refused"))
    );
    assert_eq!(answers(&look(&sender, &id).await), ["agreed", "refused"]);

    // Asking again reaches who refused, and not who gave it back.
    expect(
        act(&sender, &id, "recall", json!({ "reason": "Văn bản bị thay thế" })).await,
        200,
    )
    .await;
    assert_eq!(answers(&look(&sender, &id).await), ["agreed", "asked"]);
    let codes: Vec<Value> = get(&department, &registered).await["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["code"].clone())
        .collect();
    assert_eq!(codes, ["01", "03", "13", "16", "13"]);
}

#[tokio::test]
async fn only_a_clerk_of_the_sender_recalls_and_only_what_is_issued() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let reason = || json!({ "reason": "Sai" });
    let expected = [
        ("vanthu", 409),
        ("chuyenvien", 403),
        ("chutich", 403),
        ("vanthu.sonv", 404),
        ("quantri", 404),
    ];
    for (user_name, status) in expected {
        let client = office.server.log_in(user_name).await;
        let answer = act(&client, &id, "recall", reason()).await;
        assert_eq!(answer.status().as_u16(), status, "{user_name}");
    }
}

fn answers(document: &Value) -> Vec<&str> {
    let dispatches = document["dispatches"].as_array().unwrap().iter();
    let mut answers: Vec<_> = dispatches.map(|sent| sent["recall"].as_str().unwrap()).collect();
    answers.sort_unstable();
    answers
}
