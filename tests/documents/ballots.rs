//! Ballots that their voters sign, the papers that they answer to, and the result as a paper; judged by others.

use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoian_server::domain::record;
use hoian_server::store::blob;
use hoian_tests::Client;
use hoian_tests::binary::doctor_record;
use hoian_tests::paper::keep;
use hoian_tests::signing::{
    LEADER, Office, PARTNER, PIN, SECRETARY, TrainingAuthority, act, content, expect, problem,
};
use serde_json::{Value, json};

use crate::judges;

/// Whoever answers signs question, choice and time with their own certificate; OpenSSL judges the signature.
#[tokio::test(flavor = "multi_thread")]
async fn a_ballot_is_signed_by_its_voter_and_checked_by_others() {
    let office = Office::open().await;
    office.enrol_partner().await;
    let document = office.submitted().await;
    let until = office.server.clock.now().after(Duration::from_secs(86_400));
    let body = json!({
        "question": "Đồng ý phương án 2?", "people": [office.person(LEADER).await.0, office.person(PARTNER).await.0],
        "closes_at": until.to_string(), "majority": "half_of_called", "is_signed": true, "papers": [document],
    });
    let stranger = office.server.log_in("vanthu.sonv").await;
    let refused = stranger
        .post("/api/v1/opinions")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(
        problem(refused, 404).await,
        "not-found",
        "nobody shows what they may not see"
    );
    let chair = office.server.log_in(LEADER).await;
    let made = expect(
        chair.post("/api/v1/opinions").json(&body).send().await.unwrap(),
        201,
    )
    .await;
    let id = made["id"].as_str().unwrap().to_owned();
    let paper = &made["papers"][0];
    let file = content(&chair, &document, "latest").await;
    assert_eq!(paper["digest"], blob::of(&file).0, "locked to its bytes");
    let partner = office.server.log_in(PARTNER).await;
    let shown = format!(
        "/api/v1/meetings/{id}/papers/{}/content",
        paper["id"].as_str().unwrap()
    );
    let read = partner.get(&shown).send().await.unwrap();
    assert_eq!(read.bytes().await.unwrap(), file, "whoever is asked reads it");
    assert_eq!(stranger.get(&shown).send().await.unwrap().status(), 404);
    let more = chair.post(&format!("/api/v1/meetings/{id}/papers"));
    let more = more.json(&json!({ "document_id": document })).send().await;
    assert_eq!(more.unwrap().status(), 404, "nothing is added later");
    let path = format!("/api/v1/opinions/{id}/ballot");
    let cast = async |client: &Client, choice: &str, pin: Option<&str>| {
        let ballot = json!({ "choice": choice, "pin": pin });
        client.post(&path).json(&ballot).send().await.unwrap()
    };
    assert_eq!(
        cast(&chair, "in_favour", None).await.status(),
        403,
        "no ballot without a signature"
    );
    assert_eq!(
        problem(cast(&chair, "in_favour", Some("00000000")).await, 403).await,
        "wrong-pin"
    );
    for choice in ["against", "in_favour"] {
        assert_eq!(cast(&chair, choice, Some(PIN)).await.status(), 200);
    }
    let partner = office.server.log_in(PARTNER).await;
    let over = expect(cast(&partner, "in_favour", Some(PIN)).await, 200).await;
    assert_eq!(over["end"]["outcome"], "carried");
    let exported = chair
        .get(&format!("/api/v1/meetings/{id}/record"))
        .send()
        .await
        .unwrap();
    let exported = exported.text().await.unwrap();
    let report = record::check(exported.as_bytes(), None);
    assert!(report.is_good(), "{report}");
    assert!(
        report.to_string().contains("(open, each ballot signed)"),
        "{report}"
    );

    let mut judged = 0;
    for line in exported
        .lines()
        .filter(|line| line.contains(r#""event":"voted""#))
    {
        let line: Value = serde_json::from_str(line).unwrap();
        let event = &line["entry"]["event"];
        let voter = report.meeting.as_ref().unwrap().votes.all[0]
            .opening
            .voters
            .clone();
        let voter = voter
            .into_iter()
            .find(|one| one.seat.0 == event["voter"].as_str().unwrap());
        let words = format!(
            "hoian ballot 1\nmeeting: {id}\nvote: 1\nquestion: Đồng ý phương án 2?\npaper: {}\nchoice: {}\nvoter: {}\nseat: {}\nat: {}\n",
            paper["digest"].as_str().unwrap(),
            event["choice"].as_str().unwrap(),
            voter.unwrap().name,
            event["voter"].as_str().unwrap(),
            event["signed"]["at"].as_str().unwrap(),
        );
        let cms = STANDARD.decode(event["signed"]["cms"].as_str().unwrap()).unwrap();
        assert!(openssl_accepts(&words, &cms));
        assert!(!openssl_accepts(
            &words
                .replace("in_favour", "against")
                .replace("phương án 2", "phương án 1"),
            &cms
        ));
        judged += 1;
    }
    assert_eq!(judged, 3, "a ballot that was changed is two");
    let said = certificates(&exported, &office.authority.root, 0);
    assert!(
        said.contains("3 signed ballots: each certificate leads to an anchor"),
        "{said}"
    );
    let said = certificates(&exported, &TrainingAuthority::start().await.root, 1);
    assert_eq!(said.matches("NOT TRUSTED").count(), 3, "{said}");
    let (code, said) = doctor_record(exported.as_bytes(), &[]);
    assert_eq!(code, Some(0));
    assert!(said.contains("was not asked (--trust)"), "{said}");
    result(&office, &id).await;
}

/// What the check says where this root alone is trusted.
fn certificates(record: &str, root: &[u8], exit: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.der"), root).unwrap();
    let trust = folder.path().to_str().unwrap();
    let (code, said) = doctor_record(record.as_bytes(), &["--trust", trust]);
    assert_eq!(code, Some(exit), "{said}");
    said
}

/// The result becomes a paper, which the secretary who is named and the chair sign.
async fn result(office: &Office, id: &str) {
    let chair = office.server.log_in(LEADER).await;
    let path = format!("/api/v1/meetings/{id}/outcomes");
    let ask = async |client: &Client, secretary: Option<String>| {
        let wanted = json!({ "paper": "vote_record", "vote": 1, "secretary_id": secretary });
        client.post(&path).json(&wanted).send().await.unwrap()
    };
    assert_eq!(problem(ask(&chair, None).await, 422).await, "meeting-secretary");
    let partner = office.server.log_in(PARTNER).await;
    let secretary = office.person(SECRETARY).await.0;
    assert_eq!(ask(&partner, Some(secretary.clone())).await.status(), 403);
    let chair = office.server.log_in(LEADER).await;
    let drafted = expect(ask(&chair, Some(secretary.clone())).await, 201).await;
    assert_eq!(
        ask(&chair, Some(secretary)).await.status(),
        200,
        "asked twice, there is one"
    );
    let document = drafted["document_id"].as_str().unwrap();
    let officer = office.server.log_in(SECRETARY).await;
    expect(act(&officer, document, "submission", json!({})).await, 200).await;
    expect(
        act(&officer, document, "signature", json!({ "pin": PIN })).await,
        200,
    )
    .await;
    let chair = office.server.log_in(LEADER).await;
    let signed = expect(
        act(&chair, document, "signature", json!({ "pin": PIN })).await,
        200,
    )
    .await;
    assert_eq!(signed["state"], "signed");
    let file = content(&chair, document, "latest").await;
    keep(&file, "bien-ban-lay-y-kien.pdf");
    judges::accept(&office.authority.root, &file);
    let said = judges::words(&file);
    for words in [
        "Kết quả lấy ý kiến",
        "Đồng ý phương án 2?",
        "2 người",
        "Nguyễn Thị Lan",
        "được thông qua",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

fn openssl_accepts(words: &str, cms: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("words"), words).unwrap();
    std::fs::write(at("cms"), cms).unwrap();
    let output = Command::new("openssl")
        .args(["cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-in"])
        .arg(at("cms"))
        .arg("-content")
        .arg(at("words"))
        .args(["-out", "/dev/null"])
        .output()
        .expect("openssl is installed");
    output.status.success()
}
