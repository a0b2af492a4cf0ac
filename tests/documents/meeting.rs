//! Papers signed in a meeting: locked to their bytes, signed by several at once without losing one, in the record, judged by others.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoian_server::domain::record;
use hoian_server::store::blob;
use hoian_tests::Client;
use hoian_tests::signing::{LEADER, OFFICER, Office, PARTNER, PIN, content, expect, paper, problem};
use reqwest::Method;
use serde_json::{Value, json};

use crate::judges;
use crate::story::get;

/// A meeting that the chair leads, with a secretary, two delegates, and a paper on its table.
struct Table {
    meeting: String,
    document: String,
    paper: String,
    /// Of chair, department's leader and secretary.
    seats: Vec<Value>,
}

impl Table {
    async fn set(office: &Office) -> Self {
        let chair = office.server.log_in(LEADER).await;
        let member =
            async |user: &str, role: &str| json!({ "person_id": office.person(user).await.0, "role": role });
        let body = json!({
            "title": "Họp thông qua kế hoạch", "quorum": "none",
            "members": [member(OFFICER, "secretary").await, member(PARTNER, "delegate").await, member("vanthu", "delegate").await],
        });
        let called = expect(
            chair.post("/api/v1/meetings").json(&body).send().await.unwrap(),
            201,
        )
        .await;
        let meeting = called["id"].as_str().unwrap().to_owned();
        let secretary = office.server.log_in(OFFICER).await;
        let draft = expect(office.upload(&secretary, paper()).await, 201).await;
        let put = secretary.post(&format!("/api/v1/meetings/{meeting}/papers"));
        let put = put
            .json(&json!({ "document_id": draft["id"] }))
            .send()
            .await
            .unwrap();
        let roll = get(&chair, &format!("/api/v1/meetings/{meeting}/roll")).await;
        let seat = |name: &str| {
            let mut entries = roll["entries"].as_array().unwrap().iter();
            entries.find(|one| one["name"] == name).expect(name)["seat"].clone()
        };
        Self {
            document: draft["id"].as_str().unwrap().to_owned(),
            paper: expect(put, 201).await["id"].as_str().unwrap().to_owned(),
            seats: ["Trần Văn Minh", "Nguyễn Thị Lan", "Phạm Quốc Anh"]
                .map(seat)
                .to_vec(),
            meeting,
        }
    }

    fn path(&self, what: &str) -> String {
        format!("/api/v1/meetings/{}/papers/{}{what}", self.meeting, self.paper)
    }

    async fn open(&self, client: &Client, seats: &[Value]) -> reqwest::Response {
        let body = json!({ "seats": seats });
        client
            .post(&self.path("/signing"))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    async fn sign(&self, client: &Client, pin: &str) -> reqwest::Response {
        let body = json!({ "pin": pin });
        client
            .post(&self.path("/signature"))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    async fn file(&self, client: &Client) -> Vec<u8> {
        let answer = client.get(&self.path("/signed")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap().to_vec()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sign_one_paper_at_once_and_each_signature_stands_in_file_and_record() {
    let office = Office::open().await;
    office.enrol_partner().await;
    let table = Table::set(&office).await;
    let chair = office.server.log_in(LEADER).await;
    let partner = office.server.log_in(PARTNER).await;
    let secretary = office.server.log_in(OFFICER).await;
    let clerk = office.server.log_in("vanthu").await;

    assert_eq!(table.sign(&chair, PIN).await.status(), 404, "nothing is open");
    assert_eq!(table.open(&partner, &table.seats).await.status(), 403);
    for wrong in [vec![], vec![table.seats[0].clone(); 2], vec![json!("nobody")]] {
        assert_eq!(
            problem(table.open(&chair, &wrong).await, 422).await,
            "paper-signatories"
        );
    }
    assert_eq!(table.open(&secretary, &table.seats).await.status(), 204);
    assert_eq!(
        problem(table.open(&chair, &table.seats).await, 409).await,
        "paper-signing"
    );
    let removed = chair
        .request(Method::DELETE, &table.path(""))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(removed, 409).await, "paper-signing");
    assert_eq!(
        table.sign(&clerk, PIN).await.status(),
        403,
        "was not asked to sign"
    );
    assert_eq!(
        problem(table.sign(&chair, "00000000").await, 403).await,
        "wrong-pin"
    );

    let original = content(&secretary, &table.document, "latest").await;
    let prepared = table.file(&chair).await;
    assert!(prepared.starts_with(&original) && prepared.len() > original.len());
    let (one, other) = tokio::join!(table.sign(&chair, PIN), table.sign(&partner, PIN));
    assert_eq!((one.status().as_u16(), other.status().as_u16()), (204, 204));
    let two = table.file(&chair).await;
    assert!(two.starts_with(&prepared));
    assert_eq!(table.sign(&chair, PIN).await.status(), 204, "once is enough");
    assert_eq!(table.file(&chair).await, two);
    // Nobody waits for an authority that is silent.
    office.authority.tsa_is_down.store(true, Ordering::SeqCst);
    assert_eq!(table.sign(&secretary, PIN).await.status(), 204);
    let file = table.file(&clerk).await;
    assert!(file.starts_with(&two));
    judges::accept_stamped(&office.authority.root, &file, 3, 2);

    let exported = chair
        .get(&format!("/api/v1/meetings/{}/record", table.meeting))
        .send()
        .await
        .unwrap();
    let exported = exported.text().await.unwrap();
    let report = record::check(exported.as_bytes(), None);
    assert!(report.is_good(), "{report}");
    let signing = &report.meeting.as_ref().unwrap().signings.all[0];
    assert_eq!((signing.signed(), signing.signatories.len()), (3, 3));
    assert_eq!(signing.digest, blob::of(&original).0, "of what all saw");
    assert_eq!(signing.file, blob::of(&file).0);
    assert_eq!(exported.matches(r#""level":"B-T""#).count(), 2);
    assert_eq!(exported.matches(r#""level":"B-B""#).count(), 1);
    assert!(report.to_string().contains("3 of 3 have signed"), "{report}");

    // Another version of the document is another paper.
    let again = secretary.post(&format!("/api/v1/meetings/{}/papers", table.meeting));
    let again = again
        .json(&json!({ "document_id": table.document }))
        .send()
        .await
        .unwrap();
    let other = Table {
        paper: expect(again, 201).await["id"].as_str().unwrap().to_owned(),
        ..table
    };
    assert_eq!(
        other.sign(&chair, PIN).await.status(),
        404,
        "nobody has opened it"
    );
    let ended = chair
        .request(Method::DELETE, &other.path(""))
        .send()
        .await
        .unwrap();
    assert_eq!(ended.status(), 204);
}

/// Whoever answers signs question, choice and time with their own certificate; OpenSSL judges the signature.
#[tokio::test(flavor = "multi_thread")]
async fn a_ballot_is_signed_by_its_voter_and_checked_by_others() {
    let office = Office::open().await;
    office.enrol_partner().await;
    let chair = office.server.log_in(LEADER).await;
    let until = office.server.clock.now().after(Duration::from_secs(86_400));
    let body = json!({
        "question": "Đồng ý phương án 2?", "people": [office.person(LEADER).await.0, office.person(PARTNER).await.0],
        "closes_at": until.to_string(), "majority": "half_of_called", "is_signed": true,
    });
    let made = expect(
        chair.post("/api/v1/opinions").json(&body).send().await.unwrap(),
        201,
    )
    .await;
    let id = made["id"].as_str().unwrap().to_owned();
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
            "hoian ballot 1\nmeeting: {id}\nvote: 1\nquestion: Đồng ý phương án 2?\nchoice: {}\nvoter: {}\nseat: {}\nat: {}\n",
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
