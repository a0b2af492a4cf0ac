//! The certificates that the office trusts: pinned by what their authority publishes, ended with a reason, by the province's
//! administrator alone; on both databases.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoian_server::custody::certificate::Facts;
use hoian_server::store::entity::audit_entry;
use hoian_tests::{Client, Server};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::asking::{administrator_of_a_department, get, kind, on_both_databases, post};

const ANCHORS: &str = "/api/v1/admin/trust-anchors";

/// A certificate that issues itself, DER.
fn certificate(name: &str, is_authority: bool) -> Vec<u8> {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    parameters.is_ca = match is_authority {
        true => IsCa::Ca(BasicConstraints::Unconstrained),
        false => IsCa::ExplicitNoCa,
    };
    let key = KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().der().to_vec()
}

fn trusting(certificate: &[u8], published: &str, reason: &str) -> Value {
    json!({
        "certificate": STANDARD.encode(certificate), "regime": "government", "standing": "root",
        "published": published, "reason": reason,
    })
}

async fn fingerprints(client: &Client) -> Vec<String> {
    let (status, list) = get(client, ANCHORS).await;
    assert_eq!(status, 200, "{list}");
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["certificate"]["fingerprint"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_root_is_trusted_once_it_is_pinned_and_until_it_is_ended() {
    on_both_databases(async |server: Server| {
        let admin = server.log_in("quantri").await;
        let before = fingerprints(&admin).await;
        let root = certificate("Gốc mới", true);
        let published = Facts::of(&root).unwrap().fingerprint;

        let reading = admin.post(&format!("{ANCHORS}/reading")).body(root.clone());
        let read: Value = reading.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            (&read["fingerprint"], &read["is_self_issued"]),
            (&json!(published), &json!(true))
        );

        let other = Facts::of(&certificate("Gốc khác", true)).unwrap().fingerprint;
        let person = certificate("Nguyễn Văn A", false);
        let own = Facts::of(&person).unwrap().fingerprint;
        for (new, refusal) in [
            (
                trusting(&root, &other, "Công văn 12"),
                "/problems/other-fingerprint",
            ),
            (trusting(&root, "", "Công văn 12"), "/problems/other-fingerprint"),
            (trusting(&root, &published, " "), "/problems/reason-missing"),
            (trusting(&person, &own, "Công văn 12"), "/problems/no-authority"),
            (
                trusting(b"hello", &published, "Công văn 12"),
                "/problems/not-a-certificate",
            ),
        ] {
            assert_eq!(kind(&post(&admin, ANCHORS, new).await), (422, refusal));
        }
        assert_eq!(fingerprints(&admin).await, before);

        let spelled = published.to_uppercase();
        let new = trusting(&root, &spelled, "Công văn 12");
        assert_eq!(post(&admin, ANCHORS, new.clone()).await.0, 201);
        assert_eq!(kind(&post(&admin, ANCHORS, new).await), (409, "/problems/known"));
        let retirement = format!("{ANCHORS}/{published}/retirement");
        assert_eq!(
            kind(&post(&admin, &retirement, json!({ "reason": "" })).await),
            (422, "/problems/reason-missing")
        );
        assert_eq!(
            post(&admin, &retirement, json!({ "reason": "Lộ khóa" })).await.0,
            204
        );
        assert_eq!(
            kind(&post(&admin, &retirement, json!({ "reason": "Lộ khóa" })).await),
            (409, "/problems/ended")
        );
        let unknown = format!("{ANCHORS}/{other}/retirement");
        assert_eq!(
            post(&admin, &unknown, json!({ "reason": "Lộ khóa" })).await.0,
            404
        );

        let (_, list) = get(&admin, ANCHORS).await;
        let rows = list.as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["certificate"]["fingerprint"] == json!(published))
            .unwrap();
        assert_eq!(
            (&row["reason"], &row["retirement_reason"]),
            (&json!("Công văn 12"), &json!("Lộ khóa"))
        );
        assert!(
            row["added_by"].is_string() && row["added_by"] == row["retired_by"],
            "{row}"
        );

        let told = audit_entry::Entity::find()
            .filter(audit_entry::Column::Subject.eq(format!("trust_anchor/{published}")))
            .all(server.app().store.read())
            .await
            .unwrap();
        let told: Vec<_> = told
            .iter()
            .map(|one| (one.action.as_str(), one.detail.contains("Lộ khóa")))
            .collect();
        assert_eq!(
            told,
            [("trust_anchor.enrolled", false), ("trust_anchor.retired", true)]
        );
    })
    .await;
}

#[tokio::test]
async fn who_administers_an_agency_alone_does_not_decide_whom_the_province_trusts() {
    let server = Server::start().await;
    let admin = server.log_in("quantri").await;
    let person = administrator_of_a_department(&server, &admin).await;
    let root = certificate("Gốc", true);
    let published = Facts::of(&root).unwrap().fingerprint;
    let before = fingerprints(&admin).await;
    assert_eq!(get(&person, ANCHORS).await.0, 403);
    assert_eq!(
        post(&person, ANCHORS, trusting(&root, &published, "Lý do"))
            .await
            .0,
        403
    );
    let reading = person
        .request(Method::POST, &format!("{ANCHORS}/reading"))
        .body(root);
    assert_eq!(reading.send().await.unwrap().status(), 403);
    let retirement = format!("{ANCHORS}/{published}/retirement");
    assert_eq!(
        post(&person, &retirement, json!({ "reason": "Lý do" })).await.0,
        403
    );
    assert_eq!(fingerprints(&admin).await, before);
}
