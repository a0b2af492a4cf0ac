//! Documents that come on paper: registered by hand in the one sequence of arrivals, stamped, certified, handled like all others.

use hoian_server::store::entity::audit_entry;
use hoian_tests::Client;
use hoian_tests::paper::scan;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{LEADER, Office, PIN, act, content, expect, paper, problem};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::handling::{first, step, verified};
use crate::judges::words;
use crate::story::{file, get, verdict};

async fn register(
    client: &Client,
    agency: &str,
    more: &[(&'static str, &str)],
    scan: Vec<u8>,
) -> reqwest::Response {
    let usual = [
        ("author", "Bộ Nội vụ"),
        ("code", "12/QĐ-BNV"),
        ("issued_on", "2020-03-05"),
        ("kind", "QĐ"),
        ("subject", "Phê duyệt đề án vị trí việc làm"),
        ("urgency", "1"),
        ("signer", "Phạm Thị Thanh"),
    ];
    let said = usual
        .into_iter()
        .filter(|(name, _)| more.iter().all(|(other, _)| other != name))
        .chain(more.iter().copied());
    let mut form = Form::new().text("agency_id", agency.to_owned());
    for (name, value) in said {
        form = form.text(name, value.to_owned());
    }
    let form = form.part("file", Part::bytes(scan).file_name("ban-quet.pdf"));
    client
        .post("/api/v1/dispatches/paper")
        .multipart(form)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_paper_is_registered_stamped_certified_and_handled_on_sqlite() {
    whole_way(&Office::open().await).await;
}

#[tokio::test]
async fn a_paper_is_registered_stamped_certified_and_handled_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    whole_way(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn whole_way(office: &Office) {
    let clerk = office.server.log_in("vanthu").await;
    let made = expect(register(&clerk, "agency-ubnd", &[], scan()).await, 201).await;
    let path = format!("/api/v1/dispatches/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (
            &made["status"],
            &made["arrival_number"],
            &made["on_paper"],
            &made["verdict"]
        ),
        (&json!("accepted"), &json!(1), &json!(true), &Value::Null)
    );
    assert_eq!(
        (
            &made["code"],
            &made["sender"]["name"],
            &made["paper"]["signer"],
            &made["paper"]["page_count"]
        ),
        (
            &json!("12/QĐ-BNV"),
            &json!("Bộ Nội vụ"),
            &json!("Phạm Thị Thanh"),
            &json!(1)
        )
    );
    assert_eq!(
        file(&clerk, &format!("{path}/content")).await,
        scan(),
        "the scan stays as it is"
    );

    // The stamp is on the view; before and after it, the scan has no signature.
    let stamped = file(&clerk, &format!("{path}/stamped")).await;
    let said = words(&stamped);
    assert!(said.contains("ĐẾN") && said.contains("Số: 01"), "{said}");
    assert_eq!(verdict(&office.server.client(), stamped).await, "NO-SIGNATURE");

    // Its digital copy is a sao y of the stamped scan with the agency's signature.
    let certified = expect(certify(&clerk, &made).await, 201).await;
    assert_eq!(certified["code"], "01/SY-UBND");
    let copy = format!("/api/v1/copies/{}/content", certified["id"].as_str().unwrap());
    let copy = file(&clerk, &copy).await;
    assert_eq!(
        verdict(&office.server.client(), copy.clone()).await,
        "TOTAL-PASSED"
    );
    let said = words(&copy);
    assert!(said.contains("ĐẾN") && said.contains("Số: 01"), "{said}");
    assert_eq!(get(&clerk, &path).await["copies"][0]["code"], "01/SY-UBND");

    // It goes the same way as all that comes.
    let leader = office.server.log_in(LEADER).await;
    assert_eq!(first(&leader, "box=to_instruct").await, path);
    let officer = office.person("chuyenvien").await;
    let instruction = json!({ "instruction": "Tham mưu", "lead_id": officer.0, "due_on": "2099-11-30" });
    expect(step(&leader, &path, "instruction", instruction).await, 200).await;
    let officer = office.server.log_in("chuyenvien").await;
    expect(step(&officer, &path, "progress", json!({})).await, 200).await;
    let done = expect(
        step(&officer, &path, "completion", json!({ "note": "Đã xong" })).await,
        200,
    )
    .await;
    let codes: Vec<_> = done["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["code"])
        .collect();
    assert_eq!(codes, ["01", "03", "04", "05", "06"]);
    let stamped = file(&clerk, &format!("{path}/stamped")).await;
    assert!(
        words(&stamped).contains("Phạm Quốc Anh"),
        "the stamp says to whom it went"
    );

    let register = get(&clerk, "/api/v1/registers/incoming").await;
    let cells = &register["items"][0]["cells"];
    assert_eq!(
        [&cells[1], &cells[2], &cells[3], &cells[4], &cells[9]],
        ["01", "Bộ Nội vụ", "12/QĐ-BNV", "05/03/2020", "Văn bản giấy"]
    );
    let followed = get(&clerk, "/api/v1/registers/handling").await;
    assert_eq!(
        followed["items"][0]["cells"][1],
        "Quyết định số 12/QĐ-BNV ngày 05/03/2020 của Bộ Nội vụ"
    );
    for question in ["vi tri viec lam", "bo noi vu", "12/qđ-bnv"] {
        let found = get(&officer, &format!("/api/v1/search?q={question}")).await;
        assert_eq!(
            found["items"][0]["href"],
            format!("/van-ban-den/{}", made["id"].as_str().unwrap())
        );
    }
    let stranger = office.server.log_in("chuyenvien.sonv").await;
    assert_eq!(
        get(&stranger, "/api/v1/search?q=vi tri viec lam").await["items"],
        json!([])
    );
}

async fn certify(clerk: &Client, made: &Value) -> reqwest::Response {
    let form = Form::new()
        .text("agency_id", "agency-ubnd")
        .text("dispatch_id", made["id"].as_str().unwrap().to_owned())
        .text("form", "sao_y")
        .text("pin", PIN);
    clerk.post("/api/v1/copies").multipart(form).send().await.unwrap()
}

#[tokio::test]
async fn what_is_no_scan_or_not_described_or_not_the_clerks_takes_no_number() {
    let office = Office::open().await;
    let clerk = office.server.log_in("vanthu").await;
    let wrong: [(&[(&'static str, &str)], &str); 6] = [
        (&[("author", " ")], "paper-arrival"),
        (&[("subject", "")], "paper-arrival"),
        (&[("issued_on", "2999-01-01")], "paper-arrival"),
        (&[("urgency", "7")], "paper-arrival"),
        (&[("secrecy", "mat")], "state-secret"),
        (
            &[("code", "một số và ký hiệu dài hơn bốn mươi hai chữ cái")],
            "paper-arrival",
        ),
    ];
    for (said, name) in wrong {
        let refused = register(&clerk, "agency-ubnd", said, scan()).await;
        assert_eq!(problem(refused, 422).await, name, "{said:?}");
    }
    let signed = content(&clerk, &office.signed().await, "latest").await;
    let clerk = office.server.log_in("vanthu").await;
    let refused = register(&clerk, "agency-ubnd", &[], signed).await;
    assert_eq!(
        problem(refused, 422).await,
        "signed-already",
        "it has a signature of its own to be verified"
    );
    let refused = register(&clerk, "agency-ubnd", &[], b"GIF89a".to_vec()).await;
    assert_eq!(problem(refused, 415).await, "not-pdf");
    for user in ["chuyenvien", LEADER, "vanthu.sonv", "quantri"] {
        let other = office.server.log_in(user).await;
        let refused = register(&other, "agency-ubnd", &[], scan()).await;
        assert_eq!(problem(refused, 403).await, "forbidden", "{user}");
    }
    let clerk = office.server.log_in("vanthu").await;
    assert_eq!(
        get(&clerk, "/api/v1/registers/incoming").await["items"],
        json!([])
    );
    let made = expect(
        register(&clerk, "agency-ubnd", &[("issued_on", ""), ("code", "")], paper()).await,
        201,
    )
    .await;
    assert_eq!(made["arrival_number"], 1, "no refusal took a number");
}

#[tokio::test]
async fn the_clerk_is_warned_of_a_paper_that_stands_in_the_register_already() {
    let office = Office::open().await;
    let clerk = office.server.log_in("vanthu").await;
    expect(register(&clerk, "agency-ubnd", &[], scan()).await, 201).await;
    let same = [("author", "BỘ NỘI VỤ")];
    let refused = register(&clerk, "agency-ubnd", &same, scan()).await;
    assert_eq!(problem(refused, 409).await, "registered-already");
    let again = [("again", "true")];
    let made = expect(register(&clerk, "agency-ubnd", &again, scan()).await, 201).await;
    assert_eq!(made["arrival_number"], 2);
    let other = [("code", "13/QĐ-BNV")];
    expect(register(&clerk, "agency-ubnd", &other, scan()).await, 201).await;
}

#[tokio::test]
async fn a_clerk_corrects_what_was_typed_and_register_stamp_and_search_say_it_on_sqlite() {
    corrected(&Office::open().await).await;
}

#[tokio::test]
async fn a_clerk_corrects_what_was_typed_and_register_stamp_and_search_say_it_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    corrected(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn corrected(office: &Office) {
    let clerk = office.server.log_in("vanthu").await;
    let made = expect(register(&clerk, "agency-ubnd", &[], scan()).await, 201).await;
    let other = [("code", "13/QĐ-BNV")];
    expect(register(&clerk, "agency-ubnd", &other, scan()).await, 201).await;
    let path = format!("/api/v1/dispatches/{}", made["id"].as_str().unwrap());
    let said = |code: &str, subject: &str, again: bool| {
        json!({
            "author": "Bộ Tài chính", "code": code, "issued_on": "2020-03-06", "kind": "KH", "subject": subject,
            "urgency": 0, "signer": "", "again": again,
        })
    };
    let put = async |client: &Client, path: &str, body: Value| {
        let put = client.request(Method::PUT, &format!("{path}/paper"));
        put.json(&body).send().await.unwrap()
    };
    for (user_name, status) in [
        ("chuyenvien", 403),
        (LEADER, 403),
        ("vanthu.sonv", 404),
        ("quantri", 404),
    ] {
        let stranger = office.server.log_in(user_name).await;
        let answer = put(&stranger, &path, said("14/KH-BTC", "Khác", false)).await;
        assert_eq!(answer.status().as_u16(), status, "{user_name}");
    }
    let clerk = office.server.log_in("vanthu").await;
    assert_eq!(
        problem(put(&clerk, &path, said("14/KH-BTC", " ", false)).await, 422).await,
        "paper-arrival"
    );
    let mut double = said("13/QĐ-BNV", "Khác", false);
    double["author"] = "Bộ Nội vụ".into();
    double["issued_on"] = "2020-03-05".into();
    assert_eq!(
        problem(put(&clerk, &path, double).await, 409).await,
        "registered-already"
    );
    assert_eq!(get(&clerk, &path).await["subject"], made["subject"], "as it was");

    let seen = expect(
        put(
            &clerk,
            &path,
            said("14/KH-BTC", "Kế hoạch tinh giản biên chế", false),
        )
        .await,
        200,
    )
    .await;
    assert_eq!(
        (&seen["arrival_number"], &seen["code"], &seen["paper"]["signer"]),
        (&json!(1), &json!("14/KH-BTC"), &Value::Null)
    );
    let register = get(&clerk, "/api/v1/registers/incoming").await;
    let cells = &register["items"][1]["cells"];
    assert_eq!(
        [&cells[1], &cells[2], &cells[3], &cells[4]],
        ["01", "Bộ Tài chính", "14/KH-BTC", "06/03/2020"]
    );
    let found = async |question: &str| {
        let found = get(&clerk, &format!("/api/v1/search?q={question}")).await;
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (found("tinh gian").await, found("de an vi tri").await),
        (1, 1),
        "the other paper keeps its words"
    );
    let chain = audit_entry::Entity::find()
        .filter(audit_entry::Column::Action.eq("dispatch.paper_corrected"))
        .all(office.app().store.read())
        .await
        .unwrap();
    assert_eq!(chain.len(), 1);
    assert!(chain[0].detail.contains("Phê duyệt đề án"), "what stood before");
}

/// A received electronic document keeps its bytes; the stamped view is made for the question and claims no signature.
#[tokio::test]
async fn papers_and_signed_documents_share_one_sequence_and_a_stamp_never_touches_signed_bytes() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let sent = content(&clerk, &id, "latest").await;
    expect(
        act(&clerk, &id, "issue", json!({ "receivers": ["agency-snv"] })).await,
        200,
    )
    .await;
    verified(&office, &id).await;
    let receiver = office.server.log_in("vanthu.sonv").await;
    let path = first(&receiver, "").await;
    let early = receiver.get(&format!("{path}/stamped")).send().await.unwrap();
    assert_eq!(early.status(), 404, "no number, no stamp");
    expect(register(&receiver, "agency-snv", &[], scan()).await, 201).await;
    let accepted = expect(
        step(&receiver, &path, "receipt", json!({ "answer": "accept" })).await,
        200,
    )
    .await;
    assert_eq!(
        (&accepted["arrival_number"], &accepted["on_paper"]),
        (&json!(2), &json!(false))
    );
    let other = expect(
        register(&receiver, "agency-snv", &[("code", "1/A")], scan()).await,
        201,
    )
    .await;
    assert_eq!(other["arrival_number"], 3);

    let view = file(&receiver, &format!("{path}/stamped")).await;
    let said = words(&view);
    assert!(
        said.contains("ĐẾN") && said.contains("Số: 02") && said.contains("KH-UBND"),
        "{said}"
    );
    assert_eq!(verdict(&office.server.client(), view).await, "NO-SIGNATURE");
    let kept = file(&receiver, &format!("{path}/content")).await;
    assert_eq!(kept, sent, "what was received stays as it was signed");
    // Nobody can ask a paper back: it has no sender here.
    let paper = format!("/api/v1/dispatches/{}", other["id"].as_str().unwrap());
    assert_eq!(get(&receiver, &paper).await["actions"], json!([]));
}

#[tokio::test]
async fn many_clerks_number_papers_without_gap_or_double() {
    let office = Office::open().await;
    let mut clerks = tokio::task::JoinSet::new();
    for at in 0..12 {
        let clerk = office.server.log_in("vanthu").await;
        clerks.spawn(async move {
            let code = format!("{at}/CV");
            // Every third forgets the subject first: a refusal takes no number.
            if at % 3 == 0 {
                let refused =
                    register(&clerk, "agency-ubnd", &[("code", &code), ("subject", "")], scan()).await;
                assert_eq!(refused.status(), 422);
            }
            let made = register(&clerk, "agency-ubnd", &[("code", &code)], scan()).await;
            expect(made, 201).await["arrival_number"].as_i64().unwrap()
        });
    }
    let mut numbers = clerks.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
}
