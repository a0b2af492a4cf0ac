//! A paper handed on to another agency: who may, what each side sees, and that the issuer's recall reaches it.

use std::collections::BTreeSet;

use hoian_tests::people;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, act, expect, look, problem};
use serde_json::{Value, json};

use crate::following::{assigned, told};
use crate::handling::{first, step, verified};
use crate::story::get;

#[tokio::test]
async fn a_paper_is_handed_on_and_answers_to_whoever_handed_it_on_on_sqlite() {
    handed_on(&Office::open().await).await;
}

#[tokio::test]
async fn a_paper_is_handed_on_and_answers_to_whoever_handed_it_on_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    handed_on(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn handed_on(office: &Office) {
    let path = assigned(office, "").await;
    let lead = office.server.log_in("chuyenvien.sonv").await;
    let said = json!({ "receivers": ["agency-anphu"], "note": "Báo cáo trước ngày 30" });
    let sent = expect(step(&lead, &path, "forwarding", said).await, 200).await;
    assert_eq!(sent["status"], "in_progress");
    let last = sent["history"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["code"], &last["reason"]),
        (
            &json!("05"),
            &json!("Chuyển Ủy ban nhân dân xã An Phú: Báo cáo trước ngày 30")
        )
    );
    let document = document_of(office).await;
    verified(office, &document).await;

    // The commune sees whose paper it is, and who handed it on.
    let commune = office.server.log_in("vanthu.anphu").await;
    let there = first(&commune, "box=waiting").await;
    let seen = get(&commune, &there).await;
    assert_eq!(
        (
            &seen["sender"]["name"],
            &seen["via"]["name"],
            &seen["history"][0]["reason"]
        ),
        (
            &json!("Ủy ban nhân dân tỉnh Lam Giang"),
            &json!("Sở Nội vụ"),
            &json!("Báo cáo trước ngày 30")
        )
    );
    expect(
        step(&commune, &there, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    let book = get(&commune, "/api/v1/registers/incoming").await;
    assert_eq!(book["items"][0]["cells"][2], "Ủy ban nhân dân tỉnh Lam Giang");
    let found = get(&commune, "/api/v1/search?q=cai%20cach").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    // The department sees how it stands there; the issuer sees its own receivers alone.
    let seen = get(&lead, &path).await;
    assert_eq!(
        (
            &seen["forwarded"][0]["receiver"]["name"],
            &seen["forwarded"][0]["status"]
        ),
        (&json!("Ủy ban nhân dân xã An Phú"), &json!("accepted"))
    );
    let clerk = office.server.log_in("vanthu.sonv").await;
    let sent = get(&clerk, "/api/v1/dispatches?box=sent").await;
    assert_eq!(
        sent["items"][0]["href"],
        path.replace("/api/v1/dispatches", "/van-ban-den")
    );
    let issuer = office.server.log_in("vanthu").await;
    assert_eq!(
        look(&issuer, &document).await["dispatches"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let book = get(&issuer, "/api/v1/registers/outgoing").await;
    assert_eq!(book["items"][0]["cells"][4], "Sở Nội vụ");

    // A recall by the issuer reaches it.
    let why = json!({ "reason": "Sai nội dung" });
    expect(act(&issuer, &document, "recall", why).await, 200).await;
    assert_eq!(get(&commune, &there).await["recall"], "asked");
}

#[tokio::test]
async fn who_gets_a_paper_handed_on_may_send_it_back_and_whoever_handed_it_on_is_told() {
    let office = Office::open().await;
    let path = assigned(&office, "").await;
    let lead = office.server.log_in("chuyenvien.sonv").await;
    let said = json!({ "receivers": ["agency-anphu"] });
    expect(step(&lead, &path, "forwarding", said).await, 200).await;
    verified(&office, &document_of(&office).await).await;
    let commune = office.server.log_in("vanthu.anphu").await;
    let there = first(&commune, "box=waiting").await;
    let back = json!({ "answer": "return", "reason": "Không thuộc thẩm quyền" });
    expect(step(&commune, &there, "receipt", back).await, 200).await;
    assert_eq!(told(&office, "chuyenvien.sonv").await, ["returned", "assigned"]);
    let notice = get(&lead, "/api/v1/notices").await["items"][0].clone();
    assert_eq!(
        (&notice["href"], &notice["words"]),
        (
            &json!(path.replace("/api/v1/dispatches", "/van-ban-den")),
            &json!("Không thuộc thẩm quyền")
        )
    );
    // The issuer's drafter has nothing to do with it.
    assert_eq!(told(&office, "chuyenvien").await, Vec::<String>::new());
}

#[tokio::test]
async fn only_the_lead_hands_on_and_only_to_an_agency_that_has_it_not() {
    let office = Office::open().await;
    let path = assigned(&office, "").await;
    let to = |agency: &str| json!({ "receivers": [agency] });
    for (user_name, status) in [
        ("giamdoc.sonv", 403),
        ("vanthu.sonv", 403),
        ("chuyenvien", 404),
        // The sending clerk knows of it, through the document.
        ("vanthu", 403),
        ("quantri", 404),
        ("vanthu.anphu", 404),
    ] {
        let client = office.server.log_in(user_name).await;
        let answer = step(&client, &path, "forwarding", to("agency-anphu")).await;
        assert_eq!(answer.status().as_u16(), status, "{user_name}");
    }
    let lead = office.server.log_in("chuyenvien.sonv").await;
    for body in [
        json!({ "receivers": [] }),
        to("agency-snv"),
        to("agency-ubnd"),
        to("nobody"),
    ] {
        let answer = step(&lead, &path, "forwarding", body.clone()).await;
        assert_eq!(problem(answer, 422).await, "receivers", "{body}");
    }
    expect(step(&lead, &path, "forwarding", to("agency-anphu")).await, 200).await;
    let before = get(&lead, &path).await;
    let again = step(&lead, &path, "forwarding", to("agency-anphu")).await;
    assert_eq!(problem(again, 409).await, "has-it");
    assert_eq!(get(&lead, &path).await, before, "a refusal leaves it as it was");
}

#[tokio::test]
async fn a_leader_gives_agencies_their_parts_with_the_instruction_and_the_day_on_sqlite() {
    given(&Office::open().await).await;
}

#[tokio::test]
async fn a_leader_gives_agencies_their_parts_with_the_instruction_and_the_day_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    given(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn given(office: &Office) {
    let path = assigned(office, "").await;
    people::add_communes(office.app(), 2).await;
    let leader = office.server.log_in("giamdoc.sonv").await;
    let said = async |agencies: Value| {
        let lead_id = office.person("chuyenvien.sonv").await.0;
        let body = json!({
            "instruction": "Tổng hợp, báo cáo", "lead_id": lead_id, "due_on": "2099-11-30", "agencies": agencies,
        });
        step(&leader, &path, "instruction", body).await
    };
    let before = get(&leader, &path).await;
    for (agencies, status, name) in [
        (
            json!({ "agency-anphu": "lead", "agency-000": "lead" }),
            422,
            "two-leads",
        ),
        (json!({ "agency-ubnd": "support" }), 422, "receivers"),
        (json!({ "agency-snv": "support" }), 422, "receivers"),
        (json!({ "nobody": "support" }), 422, "receivers"),
    ] {
        assert_eq!(
            problem(said(agencies.clone()).await, status).await,
            name,
            "{agencies}"
        );
    }
    assert_eq!(get(&leader, &path).await, before, "a refusal leaves it as it was");

    let both = json!({ "agency-anphu": "lead", "agency-000": "support" });
    let answer = expect(said(both).await, 200).await;
    assert_eq!(answer["instruction"], "Tổng hợp, báo cáo");
    let told = &answer["history"].as_array().unwrap().last().unwrap()["reason"];
    assert_eq!(
        told,
        "Tổng hợp, báo cáo; chủ trì: Ủy ban nhân dân xã An Phú; phối hợp: Ủy ban nhân dân xã agency-000"
    );
    verified(office, &document_of(office).await).await;
    let commune = office.server.log_in("vanthu.anphu").await;
    let there = get(&commune, &first(&commune, "box=waiting").await).await;
    assert_eq!(
        (
            &there["part"],
            &there["wanted_on"],
            &there["via"]["name"],
            &there["history"][0]["reason"]
        ),
        (
            &json!("lead"),
            &json!("2099-11-30"),
            &json!("Sở Nội vụ"),
            &json!("Tổng hợp, báo cáo")
        )
    );

    // Written again, the instruction reaches only who has it not.
    let all = json!({ "agency-anphu": "support", "agency-001": "support" });
    let answer = expect(said(all).await, 200).await;
    let parts: BTreeSet<_> = answer["forwarded"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sent| {
            (
                sent["receiver"]["id"].as_str().unwrap(),
                sent["part"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        parts,
        BTreeSet::from([
            ("agency-000", "support"),
            ("agency-anphu", "lead"),
            ("agency-001", "support")
        ])
    );
}

/// The one document of the province.
async fn document_of(office: &Office) -> String {
    let issuer = office.server.log_in("vanthu").await;
    let list = get(&issuer, "/api/v1/documents?box=issued").await;
    list["items"][0]["id"].as_str().unwrap().to_owned()
}
