//! The invitation to a meeting: through the document flow, then by letter, into the calendars of those who are called; read
//! over IMAP as their own programs read it.

use hoian_server::jobs;
use hoian_server::store::Tx;
use hoian_server::store::entity::job;
use hoian_tests::Client;
use hoian_tests::mailbox::Mailboxes;
use hoian_tests::signing::{LEADER, Office, PIN, act, expect, look, problem};
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::conference::{Hall, ask, hall, people, plan};

async fn address(office: &Office, user_name: &str, address: &str) {
    let client = office.server.log_in(user_name).await;
    let put = client.request(Method::PUT, "/api/v1/session/mail-address");
    let person = expect(
        put.json(&json!({ "address": address })).send().await.unwrap(),
        200,
    )
    .await;
    assert_eq!(person["mail_address"], address);
}

async fn invite(client: &Client, hall: &Hall, body: Value) -> reqwest::Response {
    let path = format!("/api/v1/meetings/{}/invitation", hall.meeting.id);
    client.post(&path).json(&body).send().await.unwrap()
}

async fn change(client: &Client, hall: &Hall, body: &Value) {
    let path = format!("/api/v1/meetings/{}", hall.meeting.id);
    let put = client.request(Method::PUT, &path).json(body);
    expect(put.send().await.unwrap(), 200).await;
}

/// Signed, numbered, sealed, issued to An Phú.
async fn issue(office: &Office, id: &str) {
    let officer = office.server.log_in("chuyenvien").await;
    expect(act(&officer, id, "submission", json!({})).await, 200).await;
    let leader = office.server.log_in(LEADER).await;
    expect(act(&leader, id, "signature", json!({ "pin": PIN })).await, 200).await;
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, id, "number", json!({})).await, 200).await;
    expect(act(&clerk, id, "seal", json!({ "pin": PIN })).await, 200).await;
    let meeting = ask(&clerk, &format!("/api/v1/documents/{id}/meeting")).await;
    assert_eq!(meeting["agencies"], json!(["agency-anphu"]));
    let receivers = json!({ "receivers": meeting["agencies"] });
    expect(act(&clerk, id, "issue", receivers).await, 200).await;
}

/// Runs jobs until no letter waits; the program's own worker may have them.
async fn letters(office: &Office, client: &Client, hall: &Hall) -> Value {
    let path = format!("/api/v1/meetings/{}/preparation", hall.meeting.id);
    loop {
        office.run_jobs().await;
        let open = job::Entity::find().filter(sea_orm::ColumnTrait::is_null(&job::Column::EndedAt));
        let open = open.all(office.app().store.read()).await.unwrap();
        let due = open
            .iter()
            .any(|job| job.kind.starts_with("meeting.") && job.attempts < 2);
        if !due {
            return ask(client, &path).await["invitation"]["letters"].clone();
        }
        tokio::task::yield_now().await;
    }
}

/// The one calendar of a letter: its method and the values of its lines.
fn calendar(letter: &Value) -> (String, impl Fn(&str) -> String + use<>) {
    let lines: Vec<String> = serde_json::from_value(letter["calendars"][0].clone()).unwrap();
    let method = letter["methods"][0].as_str().unwrap().to_owned();
    assert!(lines.contains(&format!("METHOD:{method}")), "{lines:?}");
    let value = move |name: &str| {
        let found = lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}:")));
        found.unwrap_or_else(|| panic!("{name} in {lines:?}")).to_owned()
    };
    (method, value)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_issued_and_those_who_are_called_find_it_and_each_change_in_their_calendars() {
    let mailboxes = Mailboxes::start();
    let office = Office::open_with(|config| config.mail = mailboxes.server.settings()).await;
    let hall = hall(&office.server).await;
    address(&office, "vanthu.sonv", "mai@snv.test").await;
    address(&office, "chuyenvien.sonv", "nam@snv.test").await;
    address(&office, "chuyenvien", "refused@ubnd.test").await;
    let secretary = office.server.log_in("chuyenvien").await;
    let drafted = expect(invite(&secretary, &hall, json!({})).await, 201).await;
    let id = drafted["document_id"].as_str().unwrap();
    assert_eq!(
        problem(invite(&secretary, &hall, json!({})).await, 409).await,
        "meeting-invited"
    );
    let draft = look(&secretary, id).await;
    assert_eq!(
        (&draft["kind"], &draft["subject"], &draft["state"]),
        (
            &json!("GM"),
            &json!("Dự Hội nghị cải cách hành chính"),
            &json!("draft")
        )
    );
    let body = draft["body"].as_str().unwrap();
    for words in [
        "- Ủy ban nhân dân xã An Phú;",
        "Chủ trì: đồng chí Trần Văn Minh, Chủ tịch",
        "Các điểm cầu thành phần:\n- Xã An Phú.",
        "| 1 | Báo cáo quý IV | Sở Nội vụ | 15 phút |",
    ] {
        assert!(body.contains(words), "{words} is missing in {body}");
    }
    letters(&office, &secretary, &hall).await;
    assert!(
        mailboxes.letters("mai@snv.test").is_empty(),
        "nobody is written to before it is issued"
    );
    issue(&office, id).await;
    let stand = letters(&office, &secretary, &hall).await;
    assert_eq!(
        (&stand["sent"], &stand["waiting"]),
        (&json!(2), &json!(0)),
        "{stand}"
    );
    assert_eq!(stand["refused"][0]["full_name"], "Phạm Quốc Anh");
    let prepared = ask(
        &secretary,
        &format!("/api/v1/meetings/{}/preparation", hall.meeting.id),
    )
    .await;
    assert_eq!(
        (&prepared["invitation"]["state"], &prepared["invitation"]["code"]),
        (&json!("issued"), &json!("01/GM-UBND"))
    );

    let first = mailboxes.letters("nam@snv.test");
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["subject"], "Giấy mời: Hội nghị cải cách hành chính");
    assert!(
        first[0]["text"]
            .as_str()
            .unwrap()
            .contains("giấy mời số 01/GM-UBND")
    );
    let (method, value) = calendar(&first[0]);
    let uid = format!("meeting-{}@hoian", hall.meeting.id);
    assert_eq!(
        (method.as_str(), value("UID"), value("SEQUENCE")),
        ("REQUEST", uid.clone(), "0".into())
    );
    assert_eq!(
        value("ATTENDEE;CN=\"Hoàng Văn Nam\";PARTSTAT=NEEDS-ACTION;RSVP=TRUE"),
        "mailto:nam@snv.test"
    );
    assert_eq!(
        value("ORGANIZER;CN=\"Ủy ban nhân dân tỉnh Lam Giang\""),
        "mailto:vanthu@langiang.test"
    );

    every_job_runs_twice(&office, &secretary, &hall).await;
    assert_eq!(mailboxes.letters("nam@snv.test"), first, "nothing is sent twice");

    address(&office, "chuyenvien", "anh@ubnd.test").await;
    letters(&office, &secretary, &hall).await;
    assert_eq!(
        mailboxes.letters("anh@ubnd.test").len(),
        1,
        "a better address gets what the former refused"
    );

    let mut moved = plan(&secretary).await;
    let chair = people(&secretary).await("Trần Văn Minh");
    let members = moved["members"].as_array_mut().unwrap();
    members.insert(0, json!({ "person_id": chair, "role": "chair", "site": 0 }));
    moved["place"] = json!("Nhà khách tỉnh");
    change(&secretary, &hall, &moved).await;
    letters(&office, &secretary, &hall).await;
    let second = mailboxes.letters("nam@snv.test");
    assert_eq!(second.len(), 2);
    let (method, value) = calendar(&second[1]);
    assert_eq!(
        (
            method.as_str(),
            value("UID"),
            value("SEQUENCE"),
            value("LOCATION")
        ),
        ("REQUEST", uid.clone(), "1".into(), "Nhà khách tỉnh".into())
    );

    moved["members"].as_array_mut().unwrap().pop();
    change(&secretary, &hall, &moved).await;
    letters(&office, &secretary, &hall).await;
    let (method, value) = calendar(&mailboxes.letters("nam@snv.test")[2]);
    assert_eq!(
        (method.as_str(), value("UID"), value("SEQUENCE")),
        ("CANCEL", uid.clone(), "2".into())
    );
    assert_eq!(
        mailboxes.letters("mai@snv.test").len(),
        2,
        "who stays is told of no other people"
    );
    called_off(&office, &hall, &mailboxes, &uid).await;
}

async fn called_off(office: &Office, hall: &Hall, mailboxes: &Mailboxes, uid: &str) {
    let path = format!("/api/v1/meetings/{}/cancellation", hall.meeting.id);
    let off = json!({ "reason": "bão số 9" });
    for (user_name, status) in [("vanthu.sonv", 403), ("vanthu", 403), ("quantri", 404)] {
        let other = office.server.log_in(user_name).await;
        assert_eq!(
            other.post(&path).json(&off).send().await.unwrap().status(),
            status,
            "{user_name}"
        );
    }
    let chair = office.server.log_in("chutich").await;
    let wordless = chair
        .post(&path)
        .json(&json!({ "reason": " " }))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(wordless, 422).await, "meeting-words");
    assert_eq!(chair.post(&path).json(&off).send().await.unwrap().status(), 204);
    let again = chair.post(&path).json(&off).send().await.unwrap();
    assert_eq!(problem(again, 409).await, "meeting-over");
    letters(office, &chair, hall).await;
    let mai = mailboxes.letters("mai@snv.test");
    assert_eq!(mai.len(), 3);
    assert!(mai[2]["text"].as_str().unwrap().contains("Lý do: bão số 9."));
    let (method, value) = calendar(&mai[2]);
    assert_eq!(
        (method.as_str(), value("UID"), value("SEQUENCE"), value("STATUS")),
        ("CANCEL", uid.to_owned(), "3".into(), "CANCELLED".into())
    );
    assert_eq!(
        mailboxes.letters("nam@snv.test").len(),
        3,
        "who was told already is not told again"
    );
    let door = ask(&chair, &format!("/api/v1/meetings/by-link/{}", hall.meeting.code)).await;
    assert_eq!(door["called_off_reason"], "bão số 9");
}

/// As if the worker had died after each effect and before it could record it, and asked again by a second click.
async fn every_job_runs_twice(office: &Office, client: &Client, hall: &Hall) {
    let id = hoian_server::domain::meeting::MeetingId(hall.meeting.id.clone());
    let (app, now) = (office.app(), office.app().clock.now());
    app.store
        .write(async |tx: &Tx| {
            jobs::invitation::ask(tx, &app.clock, &id).await?;
            let none = Expr::value(None::<i64>);
            job::Entity::update_many()
                .col_expr(job::Column::EndedAt, none.clone())
                .col_expr(job::Column::LeasedUntil, none)
                .col_expr(job::Column::DueAt, Expr::value(now))
                .exec(tx)
                .await?;
            Ok::<_, sea_orm::DbErr>(())
        })
        .await
        .unwrap();
    letters(office, client, hall).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_prepares_the_meeting_and_drafts_for_its_agency_invites_and_a_leader_of_it_signs() {
    let office = Office::open().await;
    let hall = hall(&office.server).await;
    let secretary = office.server.log_in("chuyenvien").await;
    let id = people(&secretary).await;
    for (user_name, status) in [("vanthu.sonv", 403), ("quantri", 404), ("vanthu.anphu", 403)] {
        let other = office.server.log_in(user_name).await;
        assert_eq!(
            invite(&other, &hall, json!({})).await.status(),
            status,
            "{user_name}"
        );
    }
    let foreign = json!({ "signer_id": id("Nguyễn Thị Lan") });
    assert_eq!(
        problem(invite(&secretary, &hall, foreign).await, 422).await,
        "invitation-signer"
    );
    let path = format!("/api/v1/meetings/{}/preparation", hall.meeting.id);
    assert_eq!(
        ask(&secretary, &path).await["invitation"],
        Value::Null,
        "a refusal leaves it as it was"
    );
    let drafted = expect(invite(&secretary, &hall, json!({})).await, 201).await;
    let delegate = office.server.log_in("vanthu.sonv").await;
    let seen = ask(&delegate, &path).await["invitation"].clone();
    assert_eq!(
        (&seen["state"], &seen["opens"], &seen["letters"]),
        (&json!("draft"), &json!(false), &Value::Null)
    );
    let document = drafted["document_id"].as_str().unwrap();
    let of = format!("/api/v1/documents/{document}/meeting");
    assert_eq!(delegate.get(&of).send().await.unwrap().status(), 404);

    let chair = office.server.log_in("chutich").await;
    let off = json!({ "reason": "hoãn" });
    let off = chair
        .post(&format!("/api/v1/meetings/{}/cancellation", hall.meeting.id))
        .json(&off);
    assert_eq!(off.send().await.unwrap().status(), 204);
    assert_eq!(
        problem(invite(&secretary, &hall, json!({})).await, 409).await,
        "meeting-over"
    );
}

#[tokio::test]
async fn a_mail_address_is_one_and_is_taken_away_again() {
    let office = Office::open().await;
    let person = office.server.log_in("vanthu.sonv").await;
    let put = |address: Value| {
        let put = person.request(Method::PUT, "/api/v1/session/mail-address");
        put.json(&json!({ "address": address })).send()
    };
    for wrong in ["mai", "mai@snv.test, nam@snv.test", "mai @snv.test"] {
        assert_eq!(
            problem(put(json!(wrong)).await.unwrap(), 422).await,
            "outside-receiver",
            "{wrong}"
        );
    }
    let kept = expect(put(json!(" mai@snv.test ")).await.unwrap(), 200).await;
    assert_eq!(kept["mail_address"], "mai@snv.test");
    assert_eq!(
        ask(&person, "/api/v1/session").await["mail_address"],
        "mai@snv.test"
    );
    expect(put(json!("")).await.unwrap(), 200).await;
    assert_eq!(ask(&person, "/api/v1/session").await["mail_address"], Value::Null);
}
