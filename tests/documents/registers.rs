//! The registers: every column, live, for those who may read them, and as an archival file.

use hoian_tests::Client;
use hoian_tests::signing::{Office, act, expect};
use serde_json::{Value, json};

use crate::handling::{first, issued, step};
use crate::story::get;

#[tokio::test]
async fn registers_show_what_was_sent_received_and_handled_at_any_moment() {
    let office = Office::open().await;
    let id = issued(&office, &["agency-snv"]).await;
    let sender = office.server.log_in("vanthu").await;
    let book = get(&sender, "/api/v1/registers/outgoing").await;
    assert_eq!(book["columns"].as_array().unwrap().len(), 10);
    let cells = &book["items"][0]["cells"];
    assert_eq!(cells[0], "01/KH-UBND");
    assert_eq!(cells[3], "Trần Văn Minh");
    assert_eq!(cells[4], "Sở Nội vụ");
    assert_eq!(cells[8], "0/1 nơi đã vào sổ");

    let clerk = office.server.log_in("vanthu.sonv").await;
    assert_eq!(
        get(&clerk, "/api/v1/registers/incoming").await["items"],
        json!([])
    );
    let path = first(&clerk, "").await;
    expect(
        step(&clerk, &path, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    let leader = office.server.log_in("giamdoc.sonv").await;
    let lead = office.person("chuyenvien.sonv").await.0;
    let said = json!({ "instruction": "Tham mưu", "lead_id": lead, "due_on": "2099-11-30" });
    expect(step(&leader, &path, "instruction", said).await, 200).await;

    let incoming = get(&clerk, "/api/v1/registers/incoming").await;
    let cells = &incoming["items"][0]["cells"];
    assert_eq!(cells.as_array().unwrap().len(), 10);
    assert_eq!(
        (&cells[1], &cells[2]),
        (&json!("01"), &json!("Ủy ban nhân dân tỉnh Lam Giang"))
    );
    assert_eq!(
        (&cells[3], &cells[6]),
        (&json!("01/KH-UBND"), &json!("Hoàng Văn Nam"))
    );
    let handling = get(&leader, "/api/v1/registers/handling").await;
    let cells = &handling["items"][0]["cells"];
    assert_eq!(cells.as_array().unwrap().len(), 7);
    assert_eq!(
        (&cells[3], &cells[4]),
        (&json!("30/11/2099"), &json!("Đã phân công"))
    );
    assert_eq!(
        get(&sender, "/api/v1/registers/outgoing").await["items"][0]["cells"][8],
        "1/1 nơi đã vào sổ"
    );

    expect(act(&sender, &id, "recall", json!({ "reason": "Sai" })).await, 200).await;
    let noted = get(&sender, "/api/v1/registers/outgoing").await;
    assert_eq!(noted["items"][0]["cells"][9], "Thu hồi, 0/1 nơi trả lại");
    a_register_is_shown_for_some_days_of_a_year(&clerk, &sender, &noted).await;
    a_register_prints(&clerk, "incoming", "01/KH-UBND").await;
    a_register_prints(&sender, "outgoing", "01/KH-UBND").await;
}

/// Of the day on which all of this happened, and of the days before it in the same year, or after it.
async fn a_register_is_shown_for_some_days_of_a_year(clerk: &Client, sender: &Client, noted: &Value) {
    let day: Vec<_> = noted["items"][0]["cells"][1]
        .as_str()
        .unwrap()
        .split('/')
        .collect();
    let [day, month, year] = day[..] else {
        panic!("a day");
    };
    let today = format!("{year}-{month}-{day}");
    for (client, register, lines) in [(clerk, "incoming", 1), (sender, "outgoing", 1)] {
        let book = async |period: &str| get(client, &format!("/api/v1/registers/{register}?{period}")).await;
        let shown = book(&format!("from={today}&to={today}")).await;
        assert_eq!(shown["items"].as_array().unwrap().len(), lines, "{register}");
        let before = book("from=2020-01-01&to=2020-03-31").await;
        assert_eq!(
            (&before["items"], &before["year"]),
            (&json!([]), &json!(2020)),
            "{register}"
        );
        let two_years = format!("/api/v1/registers/{register}?from=2019-12-31&to=2020-01-01");
        assert_eq!(client.get(&two_years).send().await.unwrap().status(), 400);
    }
}

pub async fn a_register_prints(client: &hoian_tests::Client, register: &str, wanted: &str) {
    let path = format!("/api/v1/registers/{register}/print");
    let answer = client.get(&path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    shows(&answer.bytes().await.unwrap(), wanted);
}

/// An archival file in which these words stand.
pub fn shows(file: &[u8], wanted: &str) {
    let marker = b"<pdfaid:part>2</pdfaid:part>";
    assert!(file.windows(marker.len()).any(|window| window == marker), "PDF/A");
    let pages = hoian_signer::pdf::text::pages(file).unwrap();
    let runs = pages
        .iter()
        .flat_map(|page| &page.lines)
        .flat_map(|line| &line.runs);
    let text: String = runs.map(|run| run.text.as_str()).collect();
    assert!(text.contains(wanted), "{text}");
}

#[tokio::test]
async fn registers_belong_to_the_clerks_and_leaders_of_their_agency() {
    let office = Office::open().await;
    let of = |agency: &str| format!("/api/v1/registers/outgoing?agency={agency}");
    let expected = [
        ("vanthu", 200, 404),
        ("chutich", 200, 404),
        ("chuyenvien", 404, 404),
        ("quantri", 404, 404),
        ("vanthu.sonv", 404, 200),
        ("giamdoc.sonv", 404, 200),
        ("vanthu.anphu", 404, 404),
    ];
    for (user_name, province, department) in expected {
        let client = office.server.log_in(user_name).await;
        let status = async |agency: &str| client.get(&of(agency)).send().await.unwrap().status().as_u16();
        assert_eq!(
            (status("agency-ubnd").await, status("agency-snv").await),
            (province, department),
            "{user_name}"
        );
    }
}

#[tokio::test]
async fn a_register_continues_where_the_page_before_ended() {
    let office = Office::open().await;
    crate::crowd::registered(&office, 5).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let mut seen: Vec<Value> = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(&clerk, &format!("/api/v1/registers/incoming?limit=2{after}")).await;
        let numbers = page["items"].as_array().unwrap().iter();
        seen.extend(numbers.map(|line| line["cells"][1].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["05", "04", "03", "02", "01"]);
}
