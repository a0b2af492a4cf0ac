//! What stands beside a document: appendices, initials, and papers that correct or replace it.

use hoian_tests::Client;
use hoian_tests::signing::{LEADER, Office, PIN, act, content, expect, look, paper, problem};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::story::{file, get, verdict};

async fn append(client: &Client, id: &str, title: &str, file: Vec<u8>) -> reqwest::Response {
    let form = Form::new()
        .text("title", title.to_owned())
        .part("file", Part::bytes(file).file_name("phu-luc.pdf"));
    let path = format!("/api/v1/documents/{id}/appendices");
    client.post(&path).multipart(form).send().await.unwrap()
}

async fn draft(office: &Office, client: &Client) -> String {
    let made = expect(office.upload(client, paper()).await, 201).await;
    made["id"].as_str().unwrap().to_owned()
}

/// From a submitted draft to its seal.
async fn seal(office: &Office, id: &str) {
    let leader = office.server.log_in(LEADER).await;
    expect(act(&leader, id, "signature", json!({ "pin": PIN })).await, 200).await;
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, id, "number", json!({})).await, 200).await;
    let sealed = expect(act(&clerk, id, "seal", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(sealed["state"], "sealed");
}

#[tokio::test]
async fn appendices_are_signed_with_the_seal_and_come_with_the_paper() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let id = draft(&office, &officer).await;
    for title in ["Danh mục nhiệm vụ", "Dự toán", "Bản vẽ"] {
        expect(append(&officer, &id, title, paper()).await, 200).await;
    }
    let less = expect(act(&officer, &id, "appendices/3/removal", json!({})).await, 200).await;
    assert_eq!(less["appendices"].as_array().unwrap().len(), 2);
    assert_eq!(
        problem(append(&officer, &id, " ", paper()).await, 422).await,
        "appendix"
    );
    assert_eq!(
        problem(append(&officer, &id, "Ảnh", b"GIF89a".to_vec()).await, 415).await,
        "not-pdf"
    );
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    assert_eq!(
        problem(append(&officer, &id, "Muộn", paper()).await, 409).await,
        "wrong-state"
    );
    seal(&office, &id).await;

    let clerk = office.server.log_in("vanthu").await;
    let sealed = look(&clerk, &id).await;
    for appendix in sealed["appendices"].as_array().unwrap() {
        assert_eq!(appendix["sealed"], true);
        let path = format!("/api/v1/documents/{id}/appendices/{}/content", appendix["number"]);
        let signed = file(&clerk, &path).await;
        assert!(signed.starts_with(&paper()[..8]));
        assert_eq!(
            verdict(&office.server.client(), signed.clone()).await,
            "TOTAL-PASSED"
        );
        let lines = hoian_signer::pdf::text::pages(&signed).unwrap();
        assert_eq!(lines.len(), 3, "nothing but a signature was added");
    }
    issued_to_department(&office, &clerk, &id).await;
    let receiver = office.server.log_in("vanthu.sonv").await;
    let dispatch = dispatch(&receiver, 0).await;
    let attached = get(&receiver, &format!("/api/v1/dispatches/{dispatch}/attached")).await;
    let titles: Vec<_> = attached["appendices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["title"])
        .collect();
    assert_eq!(titles, ["Danh mục nhiệm vụ", "Dự toán"]);
    assert_eq!(attached["appendices"][1]["verdict"], "TOTAL-PASSED");
    let path = format!("/api/v1/dispatches/{dispatch}/appendices/2/content");
    let own = file(&clerk, &format!("/api/v1/documents/{id}/appendices/2/content")).await;
    assert_eq!(file(&receiver, &path).await, own);
    let stranger = office.server.log_in("vanthu.anphu").await;
    assert_eq!(stranger.get(&path).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_seal_that_waits_for_its_time_stamps_completes_every_appendix() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let id = draft(&office, &officer).await;
    expect(append(&officer, &id, "Danh mục", paper()).await, 200).await;
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    let leader = office.server.log_in(LEADER).await;
    expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 200).await;
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    office
        .authority
        .tsa_is_down
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let waiting = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 202).await;
    assert_eq!(
        (&waiting["state"], &waiting["appendices"][0]["sealed"]),
        (&json!("sealing"), &json!(false))
    );
    office
        .authority
        .tsa_is_down
        .store(false, std::sync::atomic::Ordering::Relaxed);
    office.run_jobs_later().await;
    // The session is older than a working day by now.
    let clerk = office.server.log_in("vanthu").await;
    let sealed = look(&clerk, &id).await;
    assert_eq!(
        (&sealed["state"], &sealed["appendices"][0]["sealed"]),
        (&json!("sealed"), &json!(true))
    );
}

#[tokio::test]
async fn a_leader_signs_after_those_who_were_named_have_initialled_and_again_after_a_change() {
    let office = Office::open().await;
    let leader = office.server.log_in(LEADER).await;
    let rule = json!({ "agency_id": "agency-ubnd", "content": true, "form": true });
    let set = leader
        .post("/api/v1/signing-rule")
        .json(&rule)
        .send()
        .await
        .unwrap();
    assert_eq!(expect(set, 200).await, rule);
    let officer = office.server.log_in("chuyenvien").await;
    let known = get(
        &officer,
        &format!("/api/v1/signing-rule?signer_id={}", office.person(LEADER).await),
    )
    .await;
    assert_eq!(known, rule);
    let id = draft(&office, &officer).await;
    assert_eq!(
        problem(act(&officer, &id, "submission", json!({})).await, 422).await,
        "reviewers"
    );

    name_reviewers(&office, &officer, &id, "vanthu.sonv", 422).await;
    name_reviewers(&office, &officer, &id, "vanthu", 200).await;
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    let early = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(early, 409).await, "not-initialled");
    let waiting = get(&leader, "/api/v1/documents?box=waiting").await;
    assert_eq!(waiting["items"], json!([]), "it does not wait for the leader yet");
    let moving = get(&leader, "/api/v1/documents?box=in_progress").await;
    assert_eq!(moving["items"][0]["id"], json!(id), "it waits for others");
    // The officer answers for the content, the clerk for the form.
    assert_eq!(
        problem(act(&leader, &id, "initial", json!({})).await, 403).await,
        "forbidden"
    );
    expect(
        act(&officer, &id, "initial", json!({ "note": "Đã rà soát" })).await,
        200,
    )
    .await;
    let clerk = office.server.log_in("vanthu").await;
    let waiting = get(&clerk, "/api/v1/documents?box=waiting").await;
    assert_eq!(waiting["items"][0]["actions"], json!(["return", "initial"]));
    expect(act(&clerk, &id, "initial", json!({})).await, 200).await;
    assert_eq!(
        problem(act(&clerk, &id, "initial", json!({})).await, 403).await,
        "forbidden",
        "once"
    );

    // A return and a change make both void.
    expect(
        act(&clerk, &id, "return", json!({ "reason": "Sai thể thức" })).await,
        200,
    )
    .await;
    expect(append(&officer, &id, "Danh mục", paper()).await, 200).await;
    expect(act(&officer, &id, "submission", json!({})).await, 200).await;
    let again = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(again, 409).await, "not-initialled");
    for client in [&officer, &clerk] {
        expect(act(client, &id, "initial", json!({})).await, 200).await;
    }
    let signed = expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 200).await;
    let trail = signed["review"]["initials"].as_array().unwrap();
    let void = trail.iter().filter(|one| !one["void_at"].is_null()).count();
    assert_eq!((trail.len(), void), (4, 2));
    assert_eq!(
        (&trail[0]["part"], &trail[0]["note"]),
        (&json!("content"), &json!("Đã rà soát"))
    );
    let foreign = office.server.log_in("giamdoc.sonv").await;
    let set = foreign
        .post("/api/v1/signing-rule")
        .json(&rule)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(set, 403).await, "forbidden");
}

async fn name_reviewers(office: &Office, officer: &Client, id: &str, form_reviewer: &str, status: u16) {
    let form = Form::new()
        .text("subject", "Kế hoạch cải cách hành chính năm 2027")
        .text("kind", "KH")
        .text("signer_id", office.person(LEADER).await.0)
        .text("content_reviewer_id", office.person("chuyenvien").await.0)
        .text("form_reviewer_id", office.person(form_reviewer).await.0);
    let path = format!("/api/v1/documents/{id}/revision");
    let answer = officer.post(&path).multipart(form).send().await.unwrap();
    expect(answer, status).await;
}

async fn issued_to_department(office: &Office, clerk: &Client, id: &str) {
    let receivers = json!({ "receivers": ["agency-snv"] });
    expect(act(clerk, id, "issue", receivers).await, 200).await;
    crate::handling::verified(office, id).await;
    office.run_jobs().await;
}

/// The id of a dispatch the agency has, the latest first.
async fn dispatch(client: &Client, index: usize) -> String {
    let list = get(client, "/api/v1/dispatches").await;
    list["items"][index]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_replacement_names_the_old_paper_and_comes_to_everyone_who_holds_that() {
    let office = Office::open().await;
    let old = office.sealed().await;
    let officer = office.server.log_in("chuyenvien").await;
    let mending = async |related: &str, relation: &str| {
        let mends = json!({ "relation": relation, "document_id": related });
        let form = Form::new()
            .text("subject", "Kế hoạch cải cách hành chính năm 2027 (thay thế)")
            .text("kind", "KH")
            .text("signer_id", office.person(LEADER).await.0)
            .text("mends", mends.to_string())
            .part("file", Part::bytes(paper()).file_name("ke-hoach.pdf"));
        officer
            .post("/api/v1/documents")
            .multipart(form)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(
        problem(mending(&old, "corrects").await, 409).await,
        "cannot-be-mended"
    );
    let clerk = office.server.log_in("vanthu").await;
    issued_to_department(&office, &clerk, &old).await;

    let made = expect(mending(&old, "replaces").await, 201).await;
    assert_eq!(
        (&made["mends"]["relation"], &made["mends"]["code"]),
        (&json!("replaces"), &json!("01/KH-UBND"))
    );
    let new = made["id"].as_str().unwrap().to_owned();
    assert_eq!(
        look(&clerk, &old).await["mended_by"],
        json!([]),
        "a draft replaces nothing yet"
    );
    expect(act(&officer, &new, "submission", json!({})).await, 200).await;
    seal(&office, &new).await;
    // Only the commune is chosen; the department has the old paper, so it gets the new one too.
    let receivers = json!({ "receivers": ["agency-anphu"] });
    let issued = expect(act(&clerk, &new, "issue", receivers).await, 200).await;
    assert_eq!(issued["dispatches"].as_array().unwrap().len(), 2);
    let shown = look(&clerk, &old).await;
    assert_eq!(shown["mended_by"][0]["code"], "02/KH-UBND");
    let receiver = office.server.log_in("vanthu.sonv").await;
    let list = get(&receiver, "/api/v1/dispatches").await;
    let of = |subject: &str| {
        let mut items = list["items"].as_array().unwrap().iter();
        items
            .find(|one| one["subject"].as_str().unwrap().ends_with(subject))
            .unwrap()["id"]
            .clone()
    };
    let (before, after) = (of("2027"), of("(thay thế)"));
    let attached = async |id: &Value| {
        get(
            &receiver,
            &format!("/api/v1/dispatches/{}/attached", id.as_str().unwrap()),
        )
        .await
    };
    assert_eq!(attached(&before).await["mended_by"][0]["dispatch_id"], after);
    assert_eq!(attached(&after).await["mends"]["dispatch_id"], before);
    assert_eq!(
        problem(mending(&old, "corrects").await, 409).await,
        "cannot-be-mended",
        "replaced already"
    );
    assert!(
        !content(&clerk, &old, "latest").await.is_empty(),
        "the old paper stays as it was"
    );
    let foreign = office.server.log_in("chuyenvien.sonv").await;
    let form = Form::new().text("subject", "x").text("kind", "KH");
    let form = form
        .text("signer_id", office.person("giamdoc.sonv").await.0)
        .text(
            "mends",
            json!({ "relation": "replaces", "document_id": new }).to_string(),
        )
        .part("file", Part::bytes(paper()).file_name("x.pdf"));
    let answer = foreign
        .post("/api/v1/documents")
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(problem(answer, 404).await, "not-found");
}
