//! People, agencies and substitutes, as administrators keep them; on both databases.

use std::time::Duration;

use hoian_server::accounts::identify;
use hoian_server::domain::id::AgencyId;
use hoian_server::domain::role::Action;
use hoian_server::store::audit::{self, Verdict};
use hoian_server::store::entity::audit_entry;
use hoian_tests::{Client, PASSWORD, Server};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::asking::{PEOPLE, ask, get, id_of, kind, log_in, on_both_databases, post};

const AGENCIES: &str = "/api/v1/admin/agencies";

/// A new account; comes back as its first password.
async fn add(client: &Client, user_name: &str, agency: &str, role: &str) -> String {
    let body = json!({
        "user_name": user_name, "full_name": "Nguyễn Văn Mới", "agency_id": agency, "role": role, "position": "Chức vụ",
    });
    let (status, made) = post(client, PEOPLE, body).await;
    assert_eq!(status, 201, "{made}");
    made["first_password"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_account_is_made_found_changed_locked_and_opened_again() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let password = add(&admin, "moi.sonv", "agency-snv", "officer").await;
        let (person, status) = log_in(&server, "moi.sonv", &password).await;
        assert_eq!(status, 201);

        // Found without marks, by the beginning of any word.
        for words in ["nguyen van moi", "MOI", "văn mới", "sonv+nguyen"] {
            let (_, found) = get(&admin, &format!("{PEOPLE}?q={words}")).await;
            let names: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| &item["user_name"]).collect();
            assert!(names.contains(&&json!("moi.sonv")), "{words}: {names:?}");
        }
        let (_, none) = get(&admin, &format!("{PEOPLE}?q=guyen")).await;
        assert_eq!(none["items"], json!([]), "the middle of a word finds nothing");

        let id = id_of(&admin, "moi.sonv").await;
        let at = |rest: &str| format!("{PEOPLE}/{id}/{rest}");
        let (status, account) = ask(&admin, Method::PUT, &at("full-name"), json!({ "full_name": "Lê Hòa" })).await;
        assert_eq!((status, &account["full_name"]), (200, &json!("Lê Hòa")));
        assert_eq!(id_of(&admin, "moi.sonv").await, id);
        let (_, found) = get(&admin, &format!("{PEOPLE}?q=hoa")).await;
        assert!(found["items"].as_array().unwrap().iter().any(|item| item["id"] == json!(id)));

        // A leader needs a code, whose secret is handed out this once.
        let roles = json!({ "memberships": [{ "agency_id": "agency-snv", "role": "leader", "position": "Phó Giám đốc" }] });
        let (status, handed) = ask(&admin, Method::PUT, &at("memberships"), roles.clone()).await;
        assert_eq!(status, 200, "{handed}");
        assert!(handed["one_time_code_secret"].as_str().unwrap().len() >= 32);
        let again = ask(&admin, Method::PUT, &at("memberships"), roles).await;
        assert_eq!(again.1["one_time_code_secret"], Value::Null);
        let none = ask(&admin, Method::PUT, &at("memberships"), json!({ "memberships": [] })).await;
        assert_eq!(kind(&none), (422, "/problems/no-role"));

        let (status, account) = post(&admin, &at("lock"), json!({})).await;
        assert_eq!((status, &account["is_locked"], &account["sessions"]), (200, &json!(true), &json!(0)));
        assert_eq!(get(&person, "/api/v1/session").await.0, 401);
        assert_eq!(log_in(&server, "moi.sonv", &password).await.1, 401);
        assert_eq!(post(&admin, &at("unlock"), json!({})).await.0, 200);
        let (person, status) = log_in(&server, "moi.sonv", &password).await;
        assert_eq!(status, 201);

        assert_eq!(post(&admin, &at("session-end"), json!({})).await.0, 200);
        assert_eq!(get(&person, "/api/v1/session").await.0, 401);
        let (_, handed) = post(&admin, &at("first-password"), json!({})).await;
        let renewed = handed["first_password"].as_str().unwrap();
        assert_eq!(log_in(&server, "moi.sonv", &password).await.1, 401);
        assert_eq!(log_in(&server, "moi.sonv", renewed).await.1, 201);
        let (status, handed) = post(&admin, &at("one-time-code"), json!({})).await;
        assert_eq!(status, 200);
        assert!(handed["one_time_code_secret"].is_string());

        let actions = [
            "person.created", "person.renamed", "person.assigned", "person.locked", "person.unlocked",
            "person.sessions_ended", "person.password_renewed", "person.code_renewed",
        ];
        let entries = audit_entry::Entity::find().all(server.app().store.read()).await.unwrap();
        for action in actions {
            let told = entries
                .iter()
                .any(|entry| entry.action == action && entry.subject == format!("person/{id}") && entry.actor != "system");
            assert!(told, "{action} is in the chain");
        }
        let secret = entries.iter().any(|entry| entry.detail.contains(&password) || entry.detail.contains(renewed));
        assert!(!secret, "no password is in the chain");
        let verdict = audit::verify(server.app().store.read()).await.unwrap();
        assert!(matches!(verdict, Verdict::Whole { .. }), "{verdict:?}");
    })
    .await;
}

#[tokio::test]
async fn refused_texts_and_names_leave_everything_as_it_was() {
    let server = Server::start().await;
    let admin = server.log_in("quantri").await;
    let before = get(&admin, PEOPLE).await;
    let body = |user_name: &str, full_name: &str, agency: &str| json!({ "user_name": user_name, "full_name": full_name, "agency_id": agency, "role": "clerk", "position": "Văn thư" });
    let tries = [
        (body("vanthu", "Lê Hoa", "agency-snv"), (409, "/problems/taken")),
        (body("có cách", "Lê Hoa", "agency-snv"), (422, "/problems/unfit")),
        (body("lehoa", " ", "agency-snv"), (422, "/problems/unfit")),
        (body("lehoa", "Lê Hoa", "nowhere"), (404, "/problems/not-found")),
    ];
    for (body, expected) in tries {
        let answer = post(&admin, PEOPLE, body.clone()).await;
        assert_eq!(kind(&answer), expected, "{body}");
    }
    let oneself = id_of(&admin, "quantri").await;
    let locked = post(&admin, &format!("{PEOPLE}/{oneself}/lock"), json!({})).await;
    assert_eq!(kind(&locked), (409, "/problems/oneself"));
    let roles = json!({ "memberships": [{ "agency_id": "agency-ubnd", "role": "officer", "position": "Chuyên viên" }] });
    let dropped = ask(
        &admin,
        Method::PUT,
        &format!("{PEOPLE}/{oneself}/memberships"),
        roles,
    )
    .await;
    assert_eq!(kind(&dropped), (409, "/problems/oneself"));
    assert_eq!(get(&admin, PEOPLE).await, before);
}

#[tokio::test]
async fn pages_go_through_everybody_once_in_the_order_of_given_names() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let (mut names, mut after) = (Vec::new(), String::new());
        loop {
            let (status, page) = get(&admin, &format!("{PEOPLE}?limit=3{after}")).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap();
            names.extend(
                items
                    .iter()
                    .map(|item| item["full_name"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        let expected = [
            "Phạm Quốc Anh",
            "Lê Thị Hoa",
            "Nguyễn Thị Lan",
            "Vũ Thị Mai",
            "Trần Văn Minh",
            "Hoàng Văn Nam",
            "Bùi Thị Thu",
            "Đỗ Minh Tuấn",
        ];
        assert_eq!(names, expected);
        let (_, clerks) = get(
            &admin,
            &format!("{PEOPLE}?role=clerk&agency=agency-snv&locked=false"),
        )
        .await;
        assert_eq!(clerks["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_administers_an_agency_keeps_its_people_and_nothing_else() {
    let server = Server::start().await;
    let province = server.log_in("quantri").await;
    let password = add(&province, "quantri.sonv", "agency-snv", "administrator").await;
    let (admin, status) = log_in(&server, "quantri.sonv", &password).await;
    assert_eq!(status, 201);

    let (_, people) = get(&admin, PEOPLE).await;
    assert_eq!(
        people["items"].as_array().unwrap().len(),
        4,
        "three and oneself: {people}"
    );
    let (_, agencies) = get(&admin, AGENCIES).await;
    assert_eq!(agencies["items"].as_array().unwrap().len(), 1);
    let chair = id_of(&province, "chutich").await;
    for act in ["lock", "first-password", "session-end", "one-time-code"] {
        assert_eq!(
            post(&admin, &format!("{PEOPLE}/{chair}/{act}"), json!({}))
                .await
                .0,
            404,
            "{act}"
        );
    }
    assert_eq!(get(&admin, &format!("{AGENCIES}/agency-ubnd")).await.0, 404);
    let new = json!({ "organ_id": "H99.77", "name": "Sở Mới", "symbol": "SM", "kind": "department", "place": "Lam Giang" });
    assert_eq!(post(&admin, AGENCIES, new.clone()).await.0, 403);
    assert_eq!(
        ask(&admin, Method::PUT, &format!("{AGENCIES}/agency-snv"), new)
            .await
            .0,
        403
    );
    let elsewhere = json!({
        "user_name": "lehoa", "full_name": "Lê Hoa", "agency_id": "agency-ubnd", "role": "leader", "position": "Chủ tịch",
    });
    assert_eq!(post(&admin, PEOPLE, elsewhere).await.0, 404);

    // One's own people get no role elsewhere, and whoever works elsewhere too is seen but not touched.
    let officer = id_of(&admin, "chuyenvien.sonv").await;
    let both = json!({ "memberships": [
        { "agency_id": "agency-snv", "role": "officer", "position": "Chuyên viên" },
        { "agency_id": "agency-ubnd", "role": "leader", "position": "Phó Chủ tịch" },
    ] });
    let path = format!("{PEOPLE}/{officer}/memberships");
    assert_eq!(ask(&admin, Method::PUT, &path, both.clone()).await.0, 404);
    assert_eq!(ask(&province, Method::PUT, &path, both).await.0, 200);
    let (status, account) = get(&admin, &format!("{PEOPLE}/{officer}")).await;
    assert_eq!((status, &account["may_change"]), (200, &json!(false)));
    let taken_over = post(&admin, &format!("{PEOPLE}/{officer}/first-password"), json!({})).await;
    assert_eq!(kind(&taken_over), (403, "/problems/works-elsewhere"));
    let substitution = json!({
        "agency_id": "agency-ubnd", "absent_id": chair, "substitute_id": officer, "from_on": "2026-01-01", "until_on": "2026-01-02",
    });
    assert_eq!(
        post(&admin, "/api/v1/admin/substitutions", substitution).await.0,
        404
    );
}

#[tokio::test]
async fn an_agency_keeps_its_former_names_and_is_found_by_its_former_identifiers() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let path = format!("{AGENCIES}/agency-snv");
        let said = |organ_id: &str, parent: &str, since: &str| {
            json!({
                "organ_id": organ_id, "name": "Sở Nội vụ và Lao động", "symbol": "SNVLĐ", "kind": "department",
                "place": "Lam Giang", "parent": parent, "since": since,
            })
        };
        let (status, agency) = ask(&admin, Method::PUT, &path, said("H99.52", "H99", "2026-07-01")).await;
        assert_eq!(status, 200, "{agency}");
        let former = json!([{ "organ_id": "H99.02", "name": "Sở Nội vụ", "symbol": "SNV", "until_on": "2026-07-01" }]);
        assert_eq!((&agency["former"], &agency["aliases"]), (&former, &json!(["H99.02"])));
        let found = hoian_server::accounts::find_agency(server.app().store.read(), "H99.02").await;
        assert_eq!(found.unwrap(), AgencyId("agency-snv".into()));

        let wrong = [
            (said("H99.41", "H99", "2026-07-01"), (409, "/problems/taken")),
            (said("H99.52", "H99.02", "2026-07-01"), (422, "/problems/unfit")),
            (said("H99.52", "H98", "2026-07-01"), (422, "/problems/unknown-agency")),
            (said("H99.52", "H99", "2999-01-01"), (422, "/problems/unfit")),
            (said("H 99", "H99", "2026-07-01"), (422, "/problems/unfit")),
        ];
        for (body, expected) in wrong {
            assert_eq!(kind(&ask(&admin, Method::PUT, &path, body.clone()).await), expected, "{body}");
        }
        assert_eq!(get(&admin, &path).await.1, agency, "refusals change nothing");

        let alias = |organ_id: &str| json!({ "organ_id": organ_id });
        let aliases = format!("{path}/aliases");
        assert_eq!(post(&admin, &aliases, alias("H99.60")).await.1["aliases"], json!(["H99.02", "H99.60"]));
        assert_eq!(kind(&post(&admin, &aliases, alias("H99.41")).await), (409, "/problems/taken"));
        let taken = json!({ "organ_id": "H99.60", "name": "Sở Khác", "symbol": "SK", "kind": "department", "place": "Lam Giang" });
        assert_eq!(kind(&post(&admin, AGENCIES, taken.clone()).await), (409, "/problems/taken"));
        let (status, _) = ask(&admin, Method::DELETE, &format!("{aliases}/H99.60"), json!({})).await;
        assert_eq!(status, 200);
        assert_eq!(post(&admin, AGENCIES, taken).await.0, 201);
        // Its own former identifier may be taken up again.
        let (_, agency) = ask(&admin, Method::PUT, &path, said("H99.02", "H99", "2026-08-01")).await;
        assert_eq!((&agency["organ_id"], &agency["aliases"]), (&json!("H99.02"), &json!(["H99.52"])));
        // Nothing stands below what stands below it.
        let mut below = said("H99", "H99.02", "2026-08-01");
        below["kind"] = json!("province");
        let circle = ask(&admin, Method::PUT, &format!("{AGENCIES}/agency-ubnd"), below).await;
        assert_eq!(kind(&circle), (422, "/problems/unfit"));
    })
    .await;
}

#[tokio::test]
async fn a_substitute_acts_on_the_days_given_and_never_signs_or_seals() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let today = hoian_server::domain::numbering::local_date(server.clock.now_utc());
        let tomorrow = today.next_day().unwrap();
        let wanted = json!({
            "agency_id": "agency-snv",
            "absent_id": id_of(&admin, "giamdoc.sonv").await,
            "substitute_id": id_of(&admin, "chuyenvien.sonv").await,
            "from_on": today.to_string(),
            "until_on": tomorrow.to_string(),
        });
        let path = "/api/v1/admin/substitutions";
        assert_eq!(post(&admin, path, wanted.clone()).await.0, 201);
        assert_eq!(
            kind(&post(&admin, path, wanted.clone()).await),
            (422, "/problems/substitute-taken")
        );
        let mut elsewhere = wanted.clone();
        elsewhere["absent_id"] = json!(id_of(&admin, "chutich").await);
        assert_eq!(
            kind(&post(&admin, path, elsewhere).await),
            (422, "/problems/substitute-elsewhere")
        );

        let agency = AgencyId("agency-snv".into());
        let may = async || {
            server.clock.advance(Duration::from_secs(30));
            let response = server
                .client()
                .post("/api/v1/session")
                .json(&json!({ "user_name": "chuyenvien.sonv", "password": PASSWORD }))
                .send()
                .await
                .unwrap();
            let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
            let token = cookie.split(['=', ';']).nth(1).unwrap();
            let person = identify(server.app(), token).await.unwrap().unwrap();
            assert!(!person.may(Action::Sign, &agency) && !person.may(Action::Seal, &agency));
            assert!(!person.may(Action::Instruct, &AgencyId("agency-ubnd".into())));
            (person.may(Action::Instruct, &agency), person.acting_for.len())
        };
        assert_eq!(may().await, (true, 1));
        server.clock.advance(Duration::from_secs(48 * 60 * 60));
        assert_eq!(may().await, (false, 0), "the days are over");

        let admin = server.log_in("quantri").await;
        let today = hoian_server::domain::numbering::local_date(server.clock.now_utc());
        let mut again = wanted;
        again["from_on"] = json!(today.to_string());
        again["until_on"] = json!(today.to_string());
        assert_eq!(post(&admin, path, again).await.0, 201);
        assert_eq!(may().await, (true, 1));
        let (_, list) = get(&admin, path).await;
        let standings: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["standing"])
            .collect();
        assert_eq!(standings, ["now", "past"]);
        let end = format!("{path}/{}/end", list["items"][0]["id"].as_str().unwrap());
        assert_eq!(post(&admin, &end, json!({})).await.0, 204);
        assert_eq!(
            post(&admin, &end, json!({})).await.0,
            204,
            "it may be ended twice"
        );
        assert_eq!(may().await, (false, 0));
    })
    .await;
}
