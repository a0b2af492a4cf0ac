//! What becomes of a document at its receiver: registered, instructed, handled, answered; and who may do which.

use hoian_server::store::entity::dispatch;
use hoian_tests::Client;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{LEADER, Office, act, expect, look, paper, problem};
use reqwest::multipart::{Form, Part};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::story::get;

#[tokio::test]
async fn an_incoming_document_is_registered_handled_and_answered_on_sqlite() {
    whole_way(&Office::open().await).await;
}

#[tokio::test]
async fn an_incoming_document_is_registered_handled_and_answered_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    whole_way(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn whole_way(office: &Office) {
    let id = issued(office, &["agency-snv"]).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let path = first(&clerk, "").await;
    assert_eq!(get(&clerk, &path).await["next_arrival_number"], 1);
    let accepted = step(&clerk, &path, "receipt", json!({ "answer": "accept" })).await;
    let accepted = expect(accepted, 200).await;
    assert_eq!(
        (&accepted["status"], &accepted["arrival_number"]),
        (&json!("accepted"), &json!(1))
    );

    let leader = office.server.log_in("giamdoc.sonv").await;
    assert_eq!(first(&leader, "box=to_instruct").await, path);
    let officer = office.person("chuyenvien.sonv").await;
    let instruction = json!({
        "instruction": "Phòng tham mưu, trình trước ngày 30",
        "lead_id": officer.0, "due_on": "2099-11-30", "support": [office.person("vanthu.sonv").await.0],
    });
    let assigned = expect(step(&leader, &path, "instruction", instruction).await, 200).await;
    assert_eq!(assigned["lead"], "Hoàng Văn Nam");
    assert_eq!(assigned["support"], json!(["Vũ Thị Mai"]));
    assert_eq!(assigned["instruction"], "Phòng tham mưu, trình trước ngày 30");

    let officer = office.server.log_in("chuyenvien.sonv").await;
    assert_eq!(first(&officer, "box=mine").await, path);
    assert_eq!(first(&clerk, "box=mine").await, path, "who supports finds it too");
    expect(step(&officer, &path, "progress", json!({})).await, 200).await;
    reply(office, &officer, path.rsplit('/').next().unwrap()).await;
    let done = step(
        &officer,
        &path,
        "completion",
        json!({ "note": "Đã có văn bản trả lời" }),
    )
    .await;
    let done = expect(done, 200).await;
    let codes: Vec<_> = done["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["code"])
        .collect();
    assert_eq!(codes, ["01", "03", "04", "05", "06"]);
    assert_eq!(done["replies"].as_array().unwrap().len(), 1);
    assert_eq!(done["actions"], json!([]));
    // The sender sees where it stands.
    let sender = office.server.log_in("vanthu").await;
    assert_eq!(look(&sender, &id).await["dispatches"][0]["status"], "completed");
}

/// A draft that answers it; one that answers what went to others is refused.
async fn reply(office: &Office, officer: &Client, dispatch: &str) {
    let signer = office.person("giamdoc.sonv").await;
    let form = |answered: &str| {
        Form::new()
            .text("subject", "Trả lời kế hoạch")
            .text("kind", "CV")
            .text("signer_id", signer.0.clone())
            .text("reply_to", answered.to_owned())
            .part("file", Part::bytes(paper()).file_name("tra-loi.pdf"))
    };
    let send = |form| officer.post("/api/v1/documents").multipart(form).send();
    assert_eq!(problem(send(form("0")).await.unwrap(), 404).await, "not-found");
    expect(send(form(dispatch)).await.unwrap(), 201).await;
}

#[tokio::test]
async fn each_step_of_a_dispatch_refuses_everyone_whose_step_it_is_not() {
    let office = Office::open().await;
    issued(&office, &["agency-snv"]).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let path = first(&clerk, "").await;
    expect(
        step(&clerk, &path, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    let officer = office.person("chuyenvien.sonv").await.0;
    let steps = [
        ("receipt", json!({ "answer": "accept" })),
        ("instruction", json!({ "instruction": "x", "lead_id": "" })),
        ("delegation", json!({ "lead_id": officer })),
        ("forwarding", json!({ "receivers": ["agency-anphu"] })),
        ("opinion", json!({ "words": "Nhất trí" })),
        ("progress", json!({})),
        ("completion", json!({})),
        ("recall-answer", json!({ "agree": true })),
    ];
    // 403: it is not theirs; 409 and 422: theirs, but not now or not so; 404: they may not know of it.
    let expected = [
        ("vanthu.sonv", [409, 403, 403, 403, 403, 403, 403, 409]),
        ("giamdoc.sonv", [403, 422, 403, 403, 403, 403, 403, 403]),
        ("chuyenvien.sonv", [403; 8]),
        ("vanthu.anphu", [404; 8]),
        ("quantri", [404; 8]),
        ("chuyenvien", [404; 8]),
        (LEADER, [404; 8]),
    ];
    for (user_name, statuses) in expected {
        let client = office.server.log_in(user_name).await;
        for ((name, body), status) in steps.iter().zip(statuses) {
            let answer = step(&client, &path, name, body.clone()).await;
            assert_eq!(answer.status().as_u16(), status, "{user_name} {name}");
        }
        let seen = client.get(&path).send().await.unwrap().status() == 200;
        assert_eq!(seen, statuses[0] != 404, "{user_name} reads");
    }
    // The sending clerk meets it through the document alone.
    let sender = office.server.log_in("vanthu").await;
    assert_eq!(sender.get(&path).send().await.unwrap().status(), 404);
    assert_eq!(get(&clerk, &path).await["status"], "accepted");
}

#[tokio::test]
async fn an_instruction_names_people_of_the_agency_and_a_day_to_come() {
    let office = Office::open().await;
    issued(&office, &["agency-snv"]).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let path = first(&clerk, "").await;
    let leader = office.server.log_in("giamdoc.sonv").await;
    let (own, stranger) = (
        office.person("chuyenvien.sonv").await.0,
        office.person("chuyenvien").await.0,
    );
    let said = |lead: &str, due: &str| json!({ "instruction": "", "lead_id": lead, "due_on": due });
    let early = step(&leader, &path, "instruction", said(&own, "2099-01-01")).await;
    assert_eq!(
        problem(early, 409).await,
        "wrong-status",
        "only what is registered"
    );
    expect(
        step(&clerk, &path, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    let cases = [
        (said(&stranger, "2099-01-01"), "handlers"),
        (said("", "2099-01-01"), "handlers"),
        (said(&own, "2020-01-01"), "due-date"),
        (said(&own, "ngày mai"), "due-date"),
    ];
    for (body, name) in cases {
        let answer = step(&leader, &path, "instruction", body.clone()).await;
        assert_eq!(problem(answer, 422).await, name, "{body}");
    }
    assert_eq!(get(&leader, &path).await["lead"], Value::Null);
    expect(step(&leader, &path, "instruction", said(&own, "")).await, 200).await;
}

/// A document of the province, issued to these agencies and verified on arrival.
pub async fn issued(office: &Office, receivers: &[&str]) -> String {
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    expect(
        act(&clerk, &id, "issue", json!({ "receivers": receivers })).await,
        200,
    )
    .await;
    verified(office, &id).await;
    id
}

/// Everything that was sent of it is verified: by the program's own worker, or by this second run of its job.
pub async fn verified(office: &Office, id: &str) {
    let sent = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.eq(id))
        .all(office.app().store.read())
        .await
        .unwrap();
    for row in sent {
        office.app().custody.verify_arrivals(&row.blob).await.unwrap();
    }
}

/// The path of the first dispatch that this client finds.
pub async fn first(client: &Client, query: &str) -> String {
    let list = get(client, &format!("/api/v1/dispatches?{query}")).await;
    let id = list["items"][0]["id"].as_str();
    format!(
        "/api/v1/dispatches/{}",
        id.unwrap_or_else(|| panic!("{query}: {list}"))
    )
}

/// A step of a dispatch.
pub async fn step(client: &Client, path: &str, name: &str, body: Value) -> reqwest::Response {
    client
        .post(&format!("{path}/{name}"))
        .json(&body)
        .send()
        .await
        .unwrap()
}
