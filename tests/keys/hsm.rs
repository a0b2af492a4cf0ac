//! The agency's key in an HSM: it stays there, signs for a clerk who is there and for nobody else, and is found again after the
//! line to it was lost.

use std::time::Duration;

use futures::future::join_all;
use hoian_server::custody::Error;
use hoian_server::domain::id::AgencyId;
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::{audit_entry, signing_key};
use hoian_signer::shell::pkcs11::hsm;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{Key as _, sign_statement};
use hoian_signer::validate::Verdict;
use hoian_tests::Client;
use hoian_tests::hsm::Hsm;
use hoian_tests::signing::{LEADER, Office, PIN, act, content, expect, look, paper, problem};
use hoian_tests::token::TOKEN_PIN;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::judged;

/// The clerk's own, which is neither the program's for the HSM nor that of the key before.
const CLERKS_PIN: &str = "97531864";
const KEY: &[u8] = &[0x0a];

#[tokio::test]
async fn sixteen_seals_at_once_are_sixteen_signatures() {
    let (hsm, office) = house().await;
    bind(&office).await;
    let clerk = office.server.log_in("vanthu").await;
    let made = join_all((0..16).map(|_| copy(&clerk, CLERKS_PIN))).await;
    let mut codes = Vec::new();
    for made in made {
        let made = expect(made, 201).await;
        codes.push(made["code"].as_str().unwrap().to_owned());
        let path = format!("/api/v1/copies/{}/content", made["id"].as_str().unwrap());
        let file = clerk.get(&path).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(judged(&office, &file).verdict, Verdict::TotalPassed);
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 16, "{codes:?}");
    drop(hsm);
}

/// Threads that sign with one key over the sessions of one log-in, and find all of them ended again and again.
#[tokio::test]
async fn every_signature_is_made_once_after_sessions_ended() {
    let (hsm, office) = house().await;
    let settings = hsm.settings();
    let device = hsm::Hsm::new(
        &settings.module,
        &settings.token,
        Zeroizing::new(TOKEN_PIN.to_owned()),
    );
    let own = pkcs12::Key::open(office.authority.pkcs12("hsm"), PIN).unwrap();
    for round in 0..6 {
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let key = device.key(KEY.to_vec(), own.chain().to_vec()).unwrap();
                scope.spawn(move || {
                    for number in 0..10 {
                        // It comes back only where the value verifies under the certificate.
                        let words = format!("{round} {thread} {number}");
                        sign_statement(words.as_bytes(), &key).unwrap();
                    }
                });
            }
        });
        // Between questions: SoftHSM2 frees what another thread may still use.
        hsm.drop_sessions();
    }
}

#[tokio::test]
async fn a_device_that_goes_and_comes_back_costs_no_try_and_no_paper() {
    let (hsm, office) = house().await;
    bind(&office).await;
    let (id, clerk) = numbered(&office).await;
    hsm.drop_sessions();
    assert_eq!(health(&office).await, "good", "a lost session is opened anew");

    let bring_back = hsm.take_away();
    let away = act(&clerk, &id, "seal", json!({ "pin": CLERKS_PIN })).await;
    assert_eq!(problem(away, 503).await, "hsm-away");
    assert_eq!(health(&office).await, "bad");
    let seen = look(&clerk, &id).await;
    assert_eq!(
        (&seen["state"], &seen["key"]["tries_left"]),
        (&json!("numbered"), &json!(5))
    );

    bring_back();
    let sealed = act(&clerk, &id, "seal", json!({ "pin": CLERKS_PIN })).await;
    assert_eq!(expect(sealed, 200).await["state"], "sealed");
    assert_eq!(health(&office).await, "good");
    assert_eq!(
        judged(&office, &content(&clerk, &id, "latest").await).verdict,
        Verdict::TotalPassed
    );
}

#[tokio::test]
async fn it_signs_for_its_clerk_alone_who_is_there_and_knows_the_pin() {
    let (hsm, office) = house().await;
    bind(&office).await;
    let (id, clerk) = numbered(&office).await;
    let seal = async |client: &Client, pin: &str| act(client, &id, "seal", json!({ "pin": pin })).await;

    for (user, status) in [
        (LEADER, 403),
        ("chuyenvien", 403),
        ("quantri", 404),
        ("vanthu.sonv", 404),
    ] {
        let other = office.server.log_in(user).await;
        assert_eq!(seal(&other, CLERKS_PIN).await.status(), status, "{user}");
    }
    // The program's own PIN is none of the clerk's, nor is that of the key before.
    for (pin, left) in [(TOKEN_PIN, 4), (PIN, 3)] {
        assert_eq!(expect(seal(&clerk, pin).await, 403).await["tries_left"], left);
    }
    // A session that was ended at the server signs nothing, whatever it knows.
    let gone = office.server.log_in("vanthu").await;
    let ended = gone
        .request(Method::DELETE, "/api/v1/session")
        .send()
        .await
        .unwrap();
    assert_eq!(ended.status(), 204);
    assert_eq!(seal(&gone, CLERKS_PIN).await.status(), 401);
    assert_eq!(look(&clerk, &id).await["state"], "numbered");
    // The idle end of a session is one as well.
    office.server.clock.advance(Duration::from_secs(61 * 60));
    assert_eq!(seal(&clerk, CLERKS_PIN).await.status(), 401);

    let clerk = office.server.log_in("vanthu").await;
    for left in [2, 1] {
        assert_eq!(
            expect(seal(&clerk, "00000000").await, 403).await["tries_left"],
            left
        );
    }
    assert_eq!(problem(seal(&clerk, "00000000").await, 423).await, "key-locked");
    assert_eq!(problem(seal(&clerk, CLERKS_PIN).await, 423).await, "key-locked");
    assert_eq!(look(&clerk, &id).await["state"], "numbered");
    drop(hsm);
}

#[tokio::test]
async fn nothing_of_the_key_is_in_the_data_and_the_row_says_where_it_is() {
    let (hsm, office) = house().await;
    bind(&office).await;
    let (id, clerk) = numbered(&office).await;
    let sealed = act(&clerk, &id, "seal", json!({ "pin": CLERKS_PIN })).await;
    expect(sealed, 200).await;
    let row = office.app().custody.key_of(&agency_holder()).await.unwrap();
    assert_eq!(row.hsm_key.as_deref(), Some("0a"));
    assert!(
        row.wrapped.len() < 100,
        "a place, not a key: {} bytes",
        row.wrapped.len()
    );
    let settings = hsm.settings();
    let device = hsm::Hsm::new(
        &settings.module,
        &settings.token,
        Zeroizing::new(TOKEN_PIN.to_owned()),
    );
    let held = device.keys(&[]).unwrap();
    assert!(held.len() == 1 && held[0].stays, "{held:?}");
    // Whoever has the settings of the program and the PIN of its token gets the key by no command either.
    assert!(hsm.gives_nothing_of(KEY), "the device gave it out");
    let store = office.app().store.read();
    let told = format!("{:?}", audit_entry::Entity::find().all(store).await.unwrap());
    let rows = format!("{:?}", signing_key::Entity::find().all(store).await.unwrap());
    for pin in [CLERKS_PIN, TOKEN_PIN] {
        assert!(!told.contains(pin) && !rows.contains(pin));
    }
    assert!(told.contains("hsm_key"));
    assert!(!format!("{device:?} {:?}", office.app().config).contains(TOKEN_PIN));
}

#[tokio::test]
async fn what_is_bound_is_judged_first() {
    let (hsm, office) = house().await;
    let custody = &office.app().custody;
    let bound = async |key: &[u8], pin: &str| {
        let agency = AgencyId("agency-ubnd".into());
        custody
            .enrol_hsm_key(&Actor::System, &agency, key, Vec::new(), pin)
            .await
    };
    hsm.import("01", office.authority.pkcs12("agency-snv"), PIN).await;
    hsm.import("02", office.authority.pkcs12("expired"), PIN).await;
    hsm.import("03", office.authority.pkcs12("revoked"), PIN).await;
    hsm.import_extractable("04", office.authority.pkcs12("stranger"), PIN)
        .await;
    hsm.import("05", Office::open().await.authority.pkcs12("hsm"), PIN)
        .await;
    assert!(matches!(
        bound(&[0x01], CLERKS_PIN).await,
        Err(Error::CertificateOfAnother)
    ));
    assert!(matches!(
        bound(&[0x02], CLERKS_PIN).await,
        Err(Error::CertificateExpired(_))
    ));
    assert!(matches!(
        bound(&[0x04], CLERKS_PIN).await,
        Err(Error::HsmKeyLeaves)
    ));
    assert!(matches!(
        bound(&[0x05], CLERKS_PIN).await,
        Err(Error::CertificateUntrusted(_))
    ));
    assert!(matches!(
        bound(&[0x06], CLERKS_PIN).await,
        Err(Error::HsmKeyMissing(_))
    ));
    assert!(matches!(bound(KEY, "12345").await, Err(Error::PinLength { .. })));
    // A certificate that is not of the key: another's stands where the key's own should.
    hsm.import_under_another(
        "07",
        office.authority.pkcs12("stranger"),
        office.authority.pkcs12("hsm"),
        PIN,
    )
    .await;
    assert!(matches!(
        bound(&[0x07], CLERKS_PIN).await,
        Err(Error::SignatureUnfit(_))
    ));
    bound(KEY, CLERKS_PIN).await.unwrap();
    assert!(matches!(
        bound(KEY, CLERKS_PIN).await,
        Err(Error::AlreadyEnrolled)
    ));
}

/// The device counts wrong PINs: a wrong one in the settings must not lock it.
#[tokio::test]
async fn a_wrong_pin_of_the_program_is_tried_once() {
    let hsm = Hsm::begin().await;
    let settings = hsm.settings();
    let wrong = hsm::Hsm::new(
        &settings.module,
        &settings.token,
        Zeroizing::new("00000000".to_owned()),
    );
    let said = [wrong.serial(), wrong.serial()].map(|one| one.unwrap_err().to_string());
    assert!(said[0].contains("refuses the PIN"), "{}", said[0]);
    assert!(said[1].contains("not tried again"), "{}", said[1]);
}

/// An office with an HSM that holds the agency's other key.
async fn house() -> (Hsm, Office) {
    let hsm = Hsm::begin().await;
    let office = Office::open_with(|config| config.hsm = Some(hsm.settings())).await;
    hsm.import("0a", office.authority.pkcs12("hsm"), PIN).await;
    (hsm, office)
}

async fn bind(office: &Office) {
    let custody = &office.app().custody;
    custody
        .enrol_hsm_key(&Actor::System, &agency(), KEY, Vec::new(), CLERKS_PIN)
        .await
        .unwrap();
}

async fn numbered(office: &Office) -> (String, Client) {
    let id = office.signed().await;
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    (id, clerk)
}

/// A certified copy of a scan: sealed by the agency's key, with no step before it.
async fn copy(clerk: &Client, pin: &str) -> reqwest::Response {
    let form = Form::new()
        .text("agency_id", "agency-ubnd")
        .text("form", "sao_y")
        .text("title", "12/QĐ-BNV, Công nhận kết quả")
        .text("pin", pin.to_owned())
        .part("file", Part::bytes(paper()).file_name("ban-quet.pdf"));
    clerk.post("/api/v1/copies").multipart(form).send().await.unwrap()
}

/// How the page shows the HSM.
async fn health(office: &Office) -> String {
    let admin = office.server.log_in("quantri").await;
    let shown: Value = expect(admin.get("/api/v1/admin/health").send().await.unwrap(), 200).await;
    let checks = shown["checks"].as_array().unwrap();
    let hsm = checks.iter().find(|check| check["part"] == "hsm").unwrap();
    hsm["level"].as_str().unwrap().to_owned()
}

fn agency() -> AgencyId {
    AgencyId("agency-ubnd".into())
}

fn agency_holder() -> hoian_server::domain::holder::Holder {
    hoian_server::domain::holder::Holder::Agency(agency())
}
