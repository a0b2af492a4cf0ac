//! Log-in by a provider of OpenID Connect: whom it lets in, and every answer that it must not take.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hoian_server::accounts::current_code;
use hoian_server::store::entity::person;
use hoian_tests::identity_provider::IdentityProvider;
use hoian_tests::signing::{expect, problem};
use hoian_tests::{Client, Server};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

async fn start(provider: &IdentityProvider) -> Server {
    Server::start_with(|config| provider.configure(config)).await
}

async fn begin(client: &Client) -> String {
    let begun = expect(client.post("/api/v1/session/provider").send().await.unwrap(), 200).await;
    begun["url"].as_str().unwrap().to_owned()
}

async fn answer(client: &Client, state: &str, code: &str) -> reqwest::Response {
    let body = json!({ "state": state, "code": code });
    let answer = client.post("/api/v1/session/provider/answer").json(&body);
    answer.send().await.unwrap()
}

fn now(server: &Server) -> u64 {
    server.clock.now().unix_seconds()
}

async fn is_logged_in(client: &Client) -> bool {
    client.get("/api/v1/session").send().await.unwrap().status() == 200
}

#[tokio::test]
async fn lets_in_whom_the_provider_names_and_asks_those_who_sign_for_a_code() {
    let provider = IdentityProvider::start().await;
    let server = start(&provider).await;
    let client = server.client();
    let ways = expect(client.get("/api/v1/session/ways").send().await.unwrap(), 200).await;
    assert_eq!(ways["provider"], "tài khoản công chức");
    let url = begin(&client).await;
    let (state, code) = provider.authorise(&url, "ChuyenVien", now(&server), |_| {}, |token| token);
    let person = expect(answer(&client, &state, &code).await, 201).await;
    assert_eq!(person["user_name"], "chuyenvien");
    assert!(is_logged_in(&client).await);

    let client = server.client();
    let url = begin(&client).await;
    let (state, code) = provider.authorise(&url, "chutich", now(&server), |_| {}, |token| token);
    let asked = answer(&client, &state, &code).await;
    assert_eq!(problem(asked, 401).await, "one-time-code-required");
    assert!(!is_logged_in(&client).await);
    let second = async |code: &str| {
        let body = json!({ "one_time_code": code });
        let request = client.post("/api/v1/session/provider/code").json(&body);
        request.send().await.unwrap()
    };
    assert_eq!(problem(second("000000").await, 401).await, "one-time-code-wrong");
    let code = current_code(server.app(), "chutich").await.unwrap();
    assert_eq!(expect(second(&code).await, 201).await["user_name"], "chutich");
    assert!(is_logged_in(&client).await);
}

#[tokio::test]
async fn a_provider_that_asks_for_a_second_factor_is_believed_where_the_settings_say_so() {
    let provider = IdentityProvider::start().await;
    let server = Server::start_with(|config| {
        provider.configure(config);
        config.oidc.as_mut().unwrap().has_second_factor = true;
    })
    .await;
    let client = server.client();
    let url = begin(&client).await;
    let (state, code) = provider.authorise(&url, "chutich", now(&server), |_| {}, |token| token);
    expect(answer(&client, &state, &code).await, 201).await;
}

#[tokio::test]
async fn nobody_without_an_account_comes_to_have_one() {
    let provider = IdentityProvider::start().await;
    let server = start(&provider).await;
    let people = person::Entity::find()
        .count(server.app().store.read())
        .await
        .unwrap();
    for name in ["nguoi.la", "", "chuyenvien'--"] {
        let client = server.client();
        let url = begin(&client).await;
        let (state, code) = provider.authorise(&url, name, now(&server), |_| {}, |token| token);
        assert_eq!(
            problem(answer(&client, &state, &code).await, 403).await,
            "unknown-account"
        );
        assert!(!is_logged_in(&client).await);
    }
    let after = person::Entity::find()
        .count(server.app().store.read())
        .await
        .unwrap();
    assert_eq!(after, people);
}

type Change = fn(&mut Value, u64);
type Tamper = fn(String) -> String;

/// What a token may not be.
const TOKENS: [(&str, Change, Tamper); 9] = [
    (
        "of another issuer",
        |claims, _| claims["iss"] = json!("https://khac.vn"),
        keep,
    ),
    (
        "for somebody else",
        |claims, _| claims["aud"] = json!("khac"),
        keep,
    ),
    (
        "for others too",
        |claims, _| claims["aud"] = json!(["hoian", "khac"]),
        keep,
    ),
    (
        "of another log-in",
        |claims, _| claims["nonce"] = json!("khac"),
        keep,
    ),
    ("expired", |claims, now| claims["exp"] = json!(now - 1), keep),
    (
        "without a nonce",
        |claims, _| drop(claims.as_object_mut().unwrap().remove("nonce")),
        keep,
    ),
    (
        "without its claim",
        |claims, _| drop(claims.as_object_mut().unwrap().remove("preferred_username")),
        keep,
    ),
    ("changed", |_, _| {}, changed),
    ("unsigned", |_, _| {}, unsigned),
];

fn keep(token: String) -> String {
    token
}

/// Another name under the same signature.
fn changed(token: String) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["preferred_username"] = json!("quantri");
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    format!("{}.{claims}.{}", parts[0], parts[2])
}

fn unsigned(token: String) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
    format!("{header}.{}.", token.split('.').nth(1).unwrap())
}

#[tokio::test]
async fn a_token_that_does_not_hold_lets_nobody_in() {
    let provider = IdentityProvider::start().await;
    let server = start(&provider).await;
    for (what, change, tamper) in TOKENS {
        let client = server.client();
        let url = begin(&client).await;
        let moment = now(&server);
        let (state, code) = provider.authorise(
            &url,
            "chuyenvien",
            moment,
            |claims| change(claims, moment),
            tamper,
        );
        let refused = answer(&client, &state, &code).await;
        assert_eq!(problem(refused, 401).await, "provider-refused", "{what}");
        assert!(!is_logged_in(&client).await, "{what}");
    }
}

#[tokio::test]
async fn an_answer_belongs_to_the_browser_that_asked_to_its_state_and_to_ten_minutes() {
    let provider = IdentityProvider::start().await;
    let server = start(&provider).await;
    let client = server.client();
    let url = begin(&client).await;
    let authorised = || provider.authorise(&url, "chuyenvien", now(&server), |_| {}, |token| token);

    let (state, code) = authorised();
    let another = answer(&server.client(), &state, &code).await;
    assert_eq!(
        problem(another, 401).await,
        "provider-refused",
        "a browser that did not ask"
    );
    let other = server.client();
    begin(&other).await;
    let another = answer(&other, &state, &code).await;
    assert_eq!(
        problem(another, 401).await,
        "provider-refused",
        "a browser that asked otherwise"
    );
    let wrong = answer(&client, "khac", &code).await;
    assert_eq!(problem(wrong, 401).await, "provider-refused", "another state");
    let wrong = answer(&client, &state, "ma-khac").await;
    assert_eq!(problem(wrong, 401).await, "provider-refused", "another code");

    server.clock.advance(Duration::from_secs(601));
    let (state, code) = authorised();
    let late = answer(&client, &state, &code).await;
    assert_eq!(problem(late, 401).await, "provider-refused", "too late");
    assert!(!is_logged_in(&client).await);

    // The second step is nobody's who has not taken the first.
    let body = json!({ "one_time_code": current_code(server.app(), "chutich").await.unwrap() });
    let second = client.post("/api/v1/session/provider/code").json(&body).send();
    assert_eq!(problem(second.await.unwrap(), 401).await, "provider-refused");
}

#[tokio::test]
async fn follows_a_new_key_and_refuses_another_name_and_silence() {
    let provider = IdentityProvider::start().await;
    let server = start(&provider).await;
    let client = server.client();
    let url = begin(&client).await;
    provider.change_key("2");
    let (state, code) = provider.authorise(&url, "chuyenvien", now(&server), |_| {}, |token| token);
    expect(answer(&client, &state, &code).await, 201).await;

    server.clock.advance(Duration::from_secs(301));
    provider.rename("https://khac.vn");
    let asked = server
        .client()
        .post("/api/v1/session/provider")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(asked, 401).await, "provider-refused");
    provider.go_away();
    let asked = server
        .client()
        .post("/api/v1/session/provider")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(asked, 503).await, "provider-away");
}

#[tokio::test]
async fn guesses_of_the_code_lock_the_account() {
    let provider = IdentityProvider::start().await;
    let server = start(&provider).await;
    let client = server.client();
    let url = begin(&client).await;
    let (state, code) = provider.authorise(&url, "chutich", now(&server), |_| {}, |token| token);
    answer(&client, &state, &code).await;
    let mut last = String::new();
    for _ in 0..5 {
        let body = json!({ "one_time_code": "000000" });
        let guess = client
            .post("/api/v1/session/provider/code")
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = guess.status().as_u16();
        last = problem(guess, status).await;
    }
    assert_eq!(last, "locked");
}
