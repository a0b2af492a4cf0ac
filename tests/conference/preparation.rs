//! Preparing a meeting: sites with their links, agencies that name their people, substitutes, papers for whom they are
//! meant, notes for oneself alone, the calendar and its feed.

use hoian_tests::{Client, Server};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::conference::{ask, hall, people, plan};

async fn send(client: &Client, path: &str, body: Value) -> u16 {
    client
        .post(path)
        .json(&body)
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_answers_by_naming_its_people_and_a_person_by_a_substitute() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let path = format!("/api/v1/meetings/{}", hall.meeting.id);
    let commune = server.log_in("vanthu.anphu").await;
    let listed = ask(&commune, "/api/v1/meetings").await;
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        1,
        "an agency that is asked sees the meeting"
    );
    let prepared = ask(&commune, &format!("{path}/preparation")).await;
    assert_eq!(
        prepared["sites"][1]["link_code"], hall.site_codes[1],
        "the link of its own site"
    );
    assert_eq!(prepared["sites"][0]["link_code"], Value::Null, "and of no other");
    assert_eq!(prepared["may_prepare"], false);

    let id = people(&commune).await;
    let reply = format!("{path}/agencies/agency-anphu/reply");
    let foreign = json!({ "comes": true, "delegates": [id("Hoàng Văn Nam")] });
    assert_eq!(
        send(&commune, &reply, foreign).await,
        422,
        "somebody of another agency"
    );
    let ours = json!({ "comes": true, "delegates": [id("Bùi Thị Thu")] });
    assert_eq!(send(&commune, &reply, ours).await, 204);
    let department = server.log_in("vanthu.sonv").await;
    assert_eq!(
        send(&department, &reply, json!({ "comes": false })).await,
        404,
        "nobody answers for another"
    );

    let own = format!("{path}/reply");
    let chosen = json!({ "comes": true, "substitute_id": id("Hoàng Văn Nam") });
    assert_eq!(
        send(&department, &own, chosen).await,
        422,
        "who was called comes for themselves"
    );
    let director = ask(&department, "/api/v1/people?role=leader").await;
    let director = director["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["memberships"][0]["agency_id"] == "agency-snv");
    let substitute = json!({ "comes": true, "substitute_id": director.expect("a director")["id"] });
    assert_eq!(send(&department, &own, substitute).await, 204);

    let chair = server.log_in("chutich").await;
    let prepared = ask(&chair, &format!("{path}/preparation")).await;
    let find = |reply: &str| {
        prepared["people"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["reply"] == reply)
            .count()
    };
    assert_eq!((find("substituted"), find("accepted")), (1, 2));
    let roll = ask(&chair, &format!("{path}/roll")).await;
    let names: Vec<&str> = roll["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"Bùi Thị Thu") && !names.contains(&"Vũ Thị Mai"),
        "{names:?}"
    );
    assert_eq!(roll["quorum"]["called"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_plan_keeps_links_and_answers_and_is_for_leaders() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let path = format!("/api/v1/meetings/{}", hall.meeting.id);
    let chair = server.log_in("chutich").await;
    let before = ask(&chair, &format!("{path}/preparation")).await;
    let department = server.log_in("vanthu.sonv").await;
    assert_eq!(
        send(&department, &format!("{path}/reply"), json!({ "comes": true })).await,
        204
    );
    let mut changed = plan(&chair).await;
    changed["sites"] = json!([
        { "id": before["sites"][1]["id"], "name": "Xã An Phú" },
        { "id": before["sites"][0]["id"], "name": "Hội trường", "is_main": true },
    ]);
    changed["agencies"][0]["site"] = json!(0);
    let put = |client: &Client| client.request(reqwest::Method::PUT, &path);
    assert_eq!(
        put(&department).json(&changed).send().await.unwrap().status(),
        403
    );
    let answer = put(&chair).json(&changed).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let after = ask(&chair, &format!("{path}/preparation")).await;
    assert_eq!(after["sites"][0]["link_code"], before["sites"][1]["link_code"]);
    let replied = after["people"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["reply"] == "accepted")
        .count();
    assert_eq!(replied, 1, "an answer outlives a change");
    for (name, wrong, problem) in [
        ("items", json!([{ "title": "x", "minutes": 0 }]), "meeting-agenda"),
        ("sites", json!([{ "name": " " }]), "meeting-sites"),
        ("agencies", json!([{ "agency_id": "nobody" }]), "meeting-agencies"),
        ("ends_at", json!("2020-01-01T00:00:00Z"), "meeting-time"),
        ("quota_seconds", json!(1), "meeting-settings"),
    ] {
        let mut body = plan(&chair).await;
        body[name] = wrong;
        let answer = put(&chair).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{name}");
        assert_eq!(
            answer.json::<Value>().await.unwrap()["type"],
            format!("/problems/{problem}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_is_seen_by_whom_it_is_meant_for_and_a_note_by_its_writer() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let path = format!("/api/v1/meetings/{}/papers", hall.meeting.id);
    let officer = server.log_in("chuyenvien").await;
    let leaders = ask(&officer, "/api/v1/people?role=leader").await;
    let signer = leaders["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["full_name"] == "Trần Văn Minh");
    let form = Form::new()
        .text("subject", "Báo cáo quý IV")
        .text("kind", "BC")
        .text("signer_id", signer.unwrap()["id"].as_str().unwrap().to_owned())
        .part(
            "file",
            Part::bytes(hoian_tests::paper::paper(server.app().clock.now_utc())).file_name("bao-cao.pdf"),
        );
    let draft: Value = officer
        .post("/api/v1/documents")
        .multipart(form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let document = draft["id"].clone();
    assert!(document.is_string(), "{draft}");

    let host = server.log_in("vanthu").await;
    let department = server.log_in("vanthu.sonv").await;
    assert_eq!(
        send(&department, &path, json!({ "document_id": document })).await,
        403
    );
    assert_eq!(
        send(&officer, &path, json!({ "document_id": "nothing" })).await,
        404
    );
    assert_eq!(
        send(&officer, &path, json!({ "document_id": document, "item": 9 })).await,
        422
    );
    let later = server
        .app()
        .clock
        .now()
        .after(std::time::Duration::from_secs(1800));
    for body in [
        json!({ "document_id": document, "item": 1, "title": "Cho mọi người", "audience": "everyone" }),
        json!({ "document_id": document, "title": "Cho người được mời" }),
        json!({ "document_id": document, "title": "Cho lãnh đạo", "audience": "leaders" }),
        json!({ "document_id": document, "title": "Về sau", "visible_from": later }),
    ] {
        assert_eq!(send(&officer, &path, body.clone()).await, 201, "{body}");
    }
    let anyone = server.client();
    let link = format!("{path}?link={}", hall.meeting.code);
    let room = format!("{path}?link={}", hall.site_codes[1]);
    for (client, path, count) in [
        (&host, &path, 4),
        (&department, &path, 2),
        (&anyone, &room, 2),
        (&anyone, &link, 1),
    ] {
        assert_eq!(ask(client, path).await.as_array().unwrap().len(), count, "{path}");
    }
    let papers = ask(&host, &path).await;
    let paper = |title: &str| {
        papers
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["title"] == title)
            .unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let hidden = format!(
        "{path}/{}/content?link={}",
        paper("Cho lãnh đạo"),
        hall.meeting.code
    );
    assert_eq!(anyone.get(&hidden).send().await.unwrap().status(), 404);
    let open = format!(
        "{path}/{}/content?link={}",
        paper("Cho mọi người"),
        hall.meeting.code
    );
    let bytes = anyone.get(&open).send().await.unwrap().bytes().await.unwrap();
    assert!(bytes.starts_with(b"%PDF"));

    let notes = format!("{path}/{}/notes", paper("Cho người được mời"));
    let put = |client: &Client, body: Value| client.request(reqwest::Method::PUT, &notes).json(&body).send();
    assert_eq!(
        put(&department, json!({ "page": 1, "words": "Hỏi về số liệu" }))
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(
        put(&department, json!({ "page": 0, "words": "x" }))
            .await
            .unwrap()
            .status(),
        422
    );
    assert_eq!(ask(&department, &notes).await[0]["words"], "Hỏi về số liệu");
    assert_eq!(ask(&host, &notes).await, json!([]), "nobody else reads it");
    assert_eq!(
        put(&department, json!({ "page": 1, "words": " " }))
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(ask(&department, &notes).await, json!([]));
    later_is_now(&server, &department, &path).await;
    notes_go_with_their_person(&server, &department, &notes).await;
}

/// Who has left takes along what they wrote for themself; the office that hands out their data counts it and reads none of it.
async fn notes_go_with_their_person(server: &Server, delegate: &Client, notes: &str) {
    let note = json!({ "page": 1, "words": "Chỉ mình tôi đọc" });
    let put = delegate.request(reqwest::Method::PUT, notes).json(&note).send();
    assert_eq!(put.await.unwrap().status(), 204);
    let own = ask(delegate, "/api/v1/session/personal-data").await;
    assert_eq!(own["notes_on_papers"][0][2], "Chỉ mình tôi đọc");
    let administrator = server.log_in("quantri").await;
    let account = format!("/api/v1/admin/people/{}", own["account"]["id"].as_str().unwrap());
    let data = ask(&administrator, &format!("{account}/personal-data")).await;
    assert_eq!(data["notes_on_papers"], 1);
    assert_eq!(
        send(&administrator, &format!("{account}/erasure"), json!({})).await,
        200
    );
    let data = ask(&administrator, &format!("{account}/personal-data")).await;
    assert_eq!(data["notes_on_papers"], 0);
}

async fn later_is_now(server: &Server, delegate: &Client, path: &str) {
    server.clock.advance(std::time::Duration::from_secs(1800));
    let count = ask(delegate, path).await.as_array().unwrap().len();
    assert_eq!(count, 3, "a paper comes to the table at its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_speech_registered_before_stands_in_the_queue_once() {
    let server = Server::start().await;
    let hall = hall(&server).await;
    let path = format!("/api/v1/meetings/{}/speech", hall.meeting.id);
    let department = server.log_in("vanthu.sonv").await;
    for _ in 0..2 {
        assert_eq!(send(&department, &path, json!({})).await, 204);
    }
    let commune = server.log_in("vanthu.anphu").await;
    assert_eq!(
        send(&commune, &path, json!({})).await,
        404,
        "who was not called by name has no turn"
    );
    let mut chair = crate::person::Person::member(&server, &hall.meeting, "chutich").await;
    let welcome = chair.join(None, None).await;
    let waiting = welcome["procedure"]["floor"]["waiting"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (&waiting[0]["name"], &waiting[0]["how"]),
        (&json!("Vũ Thị Mai"), &json!("registered"))
    );
    let officer = server.log_in("chuyenvien.sonv").await;
    assert_eq!(
        send(&officer, &path, json!({})).await,
        204,
        "also while the meeting runs"
    );
    let floor = chair.hear("floor").await;
    assert_eq!(floor["floor"]["waiting"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calendar_tells_clashes_and_its_feed_opens_by_the_secret_alone() {
    let server = Server::start().await;
    let first = hall(&server).await;
    let _second = hall(&server).await;
    let delegate = server.log_in("vanthu.sonv").await;
    let now = server.app().clock.now();
    let hours = |count: u64| std::time::Duration::from_secs(3600 * count);
    let between = format!(
        "/api/v1/calendar?from={}&to={}",
        json!(now.before(hours(4))),
        json!(now.after(hours(4)))
    )
    .replace('"', "");
    let days = ask(&delegate, &between).await;
    assert_eq!(days.as_array().unwrap().len(), 2);
    assert_eq!(days[0]["clashes_with"], json!(["Hội nghị cải cách hành chính"]));
    let decline = format!("/api/v1/meetings/{}/reply", first.meeting.id);
    assert_eq!(
        send(&delegate, &decline, json!({ "comes": false, "note": "bận" })).await,
        204
    );
    assert_eq!(ask(&delegate, &between).await[0]["clashes_with"], json!([]));

    let person = ask(&delegate, "/api/v1/session").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = json!(now).to_string().replace('"', "");
    let busy = ask(
        &delegate,
        &format!("/api/v1/calendar/busy?starts_at={at}&people={person},nobody"),
    )
    .await;
    assert_eq!(busy.as_array().unwrap().len(), 1);

    let feed: Value = delegate
        .post("/api/v1/calendar/feed")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let path = feed["path"].as_str().unwrap();
    let calendar = server.client().get(path).send().await.unwrap();
    assert_eq!(calendar.headers()["content-type"], "text/calendar; charset=utf-8");
    let text = calendar.text().await.unwrap();
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 2, "{text}");
    delegate.post("/api/v1/calendar/feed").send().await.unwrap();
    assert_eq!(
        server.client().get(path).send().await.unwrap().status(),
        404,
        "a new secret ends the former"
    );
}
