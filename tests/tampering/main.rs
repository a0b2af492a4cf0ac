//! What an attacker does to a signed file, each time refused: on files signed in the test, and on files of the corpus, which
//! say so where it is absent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod generated;
mod hostile;
mod later;
mod prepared;
mod proper;

use std::path::{Path, PathBuf};

use hoian_signer::validate::{Policy, Report, SubIndication, Verdict, validate};
use time::OffsetDateTime;

#[test]
fn refuses_a_flipped_byte_anywhere_in_the_range() {
    let Some(document) = signed() else { return };
    assert_eq!(verdict(&document), Verdict::TotalPassed);
    // The string itself stands outside the range: it holds certificates nobody signed for, and padding.
    let start = find(&document, b"/Contents <30").expect("a CMS") + b"/Contents ".len();
    let end = start + find(&document[start..], b">").expect("its end");
    for at in (0..document.len())
        .filter(|at| !(start..=end).contains(at))
        .step_by(7)
    {
        let mut changed = document.clone();
        changed[at] ^= 0x04;
        assert_ne!(verdict(&changed), Verdict::TotalPassed, "byte {at}");
    }
}

/// Somebody signed, though not this; where the signed attributes were changed as well, nobody is known to have.
#[test]
fn names_who_signed_other_content_and_nobody_where_the_attributes_do_not_stand() {
    let Some(document) = signed() else { return };
    let mut changed = document.clone();
    changed[find(&document, b"stream").expect("a stream") + 20] ^= 0x04;
    let report = &report(&changed).signatures[0];
    assert_eq!(report.sub_indication, Some(SubIndication::HashFailure));
    let genuine = &self::report(&document).signatures[0];
    assert!(genuine.signer.is_some());
    assert_eq!(report.signer, genuine.signer);
    assert!(
        report.regime.is_none() && report.chain.is_empty(),
        "nobody has judged his certificate"
    );
    // OID 1.2.840.113549.1.9.4; the first digits of the digest stand behind a SET and an OCTET STRING.
    let attribute = b"06092a864886f70d010904";
    let at = find(&document.to_ascii_lowercase(), attribute).expect("a message digest");
    let digit = &mut changed[at + attribute.len() + 8];
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    let report = &self::report(&changed).signatures[0];
    assert_eq!(report.sub_indication, Some(SubIndication::HashFailure));
    assert_eq!((&report.signer, &report.certificate), (&None, &None));
}

#[test]
fn refuses_bytes_outside_every_revision() {
    let Some(document) = signed() else { return };
    for tail in [
        "1 0 obj\n<<>>\nendobj\n",
        "%%EOF\n",
        "startxref\n0\n%%EOF\n",
        "hidden",
    ] {
        let changed = [&document[..], tail.as_bytes()].concat();
        assert_ne!(verdict(&changed), Verdict::TotalPassed, "{tail}");
    }
}

#[test]
fn refuses_tricks_with_the_byte_range() {
    let Some(document) = signed() else { return };
    let at = find(&document, b"/ByteRange").expect("a signature");
    let open = at + find(&document[at..], b"[").expect("its range");
    for (from, to) in [(b'0', b'1'), (b'0', b'-'), (b'0', b'.')] {
        let mut changed = document.clone();
        let digit = open
            + document[open..]
                .iter()
                .position(|byte| *byte == from)
                .expect("a digit");
        changed[digit] = to;
        assert_ne!(
            verdict(&changed),
            Verdict::TotalPassed,
            "{} for {}",
            char::from(to),
            char::from(from)
        );
    }
}

fn verdict(document: &[u8]) -> Verdict {
    report(document).verdict
}

fn report(document: &[u8]) -> Report {
    let mut policy = Policy::new(OffsetDateTime::from_unix_timestamp(1_600_000_000).expect("a moment"));
    policy.trust_embedded = true;
    validate(document, &policy)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn signed() -> Option<Vec<u8>> {
    let corpus = corpus()?;
    let file = std::fs::read(corpus.join("pyhanko/test_basic_validate-rsa-regular-__938fc243.pdf"));
    Some(file.expect("a file of the corpus"))
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let corpus = std::env::var_os("HOIAN_CORPUS").map_or(beside, PathBuf::from);
    let is_there = corpus.join("manifest.tsv").is_file();
    if !is_there {
        eprintln!("SKIPPED: no corpus; set HOIAN_CORPUS to its folder");
    }
    is_there.then_some(corpus)
}
