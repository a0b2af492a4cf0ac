//! Certified copies and extracts: what the law knows, by whom, under which number.

use hoian_signer::pdf::text;
use hoian_tests::Client;
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{LEADER, Office, PIN, act, content, expect, paper, problem};
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::judges::words;
use crate::story::{file, get, verdict};

async fn copy(client: &Client, parts: &[(&'static str, &str)], scan: Option<Vec<u8>>) -> reqwest::Response {
    let mut form = Form::new();
    for (name, value) in parts {
        form = form.text(*name, (*value).to_owned());
    }
    if let Some(scan) = scan {
        form = form.part("file", Part::bytes(scan).file_name("ban-quet.pdf"));
    }
    client
        .post("/api/v1/copies")
        .multipart(form)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_extract_shows_number_date_and_signatures_and_is_signed_by_the_agency_alone() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let of = [
        ("agency_id", "agency-ubnd"),
        ("document_id", id.as_str()),
        ("pin", PIN),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&of[..], more].concat();
    let whole = copy(&clerk, &with(&[("form", "sao_y")]), None).await;
    assert_eq!(
        problem(whole, 422).await,
        "copy",
        "an electronic original is sent, not copied"
    );
    let all = copy(&clerk, &with(&[("form", "trich_sao"), ("pages", "1-3")]), None).await;
    assert_eq!(problem(all, 422).await, "copy");
    let wrong = [("form", "trich_sao"), ("pages", "1"), ("pin", "00000000")];
    let wrong = [&of[..2], &wrong[..]].concat();
    assert_eq!(problem(copy(&clerk, &wrong, None).await, 403).await, "wrong-pin");
    assert_eq!(
        get(&clerk, "/api/v1/copies").await["items"],
        json!([]),
        "no number is taken for a refusal"
    );

    let made = expect(
        copy(&clerk, &with(&[("form", "trich_sao"), ("pages", "1, 3")]), None).await,
        201,
    )
    .await;
    assert_eq!(
        (&made["code"], &made["pages"]),
        (&json!("01/TrS-UBND"), &json!("1, 3"))
    );
    let path = format!("/api/v1/copies/{}/content", made["id"].as_str().unwrap());
    let file = file(&clerk, &path).await;
    assert_eq!(text::pages(&file).unwrap().len(), 2);
    let said = words(&file);
    assert!(said.contains("/KH-UBND"), "{said}");
    assert_eq!(
        verdict(&office.server.client(), file.clone()).await,
        "TOTAL-PASSED"
    );
    if let Some(folder) = std::env::var_os("COPIES_FOLDER") {
        std::fs::write(std::path::Path::new(&folder).join("trich-sao.pdf"), &file).unwrap();
    }
    assert!(!content(&clerk, &id, "latest").await.is_empty());
    for user in ["chuyenvien", LEADER, "vanthu.sonv", "quantri"] {
        let other = office.server.log_in(user).await;
        let refused = copy(&other, &with(&[("form", "trich_sao"), ("pages", "1")]), None).await;
        assert_eq!(problem(refused, 403).await, "forbidden", "{user}");
    }
    let stranger = office.server.log_in("vanthu.sonv").await;
    assert_eq!(stranger.get(&path).send().await.unwrap().status(), 404);
}

/// An extract of parts of a page shows those parts and nothing else: no word outside them is in the file, seen or hidden.
#[tokio::test]
async fn an_extract_of_parts_of_a_page_leaves_nothing_of_the_rest_in_the_file() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let whole = content(&clerk, &id, "latest").await;
    let pages = text::pages(&whole).unwrap();
    // The line of the subject and what stands above it.
    let head = &pages[0].lines[0].runs[0].rect;
    let regions = json!([
        { "page": 1, "x": 60.0, "y": head.y - 60.0, "width": 480.0, "height": 80.0 },
        { "page": 2, "x": 60.0, "y": 400.0, "width": 480.0, "height": 120.0 },
    ])
    .to_string();
    let of = |regions: String| {
        let parts = [
            ("agency_id", "agency-ubnd".to_owned()),
            ("document_id", id.clone()),
            ("pin", PIN.to_owned()),
            ("form", "trich_sao".to_owned()),
            ("regions", regions),
        ];
        let form = parts
            .into_iter()
            .fold(Form::new(), |form, (name, value)| form.text(name, value));
        clerk.post("/api/v1/copies").multipart(form).send()
    };
    let outside = json!([{ "page": 9, "x": 60.0, "y": 100.0, "width": 80.0, "height": 80.0 }]).to_string();
    assert_eq!(problem(of(outside).await.unwrap(), 422).await, "copy");
    let made = expect(of(regions).await.unwrap(), 201).await;
    assert_eq!(
        (&made["code"], &made["pages"], &made["in_parts"]),
        (&json!("01/TrS-UBND"), &json!("1, 2"), &json!(true))
    );
    let path = format!("/api/v1/copies/{}/content", made["id"].as_str().unwrap());
    let file = file(&clerk, &path).await;
    assert_eq!(
        verdict(&office.server.client(), file.clone()).await,
        "TOTAL-PASSED"
    );
    assert_eq!(text::pages(&file).unwrap().len(), 2);
    // pdftotext finds the lines of the agency's own signature and no word besides.
    let found = crate::judges::words_of(&file);
    let allowed = ["TRÍCH SAO", "Ủy ban nhân dân tỉnh Lam Giang", "+07:00"];
    for line in found.lines().map(str::trim).filter(|line| !line.is_empty()) {
        assert!(allowed.iter().any(|own| line.contains(own)), "{line}");
    }
    // Nor does any stream of the file show text, but those of that signature.
    let read = lopdf::Document::load_mem(&file).unwrap();
    for page in read.get_pages().into_values() {
        let drawn = read.get_page_content(page);
        let drawn = String::from_utf8_lossy(&drawn);
        assert!(
            !drawn.contains("Tj") && !drawn.contains("TJ") && drawn.contains(" Do"),
            "{drawn}"
        );
    }
    for (id, object) in &read.objects {
        let Ok(stream) = object.as_stream() else { continue };
        if stream.dict.get(b"Subtype").and_then(lopdf::Object::as_name).ok() == Some(b"Image") {
            continue;
        }
        let bytes = stream
            .decompressed_content()
            .unwrap_or_else(|_| stream.content.clone());
        for word in ["cải cách", "Nội vụ", "Trần Văn Minh", "KH-UBND"] {
            let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let there = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
            assert!(
                !there(word.as_bytes()) && !there(&wide),
                "{word} stands in {id:?}"
            );
        }
    }
}

#[tokio::test]
async fn copies_of_papers_share_one_sequence_and_take_every_page() {
    let office = Office::open().await;
    let clerk = office.server.log_in("vanthu").await;
    let of = [
        ("agency_id", "agency-ubnd"),
        ("title", "12/QĐ-TTg, Phê duyệt quy hoạch"),
        ("pin", PIN),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&of[..], more].concat();
    let part = copy(&clerk, &with(&[("form", "sao_y"), ("pages", "1")]), Some(paper())).await;
    assert_eq!(problem(part, 422).await, "copy");
    let signed = content(&clerk, &office.sealed().await, "latest").await;
    let signed = copy(&clerk, &with(&[("form", "sao_y")]), Some(signed)).await;
    assert_eq!(
        problem(signed, 422).await,
        "signed-already",
        "no scan of a paper bears a signature"
    );
    let mut codes = Vec::new();
    for form in ["sao_y", "sao_luc", "trich_sao"] {
        let made = expect(copy(&clerk, &with(&[("form", form)]), Some(paper())).await, 201).await;
        codes.push(made["code"].clone());
    }
    assert_eq!(codes, ["01/SY-UBND", "02/SL-UBND", "03/TrS-UBND"]);
}

#[tokio::test]
async fn what_came_to_an_agency_is_extracted_once_it_stands_in_its_register() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    expect(
        act(&clerk, &id, "issue", json!({ "receivers": ["agency-snv"] })).await,
        200,
    )
    .await;
    crate::handling::verified(&office, &id).await;
    let receiver = office.server.log_in("vanthu.sonv").await;
    let dispatch = crate::handling::first(&receiver, "").await;
    let dispatch_id = dispatch.rsplit('/').next().unwrap().to_owned();
    let parts = [
        ("agency_id", "agency-snv"),
        ("dispatch_id", dispatch_id.as_str()),
        ("form", "trich_sao"),
        ("pages", "2"),
        ("pin", PIN),
    ];
    assert_eq!(
        problem(copy(&receiver, &parts, None).await, 404).await,
        "not-found"
    );
    let receipt = format!("{dispatch}/receipt");
    let accepted = receiver
        .post(&receipt)
        .json(&json!({ "answer": "accept" }))
        .send()
        .await
        .unwrap();
    expect(accepted, 200).await;
    // The department's clerk has the department's key; the tests enrol the province's alone.
    let answer = copy(&receiver, &parts, None).await;
    assert_ne!(answer.status(), 404, "it stands in the register now");
}

#[tokio::test]
async fn a_copy_waits_for_its_time_stamp_and_keeps_its_number() {
    let office = Office::open().await;
    let clerk = office.server.log_in("vanthu").await;
    let silent = std::sync::atomic::Ordering::Relaxed;
    office.authority.tsa_is_down.store(true, silent);
    let parts = [
        ("agency_id", "agency-ubnd"),
        ("title", "Giấy"),
        ("form", "sao_y"),
        ("pin", PIN),
    ];
    let waiting = expect(copy(&clerk, &parts, Some(paper())).await, 202).await;
    assert_eq!(
        (&waiting["code"], &waiting["waiting_time_stamp"]),
        (&json!("01/SY-UBND"), &json!(true))
    );
    office.authority.tsa_is_down.store(false, silent);
    office.run_jobs_later().await;
    let clerk = office.server.log_in("vanthu").await;
    let done = get(&clerk, "/api/v1/copies").await;
    assert_eq!(
        (&done["items"][0]["code"], &done["items"][0]["waiting_time_stamp"]),
        (&json!("01/SY-UBND"), &json!(false))
    );
}

#[tokio::test]
async fn copies_get_their_numbers_once_and_without_gap_from_many_clerks_at_once_on_sqlite() {
    numbered_without_gap(&Office::open().await).await;
}

#[tokio::test]
async fn copies_get_their_numbers_once_and_without_gap_from_many_clerks_at_once_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    numbered_without_gap(&Office::open_with(|config| config.database.url = Some(postgres.url())).await).await;
}

async fn numbered_without_gap(office: &Office) {
    let mut clerks = tokio::task::JoinSet::new();
    for at in 0..10 {
        let clerk = office.server.log_in("vanthu").await;
        clerks.spawn(async move {
            let title = format!("{at}/QĐ-TTg");
            // Every third asks with a wrong PIN first: a refusal takes no number.
            let pins = if at % 3 == 0 {
                &["00000000", PIN][..]
            } else {
                &[PIN][..]
            };
            let mut codes = Vec::new();
            for pin in pins {
                let said = [
                    ("agency_id", "agency-ubnd"),
                    ("form", "sao_y"),
                    ("title", title.as_str()),
                    ("pin", pin),
                ];
                let mut form = Form::new();
                for (name, value) in said {
                    form = form.text(name, value.to_owned());
                }
                let form = form.part("file", Part::bytes(paper()).file_name("ban-quet.pdf"));
                let answer = clerk.post("/api/v1/copies").multipart(form).send().await.unwrap();
                match *pin == PIN {
                    true => codes.push(expect(answer, 201).await["code"].as_str().unwrap().to_owned()),
                    false => assert_eq!(problem(answer, 403).await, "wrong-pin"),
                }
            }
            codes
        });
    }
    let mut codes: Vec<String> = clerks.join_all().await.into_iter().flatten().collect();
    codes.sort();
    let expected: Vec<_> = (1..=10).map(|number| format!("{number:02}/SY-UBND")).collect();
    assert_eq!(codes, expected);
}
