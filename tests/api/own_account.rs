//! What people do with their own account: their sessions, their password, and a new one by a link that opens once.

use std::time::Duration;

use hoian_server::jobs;
use hoian_server::store::entity::{job, password_reset};
use hoian_tests::mail::MailServer;
use hoian_tests::{Client, PASSWORD, Server};
use reqwest::Method;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::asking::{PEOPLE, ask, get, id_of, kind, log_in, on_both_databases, post};

const SESSION: &str = "/api/v1/session";
const SESSIONS: &str = "/api/v1/sessions";

async fn enter(server: &Server, agent: &str) -> Client {
    let client = server.client();
    let body = json!({ "user_name": "chuyenvien", "password": PASSWORD });
    let request = client.post(SESSION).header("user-agent", agent).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 201);
    client
}

#[tokio::test]
async fn people_see_where_they_are_logged_in_and_end_what_they_will() {
    on_both_databases(async |server: Server| {
        let first = enter(&server, "Firefox/153.0").await;
        server.clock.advance(Duration::from_secs(1));
        let second = enter(&server, &"Chrome/140 ".repeat(100)).await;
        let (_, list) = get(&second, SESSIONS).await;
        let list = list.as_array().unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(
            (&list[0]["is_this"], &list[1]["is_this"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            (&list[1]["device"], &list[1]["address"]),
            (&json!("Firefox/153.0"), &json!("127.0.0.1"))
        );
        assert_eq!(list[0]["device"].as_str().unwrap().chars().count(), 300);

        // Another's session is not theirs to end.
        let other = server.log_in("vanthu").await;
        let id = list[1]["id"].as_str().unwrap();
        assert_eq!(
            ask(&other, Method::DELETE, &format!("{SESSIONS}/{id}"), json!({}))
                .await
                .0,
            204
        );
        assert_eq!(get(&first, SESSION).await.0, 200);
        assert_eq!(
            ask(&second, Method::DELETE, &format!("{SESSIONS}/{id}"), json!({}))
                .await
                .0,
            204
        );
        assert_eq!(get(&first, SESSION).await.0, 401);

        let third = enter(&server, "x").await;
        assert_eq!(ask(&second, Method::DELETE, SESSIONS, json!({})).await.0, 204);
        assert_eq!(
            (get(&third, SESSION).await.0, get(&second, SESSION).await.0),
            (401, 200)
        );
    })
    .await;
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_guessing_locks() {
    on_both_databases(async |server: Server| {
        let here = enter(&server, "a").await;
        let elsewhere = enter(&server, "b").await;
        let change = async |client: &Client, present: &str, new: &str| {
            let body = json!({ "present": present, "new": new });
            ask(client, Method::PUT, "/api/v1/session/password", body).await
        };
        assert_eq!(
            kind(&change(&here, "sai", "một câu dễ nhớ").await),
            (422, "/problems/wrong-password")
        );
        assert_eq!(
            kind(&change(&here, PASSWORD, "ngắn").await),
            (422, "/problems/password-length")
        );
        assert_eq!(change(&here, PASSWORD, "một câu dễ nhớ").await.0, 204);
        assert_eq!(
            (get(&here, SESSION).await.0, get(&elsewhere, SESSION).await.0),
            (200, 401)
        );
        assert_eq!(log_in(&server, "chuyenvien", PASSWORD).await.1, 401);
        assert_eq!(log_in(&server, "chuyenvien", "một câu dễ nhớ").await.1, 201);
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(change(&here, "đoán bừa", "một câu khác nữa").await.0);
        }
        assert_eq!(statuses, [422, 422, 422, 422, 429]);
        assert_eq!(
            change(&here, "một câu dễ nhớ", "một câu khác nữa").await.0,
            429,
            "locked"
        );
    })
    .await;
}

/// A link that an administrator makes; comes back as its word.
async fn link(admin: &Client, user_name: &str) -> String {
    let id = id_of(admin, user_name).await;
    let (status, made) = post(admin, &format!("{PEOPLE}/{id}/password-link"), json!({})).await;
    assert_eq!((status, &made["mailed_to"]), (201, &Value::Null), "{made}");
    made["link"]
        .as_str()
        .unwrap()
        .split_once("/mat-khau#")
        .unwrap()
        .1
        .to_owned()
}

async fn redeem(server: &Server, word: &str, password: &str) -> (u16, Value) {
    let body = json!({ "word": word, "password": password });
    post(&server.client(), "/api/v1/password-resets/redemption", body).await
}

#[tokio::test]
async fn a_link_opens_once_within_its_time_and_ends_other_sessions() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let open = enter(&server, "a").await;
        let word = link(&admin, "chuyenvien").await;
        let rows = password_reset::Entity::find()
            .all(server.app().store.read())
            .await
            .unwrap();
        assert!(
            rows.iter().all(|row| row.token_hash != word && row.id != word),
            "only its hash is kept"
        );

        assert_eq!(
            kind(&redeem(&server, &word, "ngắn").await),
            (422, "/problems/password-length")
        );
        assert_eq!(get(&open, SESSION).await.0, 200, "a refusal changes nothing");
        assert_eq!(redeem(&server, &word, "một câu dễ nhớ").await.0, 204);
        assert_eq!(get(&open, SESSION).await.0, 401);
        assert_eq!(
            kind(&redeem(&server, &word, "một câu khác nữa").await),
            (410, "/problems/link-spent")
        );
        assert_eq!(log_in(&server, "chuyenvien", "một câu dễ nhớ").await.1, 201);

        let older = link(&admin, "chuyenvien").await;
        let newer = link(&admin, "chuyenvien").await;
        assert_eq!(
            redeem(&server, &older, "một câu khác nữa").await.0,
            410,
            "a newer link takes its place"
        );
        server.clock.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(
            redeem(&server, &newer, "một câu khác nữa").await.0,
            410,
            "its time is over"
        );
        assert_eq!(redeem(&server, "", "một câu khác nữa").await.0, 410);

        let admin = server.log_in("quantri").await;
        let word = link(&admin, "chuyenvien").await;
        let id = id_of(&admin, "chuyenvien").await;
        assert_eq!(
            post(&admin, &format!("{PEOPLE}/{id}/lock"), json!({})).await.0,
            200
        );
        assert_eq!(
            redeem(&server, &word, "một câu khác nữa").await.0,
            410,
            "no link opens a locked account"
        );
    })
    .await;
}

#[tokio::test]
async fn of_two_who_hold_the_same_link_one_chooses_the_password() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let word = link(&admin, "chuyenvien").await;
        let (one, two) = tokio::join!(
            redeem(&server, &word, "mật khẩu của tôi"),
            redeem(&server, &word, "mật khẩu của nó")
        );
        let mut statuses = [one.0, two.0];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 410]);
    })
    .await;
}

#[tokio::test]
async fn who_forgot_gets_one_letter_and_nobody_learns_which_names_exist() {
    let mail = MailServer::start();
    let server = Server::start_with(|config| config.mail = mail.settings()).await;
    let person = enter(&server, "a").await;
    let address = json!({ "address": "anh@langiang.test" });
    assert_eq!(
        ask(&person, Method::PUT, "/api/v1/session/mail-address", address)
            .await
            .0,
        200
    );
    let forgot = async |user_name: &str| {
        let body = json!({ "user_name": user_name });
        post(&server.client(), "/api/v1/password-resets", body).await.0
    };
    for user_name in ["chuyenvien", "vanthu", "khongco"] {
        assert_eq!(forgot(user_name).await, 202, "{user_name}");
    }
    while jobs::run_due(server.app(), &jobs::registry()).await.unwrap() > 0 {}
    // The worker in the background may have taken it first.
    loop {
        let rows = job::Entity::find().all(server.app().store.read()).await.unwrap();
        let now = server.app().clock.now();
        if rows.iter().all(|row| row.ended_at.is_some() || row.due_at > now) {
            assert!(
                rows.iter().all(|row| !row.payload.contains("mat-khau")),
                "a job holds no secret"
            );
            break;
        }
        tokio::task::yield_now().await;
    }
    let letters = mail.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, "anh@langiang.test");
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push((forgot("chuyenvien").await, forgot("khongco").await));
    }
    assert_eq!(
        statuses[5],
        (429, 429),
        "after five, for known and unknown names alike: {statuses:?}"
    );
    assert!(statuses.iter().all(|(known, unknown)| known == unknown));
}

#[tokio::test]
async fn a_persons_data_are_handed_out_and_what_no_paper_needs_is_erased() {
    on_both_databases(async |server: Server| {
        let person = enter(&server, "Firefox/153.0").await;
        let address = json!({ "address": "anh@langiang.test" });
        ask(&person, Method::PUT, "/api/v1/session/mail-address", address).await;
        let (status, data) = get(&person, "/api/v1/session/personal-data").await;
        assert_eq!(
            (status, &data["account"]["mail_address"]),
            (200, &json!("anh@langiang.test"))
        );
        assert_eq!(data["sessions"][0]["device"], "Firefox/153.0");
        let actions: Vec<_> = data["audit_chain"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["action"])
            .collect();
        assert_eq!(
            actions,
            ["person.created", "session.opened", "person.mail_address_kept"]
        );
        let text = data.to_string();
        assert!(
            !text.contains("argon2") && !text.contains("secret"),
            "no secret is handed out: {text}"
        );

        let admin = server.log_in("quantri").await;
        let id = id_of(&admin, "chuyenvien").await;
        assert_eq!(
            get(&admin, &format!("{PEOPLE}/{id}/personal-data")).await.1["account"],
            data["account"]
        );
        let oneself = id_of(&admin, "quantri").await;
        assert_eq!(
            post(&admin, &format!("{PEOPLE}/{oneself}/erasure"), json!({}))
                .await
                .0,
            409
        );
        let (status, account) = post(&admin, &format!("{PEOPLE}/{id}/erasure"), json!({})).await;
        assert_eq!(
            (status, &account["is_locked"], &account["mail_address"]),
            (200, &json!(true), &Value::Null)
        );
        assert_eq!(account["full_name"], "Phạm Quốc Anh", "papers name the person");
        assert_eq!(get(&person, SESSION).await.0, 401);
        assert_eq!(
            post(&admin, &format!("{PEOPLE}/{id}/unlock"), json!({})).await.0,
            200
        );
        assert_eq!(
            log_in(&server, "chuyenvien", PASSWORD).await.1,
            401,
            "the password is gone"
        );
    })
    .await;
}

#[tokio::test]
async fn the_provinces_administrator_sees_how_the_house_stands() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let (status, health) = get(&admin, "/api/v1/admin/health").await;
        assert_eq!(status, 200, "{health}");
        let parts: Vec<_> = health["checks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|check| &check["part"])
            .collect();
        assert_eq!(
            parts,
            [
                "database",
                "blobs",
                "disk",
                "jobs",
                "clock",
                "mail",
                "time_stamps",
                "authorities",
                "certificates",
                "hsm",
                "tls",
                "backup"
            ]
        );
        assert_eq!(health["today"]["log_ins"], 1);
        assert!(health["disk_free_bytes"].as_u64().unwrap() > 0);
        let level = |part: &str| {
            let mut checks = health["checks"].as_array().unwrap().iter();
            checks.find(|check| check["part"] == part).unwrap()["level"].clone()
        };
        assert_eq!(level("mail"), "watch", "no mail server is set up");
        assert_eq!(level("tls"), "good", "a proxy ends TLS");
        assert_eq!(level("backup"), "watch", "there was none yet");
    })
    .await;
}
