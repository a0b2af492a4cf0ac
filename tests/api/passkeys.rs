//! Passkeys: enrolled by whoever knows the password, bound to the origin, each question answered once, copies noticed.

use std::time::Duration;

use hoian_server::accounts::current_code;
use hoian_server::store::entity::{audit_entry, passkey};
use hoian_tests::authenticator::Authenticator;
use hoian_tests::signing::{expect, problem};
use hoian_tests::{Client, PASSWORD, Server};
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

/// The page that a browser shows: passkeys need a host with a name.
fn client(server: &Server) -> Client {
    Client::new(origin(server))
}

fn origin(server: &Server) -> String {
    format!("http://localhost:{}", server.running.http.port())
}

/// Logs in by password, at the host with a name.
async fn log_in(server: &Server, user_name: &str) -> Client {
    server.clock.advance(Duration::from_secs(30));
    let client = client(server);
    let code = current_code(server.app(), user_name).await.ok();
    let body = json!({ "user_name": user_name, "password": PASSWORD, "one_time_code": code });
    assert_eq!(post(&client, "/api/v1/session", body).await.status(), 201);
    client
}

async fn post(client: &Client, path: &str, body: Value) -> reqwest::Response {
    client.post(path).json(&body).send().await.unwrap()
}

async fn ask_to_enrol(client: &Client) -> Value {
    let body = json!({ "password": PASSWORD });
    expect(post(client, "/api/v1/session/passkeys/question", body).await, 200).await
}

async fn keep(client: &Client, name: &str, credential: Value) -> reqwest::Response {
    let body = json!({ "name": name, "credential": credential });
    post(client, "/api/v1/session/passkeys", body).await
}

async fn enrolled(server: &Server, user_name: &str) -> Authenticator {
    let client = log_in(server, user_name).await;
    let mut device = Authenticator::new(&origin(server));
    let question = ask_to_enrol(&client).await;
    let answer = keep(&client, "Điện thoại", device.create(&question)).await;
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    // Questions of a later moment than the enrolment.
    server.clock.advance(Duration::from_secs(1));
    device
}

async fn ask(client: &Client) -> Value {
    expect(
        post(client, "/api/v1/session/passkey/question", json!({})).await,
        200,
    )
    .await
}

async fn answer(client: &Client, credential: Value) -> reqwest::Response {
    post(
        client,
        "/api/v1/session/passkey",
        json!({ "credential": credential }),
    )
    .await
}

#[tokio::test]
async fn logs_in_whoever_signs_without_password_and_code_until_it_is_removed() {
    let server = Server::start().await;
    let mut device = enrolled(&server, "chutich").await;
    let client = client(&server);
    let question = ask(&client).await;
    assert_eq!(
        (&question["rpId"], &question["userVerification"]),
        (&json!("localhost"), &json!("required"))
    );
    let person = expect(answer(&client, device.get(&question)).await, 201).await;
    assert_eq!(person["user_name"], "chutich");

    let listed = expect(client.get("/api/v1/session/passkeys").send().await.unwrap(), 200).await;
    assert_eq!(
        (&listed[0]["name"], listed.as_array().unwrap().len()),
        (&json!("Điện thoại"), 1)
    );
    assert!(listed[0]["last_used_at"].is_string());
    let path = format!("/api/v1/session/passkeys/{}", device.id());
    let another = log_in(&server, "vanthu").await;
    assert_eq!(
        another
            .request(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
    assert_eq!(
        client
            .request(Method::DELETE, &path)
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let question = ask(&client).await;
    assert_eq!(
        problem(answer(&client, device.get(&question)).await, 401).await,
        "passkey-refused"
    );
}

type Change = fn(&mut Authenticator);

#[tokio::test]
async fn an_answer_for_another_page_host_or_person_or_without_its_user_is_refused() {
    let server = Server::start().await;
    let mut device = enrolled(&server, "chuyenvien").await;
    let client = client(&server);
    let good = (device.origin.clone(), device.user_handle.clone());
    let wrong: [(&str, Change); 5] = [
        ("another page", |device| {
            device.origin = "https://hop.evil.vn".to_owned()
        }),
        ("another port", |device| {
            device.origin = "http://localhost:1".to_owned()
        }),
        ("another host", |device| device.host = "evil.vn".to_owned()),
        ("another person", |device| {
            device.user_handle = "AAAAAAAAAAAAAAAAAAAAAA".to_owned()
        }),
        ("nobody there", |device| device.verifies = false),
    ];
    for (what, change) in wrong {
        change(&mut device);
        let question = ask(&client).await;
        let refused = answer(&client, device.get(&question)).await;
        assert_eq!(problem(refused, 401).await, "passkey-refused", "{what}");
        device.origin = good.0.clone();
        device.user_handle = good.1.clone();
        device.host = "localhost".to_owned();
        device.verifies = true;
    }
    let question = ask(&client).await;
    let mut changed = device.get(&question);
    changed["response"]["signature"] = json!("MEUCIQDk");
    assert_eq!(
        problem(answer(&client, changed).await, 401).await,
        "passkey-refused"
    );
    let stranger = Authenticator::new(&origin(&server)).get(&question);
    assert_eq!(
        problem(answer(&client, stranger).await, 401).await,
        "passkey-refused"
    );
    assert_eq!(
        expect(answer(&client, device.get(&question)).await, 201).await["user_name"],
        "chuyenvien"
    );
}

#[tokio::test]
async fn a_question_is_answered_once_by_the_browser_that_asked_within_ten_minutes() {
    let server = Server::start().await;
    let mut device = enrolled(&server, "chuyenvien").await;
    let asked = client(&server);
    let question = ask(&asked).await;
    let another = client(&server);
    assert_eq!(
        problem(answer(&another, device.get(&question)).await, 401).await,
        "passkey-refused"
    );
    ask(&another).await;
    assert_eq!(
        problem(answer(&another, device.get(&question)).await, 401).await,
        "passkey-refused"
    );

    // The cookie of the question, kept aside by a thief who saw the answer too.
    let cookies = |response: &reqwest::Response| {
        let all = response.headers().get_all("set-cookie");
        let all = all
            .iter()
            .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        all.collect::<Vec<_>>().join("; ")
    };
    let response = post(&another, "/api/v1/session/passkey/question", json!({})).await;
    let cookie = cookies(&response);
    let question: Value = response.json().await.unwrap();
    let credential = device.get(&question);
    assert_eq!(answer(&another, credential.clone()).await.status(), 201);
    let thief = client(&server)
        .post("/api/v1/session/passkey")
        .header("cookie", cookie)
        .json(&json!({ "credential": credential }))
        .send();
    assert_eq!(problem(thief.await.unwrap(), 401).await, "passkey-refused");

    let late = client(&server);
    let question = ask(&late).await;
    server.clock.advance(Duration::from_secs(601));
    assert_eq!(
        problem(answer(&late, device.get(&question)).await, 401).await,
        "passkey-refused"
    );
}

#[tokio::test]
async fn a_counter_that_does_not_rise_is_refused_and_told() {
    let server = Server::start().await;
    let mut device = enrolled(&server, "chuyenvien").await;
    let asked = client(&server);
    device.counter = 7;
    let question = ask(&asked).await;
    assert_eq!(answer(&asked, device.get(&question)).await.status(), 201);
    server.clock.advance(Duration::from_secs(1));
    device.counter = 5;
    let question = ask(&asked).await;
    assert_eq!(
        problem(answer(&asked, device.get(&question)).await, 401).await,
        "passkey-refused"
    );
    let told = audit_entry::Entity::find()
        .filter(audit_entry::Column::Action.eq("person.passkey_copied"))
        .count(server.app().store.read());
    assert_eq!(told.await.unwrap(), 1);
}

#[tokio::test]
async fn nobody_leaves_a_key_behind_without_the_password_and_a_locked_person_has_none() {
    let server = Server::start().await;
    let officer = log_in(&server, "chuyenvien").await;
    let body = json!({ "password": "sai" });
    let refused = post(&officer, "/api/v1/session/passkeys/question", body.clone()).await;
    assert_eq!(problem(refused, 422).await, "wrong-password");
    for _ in 0..3 {
        post(&officer, "/api/v1/session/passkeys/question", body.clone()).await;
    }
    let refused = post(&officer, "/api/v1/session/passkeys/question", body).await;
    assert_eq!(problem(refused, 429).await, "locked");
    let mut device = Authenticator::new(&origin(&server));

    // A question that was put to somebody else, and one that was put to nobody.
    let clerk = log_in(&server, "vanthu").await;
    let question = ask_to_enrol(&clerk).await;
    let credential = device.create(&question);
    let refused = keep(&officer, "Máy", credential.clone()).await;
    assert_eq!(problem(refused, 422).await, "passkey-refused");
    let refused = keep(&clerk, "", credential.clone()).await;
    assert_eq!(refused.status(), 422, "a key has a name");
    assert_eq!(keep(&clerk, "Máy", credential.clone()).await.status(), 201);
    let kept = passkey::Entity::find()
        .count(server.app().store.read())
        .await
        .unwrap();
    assert_eq!(kept, 1);

    server.clock.advance(Duration::from_secs(1));
    let administrator = log_in(&server, "quantri").await;
    let person = clerk
        .get("/api/v1/session")
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap();
    let id = person["id"].as_str().unwrap();
    let locked = post(
        &administrator,
        &format!("/api/v1/admin/people/{id}/lock"),
        json!({}),
    )
    .await;
    assert!(locked.status().is_success());
    let asked = client(&server);
    let question = ask(&asked).await;
    assert_eq!(
        problem(answer(&asked, device.get(&question)).await, 401).await,
        "passkey-refused"
    );
    // A new authenticator after a lost telephone: what it held opens nothing any more.
    let renewed = post(
        &administrator,
        &format!("/api/v1/admin/people/{id}/one-time-code"),
        json!({}),
    )
    .await;
    assert!(renewed.status().is_success());
    let kept = passkey::Entity::find()
        .count(server.app().store.read())
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn an_address_without_a_name_has_no_passkeys() {
    let server =
        Server::start_with(|config| config.http.public_origin = Some("http://127.0.0.1:1".into())).await;
    let ways = server.client().get("/api/v1/session/ways").send().await.unwrap();
    assert_eq!(expect(ways, 200).await["passkeys"], Value::Null);
}
