//! Who is refused, and what bad files get: a status that fits and a sentence.

use hoian_tests::signing::{LEADER, Office, PIN, act, expect, look, paper, problem};
use serde_json::{Value, json};

#[tokio::test]
async fn each_step_refuses_everyone_whose_step_it_is_not() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let steps = [
        ("submission", json!({})),
        ("return", json!({ "reason": "vì" })),
        ("signature", json!({ "pin": PIN })),
        ("number", json!({})),
        ("seal", json!({ "pin": PIN })),
        ("issue", json!({ "receivers": ["agency-snv"] })),
    ];
    // 403: it is not theirs; 409: theirs, but not now; 404: they may not know of it.
    let expected = [
        ("chuyenvien", [409, 403, 403, 403, 403, 403]),
        ("vanthu", [403, 403, 403, 409, 409, 409]),
        ("quantri", [404; 6]),
        ("giamdoc.sonv", [404; 6]),
        ("vanthu.sonv", [404; 6]),
        ("vanthu.anphu", [404; 6]),
    ];
    for (user_name, statuses) in expected {
        let client = office.server.log_in(user_name).await;
        for ((step, body), status) in steps.iter().zip(statuses) {
            let answer = act(&client, &id, step, body.clone()).await;
            assert_eq!(answer.status().as_u16(), status, "{user_name} {step}");
        }
        let seen = client
            .get(&format!("/api/v1/documents/{id}"))
            .send()
            .await
            .unwrap();
        assert_eq!(seen.status() == 200, statuses[0] != 404, "{user_name} reads");
    }
    let nobody = office.server.client();
    assert_eq!(
        problem(act(&nobody, &id, "signature", json!({ "pin": PIN })).await, 401).await,
        "login-required"
    );
    let leader = office.server.log_in(LEADER).await;
    assert_eq!(look(&leader, &id).await["state"], "submitted");
}

#[tokio::test]
async fn a_document_is_given_back_with_a_reason_and_comes_again() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let leader = office.server.log_in(LEADER).await;
    assert_eq!(
        problem(act(&leader, &id, "return", json!({ "reason": " " })).await, 422).await,
        "reason-missing"
    );
    let returned = expect(
        act(&leader, &id, "return", json!({ "reason": "Thiếu căn cứ" })).await,
        200,
    )
    .await;
    assert_eq!(
        (&returned["state"], &returned["remark"]),
        (&json!("returned"), &json!("Thiếu căn cứ"))
    );
    let officer = office.server.log_in("chuyenvien").await;
    assert_eq!(
        expect(act(&officer, &id, "submission", json!({})).await, 200).await["state"],
        "submitted"
    );
}

#[tokio::test]
async fn bad_files_get_a_status_and_a_sentence() {
    let office = Office::open_with(|config| config.http.upload_limit_bytes = 3_000_000).await;
    let officer = office.server.log_in("chuyenvien").await;
    let broken = paper()[..2000].to_vec();
    let cases = [
        ("a text", b"xin chao".to_vec(), 415, "not-pdf"),
        ("nothing", Vec::new(), 415, "not-pdf"),
        ("a broken PDF", broken, 422, "broken"),
        ("an encrypted PDF", encrypted(), 422, "encrypted"),
        ("a state secret", marked("TỐI MẬT"), 422, "state-secret"),
        ("a large file", vec![b'%'; 4_000_000], 413, "too-large"),
    ];
    for (what, file, status, name) in cases {
        let answer = expect(office.upload(&officer, file).await, status).await;
        assert_eq!(answer["type"], format!("/problems/{name}"), "{what}");
        assert!(
            answer["title"].as_str().is_some_and(|title| title.ends_with('.')),
            "{what}: {answer}"
        );
    }
    assert_eq!(
        list(&officer).await["items"],
        json!([]),
        "nothing is left of them"
    );
}

#[tokio::test]
async fn a_file_that_is_signed_already_is_not_touched() {
    let office = Office::open().await;
    let id = office.signed().await;
    let officer = office.server.log_in("chuyenvien").await;
    let signed = hoian_tests::signing::content(&officer, &id, "latest").await;
    assert_eq!(
        problem(office.upload(&officer, signed).await, 422).await,
        "signed-already"
    );
}

#[tokio::test]
async fn a_place_outside_the_page_is_refused_and_a_chosen_one_is_kept() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let leader = office.server.log_in(LEADER).await;
    let place =
        |x: f64, page: u32| json!({ "page": page, "x": x, "y": 300.0, "width": 150.0, "height": 60.0 });
    for outside in [place(560.0, 1), place(100.0, 99)] {
        let answer = act(&leader, &id, "signature", json!({ "pin": PIN, "place": outside })).await;
        assert_eq!(problem(answer, 422).await, "place-outside");
    }
    let chosen = json!({ "pin": PIN, "place": place(120.0, 2) });
    let signed = expect(act(&leader, &id, "signature", chosen).await, 200).await;
    assert_eq!(signed["places"]["signature"]["page"], 2);
}

async fn list(client: &hoian_tests::Client) -> Value {
    expect(
        client.get("/api/v1/documents?box=waiting").send().await.unwrap(),
        200,
    )
    .await
}

/// The usual paper under a password.
fn encrypted() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (plain, sealed) = (folder.path().join("plain.pdf"), folder.path().join("sealed.pdf"));
    std::fs::write(&plain, paper()).unwrap();
    let made = std::process::Command::new("qpdf")
        .args(["--encrypt", "abc", "abc", "256", "--"])
        .args([&plain, &sealed])
        .status()
        .expect("qpdf is installed");
    assert!(made.success());
    std::fs::read(sealed).unwrap()
}

/// A paper with this mark on its first page.
fn marked(mark: &str) -> Vec<u8> {
    use hoian_server::render::{Sample, typeset};
    let mut plan = Sample::Reform.paper(2026).unwrap();
    plan.urgency = Some(mark.to_owned());
    typeset(&plan, time::OffsetDateTime::UNIX_EPOCH).unwrap().pdf
}
