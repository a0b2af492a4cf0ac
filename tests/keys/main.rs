//! Keys in custody: five wrong PINs lock, also in parallel; expired, revoked and foreign certificates do not sign.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod desktop;
mod expiry;
mod hsm;
mod remote;
mod token;

use std::sync::atomic::Ordering;

use futures::future::join_all;
use hoian_server::domain::holder::Holder;
use hoian_server::domain::id::AgencyId;
use hoian_server::store::audit::Actor;
use hoian_server::store::entity::signing_key;
use hoian_signer::validate::{Anchor, Policy, Report, validate};
use hoian_tests::signing::{LEADER, Office, PIN, act, expect, look, problem};
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::json;

#[tokio::test]
async fn wrong_pins_are_counted_down_told_and_forgotten_after_the_right_one() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let leader = office.server.log_in(LEADER).await;
    for left in [4, 3] {
        let answer = expect(
            act(&leader, &id, "signature", json!({ "pin": "00000000" })).await,
            403,
        )
        .await;
        assert_eq!(
            (&answer["type"], &answer["tries_left"]),
            (&json!("/problems/wrong-pin"), &json!(left))
        );
    }
    assert_eq!(look(&leader, &id).await["key"]["tries_left"], 3);
    expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 200).await;
    let key = office
        .app()
        .custody
        .key_of(&Holder::Person(office.person(LEADER).await))
        .await
        .unwrap();
    assert_eq!(key.tries_left, 5);
}

#[tokio::test]
async fn a_try_that_a_stop_cut_off_is_given_back_and_a_wrong_one_is_not() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let leader = office.server.log_in(LEADER).await;
    let wrong = act(&leader, &id, "signature", json!({ "pin": "00000000" })).await;
    assert_eq!(problem(wrong, 403).await, "wrong-pin");
    // As it is when the program is gone between taking a try and knowing how it ended.
    let cut_off = signing_key::Entity::update_many()
        .col_expr(signing_key::Column::TriesLeft, Expr::value(0))
        .col_expr(signing_key::Column::TriesOpen, Expr::value(4));
    let store = &office.app().store;
    store.write(async |tx| cut_off.exec(tx).await).await.unwrap();
    let locked = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(locked, 423).await, "key-locked");
    let custody = &office.app().custody;
    custody.give_back_interrupted_tries().await.unwrap();
    assert_eq!(look(&leader, &id).await["key"]["tries_left"], 4);
    expect(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 200).await;
    custody.give_back_interrupted_tries().await.unwrap();
    let key = custody
        .key_of(&Holder::Person(office.person(LEADER).await))
        .await
        .unwrap();
    assert_eq!((key.tries_left, key.tries_open), (5, 0));
}

#[tokio::test]
async fn tries_in_parallel_never_exceed_five_and_then_the_right_pin_is_refused_too() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let leader = office.server.log_in(LEADER).await;
    let wrong = |n: u32| {
        let (leader, id) = (leader.clone(), id.clone());
        async move {
            act(&leader, &id, "signature", json!({ "pin": format!("1111111{n}") }))
                .await
                .status()
                .as_u16()
        }
    };
    let statuses = join_all((0..9).map(wrong)).await;
    let tested = statuses.iter().filter(|status| **status == 403).count();
    assert!(tested <= 5, "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [403, 423].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(
        problem(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 423).await,
        "key-locked"
    );
    assert_eq!(look(&leader, &id).await["state"], "submitted");
}

#[tokio::test]
async fn expired_and_revoked_certificates_do_not_sign_and_cost_no_try() {
    let office = Office::open().await;
    let leader = office.server.log_in(LEADER).await;
    let holder = Holder::Person(office.person(LEADER).await);
    for (alias, name) in [
        ("expired", "certificate-expired"),
        ("revoked", "certificate-revoked"),
    ] {
        let file = office.authority.pkcs12(alias);
        office
            .app()
            .custody
            .enrol_key(&Actor::System, &holder, file, PIN, PIN)
            .await
            .unwrap();
        let id = office.submitted().await;
        assert_eq!(
            problem(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 409).await,
            name
        );
        let seen = look(&leader, &id).await;
        assert_eq!(
            (&seen["state"], &seen["key"]["tries_left"]),
            (&json!("submitted"), &json!(5))
        );
    }
}

/// The responder is asked where no list can be had.
#[tokio::test]
async fn a_revoked_certificate_does_not_sign_while_the_lists_are_down() {
    let office = Office::open().await;
    office.authority.lists_are_down.store(true, Ordering::SeqCst);
    let holder = Holder::Person(office.person(LEADER).await);
    let file = office.authority.pkcs12("revoked");
    let custody = &office.app().custody;
    custody
        .enrol_key(&Actor::System, &holder, file, PIN, PIN)
        .await
        .unwrap();
    let id = office.submitted().await;
    let leader = office.server.log_in(LEADER).await;
    let answer = act(&leader, &id, "signature", json!({ "pin": PIN })).await;
    assert_eq!(problem(answer, 409).await, "certificate-revoked");
}

#[tokio::test]
async fn a_wrapped_key_moved_to_another_row_does_not_open() {
    let office = Office::open().await;
    let id = office.submitted().await;
    let custody = &office.app().custody;
    let agency = custody
        .key_of(&Holder::Agency(AgencyId("agency-ubnd".into())))
        .await
        .unwrap();
    let person = custody
        .key_of(&Holder::Person(office.person(LEADER).await))
        .await
        .unwrap();
    let moved = signing_key::ActiveModel {
        id: sea_orm::ActiveValue::Unchanged(person.id),
        wrapped: sea_orm::ActiveValue::Set(agency.wrapped),
        salt: sea_orm::ActiveValue::Set(agency.salt),
        ..Default::default()
    };
    let write = office
        .app()
        .store
        .write(async |tx| signing_key::Entity::update(moved).exec(tx).await);
    write.await.unwrap();
    let leader = office.server.log_in(LEADER).await;
    assert_eq!(
        problem(act(&leader, &id, "signature", json!({ "pin": PIN })).await, 403).await,
        "wrong-pin"
    );
}

#[tokio::test]
async fn the_database_alone_does_not_open_a_key() {
    let office = Office::open().await;
    let key = office
        .app()
        .custody
        .key_of(&Holder::Person(office.person(LEADER).await))
        .await
        .unwrap();
    let file = office.authority.pkcs12(LEADER);
    assert!(
        !key.wrapped
            .windows(64)
            .any(|window| file.windows(64).next() == Some(window))
    );
    let secret = office.server.folder().join("server.secret");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(secret).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_key_is_enrolled_once_and_its_pin_has_a_length() {
    let office = Office::open().await;
    let (custody, holder) = (
        &office.app().custody,
        Holder::Agency(AgencyId("agency-snv".into())),
    );
    let again = custody
        .enrol_key(&Actor::System, &holder, office.authority.pkcs12(LEADER), PIN, PIN)
        .await;
    assert!(
        matches!(again, Err(hoian_server::custody::Error::AlreadyEnrolled)),
        "{again:?}"
    );
    let short = custody
        .enrol_key(
            &Actor::System,
            &holder,
            office.authority.pkcs12("stranger"),
            PIN,
            "12345",
        )
        .await;
    assert!(
        matches!(short, Err(hoian_server::custody::Error::PinLength { .. })),
        "{short:?}"
    );
    let wrong = custody
        .enrol_key(
            &Actor::System,
            &holder,
            office.authority.pkcs12("stranger"),
            "sai",
            PIN,
        )
        .await;
    assert!(
        matches!(wrong, Err(hoian_server::custody::Error::Signer(_))),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_certificate_is_judged_before_its_key_is_taken_in() {
    let office = Office::open().await;
    let custody = &office.app().custody;
    let leader = Holder::Person(office.person(LEADER).await);
    let agency = Holder::Agency(AgencyId("agency-snv".into()));
    let stranger = Office::open().await;
    let take = async |holder: &Holder, file: &[u8]| {
        custody
            .enrol_judged_key(&Actor::System, holder, file, PIN, PIN)
            .await
    };
    use hoian_server::custody::Error;
    let file = |alias| office.authority.pkcs12(alias);
    let of_another = take(&leader, file("stranger")).await;
    assert!(
        matches!(of_another, Err(Error::CertificateOfAnother)),
        "{of_another:?}"
    );
    let of_another = take(&agency, file("hsm")).await;
    assert!(
        matches!(of_another, Err(Error::CertificateOfAnother)),
        "{of_another:?}"
    );
    let expired = take(&leader, file("expired")).await;
    assert!(
        matches!(expired, Err(Error::CertificateExpired(_))),
        "{expired:?}"
    );
    let revoked = take(&leader, file("revoked")).await;
    assert!(matches!(revoked, Err(Error::CertificateRevoked)), "{revoked:?}");
    let untrusted = take(&leader, stranger.authority.pkcs12("token")).await;
    // Another root of the same name.
    assert!(
        matches!(untrusted, Err(Error::CertificateUnfit(_))),
        "{untrusted:?}"
    );
    take(&leader, file("token")).await.unwrap();
    take(&agency, file("agency-snv")).await.unwrap();
}

/// What our validator finds, with the training authority as its anchor.
fn judged(office: &Office, file: &[u8]) -> Report {
    let mut policy = Policy::new(office.server.clock.now_utc());
    let root = office.authority.root.clone();
    policy.anchors.push(Anchor::new(root, "training"));
    validate(file, &policy)
}
