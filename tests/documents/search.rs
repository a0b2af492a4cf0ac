//! Documents are found by any word, in any spelling, by those who may know of them and by nobody else.

use hoian_tests::Client;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, expect, paper, problem};
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::handling::issued;
use crate::story::get;

#[tokio::test]
async fn documents_are_found_without_regard_to_diacritics_on_sqlite() {
    finds(&Office::open().await).await;
}

#[tokio::test]
async fn documents_are_found_without_regard_to_diacritics_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    finds(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn finds(office: &Office) {
    issued(office, &["agency-snv"]).await;
    let clerk = office.server.log_in("vanthu").await;
    let questions = [
        // The subject, in both spellings and none, unfinished, in another order.
        ("cải cách hành chính", 1),
        ("cai cach hanh chinh", 1),
        ("CẢI CÁCH", 1),
        ("chinh hanh", 1),
        ("hanh chi", 1),
        // Number and symbol, signer, issuer; a word of the text alone.
        ("01/KH-UBND", 1),
        ("tran van minh", 1),
        ("rut ngan thoi gian", 1),
        // Operators are words, and every word must stand.
        ("cai OR khongco", 0),
        ("\"cai\" * NEAR(", 0),
        ("khongco", 0),
        ("02/KH-UBND", 0),
    ];
    for (question, expected) in questions {
        assert_eq!(found(&clerk, question, "").await.len(), expected, "{question}");
    }
    for (filter, expected) in [("&kind=KH", 1), ("&kind=QĐ", 0), ("&year=2001", 0)] {
        assert_eq!(found(&clerk, "cai", filter).await.len(), expected, "{filter}");
    }
    let silent = clerk.get("/api/v1/search?q=%20-%20").send().await.unwrap();
    assert_eq!(problem(silent, 400).await, "malformed");
    each_finds_what_they_may_know_of(office).await;
    pages_continue(office, &clerk).await;
}

async fn each_finds_what_they_may_know_of(office: &Office) {
    let expected = [
        ("chuyenvien", Some("/van-ban/")),
        ("chutich", Some("/van-ban/")),
        ("vanthu.sonv", Some("/van-ban-den/")),
        ("chuyenvien.sonv", Some("/van-ban-den/")),
        ("vanthu.anphu", None),
        ("quantri", None),
    ];
    for (user_name, href) in expected {
        let client = office.server.log_in(user_name).await;
        let items = found(&client, "cai cach", "").await;
        assert_eq!(items.len(), usize::from(href.is_some()), "{user_name}");
        if let (Some(item), Some(href)) = (items.first(), href) {
            let page = item["href"].as_str().unwrap();
            assert!(page.starts_with(href), "{user_name}: {page}");
        }
    }
}

async fn pages_continue(office: &Office, clerk: &Client) {
    let officer = office.server.log_in("chuyenvien").await;
    let signer = office.person("chutich").await.0;
    for number in 1..=4 {
        let form = Form::new()
            .text("subject", format!("Đề án Hoà Bình {number}"))
            .text("kind", "ĐA")
            .text("signer_id", signer.clone())
            .part("file", Part::bytes(paper()).file_name("de-an.pdf"));
        expect(
            officer
                .post("/api/v1/documents")
                .multipart(form)
                .send()
                .await
                .unwrap(),
            201,
        )
        .await;
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/search?q=Hòa%20Bình&kind=ĐA&limit=3{after}");
        let page = get(clerk, &path).await;
        let items = page["items"].as_array().unwrap().iter();
        seen.extend(items.map(|item| item["subject"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let expected: Vec<_> = (1..=4)
        .rev()
        .map(|number| format!("Đề án Hoà Bình {number}"))
        .collect();
    assert_eq!(seen, expected, "the latest first");
    assert_eq!(
        found(clerk, "de an", "&kind=DA").await.len(),
        0,
        "Dự án is another kind than Đề án"
    );
}

async fn found(client: &Client, question: &str, filter: &str) -> Vec<Value> {
    let question: String = question.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!("/api/v1/search?limit=50{filter}&q={question}");
    let answer = client.get(&path).send().await.unwrap();
    expect(answer, 200).await["items"].as_array().unwrap().clone()
}

/// A document that was stored before the index was comes into it by the job, and is found by everything that the usual
/// way would have said of it.
#[tokio::test]
async fn what_is_older_than_the_index_comes_into_it_on_sqlite() {
    comes_into_it(&Office::open().await).await;
}

#[tokio::test]
async fn what_is_older_than_the_index_comes_into_it_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    comes_into_it(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

/// Leaves the database as it was before there was an index.
async fn forget_words(office: &Office) {
    use sea_orm::ConnectionTrait;
    let forget = async |tx: &hoian_server::store::Tx| {
        for table in ["document_search", "search_word"] {
            tx.execute_unprepared(&format!("DELETE FROM {table}")).await?;
        }
        Ok::<_, sea_orm::DbErr>(())
    };
    office.app().store.write(forget).await.unwrap();
}

#[tokio::test]
async fn a_draft_that_was_changed_comes_into_the_index_with_what_it_says_now() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let draft = expect(office.upload(&officer, hoian_tests::paper::scan()).await, 201).await;
    let form = Form::new()
        .text("subject", "Kế hoạch cải cách hành chính năm 2027")
        .text("kind", "KH")
        .text("signer_id", office.person(hoian_tests::signing::LEADER).await.0)
        .part("file", Part::bytes(paper()).file_name("moi.pdf"));
    let path = format!("/api/v1/documents/{}/revision", draft["id"].as_str().unwrap());
    expect(officer.post(&path).multipart(form).send().await.unwrap(), 200).await;
    forget_words(&office).await;
    assert_eq!(office.app().custody.index_some(20).await.unwrap(), 1);
    assert_eq!(found(&officer, "rut ngan", "").await.len(), 1);
}

async fn comes_into_it(office: &Office) {
    issued(office, &["agency-snv"]).await;
    let clerk = office.server.log_in("vanthu").await;
    let receiver = office.server.log_in("vanthu.sonv").await;
    forget_words(office).await;
    assert_eq!(found(&clerk, "cai cach", "").await.len(), 0);
    assert_eq!(office.app().custody.index_some(20).await.unwrap(), 1);
    assert_eq!(office.app().custody.index_some(20).await.unwrap(), 0, "once");
    for (question, filter) in [
        ("cai cach", "&kind=KH"),
        ("01/KH-UBND", "&direction=outgoing"),
        ("rut ngan thoi gi", "&issuer=agency-ubnd"),
    ] {
        assert_eq!(found(&clerk, question, filter).await.len(), 1, "{question}");
    }
    assert_eq!(found(&clerk, "cai", "&direction=incoming").await.len(), 0);
    assert_eq!(found(&receiver, "cai", "&direction=incoming").await.len(), 1);
    assert_eq!(found(&receiver, "cai", "&issuer=agency-snv").await.len(), 0);
}

/// A file that is a picture has no text: the answer says so, and what is said of it finds it.
#[tokio::test]
async fn a_scan_says_that_it_has_no_text() {
    let office = Office::open().await;
    let officer = office.server.log_in("chuyenvien").await;
    let answer = office.upload(&officer, hoian_tests::paper::scan()).await;
    expect(answer, 201).await;
    expect(office.upload(&officer, paper()).await, 201).await;
    let items = found(&officer, "cai cach hanh chinh", "").await;
    let said: Vec<_> = items.iter().map(|item| &item["has_text"]).collect();
    assert_eq!(said, [&Value::Bool(true), &Value::Bool(false)]);
    assert_eq!(
        found(&officer, "rut ngan", "").await.len(),
        1,
        "a word of the text"
    );
}
