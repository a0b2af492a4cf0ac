//! A key on a token at its holder's own PC: the host is the real one, over its pipes, and so is the window of the PIN.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::future::join;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{Key as _, unsigned_document, unsigned_statement};
use hoian_signer::validate::{Level, Verdict};
use hoian_tests::Client;
use hoian_tests::signing::{LEADER, Office, PIN, act, content, expect, look, problem};
use hoian_tests::token::{Display, Host, TOKEN_PIN, Token};
use serde_json::{Value, json};

use crate::judged;

const KEY: &str = "/api/v1/session/signing-key";

#[tokio::test]
async fn a_leader_enrols_a_token_and_signs_with_it() {
    let office = Office::open().await;
    let (token, display) = at_a_pc(&office).await;
    let origin = office.server.origin();
    let mut host = Host::start(&token, &display, &[&origin]);
    let leader = office.server.log_in(LEADER).await;
    let before = expect(leader.get(KEY).send().await.unwrap(), 200).await;
    assert_eq!(before["on_token"], false);

    let listed = host.ask(&origin, json!("certificates")).await.unwrap();
    let certificate = &listed["certificates"][0];
    assert_eq!(certificate["subject"], "Trần Văn Minh");
    let offered = json!({ "chain": certificate["chain"], "algorithm": certificate["algorithm"] });
    let asked = expect(post(&leader, &format!("{KEY}/requests"), &offered).await, 201).await;
    let (signed, ()) = join(host.sign(&origin, &asked["word"]), display.enter(TOKEN_PIN)).await;
    let path = format!("{KEY}/requests/{}/signature", text(&asked["id"]));
    let key = expect(
        post(&leader, &path, &json!({ "signature": signed.unwrap() })).await,
        200,
    )
    .await;
    assert_eq!(key["on_token"], true);
    assert_ne!(key["serial"], before["serial"]);

    let id = office.submitted().await;
    assert_eq!(look(&leader, &id).await["key"], key);
    // The key that was kept here before signs no more.
    let kept = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(kept, 409).await, "key-elsewhere");
    let asked = ask(&leader, &id).await;
    let (signed, ()) = join(host.sign(&origin, &asked["word"]), display.enter(TOKEN_PIN)).await;
    let signature = json!({ "signature": signed.unwrap() });
    let after = expect(bring(&leader, &id, &asked, &signature).await, 200).await;
    assert_eq!(after["state"], "signed");

    let file = content(&leader, &id, "latest").await;
    let report = judged(&office, &file);
    assert_eq!(report.verdict, Verdict::TotalPassed, "{report:#?}");
    assert_eq!(report.signatures[0].level, Level::BT);

    // Both addresses are used up.
    assert_eq!(
        host.sign(&origin, &asked["word"]).await.unwrap_err()["kind"],
        "request-over"
    );
    assert_eq!(
        problem(bring(&leader, &id, &asked, &signature).await, 410).await,
        "signature-request-over"
    );
    // And the paper goes its way.
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    let sealed = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 200).await;
    assert_eq!(sealed["state"], "sealed");
}

#[tokio::test]
async fn wrong_pins_are_counted_a_closed_window_is_no_signature_and_a_pulled_token_is_told() {
    let office = Office::open().await;
    let (token, display) = at_a_pc(&office).await;
    let origin = office.server.origin();
    let mut host = Host::start(&token, &display, &[&origin]);
    let leader = office.server.log_in(LEADER).await;
    enrol(&office, &leader).await;
    let id = office.submitted().await;

    let asked = ask(&leader, &id).await;
    let typed = async {
        for _ in 0..3 {
            display.enter("00000000").await;
        }
    };
    let (refused, ()) = join(host.sign(&origin, &asked["word"]), typed).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        (&refused["kind"], &refused["wrong"]),
        (&json!("wrong-pin"), &json!(3))
    );

    let asked = ask(&leader, &id).await;
    let (refused, ()) = join(host.sign(&origin, &asked["word"]), display.cancel()).await;
    assert_eq!(refused.unwrap_err()["kind"], "cancelled");

    // Once wrong, then right.
    let asked = ask(&leader, &id).await;
    let typed = async {
        display.enter("00000000").await;
        display.enter(TOKEN_PIN).await;
    };
    let (signed, ()) = join(host.sign(&origin, &asked["word"]), typed).await;
    assert!(signed.unwrap().is_string());

    let asked = ask(&leader, &id).await;
    let pulled = async {
        display.window().await;
        token.pull();
        display.enter(TOKEN_PIN).await;
    };
    let (refused, ()) = join(host.sign(&origin, &asked["word"]), pulled).await;
    assert_eq!(refused.unwrap_err()["kind"], "token-gone");
    assert_eq!(look(&leader, &id).await["state"], "submitted");
}

#[tokio::test]
async fn only_listed_pages_are_served_and_none_says_what_is_signed() {
    let office = Office::open().await;
    let (token, display) = at_a_pc(&office).await;
    let origin = office.server.origin();
    let mut host = Host::start(&token, &display, &[&origin]);
    let leader = office.server.log_in(LEADER).await;
    enrol(&office, &leader).await;
    let id = office.submitted().await;
    let asked = ask(&leader, &id).await;
    for other in ["https://evil.vn", "http://127.0.0.1:1", "null"] {
        for command in [
            json!("status"),
            json!("certificates"),
            json!({ "sign": { "word": asked["word"] } }),
        ] {
            let refused = host.ask(other, command).await.unwrap_err();
            assert_eq!(refused["kind"], "origin-refused", "{other}");
        }
    }
    // A page names a request, and neither a hash nor an address.
    for command in [
        json!({ "sign": { "word": asked["word"], "hash": "00" } }),
        json!({ "sign": { "word": asked["word"], "address": "http://evil.vn" } }),
        json!({ "sign": { "hash": "00" } }),
    ] {
        host.say(&json!({ "id": 9, "origin": origin, "command": command }))
            .await;
        assert_eq!(host.hear().await["refusal"]["kind"], "malformed");
    }
    for word in ["../../../evil", "", "a", &URL_SAFE_NO_PAD.encode([0; 31])] {
        let refused = host.sign(&origin, &json!(word)).await.unwrap_err();
        assert_eq!(refused["kind"], "malformed", "{word}");
    }
    let nobodys = json!(URL_SAFE_NO_PAD.encode([7; 32]));
    assert_eq!(
        host.sign(&origin, &nobodys).await.unwrap_err()["kind"],
        "request-over"
    );
    // None of this has spent the request.
    let opened = open(&office, &asked["word"]).await;
    assert_eq!(opened.status(), 200);
}

/// A server that hands out something else than it should does not get it signed.
#[tokio::test]
async fn the_host_signs_only_a_document_that_is_covered_whole() {
    let office = Office::open().await;
    let (token, display) = at_a_pc(&office).await;
    let leader = office.server.log_in(LEADER).await;
    enrol(&office, &leader).await;
    let id = office.submitted().await;
    let asked = ask(&leader, &id).await;
    let opened = open(&office, &asked["word"]).await;
    let head = opened.headers()["hoian-signature-request"].clone();
    let file = opened.bytes().await.unwrap().to_vec();
    let longer = [&file[..], b"\n"].concat();
    let without = office.authority.root.clone();
    for wrong in [longer, without, b"%PDF-1.7".to_vec()] {
        let (head, body) = (head.clone(), wrong);
        // The question is read to its end: who answers before would cut the line.
        let answer = move |_: axum::body::Bytes| {
            let answer = ([("hoian-signature-request", head.clone())], body.clone());
            async move { answer }
        };
        let routes =
            axum::Router::new().route("/api/v1/signature-requests/opening", axum::routing::post(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let mut host = Host::start(&token, &display, &[&origin]);
        let word = json!(URL_SAFE_NO_PAD.encode([7; 32]));
        assert_eq!(
            host.sign(&origin, &word).await.unwrap_err()["kind"],
            "document-refused"
        );
    }
}

#[tokio::test]
async fn a_request_is_of_one_session_one_document_and_some_minutes() {
    let office = Office::open().await;
    let leader = office.server.log_in(LEADER).await;
    enrol(&office, &leader).await;
    let id = office.submitted().await;
    let over = "signature-request-over";

    // Another session of the same person brings nothing.
    let asked = ask(&leader, &id).await;
    let signature = signed(&office, &asked).await;
    let elsewhere = office.server.log_in(LEADER).await;
    assert_eq!(
        problem(bring(&elsewhere, &id, &asked, &signature).await, 410).await,
        over
    );
    // Nor does the signature of one document count for another.
    let other = office.submitted().await;
    assert_eq!(
        problem(bring(&leader, &other, &asked, &signature).await, 410).await,
        over
    );
    // What is no signature over it is refused, and the right one still counts.
    let wrong = json!({ "signature": STANDARD.encode(b"wrong") });
    assert_eq!(
        problem(bring(&leader, &id, &asked, &wrong).await, 422).await,
        "signature-unfit"
    );
    // Of two at once one counts.
    let (one, two) = join(
        bring(&leader, &id, &asked, &signature),
        bring(&leader, &id, &asked, &signature),
    )
    .await;
    let mut statuses = [one.status().as_u16(), two.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!([409, 410].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(look(&leader, &id).await["state"], "signed");

    // One that was never opened brings nothing; a newer one ends it.
    let first = ask(&leader, &other).await;
    assert_eq!(
        problem(bring(&leader, &other, &first, &wrong).await, 410).await,
        over
    );
    let second = ask(&leader, &other).await;
    assert_eq!(problem(open(&office, &first["word"]).await, 410).await, over);
    // A step taken meanwhile ends it.
    let signature = signed(&office, &second).await;
    let back = act(&leader, &other, "return", json!({ "reason": "Xin sửa lại" })).await;
    expect(back, 200).await;
    assert_eq!(bring(&leader, &other, &second, &signature).await.status(), 409);
    // Minutes later, or without the session that asked, it does not open.
    let third = office.submitted().await;
    let late = ask(&leader, &third).await;
    office.server.clock.advance(Duration::from_secs(301));
    assert_eq!(problem(open(&office, &late["word"]).await, 410).await, over);
    let late = ask(&leader, &third).await;
    let end = leader.request(reqwest::Method::DELETE, "/api/v1/session");
    end.send().await.unwrap();
    assert_eq!(problem(open(&office, &late["word"]).await, 410).await, over);
    // Nobody asks for another's signature.
    let officer = office.server.log_in("chuyenvien").await;
    let refused = post(
        &officer,
        &format!("/api/v1/documents/{third}/signature-requests"),
        &json!({}),
    )
    .await;
    assert!(
        [403, 409].contains(&refused.status().as_u16()),
        "{}",
        refused.status()
    );
}

#[tokio::test]
async fn a_key_kept_here_signs_here() {
    let office = Office::open().await;
    let leader = office.server.log_in(LEADER).await;
    let id = office.submitted().await;
    let path = format!("/api/v1/documents/{id}/signature-requests");
    assert_eq!(
        problem(post(&leader, &path, &json!({})).await, 409).await,
        "key-here"
    );
}

#[tokio::test]
async fn only_a_trusted_certificate_of_ones_own_name_is_enrolled() {
    let office = Office::open().await;
    let leader = office.server.log_in(LEADER).await;
    for (alias, name) in [
        ("stranger", "certificate-of-another"),
        ("revoked", "certificate-revoked"),
        ("expired", "certificate-expired"),
        (LEADER, "already-enrolled"),
    ] {
        let key = key(&office, alias);
        let answer = post(&leader, &format!("{KEY}/requests"), &offered(&key)).await;
        assert_eq!(problem(answer, 409).await, name, "{alias}");
    }
    let pair = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "Trần Văn Minh");
    let own = parameters.self_signed(&pair).unwrap();
    let offered = json!({ "chain": [STANDARD.encode(own.der())], "algorithm": "ecdsa-p256-sha256" });
    let answer = post(&leader, &format!("{KEY}/requests"), &offered).await;
    assert_eq!(problem(answer, 409).await, "certificate-untrusted");

    // A certificate without its key proves nothing.
    let (own, strangers) = (key(&office, "token"), key(&office, "stranger"));
    let asked = post(&leader, &format!("{KEY}/requests"), &self::offered(&own)).await;
    let asked = expect(asked, 201).await;
    let words = open(&office, &asked["word"]).await.bytes().await.unwrap();
    let unsigned = unsigned_statement(&words, own.algorithm(), &own.chain()[0]).unwrap();
    let wrong = STANDARD.encode(strangers.sign(&unsigned.signed_attributes).unwrap());
    let path = format!("{KEY}/requests/{}/signature", text(&asked["id"]));
    let answer = post(&leader, &path, &json!({ "signature": wrong })).await;
    assert_eq!(problem(answer, 422).await, "signature-unfit");
    assert_eq!(
        expect(leader.get(KEY).send().await.unwrap(), 200).await["on_token"],
        false
    );
}

/// The token of [`LEADER`], and a screen.
async fn at_a_pc(office: &Office) -> (Token, Display) {
    let token = Token::with(office.authority.pkcs12("token"), PIN).await;
    (token, Display::open().await)
}

/// Enrols the key that is on the token, which this test holds too.
async fn enrol(office: &Office, leader: &Client) {
    let key = key(office, "token");
    let asked = post(leader, &format!("{KEY}/requests"), &offered(&key)).await;
    let asked = expect(asked, 201).await;
    let words = open(office, &asked["word"]).await.bytes().await.unwrap();
    let unsigned = unsigned_statement(&words, key.algorithm(), &key.chain()[0]).unwrap();
    let signature = STANDARD.encode(key.sign(&unsigned.signed_attributes).unwrap());
    let path = format!("{KEY}/requests/{}/signature", text(&asked["id"]));
    expect(post(leader, &path, &json!({ "signature": signature })).await, 200).await;
}

/// The signature that a request asks for, made as the host makes it.
async fn signed(office: &Office, asked: &Value) -> Value {
    let key = key(office, "token");
    let file = open(office, &asked["word"]).await.bytes().await.unwrap();
    let unsigned = unsigned_document(&file, key.algorithm(), &key.chain()[0]).unwrap();
    let digest: String = unsigned
        .message_digest
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(asked["digest"], digest);
    json!({ "signature": STANDARD.encode(key.sign(&unsigned.signed_attributes).unwrap()) })
}

fn key(office: &Office, alias: &str) -> pkcs12::Key {
    pkcs12::Key::open(office.authority.pkcs12(alias), PIN).unwrap()
}

fn offered(key: &pkcs12::Key) -> Value {
    let chain: Vec<String> = key.chain().iter().map(|der| STANDARD.encode(der)).collect();
    json!({ "chain": chain, "algorithm": key.algorithm().name() })
}

async fn ask(leader: &Client, id: &str) -> Value {
    let path = format!("/api/v1/documents/{id}/signature-requests");
    expect(post(leader, &path, &json!({})).await, 201).await
}

async fn bring(leader: &Client, id: &str, asked: &Value, signature: &Value) -> reqwest::Response {
    let request = text(&asked["id"]);
    post(
        leader,
        &format!("/api/v1/documents/{id}/signature-requests/{request}/signature"),
        signature,
    )
    .await
}

/// Opens a request as the host does, without a session.
async fn open(office: &Office, word: &Value) -> reqwest::Response {
    let body = json!({ "word": word });
    post(
        &office.server.client(),
        "/api/v1/signature-requests/opening",
        &body,
    )
    .await
}

async fn post(client: &Client, path: &str, body: &Value) -> reqwest::Response {
    client.post(path).json(body).send().await.unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
