//! Passwords kept by a directory: a real slapd, over TLS. What it does not say lets nobody in.

use hoian_server::accounts::current_code;
use hoian_server::config::Ldap;
use hoian_tests::signing::problem;
use hoian_tests::slapd::{PEOPLE, Slapd};
use hoian_tests::{Client, PASSWORD, Server};
use serde_json::json;

async fn start(ldap: Ldap) -> Server {
    Server::start_with(|config| config.ldap = Some(ldap)).await
}

async fn log_in(client: &Client, user_name: &str, password: &str, code: Option<&str>) -> reqwest::Response {
    let body = json!({ "user_name": user_name, "password": password, "one_time_code": code });
    client.post("/api/v1/session").json(&body).send().await.unwrap()
}

async fn refused(server: &Server, user_name: &str, password: &str) -> String {
    let answer = log_in(&server.client(), user_name, password, None).await;
    let status = answer.status().as_u16();
    problem(answer, status).await
}

#[tokio::test]
async fn lets_in_by_the_directorys_password_and_still_asks_for_the_code() {
    let slapd = Slapd::start().await;
    for ldap in [slapd.by_name(), slapd.by_search()] {
        let server = start(ldap).await;
        let (name, password) = PEOPLE[1];
        assert_eq!(log_in(&server.client(), name, password, None).await.status(), 201);
        let (name, password) = PEOPLE[0];
        assert_eq!(refused(&server, name, password).await, "one-time-code-required");
        let code = current_code(server.app(), name).await.unwrap();
        let answer = log_in(&server.client(), name, password, Some(&code)).await;
        assert_eq!(answer.status(), 201);
    }
}

#[tokio::test]
async fn nothing_else_lets_in() {
    let slapd = Slapd::start().await;
    for ldap in [slapd.by_name(), slapd.by_search()] {
        let server = start(ldap).await;
        let (name, password) = PEOPLE[1];
        let wrong = [
            (name, PEOPLE[0].1),
            // A bind without a password succeeds for anybody.
            (name, ""),
            // The password that is kept here is not asked.
            (name, PASSWORD),
            // Who has no account here has none by the directory, and the other way round.
            (PEOPLE[2].0, PEOPLE[2].1),
            ("vanthu", PASSWORD),
            // Names that would mean something to a directory.
            ("*", password),
            ("chuyenvien)(uid=*", password),
            ("chuyenvien,ou=people", password),
            ("chuyenvien\0", password),
        ];
        for (name, password) in wrong {
            assert_eq!(refused(&server, name, password).await, "credentials", "{name:?}");
        }
    }
}

#[tokio::test]
async fn guesses_lock_and_the_lock_is_asked_before_the_directory() {
    let slapd = Slapd::start().await;
    let server = start(slapd.by_name()).await;
    let (name, password) = PEOPLE[1];
    for _ in 0..4 {
        assert_eq!(refused(&server, name, "sai").await, "credentials");
    }
    assert_eq!(refused(&server, name, "sai").await, "locked");
    assert_eq!(refused(&server, name, password).await, "locked");
}

#[tokio::test]
async fn a_dead_directory_lets_nobody_in_and_counts_nothing() {
    let mut slapd = Slapd::start().await;
    let ldap = Ldap {
        own_passwords: vec!["VanThu.sonv".to_owned()],
        ..slapd.by_name()
    };
    let server = start(ldap).await;
    let (name, password) = PEOPLE[1];
    slapd.go_away();
    for _ in 0..6 {
        assert_eq!(refused(&server, name, password).await, "directory-away");
    }
    // Whose password stays here logs in all the same.
    assert_eq!(
        refused(&server, "vanthu.sonv", PASSWORD).await,
        "one-time-code-required"
    );
    slapd.come_back().await;
    assert_eq!(log_in(&server.client(), name, password, None).await.status(), 201);
}

#[tokio::test]
async fn a_directory_that_others_certify_is_not_asked() {
    let slapd = Slapd::start().await;
    let server = start(Ldap {
        tls_roots: None,
        ..slapd.by_name()
    })
    .await;
    let (name, password) = PEOPLE[1];
    assert_eq!(refused(&server, name, password).await, "directory-away");
}

#[tokio::test]
async fn the_password_is_not_changed_here() {
    let slapd = Slapd::start().await;
    let server = start(slapd.by_name()).await;
    let (name, password) = PEOPLE[1];
    let client = server.client();
    assert_eq!(log_in(&client, name, password, None).await.status(), 201);
    let body = json!({ "present": password, "new": "mật khẩu mới thật dài" });
    let change = client
        .request(reqwest::Method::PUT, "/api/v1/session/password")
        .json(&body)
        .send();
    assert_eq!(problem(change.await.unwrap(), 409).await, "password-elsewhere");
}
