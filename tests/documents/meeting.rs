//! Papers signed in a meeting: locked to their bytes, signed by several at once without losing one, in the record, judged by others.

use std::sync::atomic::Ordering;

use hoian_server::clock::Clock;
use hoian_server::domain::record;
use hoian_server::store::blob;
use hoian_signer::validate::{Anchor, Kind, Level, Policy, Revocation, validate};
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

    // Once all have signed and the authority answers, its time lies over the whole.
    office.run_jobs_later().await;
    assert_eq!(table.file(&clerk).await, file, "it is still silent");
    office.authority.tsa_is_down.store(false, Ordering::SeqCst);
    office.run_jobs_later().await;
    let chair = office.server.log_in(LEADER).await;
    let secretary = office.server.log_in(OFFICER).await;
    let stamped = table.file(&chair).await;
    assert!(stamped.starts_with(&file) && stamped.len() > file.len());
    judges::accept_stamped(&office.authority.root, &stamped, 3, 2);
    assert_eq!(levels(&office.authority.root, &stamped), [Level::BT; 3]);
    let exported = chair
        .get(&format!("/api/v1/meetings/{}/record", table.meeting))
        .send()
        .await
        .unwrap();
    let report = record::check(&exported.bytes().await.unwrap(), None);
    assert!(report.is_good(), "{report}");
    let signing = &report.meeting.as_ref().unwrap().signings.all[0];
    assert_eq!(signing.file, blob::of(&stamped).0);
    office.run_jobs_later().await;
    let chair = office.server.log_in(LEADER).await;
    assert_eq!(table.file(&chair).await, stamped, "once is enough");

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

/// At which level our validator passes each signature of people, under this root alone.
fn levels(root: &[u8], file: &[u8]) -> Vec<Level> {
    let mut policy = Policy::new(Clock::system().now_utc() + time::Duration::hours(2));
    policy.anchors.push(Anchor::new(root.to_vec(), "test"));
    policy.revocation = Revocation::Ignore;
    let report = validate(file, &policy);
    let signatures = report.signatures.iter().filter(|one| one.kind == Kind::Signature);
    signatures.map(|one| one.level).collect()
}
