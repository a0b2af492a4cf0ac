//! Log-in, lock, one-time codes, and the end of a session.

use std::time::Duration;

use hoian_server::accounts::{current_code, identify};
use hoian_tests::postgres::Postgres;
use hoian_tests::{Client, PASSWORD, Server};
use serde_json::{Value, json};

const SESSION: &str = "/api/v1/session";

async fn attempt(client: &Client, user_name: &str, password: &str, code: Option<&str>) -> (u16, Value) {
    let body = json!({ "user_name": user_name, "password": password, "one_time_code": code });
    let response = client.post(SESSION).json(&body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn problem(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["type"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn opens_a_session_that_logging_out_ends() {
    let server = Server::start().await;
    let client = server.log_in("vanthu").await;
    let person: Value = client.get(SESSION).send().await.unwrap().json().await.unwrap();
    assert_eq!(person["full_name"], "Lê Thị Hoa");
    assert_eq!(person["memberships"][0]["role"], "clerk");
    assert_eq!(
        person["memberships"][0]["agency_name"],
        "Ủy ban nhân dân tỉnh Lam Giang"
    );
    assert_eq!(
        client
            .request(reqwest::Method::DELETE, SESSION)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(client.get(SESSION).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let server = Server::start().await;
    let body = json!({ "user_name": "ChuyenVien ", "password": PASSWORD });
    let response = server.client().post(SESSION).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["hoian=", "; Path=/", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = cookie.split(['=', ';']).nth(1).unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    assert!(identify(server.app(), token).await.unwrap().is_some());
    assert!(identify(server.app(), &token[..42]).await.unwrap().is_none());
}

#[tokio::test]
async fn asks_those_who_sign_or_administer_for_a_code_and_takes_it_once() {
    let server = Server::start().await;
    for user_name in ["chutich", "vanthu", "quantri"] {
        let client = server.client();
        let answer = attempt(&client, user_name, PASSWORD, None).await;
        assert_eq!(
            problem(&answer),
            (401, "/problems/one-time-code-required"),
            "{user_name}"
        );
        let code = current_code(server.app(), user_name).await.unwrap();
        assert_eq!(
            attempt(&client, user_name, PASSWORD, Some(&code)).await.0,
            201,
            "{user_name}"
        );
        let again = attempt(&client, user_name, PASSWORD, Some(&code)).await;
        assert_eq!(
            problem(&again),
            (401, "/problems/one-time-code-wrong"),
            "{user_name}"
        );
    }
}

#[tokio::test]
async fn an_older_code_is_not_taken_after_a_newer_one() {
    let server = Server::start().await;
    let older = current_code(server.app(), "vanthu").await.unwrap();
    server.log_in("vanthu").await;
    let answer = attempt(&server.client(), "vanthu", PASSWORD, Some(&older)).await;
    assert_eq!(problem(&answer), (401, "/problems/one-time-code-wrong"));
}

#[tokio::test]
async fn five_wrong_attempts_lock_known_and_unknown_names_alike() {
    let server = Server::start().await;
    let client = server.client();
    let mut stories = Vec::new();
    for user_name in ["chuyenvien", "khongco"] {
        let mut story = Vec::new();
        for _ in 0..5 {
            let answer = attempt(&client, user_name, "sai mật khẩu", None).await;
            story.push((answer.0, answer.1));
        }
        // Locked: the right password does not help either.
        story.push(attempt(&client, user_name, PASSWORD, None).await);
        stories.push(story);
    }
    assert_eq!(stories[0], stories[1]);
    let kinds: Vec<u16> = stories[0].iter().map(|answer| answer.0).collect();
    assert_eq!(kinds, [401, 401, 401, 401, 429, 429]);
    let last = &stories[0][5].1;
    assert_eq!(last["type"], "/problems/locked");
    assert!(last["title"].as_str().unwrap().contains("15 phút"), "{last}");

    server.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(attempt(&client, "chuyenvien", PASSWORD, None).await.0, 201);
}

#[tokio::test]
async fn attempts_made_at_the_same_time_do_not_slip_past_the_lock() {
    all_at_once(Server::start().await).await;
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    all_at_once(Server::start_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn all_at_once(server: Server) {
    let attempts = (0..12).map(|number| {
        let client = server.client();
        tokio::spawn(async move {
            attempt(&client, "chuyenvien", &format!("sai {number}"), None)
                .await
                .0
        })
    });
    let mut statuses = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 401).count(),
        4,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 429).count(),
        8,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn a_session_ends_after_idleness_and_after_a_day_in_any_case() {
    let server = Server::start().await;
    let idle = server.log_in("chuyenvien").await;
    server.clock.advance(Duration::from_secs(59 * 60));
    assert_eq!(idle.get(SESSION).send().await.unwrap().status(), 200);
    server.clock.advance(Duration::from_secs(60 * 60));
    assert_eq!(idle.get(SESSION).send().await.unwrap().status(), 401);

    let busy = server.log_in("chuyenvien").await;
    for _ in 0..23 {
        server.clock.advance(Duration::from_secs(30 * 60));
        assert_eq!(busy.get(SESSION).send().await.unwrap().status(), 200);
    }
    server.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(busy.get(SESSION).send().await.unwrap().status(), 401);
}
