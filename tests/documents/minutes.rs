//! Minutes: the secretary signs first, on the left; the chair second, on the right; the agency's seal lies over the chair's.

use hoian_tests::Client;
use hoian_tests::paper::keep;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{LEADER, Office, PIN, SECRETARY, act, content, expect, look, problem};
use serde_json::{Value, json};

use crate::joint::draft_for_two;
use crate::judges;
use crate::story::{get, verdict};

const BODY: &str = "Thời gian bắt đầu: 08 giờ 00, ngày 30 tháng 11 năm 2026.\nChủ trì (chủ tọa): đồng chí Trần Văn Minh, Chủ tịch.\nThư ký (người ghi biên bản): đồng chí Phạm Quốc Anh, Chuyên viên.\n1. Thông qua báo cáo.\nCuộc họp kết thúc vào 10 giờ 00, ngày 30 tháng 11 năm 2026.";

async fn draft(office: &Office, by: &str, secretary: &str, chair: &str) -> reqwest::Response {
    let said = json!({
        "subject": "Họp giao ban tháng 11",
        "kind": "BB",
        "metadata": { "receivers": ["Như thành phần dự họp"] },
        "body": BODY,
    });
    draft_for_two(office, by, [secretary, chair], said).await
}

async fn signs(client: &Client, id: &str) -> Value {
    expect(act(client, id, "signature", json!({ "pin": PIN })).await, 200).await
}

async fn lists(client: &Client, which: &str, id: &str) -> bool {
    let list = get(client, &format!("/api/v1/documents?box={which}")).await;
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["id"] == id)
}

#[tokio::test]
async fn secretary_and_chair_sign_and_the_seal_lies_over_the_chairs_signature_on_sqlite() {
    whole_way(&Office::open().await).await;
}

#[tokio::test]
async fn secretary_and_chair_sign_and_the_seal_lies_over_the_chairs_signature_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    whole_way(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn whole_way(office: &Office) {
    // Drafted by a clerk, so that the secretary knows of it as the one who signs alone.
    let made = expect(draft(office, "vanthu", SECRETARY, LEADER).await, 201).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "submission", json!({})).await, 200).await;
    let secretary = office.server.log_in(SECRETARY).await;
    assert!(lists(&secretary, "waiting", &id).await);
    assert_eq!(look(&secretary, &id).await["actions"], json!(["return", "sign"]));
    let chair = office.server.log_in(LEADER).await;
    assert!(!lists(&chair, "waiting", &id).await, "the secretary signs first");
    assert_eq!(signs(&secretary, &id).await["state"], "first_signed");
    assert!(!lists(&secretary, "waiting", &id).await);
    assert!(lists(&chair, "waiting", &id).await);
    let early = act(&clerk, &id, "number", json!({})).await;
    assert_eq!(problem(early, 409).await, "wrong-state");
    assert_eq!(signs(&chair, &id).await["state"], "signed");
    let clerk = office.server.log_in("vanthu").await;
    let numbered = expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    assert_eq!(numbered["code"], "01/BB-UBND");
    let sealed = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(sealed["state"], "sealed");
    let number = |place: &Value, field: &str| place[field].as_f64().unwrap();
    let places = &sealed["places"];
    let (left, right, seal) = (&places["signature"], &places["second_signature"], &places["seal"]);
    let end = |place: &Value| number(place, "x") + number(place, "width");
    assert!(
        end(left) < number(right, "x"),
        "the secretary stands on the left: {places}"
    );
    assert!(
        number(seal, "x") < number(right, "x") && end(seal) > number(right, "x"),
        "the seal covers the left third of the chair's signature: {places}"
    );
    assert!(
        end(left) < number(seal, "x") + 20.0,
        "and not the secretary's: {places}"
    );
    let file = content(&clerk, &id, "latest").await;
    keep(&file, "bien-ban.pdf");
    judges::accept_all(&office.authority.root, &file, 3);
    assert_eq!(
        verdict(&office.server.client(), file.clone()).await,
        "TOTAL-PASSED"
    );
    let said = judges::words(&file);
    for words in ["THƯ KÝ", "CHỦ TỌA", "Phạm Quốc Anh", "Trần Văn Minh", "BIÊN BẢN"] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[tokio::test]
async fn only_a_secretary_of_the_chairs_agency_signs_minutes_and_each_side_signs_its_own() {
    let office = Office::open().await;
    office.enrol_partner().await;
    for (by, secretary, chair, status, name) in [
        (SECRETARY, LEADER, LEADER, 422, "cosigner"),
        (SECRETARY, LEADER, "vanthu", 422, "cosigner"),
        (SECRETARY, SECRETARY, "giamdoc.sonv", 422, "secretary"),
        (SECRETARY, "chuyenvien.sonv", LEADER, 422, "secretary"),
        (SECRETARY, "quantri", LEADER, 422, "secretary"),
        ("chuyenvien.sonv", "chuyenvien.sonv", LEADER, 422, "secretary"),
    ] {
        let refused = draft(&office, by, secretary, chair).await;
        assert_eq!(
            problem(refused, status).await,
            name,
            "{by} drafts for {secretary} and {chair}"
        );
    }
    // No other kind of paper is signed by an officer.
    let officer = office.server.log_in(SECRETARY).await;
    let plan = json!({
        "subject": "Kế hoạch",
        "kind": "KH",
        "signer_id": office.person(SECRETARY).await.0,
        "cosigner_id": office.person(LEADER).await.0,
        "body": BODY,
    });
    let refused = officer.post("/api/v1/documents/written").json(&plan).send().await;
    assert_eq!(problem(refused.unwrap(), 404).await, "not-found");

    let made = expect(draft(&office, SECRETARY, SECRETARY, LEADER).await, 201).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let officer = office.server.log_in(SECRETARY).await;
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    let sign = json!({ "pin": PIN });
    // 403: it is not theirs; 409: theirs, but not now; 404: they may not know of it.
    for (user, status) in [
        (LEADER, 409),
        ("vanthu", 403),
        ("quantri", 404),
        ("giamdoc.sonv", 404),
        ("chuyenvien.sonv", 404),
    ] {
        let client = office.server.log_in(user).await;
        let answer = act(&client, &id, "signature", sign.clone()).await;
        assert_eq!(answer.status().as_u16(), status, "{user}");
    }
    let officer = office.server.log_in(SECRETARY).await;
    let wrong = act(&officer, &id, "signature", json!({ "pin": "00000000" })).await;
    assert_eq!(problem(wrong, 403).await, "wrong-pin");
    assert_eq!(signs(&officer, &id).await["state"], "first_signed");
    let chair = office.server.log_in(LEADER).await;
    let back = act(
        &chair,
        &id,
        "return",
        json!({ "reason": "Thiếu ý kiến Sở Tài chính" }),
    )
    .await;
    assert_eq!(expect(back, 200).await["state"], "returned");
    let officer = office.server.log_in(SECRETARY).await;
    assert_eq!(look(&officer, &id).await["remark"], "Thiếu ý kiến Sở Tài chính");
}
