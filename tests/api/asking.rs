//! Asking the interface for JSON, as the tests of accounts do.

use std::time::Duration;

use hoian_server::accounts::current_code;
use hoian_tests::postgres::Postgres;
use hoian_tests::{Client, Server};
use reqwest::Method;
use serde_json::{Value, json};

pub const PEOPLE: &str = "/api/v1/admin/people";

/// Runs a story on SQLite and on PostgreSQL.
pub async fn on_both_databases(story: impl AsyncFn(Server)) {
    story(Server::start().await).await;
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    story(Server::start_with(|config| config.database.url = Some(postgres.url())).await).await;
}

pub async fn ask(client: &Client, method: Method, path: &str, body: Value) -> (u16, Value) {
    let response = client.request(method, path).json(&body).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

pub async fn get(client: &Client, path: &str) -> (u16, Value) {
    let response = client.get(path).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

pub async fn post(client: &Client, path: &str, body: Value) -> (u16, Value) {
    ask(client, Method::POST, path, body).await
}

pub fn kind(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["type"].as_str().unwrap_or_default())
}

/// The id of the person of that user name, as an administrator finds it.
pub async fn id_of(client: &Client, user_name: &str) -> String {
    let (status, found) = get(client, &format!("{PEOPLE}?q={user_name}")).await;
    assert_eq!(status, 200, "{found}");
    let items = found["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["user_name"] == user_name);
    item.unwrap_or_else(|| panic!("{user_name} is found: {found}"))["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub async fn log_in(server: &Server, user_name: &str, password: &str) -> (Client, u16) {
    server.clock.advance(Duration::from_secs(30));
    let client = server.client();
    let code = current_code(server.app(), user_name).await.ok();
    let body = json!({ "user_name": user_name, "password": password, "one_time_code": code });
    let status = post(&client, "/api/v1/session", body).await.0;
    (client, status)
}

/// Somebody who administers a department alone, logged in.
pub async fn administrator_of_a_department(server: &Server, admin: &Client) -> Client {
    let new = json!({
        "user_name": "quantri.sonv", "full_name": "Quản trị Sở", "agency_id": "agency-snv", "role": "administrator",
        "position": "Quản trị",
    });
    let (status, made) = post(admin, PEOPLE, new).await;
    assert_eq!(status, 201, "{made}");
    let (person, status) = log_in(server, "quantri.sonv", made["first_password"].as_str().unwrap()).await;
    assert_eq!(status, 201);
    person
}
