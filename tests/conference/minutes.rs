//! What comes of a meeting on paper: notes and conclusions written by two at once, minutes drafted once and refreshed, the
//! record of a vote, and the notice whose conclusions agencies then have to do.

use hoian_tests::Client;
use hoian_tests::paper::keep;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{LEADER, Office, PIN, SECRETARY, act, content, expect, look, problem};
use serde_json::{Value, json};

use crate::conference::{Hall, ask, hall};
use crate::person::Person;
use crate::votes::terms;

fn step(fields: Value) -> Value {
    json!({ "type": "step", "step": fields })
}

async fn post(client: &Client, hall: &Hall, what: &str, body: Value) -> reqwest::Response {
    let path = format!("/api/v1/meetings/{}/{what}", hall.meeting.id);
    client.post(&path).json(&body).send().await.unwrap()
}

async fn write(client: &Client, hall: &Hall, entry: Value) -> reqwest::Response {
    post(client, hall, "minutes/entries", entry).await
}

async fn written(client: &Client, hall: &Hall, entry: Value) {
    let answer = write(client, hall, entry).await;
    assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
}

async fn minutes(client: &Client, hall: &Hall) -> Value {
    ask(client, &format!("/api/v1/meetings/{}/minutes", hall.meeting.id)).await
}

fn note(item: u32, revision: u32, text: &str) -> Value {
    json!({ "what": "note", "item": item, "revision": revision, "text": text })
}

fn conclusion(text: &str, agency: Option<&str>, due_on: Option<&str>) -> Value {
    json!({ "what": "conclusion", "conclusion": null, "revision": 0, "text": text, "agency": agency, "due_on": due_on })
}

fn has(body: &Value, words: &[&str]) {
    let body = body.as_str().unwrap();
    for words in words {
        assert!(body.contains(words), "{words} is missing in {body}");
    }
}

/// A vote that the chair opens, in which the chair alone votes, and that the chair closes.
async fn vote(chair: &mut Person) {
    let mut terms = terms("delegates", "half_of_present");
    terms["item"] = json!(2);
    chair
        .say(step(json!({ "name": "open_vote", "terms": terms })))
        .await;
    let open = chair.hear("vote").await;
    let voter = open["vote"]["ballots"][0]["voter"].clone();
    let cast = json!({ "name": "cast_ballot", "vote": 1, "voter": voter, "choice": "in_favour" });
    chair.say(step(cast)).await;
    chair.hear_where("vote", |told| told["vote"]["voted"] == 1).await;
    chair.say(step(json!({ "name": "close_vote", "vote": 1 }))).await;
    chair
        .hear_where("vote", |told| !told["vote"]["end"].is_null())
        .await;
}

/// Who writes, presides and issues, each logged in once: a log-in moves the program's clock away from the authority's.
struct Leaders {
    secretary: Client,
    chair: Client,
    clerk: Client,
}

/// Signed, numbered, sealed, issued to whom the system proposes.
async fn issue(leaders: &Leaders, id: &str, signers: &[&Client]) -> Vec<String> {
    for signer in signers {
        expect(act(signer, id, "signature", json!({ "pin": PIN })).await, 200).await;
    }
    let clerk = &leaders.clerk;
    expect(act(clerk, id, "number", json!({})).await, 200).await;
    expect(act(clerk, id, "seal", json!({ "pin": PIN })).await, 200).await;
    let meeting = ask(clerk, &format!("/api/v1/documents/{id}/meeting")).await;
    let receivers = json!({ "receivers": meeting["agencies"] });
    let issued = expect(act(clerk, id, "issue", receivers).await, 200).await;
    let file = content(clerk, id, "latest").await;
    keep(&file, &format!("{}.pdf", issued["kind"].as_str().unwrap()));
    serde_json::from_value(meeting["agencies"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_concludes_on_paper_on_sqlite() {
    concludes(&Office::open().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_concludes_on_paper_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    concludes(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn concludes(office: &Office) {
    let hall = hall(&office.server).await;
    let mut people = hall.everyone(&office.server).await;
    let leaders = Leaders {
        secretary: office.server.log_in(SECRETARY).await,
        chair: office.server.log_in(LEADER).await,
        clerk: office.server.log_in("vanthu").await,
    };
    let Leaders { secretary, chair, .. } = &leaders;

    people[0]
        .say(step(json!({ "name": "set_item", "number": 1 })))
        .await;
    written(secretary, &hall, note(1, 0, "Đạt 92% hồ sơ đúng hạn.")).await;
    let told = people[0].hear("note").await;
    assert_eq!(
        (&told["note"]["text"], &told["note"]["by"]),
        (&json!("Đạt 92% hồ sơ đúng hạn."), &json!("Phạm Quốc Anh"))
    );
    let late = write(chair, &hall, note(1, 0, "Khác hẳn")).await;
    assert_eq!(problem(late, 409).await, "minutes-stale");
    let stands = minutes(chair, &hall).await;
    assert_eq!(
        stands["notes"][0]["text"], "Đạt 92% hồ sơ đúng hạn.",
        "a refusal leaves it as it was"
    );
    let by_socket = conclusion("Số hóa 100% hồ sơ", Some("agency-anphu"), Some("2099-12-15"));
    people[0]
        .say(step(json!({ "name": "write", "writing": by_socket })))
        .await;
    let told = people[1].hear("conclusions").await;
    assert_eq!(told["conclusions"][0]["agency"], "agency-anphu");
    vote(&mut people[0]).await;

    drafted_once(office, &leaders, &hall).await;
    let papers = minutes(secretary, &hall).await["papers"].clone();
    let id = papers[0]["document_id"].as_str().unwrap().to_owned();
    people[0].say(json!({ "type": "end" })).await;
    people[1].hear("ended").await;
    written(
        secretary,
        &hall,
        conclusion("Báo cáo hằng tháng.", Some("agency-snv"), None),
    )
    .await;
    finished(&leaders, &hall, &id).await;
    of_the_vote(&leaders, &hall).await;
    noticed(office, &leaders, &hall).await;
}

/// Chair and secretary ask at the same moment: one draft, the secretary's.
async fn drafted_once(office: &Office, leaders: &Leaders, hall: &Hall) {
    let Leaders { secretary, chair, .. } = leaders;
    let wanted = || json!({ "paper": "minutes" });
    let (one, other) = tokio::join!(
        post(chair, hall, "outcomes", wanted()),
        post(secretary, hall, "outcomes", wanted())
    );
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201]);
    let (one, other): (Value, Value) = (one.json().await.unwrap(), other.json().await.unwrap());
    assert_eq!(one, other);
    let draft = look(secretary, one["document_id"].as_str().unwrap()).await;
    assert_eq!(
        [
            &draft["kind"],
            &draft["drafter"]["full_name"],
            &draft["signer"]["full_name"],
            &draft["cosigner"]["full_name"]
        ],
        ["BB", "Phạm Quốc Anh", "Phạm Quốc Anh", "Trần Văn Minh"]
    );
    has(
        &draft["body"],
        &[
            "Chủ trì (chủ tọa): đồng chí Trần Văn Minh, Chủ tịch",
            "Thư ký (người ghi biên bản): đồng chí Phạm Quốc Anh, Chuyên viên",
            "1. Báo cáo quý IV (trình bày: Sở Nội vụ)\nĐạt 92% hồ sơ đúng hạn.\n",
            "Biểu quyết “Thông qua dự thảo kế hoạch?”: tán thành 1",
            "1. Số hóa 100% hồ sơ. Giao Ủy ban nhân dân xã An Phú thực hiện, hoàn thành trước ngày 15 tháng 12 năm 2099.",
            "thực hiện, hoàn thành trước ngày 15 tháng 12 năm 2099.\nCuộc họp kết thúc vào ",
        ],
    );
    let delegate = office.server.log_in("vanthu.sonv").await;
    for (what, body) in [
        ("outcomes", wanted()),
        ("outcomes/refresh", wanted()),
        ("minutes/entries", note(1, 1, "x")),
    ] {
        let refused = post(&delegate, hall, what, body).await;
        assert_eq!(refused.status(), 403, "{what}");
    }
    let host = office.server.log_in("vanthu").await;
    let path = format!("/api/v1/meetings/{}/minutes", hall.meeting.id);
    assert_eq!(host.get(&path).send().await.unwrap().status(), 403);
    let stranger = office.server.log_in("quantri").await;
    assert_eq!(stranger.get(&path).send().await.unwrap().status(), 404);
}

/// Refreshed after the end by the secretary, whose draft it is; then signed by both and issued.
async fn finished(leaders: &Leaders, hall: &Hall, id: &str) {
    let Leaders { secretary, chair, .. } = leaders;
    let wanted = || json!({ "paper": "minutes" });
    let foreign = post(chair, hall, "outcomes/refresh", wanted()).await;
    assert_eq!(foreign.status(), 403, "the draft is the secretary's");
    expect(post(secretary, hall, "outcomes/refresh", wanted()).await, 200).await;
    let draft = look(secretary, id).await;
    has(
        &draft["body"],
        &["2. Báo cáo hằng tháng. Giao Sở Nội vụ thực hiện.\nCuộc họp kết thúc vào "],
    );
    expect(act(secretary, id, "submission", json!({})).await, 200).await;
    let late = post(secretary, hall, "outcomes/refresh", wanted()).await;
    assert_eq!(problem(late, 409).await, "wrong-state");
    let receivers = issue(leaders, id, &[secretary, chair]).await;
    assert_eq!(receivers, ["agency-anphu"], "whoever was asked and has a site");
    let again = post(secretary, hall, "outcomes", wanted()).await;
    assert_eq!(expect(again, 200).await["document_id"], id);
}

async fn of_the_vote(leaders: &Leaders, hall: &Hall) {
    let secretary = &leaders.secretary;
    let none = post(
        secretary,
        hall,
        "outcomes",
        json!({ "paper": "vote_record", "vote": 9 }),
    )
    .await;
    assert_eq!(problem(none, 404).await, "not-found");
    let wanted = json!({ "paper": "vote_record", "vote": 1 });
    let drafted = expect(post(secretary, hall, "outcomes", wanted).await, 201).await;
    let draft = look(secretary, drafted["document_id"].as_str().unwrap()).await;
    assert_eq!(
        draft["subject"],
        "Kết quả biểu quyết: Thông qua dự thảo kế hoạch?"
    );
    assert_eq!(draft["cosigner"]["full_name"], "Trần Văn Minh");
    has(
        &draft["body"],
        &["| Trần Văn Minh | Tán thành |", "4. Kết luận\n"],
    );
}

/// The notice goes to all who were asked and to whoever is to act; each has its part, and the next meeting sees how it stands.
async fn noticed(office: &Office, leaders: &Leaders, hall: &Hall) {
    let secretary = &leaders.secretary;
    let wanted = json!({ "paper": "conclusion_notice", "signer_id": null });
    let drafted = expect(post(secretary, hall, "outcomes", wanted).await, 201).await;
    let id = drafted["document_id"].as_str().unwrap();
    let draft = look(secretary, id).await;
    assert_eq!(
        (&draft["kind"], &draft["signer"]["full_name"]),
        (&json!("TB"), &json!("Trần Văn Minh"))
    );
    let tasks = minutes(secretary, hall).await["tasks"].clone();
    assert_eq!(
        tasks[0]["status"],
        Value::Null,
        "nothing is given before the issue"
    );
    expect(act(secretary, id, "submission", json!({})).await, 200).await;
    let receivers = issue(leaders, id, &[&leaders.chair]).await;
    assert_eq!(receivers, ["agency-anphu", "agency-snv"]);
    office.run_jobs().await;
    let clerk = office.server.log_in("vanthu.anphu").await;
    let came = ask(&clerk, "/api/v1/dispatches?box=waiting").await;
    let notice = came["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "01/TB-UBND");
    let notice = notice.unwrap_or_else(|| panic!("{came}"));
    assert_eq!(
        (&notice["part"], &notice["wanted_on"]),
        (&json!("lead"), &json!("2099-12-15"))
    );
    let path = format!("/api/v1/dispatches/{}", notice["id"].as_str().unwrap());
    let detail = ask(&clerk, &path).await;
    assert_eq!(detail["history"][0]["reason"], "Số hóa 100% hồ sơ");
    let next = crate::conference::hall(&office.server).await;
    let before = minutes(secretary, &next).await["before"].clone();
    assert_eq!(before["meeting_id"], json!(hall.meeting.id));
    assert_eq!(
        (
            &before["tasks"][0]["agency"],
            &before["tasks"][0]["status"],
            &before["tasks"][0]["is_late"]
        ),
        (
            &json!("Ủy ban nhân dân xã An Phú"),
            &json!("arrived"),
            &json!(false)
        )
    );
    assert_eq!(minutes(secretary, &next).await["tasks"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_noticed_without_conclusions_and_a_stranger_agency_is_refused() {
    let office = Office::open().await;
    let hall = hall(&office.server).await;
    let secretary = office.server.log_in(SECRETARY).await;
    let wanted = json!({ "paper": "conclusion_notice", "signer_id": null });
    let empty = post(&secretary, &hall, "outcomes", wanted).await;
    assert_eq!(problem(empty, 409).await, "meeting-unconcluded");
    let unknown = write(&secretary, &hall, conclusion("a", Some("no-such"), None)).await;
    assert_eq!(problem(unknown, 422).await, "meeting-words");
    let long = write(&secretary, &hall, note(1, 0, &"a".repeat(8001))).await;
    assert_eq!(problem(long, 422).await, "meeting-words");
    let nothing = json!({ "what": "strike", "conclusion": 7, "revision": 1 });
    assert_eq!(
        problem(write(&secretary, &hall, nothing).await, 404).await,
        "not-found"
    );
    // Before the meeting, without anybody in it.
    written(&secretary, &hall, note(2, 0, "Chuẩn bị số liệu")).await;
    let stands = minutes(&secretary, &hall).await;
    assert_eq!(
        (&stands["notes"][0]["item"], &stands["papers"]),
        (&json!(2), &json!([]))
    );
}
