//! The client's files, and lists by pages.

use hoian_tests::Server;
use hoian_tests::people::{AGENCIES, PEOPLE};
use serde_json::Value;

#[tokio::test]
async fn every_page_is_the_client_and_is_asked_for_again_each_time() {
    let server = Server::start().await;
    let client = server.client();
    let page = client.get("/van-ban/0192/ky").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    let tag = page.headers()["etag"].to_str().unwrap().to_owned();
    let again = client.get("/").header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn lists_continue_where_the_page_before_ended() {
    let server = Server::start().await;
    let client = server.log_in("chuyenvien").await;
    for (list, expected) in [("agencies", AGENCIES.len()), ("people", PEOPLE.len())] {
        let mut seen = Vec::new();
        let mut path = format!("/api/v1/{list}?limit=2");
        loop {
            let page: Value = client.get(&path).send().await.unwrap().json().await.unwrap();
            let ids = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned());
            seen.extend(ids);
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/{list}?limit=2&after={next}");
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (expected, expected), "{list}");
    }
}

#[tokio::test]
async fn people_are_found_by_role_and_agency() {
    let server = Server::start().await;
    let client = server.log_in("chuyenvien").await;
    let path = "/api/v1/people?role=leader&agency=agency-ubnd";
    let page: Value = client.get(path).send().await.unwrap().json().await.unwrap();
    let names: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["full_name"])
        .collect();
    assert_eq!(names, ["Trần Văn Minh"]);
    assert_eq!(page["items"][0]["memberships"][0]["position"], "Chủ tịch");
    assert!(
        page["items"][0].get("user_name").is_none(),
        "a user name is nobody else's business"
    );
}
