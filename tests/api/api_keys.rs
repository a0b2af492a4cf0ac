//! Keys of other systems: given out and ended by the province's administrator alone, shown once, good for verifications and
//! nothing else; on both databases.

use hoian_server::store::entity::{api_key, audit_entry};
use hoian_tests::{Client, Server};
use reqwest::header::AUTHORIZATION;
use reqwest::multipart::{Form, Part};
use sea_orm::EntityTrait;
use serde_json::json;

use crate::asking::{administrator_of_a_department, get, kind, on_both_databases, post};

const KEYS: &str = "/api/v1/admin/api-keys";

#[tokio::test]
async fn a_key_opens_verifications_until_it_is_ended_and_nothing_else() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        for name in ["", "  ", "a\u{7}b", &"x".repeat(101)] {
            let refused = post(&admin, KEYS, json!({ "name": name })).await;
            assert_eq!(kind(&refused), (422, "/problems/name"), "{name}");
        }
        let (status, given) = post(&admin, KEYS, json!({ "name": "Cổng dịch vụ công" })).await;
        assert_eq!(status, 201);
        let (id, key) = (given["id"].as_str().unwrap(), given["key"].as_str().unwrap());
        assert!(key.starts_with("hoian_") && key.len() == 49, "{key}");

        let system = server.client();
        assert_eq!(verification(&system, Some(key)).await, 200);
        assert_eq!(verification(&system, Some("hoian_wrong")).await, 401);
        assert_eq!(verification(&system, Some("")).await, 401);
        let other = system
            .get("/api/v1/documents")
            .header(AUTHORIZATION, format!("Bearer {key}"));
        assert_eq!(other.send().await.unwrap().status(), 401);

        // Nobody reads it again: neither on the page nor in the rows.
        let (_, list) = get(&admin, KEYS).await;
        assert!(
            list[0]["used_at"].is_string() && !list.to_string().contains(key),
            "{list}"
        );
        let store = server.app().store.read();
        let rows = format!("{:?}", api_key::Entity::find().all(store).await.unwrap());
        let told = format!("{:?}", audit_entry::Entity::find().all(store).await.unwrap());
        assert!(!rows.contains(key) && !told.contains(key));
        assert!(told.contains("api_key.given"));

        let retirement = format!("{KEYS}/{id}/retirement");
        assert_eq!(post(&admin, &retirement, json!({})).await.0, 204);
        assert_eq!(post(&admin, &retirement, json!({})).await.0, 404);
        assert_eq!(verification(&system, Some(key)).await, 401);
        assert_eq!(
            verification(&system, None).await,
            200,
            "the public page asks without one"
        );
    })
    .await;
}

#[tokio::test]
async fn who_administers_an_agency_alone_gives_out_no_keys() {
    let server = Server::start().await;
    let admin = server.log_in("quantri").await;
    let person = administrator_of_a_department(&server, &admin).await;
    assert_eq!(get(&person, KEYS).await.0, 403);
    assert_eq!(post(&person, KEYS, json!({ "name": "Sở" })).await.0, 403);
    assert_eq!(
        post(&person, &format!("{KEYS}/x/retirement"), json!({})).await.0,
        403
    );
}

async fn verification(client: &Client, key: Option<&str>) -> u16 {
    let file = Part::bytes(b"hello".to_vec()).file_name("tep.pdf");
    let mut asked = client
        .post("/api/v1/verifications")
        .multipart(Form::new().part("file", file));
    if let Some(key) = key {
        asked = asked.header(AUTHORIZATION, format!("Bearer {key}"));
    }
    asked.send().await.unwrap().status().as_u16()
}
