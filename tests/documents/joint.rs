//! Papers of two signatories: of two agencies with both seals, of one agency with one; in order, refused, and judged by others.

use std::sync::atomic::Ordering;

use hoian_signer::pdf::text;
use hoian_tests::Client;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{LEADER, Office, PARTNER, PIN, act, content, expect, look, problem};
use serde_json::{Value, json};

use crate::judges;
use crate::story::{get, verdict};

const BODY: &str = "Căn cứ Luật Tổ chức chính quyền địa phương;\nĐiều 1. Phối hợp cải cách hành chính.\nĐiều 2. Nghị quyết này có hiệu lực từ ngày ký.";

/// A draft written in the page by `by`, which both of these people are to sign; `said` is the rest of what is said of it.
pub async fn draft_for_two(
    office: &Office,
    by: &str,
    [signer, cosigner]: [&str; 2],
    mut said: Value,
) -> reqwest::Response {
    let client = office.server.log_in(by).await;
    said["signer_id"] = json!(office.person(signer).await.0);
    said["cosigner_id"] = json!(office.person(cosigner).await.0);
    let sent = client.post("/api/v1/documents/written").json(&said).send();
    sent.await.unwrap()
}

/// A draft that the chair and `cosigner` sign.
async fn draft(office: &Office, cosigner: &str) -> reqwest::Response {
    let said = json!({
        "subject": "Phối hợp cải cách hành chính",
        "kind": "NQ",
        "metadata": { "receivers": ["Như Điều 2"] },
        "body": BODY,
    });
    draft_for_two(office, "chuyenvien", [LEADER, cosigner], said).await
}

async fn submitted(office: &Office, cosigner: &str) -> String {
    let made = expect(draft(office, cosigner).await, 201).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let officer = office.server.log_in("chuyenvien").await;
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    id
}

async fn signs(office: &Office, id: &str, user: &str) -> Value {
    let leader = office.server.log_in(user).await;
    expect(act(&leader, id, "signature", json!({ "pin": PIN })).await, 200).await
}

async fn seals(office: &Office, id: &str, user: &str) -> Value {
    let clerk = office.server.log_in(user).await;
    expect(act(&clerk, id, "seal", json!({ "pin": PIN })).await, 200).await
}

async fn waits(client: &Client, id: &str) -> bool {
    let list = get(client, "/api/v1/documents?box=waiting").await;
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one["id"] == id)
}

#[tokio::test]
async fn a_joint_paper_is_signed_by_both_leaders_and_sealed_by_both_agencies_on_sqlite() {
    whole_way(&Office::open().await).await;
}

#[tokio::test]
async fn a_joint_paper_is_signed_by_both_leaders_and_sealed_by_both_agencies_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    whole_way(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn whole_way(office: &Office) {
    office.enrol_partner().await;
    let id = submitted(office, PARTNER).await;
    let partner = office.server.log_in(PARTNER).await;
    assert!(!waits(&partner, &id).await, "the first signs first");
    let early = act(&partner, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(early, 409).await, "wrong-state");

    let first = signs(office, &id, LEADER).await;
    assert_eq!(
        (&first["state"], &first["steps"]["sign"]),
        (&json!("first_signed"), &json!(false))
    );
    let partner = office.server.log_in(PARTNER).await;
    assert!(waits(&partner, &id).await);
    assert_eq!(look(&partner, &id).await["actions"], json!(["return", "sign"]));
    let clerk = office.server.log_in("vanthu").await;
    let early = act(&clerk, &id, "number", json!({})).await;
    assert_eq!(
        problem(early, 409).await,
        "wrong-state",
        "no number before both have signed"
    );
    let half = content(&clerk, &id, "latest").await;

    let both = signs(office, &id, PARTNER).await;
    assert_eq!(
        (&both["state"], &both["cosigner"]["full_name"]),
        (&json!("signed"), &json!("Nguyễn Thị Lan"))
    );
    assert_eq!(both["partner"]["name"], "Sở Nội vụ");
    let clerk = office.server.log_in("vanthu").await;
    let numbered = expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    assert_eq!(numbered["code"], "01/NQ-UBND", "the leading agency's number");
    let second = office.server.log_in("vanthu.sonv").await;
    let early = act(&second, &id, "seal", json!({ "pin": PIN })).await;
    assert_eq!(
        problem(early, 409).await,
        "wrong-state",
        "the leading agency seals first"
    );

    let sealed = seals(office, &id, "vanthu").await;
    assert_eq!(
        (&sealed["state"], &sealed["steps"]["seal"]),
        (&json!("first_sealed"), &json!(false))
    );
    let clerk = office.server.log_in("vanthu").await;
    let early = act(&clerk, &id, "issue", json!({ "receivers": ["agency-anphu"] })).await;
    assert_eq!(
        problem(early, 409).await,
        "wrong-state",
        "nothing is issued with one seal of two"
    );
    let second = office.server.log_in("vanthu.sonv").await;
    assert!(waits(&second, &id).await);
    assert_eq!(look(&second, &id).await["actions"], json!(["seal"]));
    assert_eq!(seals(office, &id, "vanthu.sonv").await["state"], "sealed");

    let file = content(&office.server.log_in("vanthu").await, &id, "latest").await;
    assert!(file.starts_with(&half), "each signature continues the one before");
    judges::accept_all(&office.authority.root, &file, 4);
    assert_eq!(
        verdict(&office.server.client(), file.clone()).await,
        "TOTAL-PASSED"
    );
    let said: String = text::pages(&file)
        .unwrap()
        .iter()
        .flat_map(|page| &page.lines)
        .flat_map(|line| &line.runs)
        .map(|run| format!("{} ", run.text))
        .collect();
    for words in ["SỞ NỘI VỤ", "Trần Văn Minh", "Nguyễn Thị Lan", "GIÁM ĐỐC"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let clerk = office.server.log_in("vanthu").await;
    let issued = act(
        &clerk,
        &id,
        "issue",
        json!({ "receivers": ["agency-anphu", "agency-snv"] }),
    )
    .await;
    assert_eq!(expect(issued, 200).await["state"], "issued");
    let book = get(&clerk, "/api/v1/registers/outgoing").await;
    assert_eq!(book["items"][0]["cells"][3], "Trần Văn Minh, Nguyễn Thị Lan");
    for (user, knows) in [
        (PARTNER, true),
        ("vanthu.sonv", true),
        ("chuyenvien.sonv", false),
        ("vanthu.anphu", false),
    ] {
        let client = office.server.log_in(user).await;
        let path = format!("/api/v1/documents/{id}");
        assert_eq!(
            client.get(&path).send().await.unwrap().status() == 200,
            knows,
            "{user}"
        );
    }
}

#[tokio::test]
async fn the_second_signatory_gives_it_back_and_everything_begins_anew() {
    let office = Office::open().await;
    office.enrol_partner().await;
    let id = submitted(&office, PARTNER).await;
    signs(&office, &id, LEADER).await;
    let partner = office.server.log_in(PARTNER).await;
    let silent = act(&partner, &id, "return", json!({ "reason": " " })).await;
    assert_eq!(problem(silent, 422).await, "reason-missing");
    let back = act(&partner, &id, "return", json!({ "reason": "Thiếu căn cứ" })).await;
    let back = expect(back, 200).await;
    assert_eq!(
        (&back["state"], &back["remark"]),
        (&json!("returned"), &json!("Thiếu căn cứ"))
    );
    // What the first has signed counts for nothing: both sign again.
    let officer = office.server.log_in("chuyenvien").await;
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    let partner = office.server.log_in(PARTNER).await;
    let early = act(&partner, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(early, 409).await, "wrong-state");
    signs(&office, &id, LEADER).await;
    assert_eq!(signs(&office, &id, PARTNER).await["state"], "signed");
    let clerk = office.server.log_in("vanthu").await;
    let numbered = expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    assert_eq!(numbered["code"], "01/NQ-UBND");
    assert_eq!(seals(&office, &id, "vanthu").await["state"], "first_sealed");
    assert_eq!(seals(&office, &id, "vanthu.sonv").await["state"], "sealed");
    let file = content(&office.server.log_in("vanthu").await, &id, "latest").await;
    judges::accept_all(&office.authority.root, &file, 4);
}

#[tokio::test]
async fn a_second_signature_and_a_second_seal_wait_for_their_time_stamps_and_are_made_once() {
    let office = Office::open().await;
    office.enrol_partner().await;
    let id = submitted(&office, PARTNER).await;
    signs(&office, &id, LEADER).await;
    office.authority.tsa_is_down.store(true, Ordering::Relaxed);
    let partner = office.server.log_in(PARTNER).await;
    let waiting = expect(act(&partner, &id, "signature", json!({ "pin": PIN })).await, 202).await;
    assert_eq!(
        (&waiting["state"], &waiting["waiting_time_stamp"]),
        (&json!("second_signing"), &json!(true))
    );
    let again = act(&partner, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(again, 409).await, "wrong-state");
    office.authority.tsa_is_down.store(false, Ordering::Relaxed);
    office.run_jobs_later().await;
    let clerk = office.server.log_in("vanthu").await;
    assert_eq!(look(&clerk, &id).await["state"], "signed");
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    seals(&office, &id, "vanthu").await;
    office.authority.tsa_is_down.store(true, Ordering::Relaxed);
    let second = office.server.log_in("vanthu.sonv").await;
    let waiting = expect(act(&second, &id, "seal", json!({ "pin": PIN })).await, 202).await;
    assert_eq!(waiting["state"], "second_sealing");
    office.authority.tsa_is_down.store(false, Ordering::Relaxed);
    office.run_jobs_later().await;
    let second = office.server.log_in("vanthu.sonv").await;
    assert_eq!(look(&second, &id).await["state"], "sealed");
}

#[tokio::test]
async fn each_step_of_a_joint_paper_belongs_to_its_own_side() {
    let office = Office::open().await;
    office.enrol_partner().await;
    let themselves = draft(&office, LEADER).await;
    assert_eq!(problem(themselves, 422).await, "cosigner", "nobody signs twice");
    let no_leader = draft(&office, "vanthu.sonv").await;
    assert_eq!(problem(no_leader, 422).await, "cosigner");
    let id = submitted(&office, PARTNER).await;
    signs(&office, &id, LEADER).await;
    let steps = [
        ("signature", json!({ "pin": PIN })),
        ("return", json!({ "reason": "vì" })),
        ("number", json!({})),
        ("seal", json!({ "pin": PIN })),
        ("issue", json!({ "receivers": ["agency-anphu"] })),
        ("recall", json!({ "reason": "vì" })),
    ];
    // 403: it is not theirs; 409: theirs, but not now; 404: they may not know of it.
    let expected = [
        (LEADER, [409, 409, 403, 403, 403, 403]),
        ("vanthu", [403, 403, 409, 409, 409, 409]),
        ("vanthu.sonv", [403, 403, 403, 409, 403, 403]),
        ("chuyenvien", [403; 6]),
        ("chuyenvien.sonv", [404; 6]),
        ("vanthu.anphu", [404; 6]),
        ("quantri", [404; 6]),
    ];
    for (user, statuses) in expected {
        let client = office.server.log_in(user).await;
        for ((step, body), status) in steps.iter().zip(statuses) {
            let answer = act(&client, &id, step, body.clone()).await;
            assert_eq!(answer.status().as_u16(), status, "{user} {step}");
        }
    }
    let partner = office.server.log_in(PARTNER).await;
    let wrong = act(&partner, &id, "signature", json!({ "pin": "00000000" })).await;
    assert_eq!(problem(wrong, 403).await, "wrong-pin");
    assert_eq!(
        look(&partner, &id).await["state"],
        "first_signed",
        "a refusal leaves it as it was"
    );
}
