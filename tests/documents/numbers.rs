//! Numbers kept aside are used once or given up with a record; kinds share a sequence by the head's decision.

use hoian_tests::signing::{LEADER, Office, act, expect, problem};
use serde_json::{Value, json};

use crate::story::get;

#[tokio::test]
async fn a_kept_number_is_used_once_or_given_up_and_never_given_to_another() {
    let office = Office::open().await;
    let (first, second) = (office.signed().await, office.signed().await);
    let clerk = office.server.log_in("vanthu").await;
    let keep = |reason: &str| json!({ "agency_id": "agency-ubnd", "kind": "KH", "reason": reason });
    let post = async |path: &str, body: Value| clerk.post(path).json(&body).send().await.unwrap();
    let reservations = "/api/v1/numbers/reservations";
    assert_eq!(
        problem(post(reservations, keep(" ")).await, 422).await,
        "reason-missing"
    );
    expect(post(reservations, keep("Hội nghị ngày 30")).await, 201).await;
    let kept = expect(post(reservations, keep("Dự phòng")).await, 201).await;
    let id = |number: u64| {
        let all = kept["reservations"].as_array().unwrap().iter();
        let mut fit = all.filter(|one| one["number"] == number);
        fit.next().unwrap()["id"].as_str().unwrap().to_owned()
    };

    // The sequence goes on behind what is kept; what is kept goes to the document it is asked for.
    assert_eq!(
        expect(act(&clerk, &first, "number", json!({})).await, 200).await["code"],
        "03/KH-UBND"
    );
    let with = format!("number?reservation={}", id(1));
    assert_eq!(
        expect(act(&clerk, &second, &with, json!({})).await, 200).await["code"],
        "01/KH-UBND"
    );
    let release = |id: String| format!("{reservations}/{id}/release");
    let used = post(&release(id(1)), json!({ "reason": "Thôi" })).await;
    assert_eq!(problem(used, 409).await, "stale", "a document bears it");
    let given_up = expect(
        post(&release(id(2)), json!({ "reason": "Không ban hành nữa" })).await,
        200,
    )
    .await;
    let lines = given_up["reservations"].as_array().unwrap();
    let line = lines.iter().find(|one| one["number"] == 2).unwrap();
    assert_eq!(line["release_reason"], "Không ban hành nữa");
    let third = office.signed().await;
    let gone = act(
        &clerk,
        &third,
        &format!("number?reservation={}", id(2)),
        json!({}),
    )
    .await;
    assert_eq!(
        problem(gone, 409).await,
        "stale",
        "nobody bears what was given up"
    );
}

#[tokio::test]
async fn kinds_share_a_sequence_at_once_or_from_the_next_year_where_numbers_were_given() {
    let office = Office::open().await;
    let leader = office.server.log_in(LEADER).await;
    let group = async |kinds: &[&str]| {
        let body = json!({ "agency_id": "agency-ubnd", "kinds": kinds, "name": "chung" });
        let answer = leader
            .post("/api/v1/numbers/groupings")
            .json(&body)
            .send()
            .await
            .unwrap();
        expect(answer, 200).await["from_year"].as_i64().unwrap()
    };
    let year = get(&leader, "/api/v1/numbers").await["year"].as_i64().unwrap();
    assert_eq!(group(&["BC", "TB"]).await, year);
    let clerk = office.server.log_in("vanthu").await;
    let mut numbers = Vec::new();
    for kind in ["BC", "TB", "BC", "KH"] {
        let body = json!({ "agency_id": "agency-ubnd", "kind": kind, "reason": "Dự phòng" });
        let answer = clerk
            .post("/api/v1/numbers/reservations")
            .json(&body)
            .send()
            .await
            .unwrap();
        let kept = expect(answer, 201).await["reservations"].clone();
        let same = kept.as_array().unwrap().iter().filter(|one| one["kind"] == kind);
        numbers.push(same.map(|one| one["number"].as_i64().unwrap()).max().unwrap());
    }
    assert_eq!(numbers, [1, 2, 3, 1]);
    assert_eq!(
        group(&["KH"]).await,
        year + 1,
        "a number and symbol would come twice"
    );
}

#[tokio::test]
async fn numbers_are_kept_by_clerks_and_grouped_by_the_head_of_their_own_agency() {
    let office = Office::open().await;
    let keep = json!({ "agency_id": "agency-ubnd", "kind": "KH", "reason": "Dự phòng" });
    let group = json!({ "agency_id": "agency-ubnd", "kinds": ["KH"], "name": "chung" });
    let expected = [
        ("vanthu", 200, 201, 403),
        (LEADER, 200, 403, 200),
        ("chuyenvien", 404, 403, 403),
        ("quantri", 404, 403, 403),
        ("vanthu.sonv", 404, 403, 403),
        ("giamdoc.sonv", 404, 403, 403),
    ];
    for (user_name, reads, keeps, groups) in expected {
        let client = office.server.log_in(user_name).await;
        let seen = client
            .get("/api/v1/numbers?agency=agency-ubnd")
            .send()
            .await
            .unwrap();
        let kept = client
            .post("/api/v1/numbers/reservations")
            .json(&keep)
            .send()
            .await
            .unwrap();
        let grouped = client
            .post("/api/v1/numbers/groupings")
            .json(&group)
            .send()
            .await
            .unwrap();
        let statuses = [seen, kept, grouped].map(|answer| answer.status().as_u16());
        assert_eq!(statuses, [reads, keeps, groups], "{user_name}");
    }
}
