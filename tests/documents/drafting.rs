//! What is said of a draft, drafts written in the page, doubles, and changes until it is submitted.

use hoian_tests::Client;
use hoian_tests::signing::{LEADER, Office, PIN, act, content, expect, look, paper, problem};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::story::get;

/// A công văn with everything annex VI knows.
async fn letter(office: &Office) -> Value {
    json!({
        "subject": "Bổ sung kinh phí chuyển đổi số",
        "kind": "CV",
        "urgency": 1,
        "signer_id": office.person(LEADER).await.0,
        "metadata": {
            "language": "Tiếng Việt",
            "description": "Kèm dự toán",
            "addressees": ["Sở Nội vụ", "Ủy ban nhân dân xã An Phú"],
            "receivers": ["Sở Tài chính"],
            "filed": "VT, VX",
            "copies": 12,
            "due_on": "2026-12-01",
            "file_code": "H99.2026.01",
            "unit": "VX",
        },
        "body": "Ủy ban nhân dân tỉnh đề nghị:\n1. Rà soát dự toán;\n2. Báo cáo trước ngày 01/12/2026.",
    })
}

async fn post(client: &Client, path: &str, body: &Value) -> reqwest::Response {
    client.post(path).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_paper_written_in_the_page_goes_the_signed_way() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let said = letter(&office).await;
    let shown = post(&officer, "/api/v1/documents/preview", &said).await;
    assert_eq!(shown.headers()["content-type"], "application/pdf");
    let shown = shown.bytes().await.unwrap();
    let draft = expect(post(&officer, "/api/v1/documents/written", &said).await, 201).await;
    let id = draft["id"].as_str().unwrap();
    assert_eq!(draft["notation"], "UBND-VX");
    assert_eq!(draft["page_count"], 1);
    assert_eq!(draft["body"], said["body"]);
    for (field, value) in said["metadata"].as_object().unwrap() {
        assert_eq!(&draft["metadata"][field], value, "{field}");
    }
    // The clock of the tests stands between the two, so the same words make the same file.
    assert_eq!(content(&officer, id, "latest").await, shown);

    assert_eq!(
        expect(act(&officer, id, "submission", json!({})).await, 200).await["state"],
        "submitted"
    );
    let leader = office.server.log_in(LEADER).await;
    expect(act(&leader, id, "signature", json!({ "pin": PIN })).await, 200).await;
    let clerk = office.server.log_in("vanthu").await;
    let numbered = expect(act(&clerk, id, "number", json!({})).await, 200).await;
    assert_eq!(numbered["code"], "01/UBND-VX");
    let sealed = expect(act(&clerk, id, "seal", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(sealed["state"], "sealed");
    crate::judges::accept(&office.authority.root, &content(&clerk, id, "latest").await);
}

#[tokio::test]
async fn a_draft_changes_until_it_is_submitted_and_again_after_it_was_returned() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let mut said = letter(&office).await;
    let draft = expect(post(&officer, "/api/v1/documents/written", &said).await, 201).await;
    let id = draft["id"].as_str().unwrap().to_owned();
    said["subject"] = json!("Bổ sung kinh phí");
    said["metadata"]["copies"] = json!(20);
    let revised = expect(act(&officer, &id, "rewriting", said.clone()).await, 200).await;
    assert_eq!(
        (&revised["subject"], &revised["metadata"]["copies"]),
        (&said["subject"], &json!(20))
    );
    assert_eq!(
        revised["versions"].as_array().unwrap().len(),
        2,
        "what was drafted before stays"
    );
    let found = get(&officer, "/api/v1/search?q=chuyen+doi+so").await;
    assert_eq!(
        found["items"].as_array().unwrap().len(),
        0,
        "the old words are gone: {found}"
    );

    let other = office.server.log_in("vanthu").await;
    assert_eq!(
        problem(act(&other, &id, "rewriting", said.clone()).await, 403).await,
        "forbidden"
    );
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    assert_eq!(
        problem(act(&officer, &id, "rewriting", said.clone()).await, 409).await,
        "wrong-state"
    );
    let leader = office.server.log_in(LEADER).await;
    expect(
        act(&leader, &id, "return", json!({ "reason": "Thiếu căn cứ" })).await,
        200,
    )
    .await;
    // A file takes the place of what was written.
    let form = Form::new()
        .text("subject", "Bổ sung kinh phí")
        .text("kind", "KH")
        .text("signer_id", office.person(LEADER).await.0)
        .text("metadata", r#"{"copies":30}"#)
        .part("file", Part::bytes(paper()).file_name("ke-hoach.pdf"));
    let path = format!("/api/v1/documents/{id}/revision");
    let revised = expect(officer.post(&path).multipart(form).send().await.unwrap(), 200).await;
    assert_eq!(
        (&revised["state"], &revised["body"]),
        (&json!("returned"), &Value::Null)
    );
    assert_eq!(
        (&revised["notation"], &revised["page_count"]),
        (&json!("KH-UBND"), &json!(3))
    );
    assert_eq!(
        content(&officer, &id, "latest").await,
        paper_of(&office, &id).await
    );
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    let signed = expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(signed["state"], "signed");
}

/// The third version: the file that was uploaded last.
async fn paper_of(office: &Office, id: &str) -> Vec<u8> {
    let officer = office.server.log_in("chuyenvien").await;
    assert_eq!(look(&officer, id).await["versions"].as_array().unwrap().len(), 3);
    content(&officer, id, "3").await
}

#[tokio::test]
async fn what_breaks_a_limit_or_bears_a_secrecy_mark_is_refused_and_nothing_remains() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let cases = [
        ("secrecy", json!("mat"), 422, "state-secret"),
        ("secrecy", json!("tuyet_mat"), 422, "state-secret"),
        ("copies", json!(1000), 422, "metadata"),
        ("unit", json!("V X"), 422, "metadata"),
        ("receivers", json!(["x".repeat(1001)]), 422, "metadata"),
        ("due_on", json!("mai"), 400, "malformed"),
        ("unknown", json!(1), 400, "malformed"),
    ];
    for (field, value, status, name) in cases {
        let mut said = letter(&office).await;
        said["metadata"][field] = value;
        for path in ["/api/v1/documents/preview", "/api/v1/documents/written"] {
            assert_eq!(
                problem(post(&officer, path, &said).await, status).await,
                name,
                "{field} {path}"
            );
        }
    }
    let mut marked = letter(&office).await;
    marked["body"] = json!("MẬT\nNội dung");
    let refused = post(&officer, "/api/v1/documents/written", &marked).await;
    assert_eq!(problem(refused, 422).await, "state-secret");
    let drafts = get(&officer, "/api/v1/documents?box=waiting").await;
    assert_eq!(drafts["items"], json!([]));
}

#[tokio::test]
async fn doubles_are_shown_to_those_who_may_know_of_them() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let said = letter(&office).await;
    let first = expect(post(&officer, "/api/v1/documents/written", &said).await, 201).await["id"].clone();
    let ask =
        |subject: &str, rest: &str| format!("/api/v1/documents/duplicates?kind=CV&subject={subject}{rest}");
    let seen = async |user: &str, path: String| {
        let client = office.server.log_in(user).await;
        let list = get(&client, &path).await;
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].clone())
            .collect::<Vec<_>>()
    };
    // Without diacritics, in other case, with other blanks: the same.
    let same = "bo+sung++KINH+phi+chuyen+doi+so";
    assert_eq!(
        seen("chuyenvien", ask(same, "")).await,
        std::slice::from_ref(&first)
    );
    assert_eq!(seen("vanthu", ask(same, "")).await, std::slice::from_ref(&first));
    let except = format!("&except={}", first.as_str().unwrap());
    for (user, path) in [
        ("chuyenvien", ask(same, &except)),
        ("chuyenvien", ask("bo+sung", "")),
        ("vanthu.sonv", ask(same, "")),
        ("quantri", ask(same, "")),
    ] {
        assert_eq!(
            seen(user, path.clone()).await,
            Vec::<Value>::new(),
            "{user} {path}"
        );
    }
}

#[tokio::test]
async fn every_kind_is_drafted_from_its_outline() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let kinds = get(&officer, "/api/v1/document-kinds").await;
    let kinds = kinds.as_array().unwrap();
    assert_eq!(kinds.len(), 29);
    for kind in kinds {
        let mut said = letter(&office).await;
        said["kind"] = kind["code"].clone();
        said["body"] = kind["outline"].clone();
        let draft = expect(post(&officer, "/api/v1/documents/written", &said).await, 201).await;
        assert!(draft["places"].is_object(), "the name block of {kind} is found");
    }
}
