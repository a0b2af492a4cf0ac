//! Following up: who is told what and when, each thing once, whatever runs twice; what the supporters think.

use hoian_server::clock::Timestamp;
use hoian_server::custody::Reminder;
use hoian_server::domain::dispatch::DispatchId;
use hoian_server::domain::notice::{Kind, answer_by, moments};
use hoian_server::domain::numbering::local_date;
use hoian_server::domain::register::row_day;
use hoian_server::domain::working_day::WorkingDays;
use hoian_server::store::entity::{dispatch, job, notice};
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, expect, problem};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use time::Date;

use crate::handling::{first, issued, step};
use crate::story::get;

const LEADER: &str = "giamdoc.sonv";
const LEAD: &str = "chuyenvien.sonv";
const SUPPORTER: &str = "vanthu.sonv";

#[tokio::test]
async fn work_is_pressed_for_once_before_its_day_and_once_after_it_on_sqlite() {
    pressed(&Office::open().await).await;
}

#[tokio::test]
async fn work_is_pressed_for_once_before_its_day_and_once_after_it_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    pressed(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn pressed(office: &Office) {
    let due = in_days(office, 10);
    let path = assigned(office, &row_day(due)).await;
    let id = path.rsplit('/').next().unwrap();
    for (user_name, kinds) in [
        (LEAD, vec!["assigned"]),
        (SUPPORTER, vec!["support_asked"]),
        (LEADER, vec![]),
    ] {
        assert_eq!(told(office, user_name).await, kinds, "{user_name}");
    }
    let mut expected = vec![vec!["assigned"], vec!["support_asked"], vec![]];
    for (kind, moment) in moments(due, &WorkingDays::default()) {
        let reminder = reminder(office, kind, id, Timestamp::from(moment)).await;
        // An hour before nobody is told; then everyone is who must act, or asked for it.
        go_to(
            office,
            Timestamp::from(moment).before(std::time::Duration::from_secs(3600)),
        );
        office.run_jobs().await;
        assert_eq!(told_of(office, &reminder).await, 0);
        go_to(office, Timestamp::from(moment));
        while told_of(office, &reminder).await < 3 {
            office.run_jobs().await;
            // The program's own worker may have the job.
            tokio::task::yield_now().await;
        }
        // A job may run twice.
        office.app().custody.remind(&reminder).await.unwrap();
        for (user_name, kinds) in [LEAD, SUPPORTER, LEADER].into_iter().zip(&mut expected) {
            kinds.insert(0, kind.key());
            assert_eq!(told(office, user_name).await, *kinds, "{user_name}");
        }
        let of_nobody_else = get(&office.server.log_in("vanthu").await, "/api/v1/notices").await;
        assert_eq!(of_nobody_else["items"], json!([]));
    }
}

#[tokio::test]
async fn clerks_are_told_once_of_what_they_have_not_answered_that_day_on_sqlite() {
    unanswered(&Office::open().await).await;
}

#[tokio::test]
async fn clerks_are_told_once_of_what_they_have_not_answered_that_day_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    unanswered(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn unanswered(office: &Office) {
    let id = issued(office, &["agency-snv", "agency-anphu"]).await;
    let moment = answer_by(office.server.clock.now_utc(), &WorkingDays::default());
    let blob = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.eq(id))
        .one(office.app().store.read())
        .await
        .unwrap()
        .expect("a dispatch")
        .blob;
    let commune = office.server.log_in("vanthu.anphu").await;
    let path = first(&commune, "").await;
    expect(
        step(&commune, &path, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    assert_eq!(told(office, SUPPORTER).await, Vec::<String>::new());
    go_to(office, Timestamp::from(moment));
    while told(office, SUPPORTER).await.is_empty() {
        office.run_jobs().await;
        tokio::task::yield_now().await;
    }
    office.app().custody.press_for_answers(&blob).await.unwrap();
    assert_eq!(
        told(office, SUPPORTER).await,
        ["unanswered"],
        "once, to the clerk who waits"
    );
    for user_name in ["vanthu.anphu", LEADER, "vanthu"] {
        assert_eq!(told(office, user_name).await, Vec::<String>::new(), "{user_name}");
    }
    let clerk = office.server.log_in(SUPPORTER).await;
    let notice = get(&clerk, "/api/v1/notices").await["items"][0].clone();
    assert!(
        notice["href"].as_str().unwrap().starts_with("/van-ban-den/"),
        "{notice}"
    );
}

/// A leader gives the work another day; then it is done: of the former day, and of the later one, nobody is told.
#[tokio::test]
async fn nobody_is_pressed_for_another_day_or_for_what_is_done() {
    let office = Office::open().await;
    let (former, later) = (in_days(&office, 10), in_days(&office, 20));
    let path = assigned(&office, &row_day(former)).await;
    let id = path.rsplit('/').next().unwrap();
    let mut asked = Vec::new();
    for (kind, moment) in moments(former, &WorkingDays::default()) {
        asked.push(reminder(&office, kind, id, Timestamp::from(moment)).await);
    }
    let leader = office.server.log_in(LEADER).await;
    let lead = office.person(LEAD).await.0;
    let again = json!({ "instruction": "Gia hạn", "lead_id": lead, "due_on": row_day(later) });
    expect(step(&leader, &path, "instruction", again).await, 200).await;
    for reminder in &asked {
        office.app().custody.remind(reminder).await.unwrap();
        assert_eq!(told_of(&office, reminder).await, 0, "another day");
    }
    let lead = office.server.log_in(LEAD).await;
    expect(step(&lead, &path, "completion", json!({})).await, 200).await;
    for (kind, moment) in moments(later, &WorkingDays::default()) {
        let reminder = reminder(&office, kind, id, Timestamp::from(moment)).await;
        office.app().custody.remind(&reminder).await.unwrap();
        assert_eq!(told_of(&office, &reminder).await, 0, "done");
    }
    assert_eq!(told(&office, LEADER).await, ["completed"]);
    assert_eq!(told(&office, LEAD).await, ["assigned", "assigned"]);
}

#[tokio::test]
async fn a_change_of_lead_is_told_to_both_and_a_supporter_who_leads_supports_no_more() {
    let office = Office::open().await;
    let path = assigned(&office, "").await;
    let lead = office.server.log_in(LEAD).await;
    let heir = office.person(SUPPORTER).await.0;
    let said = json!({ "lead_id": heir, "note": "Đồng chí Mai theo dõi tiếp" });
    let handed = expect(step(&lead, &path, "delegation", said).await, 200).await;
    assert_eq!(
        (&handed["lead"], &handed["support"]),
        (&json!("Vũ Thị Mai"), &json!([]))
    );
    let notices = get(&office.server.log_in(SUPPORTER).await, "/api/v1/notices").await;
    assert_eq!(
        (
            &notices["items"][0]["kind"],
            &notices["items"][0]["person"],
            &notices["items"][0]["words"]
        ),
        (
            &json!("assigned"),
            &json!("Hoàng Văn Nam"),
            &json!("Đồng chí Mai theo dõi tiếp")
        )
    );
    // Their own step they know.
    assert_eq!(told(&office, LEAD).await, ["assigned"]);
    let leader = office.server.log_in(LEADER).await;
    let back = json!({ "instruction": "", "lead_id": office.person(LEAD).await.0 });
    expect(step(&leader, &path, "instruction", back).await, 200).await;
    assert_eq!(
        told(&office, SUPPORTER).await,
        ["relieved", "assigned", "support_asked"]
    );
}

#[tokio::test]
async fn supporters_write_opinions_for_the_lead_and_the_sender_is_not_told() {
    let office = Office::open().await;
    let path = assigned(&office, "").await;
    let supporter = office.server.log_in(SUPPORTER).await;
    let lead = office.server.log_in(LEAD).await;
    let opinion = |words: &str| json!({ "words": words });
    assert_eq!(
        problem(step(&lead, &path, "opinion", opinion("Tôi")).await, 403).await,
        "forbidden"
    );
    assert_eq!(
        problem(step(&supporter, &path, "opinion", opinion("  ")).await, 422).await,
        "words-missing"
    );
    for words in ["Nhất trí với dự thảo", "Bổ sung thêm mục 2"] {
        expect(step(&supporter, &path, "opinion", opinion(words)).await, 200).await;
    }
    let seen = get(&lead, &path).await;
    let opinions: Vec<_> = seen["opinions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["person"].as_str().unwrap(), one["words"].as_str().unwrap()))
        .collect();
    assert_eq!(
        opinions,
        [
            ("Vũ Thị Mai", "Nhất trí với dự thảo"),
            ("Vũ Thị Mai", "Bổ sung thêm mục 2")
        ]
    );
    assert_eq!(seen["history"].as_array().unwrap().len(), 3, "01, 03, 04");
    assert_eq!(
        told(&office, LEAD).await,
        ["opinion_given", "opinion_given", "assigned"]
    );
    expect(step(&lead, &path, "completion", json!({})).await, 200).await;
    assert_eq!(
        problem(step(&supporter, &path, "opinion", opinion("Muộn")).await, 409).await,
        "wrong-status"
    );
}

#[tokio::test]
async fn everybody_reads_their_own_notices_alone() {
    let office = Office::open().await;
    assigned(&office, "").await;
    let lead = office.server.log_in(LEAD).await;
    let unread = async |client| get(client, "/api/v1/notices/count").await["unread"].clone();
    assert_eq!(unread(&lead).await, 1);
    let notice = get(&lead, "/api/v1/notices").await["items"][0].clone();
    assert_eq!(notice["is_read"], false);
    let id = notice["id"].as_str().unwrap();
    let other = office.server.log_in(SUPPORTER).await;
    let read = format!("/api/v1/notices/{id}/reading");
    assert_eq!(other.post(&read).send().await.unwrap().status(), 404);
    let all = async |client: &hoian_tests::Client, up_to: &str| {
        let request = client
            .post("/api/v1/notices/reading")
            .json(&json!({ "up_to": up_to }));
        request.send().await.unwrap().status().as_u16()
    };
    // What comes after the one that was seen stays unread, and so does what is another's.
    assert_eq!(all(&lead, "0").await, 204);
    assert_eq!(all(&other, id).await, 204);
    assert_eq!(unread(&lead).await, 1);
    assert_eq!(lead.post(&read).send().await.unwrap().status(), 204);
    assert_eq!(lead.post(&read).send().await.unwrap().status(), 204);
    assert_eq!(unread(&lead).await, 0);
    assert_eq!(
        get(&lead, "/api/v1/notices?unread=true").await["items"],
        json!([])
    );
    assert_eq!(get(&lead, "/api/v1/notices").await["items"][0]["is_read"], true);
}

/// A document that came to the department and that its leader gave to [`LEAD`], with [`SUPPORTER`]; comes back as its path.
pub async fn assigned(office: &Office, due_on: &str) -> String {
    issued(office, &["agency-snv"]).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let path = first(&clerk, "").await;
    expect(
        step(&clerk, &path, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    let leader = office.server.log_in(LEADER).await;
    let instruction = json!({
        "instruction": "Tham mưu trả lời", "lead_id": office.person(LEAD).await.0,
        "support": [office.person(SUPPORTER).await.0], "due_on": due_on,
    });
    expect(step(&leader, &path, "instruction", instruction).await, 200).await;
    path
}

/// The kinds of what a person was told, the latest first.
pub async fn told(office: &Office, user_name: &str) -> Vec<String> {
    let notices = get(&office.server.log_in(user_name).await, "/api/v1/notices").await;
    let items = notices["items"].as_array().unwrap();
    items
        .iter()
        .map(|item: &Value| item["kind"].as_str().unwrap().to_owned())
        .collect()
}

fn in_days(office: &Office, days: i64) -> Date {
    local_date(office.server.clock.now_utc()) + time::Duration::days(days)
}

fn go_to(office: &Office, moment: Timestamp) {
    office
        .server
        .clock
        .advance(moment.since(office.server.clock.now()));
}

/// The latest reminder of this kind that was asked for, which must be due at that moment.
async fn reminder(office: &Office, kind: Kind, dispatch: &str, moment: Timestamp) -> Reminder {
    let rows = job::Entity::find()
        .filter(job::Column::Kind.eq("dispatch.remind"))
        .filter(job::Column::DueAt.eq(moment))
        .all(office.app().store.read())
        .await
        .unwrap();
    let mut reminders: Vec<Reminder> = rows
        .iter()
        .map(|row| serde_json::from_str(&row.payload).unwrap())
        .filter(|one: &Reminder| one.kind == kind && one.dispatch_id == DispatchId(dispatch.to_owned()))
        .collect();
    reminders.sort_by_key(|one| one.revision);
    reminders.pop().expect("a reminder is asked for")
}

async fn told_of(office: &Office, reminder: &Reminder) -> u64 {
    notice::Entity::find()
        .filter(notice::Column::Kind.eq(reminder.kind))
        .filter(notice::Column::DueOn.eq(reminder.due_on.as_str()))
        .count(office.app().store.read())
        .await
        .unwrap()
}
