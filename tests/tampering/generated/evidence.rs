//! Certificates, time-stamps and validation data of others, or taken away.

use hoian_signer::sign::{Key as _, Level};
use hoian_signer::validate::{Anchor, Indication, Modification, Policy, SubIndication, Warning, validate};
use hoian_tests::attacker::{self, update, write};
use hoian_tests::fixture::{self};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::Duration;

use super::Office;

#[test]
fn the_time_stamp_of_another_signature_proves_nothing() {
    let office = Office::open();
    let stamped = |field: &str| {
        let mut request = fixture::request(field, office.pki.leader.algorithm(), office.now);
        request.level = Level::BT;
        fixture::sign(
            &attacker::paper(),
            &request,
            &office.pki.leader,
            &office.pki.time_stamps,
            office.now,
        )
    };
    let (one, other) = (stamped("mot"), stamped("hai"));
    let place = |document: &[u8]| {
        let [start, end, _] = fixture::last_byte_range(document);
        [start, end]
    };
    let swapped = attacker::with_unsigned_attributes_of(
        &attacker::cms(&one, place(&one)),
        &attacker::cms(&other, place(&other)),
    );
    assert!(office.passes(&one).signatures[0].timestamp.is_some());
    let report = office.validate(&attacker::with_cms(&one, place(&one), &swapped));
    let signature = &report.signatures[0];
    assert_eq!(signature.timestamp, None, "{signature:?}");
    let reported = signature.warnings.contains(&Warning::TimeStampNotTrusted);
    assert!(
        reported || signature.indication == Indication::TotalFailed,
        "{signature:?}"
    );
}

#[test]
fn a_certificate_of_the_same_issuer_serial_and_key_is_not_the_signer() {
    let office = Office::open();
    let root_key = KeyPair::generate().unwrap();
    let parameters = |name: &str| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = office.now - Duration::days(1);
        parameters.not_after = office.now + Duration::days(30);
        parameters.serial_number = Some(SerialNumber::from(77_u64));
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        parameters
    };
    let mut root = parameters("Gốc");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root_certificate = root.self_signed(&root_key).unwrap().der().to_vec();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let own = parameters("Chuyên viên")
        .signed_by(&key, &issuer)
        .unwrap()
        .der()
        .to_vec();
    let twin = parameters("Chủ tịch")
        .signed_by(&key, &issuer)
        .unwrap()
        .der()
        .to_vec();
    let key = hoian_signer::shell::pkcs12::Key::from_pkcs8(
        &key.serialize_der(),
        vec![own.clone(), root_certificate.clone()],
    )
    .unwrap();
    let request = fixture::request("lanh_dao", key.algorithm(), office.now);
    let signed = fixture::sign(
        &attacker::paper(),
        &request,
        &key,
        &office.pki.time_stamps,
        office.now,
    );
    let [start, end, _] = fixture::last_byte_range(&signed);
    let cms = attacker::cms(&signed, [start, end]);
    let judge = |certificates: &[Vec<u8>]| {
        let mut policy = Policy::new(office.now);
        policy
            .anchors
            .push(Anchor::new(root_certificate.clone(), "kiểm thử"));
        let changed = attacker::with_cms(
            &signed,
            [start, end],
            &attacker::with_certificates(&cms, certificates),
        );
        validate(&changed, &policy).signatures.remove(0)
    };
    assert_eq!(
        judge(std::slice::from_ref(&own)).indication,
        Indication::TotalPassed
    );
    let confused = judge(std::slice::from_ref(&twin));
    assert_ne!(confused.indication, Indication::TotalPassed);
    assert_eq!(
        confused.sub_indication,
        Some(SubIndication::SigConstraintsFailure)
    );
    assert_ne!(confused.signer.as_deref(), Some("Chủ tịch"));
    // Beside the right one it changes nothing.
    assert_eq!(judge(&[twin, own]).signer.as_deref(), Some("Chuyên viên"));
}

#[test]
fn validation_data_that_was_signed_over_may_not_be_taken_away() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let certificate = "30".to_owned();
    let store = "<</Type/DSS/Certs[151 0 R]>>";
    let with_store = body.replacen("/Type/Catalog", "/Type/Catalog/DSS 150 0 R", 1);
    let changes = [
        write(catalog, with_store.clone()),
        write(150, store),
        write(151, attacker::stream("", &certificate)),
    ];
    let extended = update(&signed, &changes);
    assert_eq!(
        office.passes(&extended).signatures[0].modification,
        Modification::Lta
    );
    let again = office.sign(&extended, "hai", None);
    office.passes(&again);
    let (_, newest) = attacker::newest(&again, "/DSS");
    let without = newest.replace("/DSS 150 0 R", "");
    let report = office.validate(&update(&again, &[write(catalog, without)]));
    let [first, second] = &report.signatures[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        first.indication,
        Indication::TotalPassed,
        "it never covered the store: {first:?}"
    );
    assert!(first.warnings.contains(&Warning::ValidationDataRemoved));
    assert_eq!(second.indication, Indication::TotalFailed, "{second:?}");
    assert!(
        second.reasons[0].contains("evidence-removed: validation data was removed"),
        "{second:?}"
    );
}
