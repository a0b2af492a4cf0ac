//! Case files: the list of a year, papers put in and taken out, the list of what is in one; who may do which.

use hoian_tests::Client;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, expect, problem};
use serde_json::{Value, json};

use crate::following::assigned;
use crate::handling::issued;
use crate::story::get;

const KEEPER: &str = "chuyenvien.sonv";

#[tokio::test]
async fn a_file_is_planned_opened_filled_and_closed_on_sqlite() {
    whole_way(&Office::open().await).await;
}

#[tokio::test]
async fn a_file_is_planned_opened_filled_and_closed_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    whole_way(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn whole_way(office: &Office) {
    let dispatch = assigned(office, "").await;
    let dispatch = dispatch.rsplit('/').next().unwrap();
    let file = planned(office, "01.TH", Some(10)).await;
    let keeper = office.server.log_in(KEEPER).await;
    let incoming = json!({ "dispatch_id": dispatch, "note": "Bản chính" });
    assert_eq!(
        problem(post(&keeper, &file, "papers", incoming.clone()).await, 409).await,
        "file-state"
    );
    let opened = expect(post(&keeper, &file, "opening", json!({})).await, 200).await;
    assert_eq!(
        (&opened["state"], &opened["actions"]),
        (&json!("open"), &json!(["put"]))
    );
    assert_eq!(
        problem(post(&keeper, &file, "closure", json!({})).await, 409).await,
        "empty-file"
    );
    let filled = expect(post(&keeper, &file, "papers", incoming.clone()).await, 200).await;
    let paper = &filled["papers"][0];
    assert_eq!(
        (&paper["code"], &paper["agency"], &paper["note"], &paper["href"]),
        (
            &json!("01/KH-UBND"),
            &json!("Ủy ban nhân dân tỉnh Lam Giang"),
            &json!("Bản chính"),
            &json!(format!("/van-ban-den/{dispatch}"))
        )
    );
    assert_eq!(
        problem(post(&keeper, &file, "papers", incoming.clone()).await, 409).await,
        "already-in"
    );

    // What is in it is found in it, and only there.
    let found = async |file: &str| {
        let path = format!("/api/v1/search?q=cai%20cach&file={file}");
        get(&keeper, &path).await["items"].as_array().unwrap().len()
    };
    let other = planned(office, "02.TH", None).await;
    assert_eq!((found(&file).await, found(&other).await), (1, 0));
    let held = get(&keeper, &format!("/api/v1/case-files?dispatch={dispatch}")).await;
    assert_eq!(held["items"][0]["id"], file);
    assert_eq!(held["items"].as_array().unwrap().len(), 1);

    taken_out_and_put_back(&keeper, &file, incoming).await;
    assert_eq!(found(&file).await, 1);
    prints(
        &keeper,
        &format!("/api/v1/case-files/{file}/contents"),
        "01/KH-UBND",
    )
    .await;

    let closed = expect(post(&keeper, &file, "closure", json!({})).await, 200).await;
    assert_eq!(
        (&closed["state"], &closed["actions"]),
        (&json!("closed"), &json!([]))
    );
    let year = closed["year"].as_i64().unwrap();
    assert_eq!(closed["kept_until"], year + 10);
    reopened(office, &file).await;
}

async fn taken_out_and_put_back(keeper: &Client, file: &str, paper: Value) {
    let document = get(keeper, &format!("/api/v1/case-files/{file}")).await["papers"][0]["document_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let removal = format!("papers/{document}/removal");
    assert_eq!(
        problem(post(keeper, file, &removal, json!({ "reason": " " })).await, 422).await,
        "reason-missing"
    );
    let why = json!({ "reason": "Nhầm hồ sơ" });
    let out = expect(post(keeper, file, &removal, why.clone()).await, 200).await;
    assert_eq!(
        (
            &out["papers"],
            &out["taken_out"][0]["taken_out_reason"],
            &out["page_count"]
        ),
        (&json!([]), &json!("Nhầm hồ sơ"), &json!(0))
    );
    let found = get(keeper, &format!("/api/v1/search?q=cai%20cach&file={file}")).await;
    assert_eq!(found["items"], json!([]));
    assert_eq!(
        problem(post(keeper, file, &removal, why).await, 409).await,
        "not-in"
    );
    let back = expect(post(keeper, file, "papers", paper).await, 200).await;
    assert_eq!(
        (&back["paper_count"], &back["taken_out"]),
        (&json!(1), &json!([]))
    );
}

async fn reopened(office: &Office, file: &str) {
    let keeper = office.server.log_in(KEEPER).await;
    let why = json!({ "reason": "Bổ sung văn bản trả lời" });
    assert_eq!(
        problem(post(&keeper, file, "reopening", why.clone()).await, 403).await,
        "forbidden"
    );
    let clerk = office.server.log_in("vanthu.sonv").await;
    let open = expect(post(&clerk, file, "reopening", why).await, 200).await;
    assert_eq!(
        (&open["state"], &open["closed_on"]),
        (&json!("open"), &Value::Null)
    );
}

#[tokio::test]
async fn what_the_agency_issued_is_filed_too_and_what_it_has_not_is_not() {
    let office = Office::open().await;
    let draft = office.sealed().await;
    let document = issued(&office, &["agency-snv"]).await;
    let officer = office.server.log_in("chuyenvien").await;
    let own = office.person("chuyenvien").await.0;
    let file = entry("agency-ubnd", "05.CCHC", None, &own);
    let file = expect(officer.post(FILES).json(&file).send().await.unwrap(), 201).await;
    let file = file["id"].as_str().unwrap().to_owned();
    expect(post(&officer, &file, "opening", json!({})).await, 200).await;
    let put = async |id: &str| post(&officer, &file, "papers", json!({ "document_id": id })).await;
    assert_eq!(problem(put(&draft).await, 422).await, "not-of-agency");
    assert_eq!(problem(put("0").await, 404).await, "not-found");
    let filled = expect(put(&document).await, 200).await;
    assert_eq!(filled["papers"][0]["href"], format!("/van-ban/{document}"));
    assert!(filled["page_count"].as_i64().unwrap() > 0);
    // The leader sees the file and every title in it; what the clerk of another agency issued nobody files here.
    let leader = office.server.log_in("chutich").await;
    let seen = get(&leader, &format!("{FILES}/{file}")).await;
    assert_eq!(seen["papers"].as_array().unwrap().len(), 1);
    let neither = json!({ "note": "" });
    assert_eq!(
        problem(post(&officer, &file, "papers", neither).await, 400).await,
        "malformed"
    );
}

#[tokio::test]
async fn each_step_of_a_file_refuses_everyone_whose_step_it_is_not() {
    let office = Office::open().await;
    let file = planned(&office, "01.TH", Some(5)).await;
    let keeper = office.person(KEEPER).await.0;
    let steps = [
        (
            "amendment",
            json!({ "title": "Tên mới", "retention_years": 5, "keeper_id": keeper }),
        ),
        ("papers", json!({ "document_id": "0" })),
        ("papers/0/removal", json!({ "reason": "x" })),
        ("closure", json!({})),
        ("reopening", json!({ "reason": "x" })),
        ("opening", json!({})),
    ];
    let expected = [
        ("vanthu.sonv", [200, 403, 403, 403, 409, 403]),
        ("giamdoc.sonv", [200, 403, 403, 403, 409, 403]),
        ("vanthu.anphu", [404; 6]),
        ("vanthu", [404; 6]),
        ("chuyenvien", [404; 6]),
        ("quantri", [404; 6]),
        // Last, since it opens it.
        (KEEPER, [403, 409, 409, 409, 403, 200]),
    ];
    for (user_name, statuses) in expected {
        let client = office.server.log_in(user_name).await;
        for ((name, body), status) in steps.iter().zip(statuses) {
            let answer = post(&client, &file, name, body.clone()).await;
            assert_eq!(answer.status().as_u16(), status, "{user_name} {name}");
        }
        let reads = if statuses[0] == 404 { 404 } else { 200 };
        for path in [format!("{FILES}/{file}"), format!("{FILES}/{file}/contents")] {
            let answer = client.get(&path).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), reads, "{user_name} {path}");
        }
        let listed = get(&client, FILES).await["items"].as_array().unwrap().len();
        assert_eq!(listed, usize::from(reads == 200), "{user_name}");
        let asked = client
            .get(&format!("/api/v1/search?q=x&file={file}"))
            .send()
            .await
            .unwrap();
        assert_eq!(asked.status().as_u16(), reads, "{user_name} searches");
    }
}

#[tokio::test]
async fn the_list_of_a_year_has_each_code_once_and_prints() {
    let office = Office::open().await;
    planned(&office, "01.TH", None).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let keeper = office.person(KEEPER).await.0;
    let send = async |client: &Client, said: Value| client.post(FILES).json(&said).send().await.unwrap();
    let taken = send(&clerk, entry("agency-snv", " 01.TH", Some(5), &keeper)).await;
    assert_eq!(problem(taken, 409).await, "code-taken");
    let mut next_year = entry("agency-snv", "01.TH", Some(5), &keeper);
    next_year["year"] = json!(next_year["year"].as_i64().unwrap() + 1);
    expect(send(&clerk, next_year.clone()).await, 201).await;
    next_year["year"] = json!(2020);
    for (said, name) in [
        (next_year, "file-entry"),
        (entry("agency-snv", " ", Some(5), &keeper), "file-entry"),
        (entry("agency-snv", "03", Some(71), &keeper), "file-entry"),
        (
            entry("agency-snv", "03", Some(5), &office.person("chuyenvien").await.0),
            "file-keeper",
        ),
    ] {
        assert_eq!(
            problem(send(&clerk, said.clone()).await, 422).await,
            name,
            "{said}"
        );
    }
    // An officer names nobody else, and no agency but their own.
    let officer = office.server.log_in(KEEPER).await;
    let another = office.person("vanthu.sonv").await.0;
    for said in [
        entry("agency-snv", "04", Some(5), &another),
        entry("agency-ubnd", "04", Some(5), &keeper),
    ] {
        assert_eq!(problem(send(&officer, said).await, 403).await, "forbidden");
    }
    let words = get(&officer, &format!("{FILES}?q=cai%20CACH")).await;
    assert_eq!(words["items"].as_array().unwrap().len(), 2);
    assert_eq!(
        get(&officer, &format!("{FILES}?q=khong%20co")).await["items"],
        json!([])
    );
    prints(&clerk, "/api/v1/case-files/print", "01.TH").await;
    let answer = officer.get("/api/v1/case-files/print").send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

const FILES: &str = "/api/v1/case-files";

fn entry(agency: &str, code: &str, years: Option<i16>, keeper: &str) -> Value {
    json!({
        "agency_id": agency, "year": this_year(), "code": code, "title": "Cải cách hành chính",
        "retention_years": years, "keeper_id": keeper,
    })
}

fn this_year() -> i32 {
    hoian_server::domain::numbering::local_date(hoian_server::clock::Clock::system().now_utc()).year()
}

/// A file of the department that [`KEEPER`] keeps; comes back as its id.
async fn planned(office: &Office, code: &str, years: Option<i16>) -> String {
    let clerk = office.server.log_in("vanthu.sonv").await;
    let said = entry("agency-snv", code, years, &office.person(KEEPER).await.0);
    let made = expect(clerk.post(FILES).json(&said).send().await.unwrap(), 201).await;
    assert_eq!(made["state"], "planned");
    made["id"].as_str().unwrap().to_owned()
}

async fn post(client: &Client, file: &str, step: &str, body: Value) -> reqwest::Response {
    let request = client.post(&format!("{FILES}/{file}/{step}")).json(&body);
    request.send().await.unwrap()
}

async fn prints(client: &Client, path: &str, wanted: &str) {
    let answer = client.get(path).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    crate::registers::shows(&answer.bytes().await.unwrap(), wanted);
}
