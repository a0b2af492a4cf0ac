//! Past validation and proofs of existence (EN 319 102-1, 5.5 and 5.6): each sub-indication by what brings it about.

use hoian_signer::cms::oid;
use hoian_signer::validate::{
    Anchor, Indication, Level, Modification, ObjectKind, Reason, Revocation, RevocationStatus, SubIndication,
    Verdict, Warning,
};
use time::OffsetDateTime;
use time::macros::datetime;

use super::office::{ENDED, FOUNDED, ISSUED, LONG, NOW, Office, PERSON, ROOT, SIGNED, is, passes};
use super::world::{self, Holder, Word, first, policy, sign, stamp, store};

use Indication::{Indeterminate, TotalFailed};
use Revocation::{IfAvailable, Require};

#[test]
fn an_expired_certificate_of_which_nothing_is_known_is_out_of_bounds_without_a_proof() {
    let office = Office::with(PERSON);
    is(
        &office.judge(&office.signed(), IfAvailable),
        Indeterminate,
        SubIndication::OutOfBoundsNoPoe,
    );
    passes(&office.judge(&office.stamped(), IfAvailable));
    passes(&office.judge(&office.stamped(), Revocation::Ignore));
    // Where a status is asked for, having been in time is not enough (5.5.4, 4) b)).
    is(
        &office.judge(&office.stamped(), Require),
        Indeterminate,
        SubIndication::OutOfBoundsNoPoe,
    );
}

#[test]
fn who_signs_before_or_after_the_life_of_the_certificate_fails_where_that_is_proven() {
    let office = Office::with(PERSON);
    let expired = office.stamped_later(ENDED + time::Duration::DAY);
    is(
        &office.judge(&expired, IfAvailable),
        TotalFailed,
        SubIndication::Expired,
    );
    let early = sign(
        &office.signer.key,
        Some(&office.stamps),
        ISSUED - time::Duration::DAY,
    );
    for now in [NOW, SIGNED] {
        is(
            &office.judge_at(&early, IfAvailable, now),
            TotalFailed,
            SubIndication::NotYetValid,
        );
    }
    // Clocks differ by minutes.
    let on_time = sign(
        &office.signer.key,
        Some(&office.stamps),
        ISSUED - time::Duration::MINUTE,
    );
    passes(&office.judge_at(&on_time, IfAvailable, SIGNED));
}

#[test]
fn time_stamps_in_a_wrong_order_are_a_failure_of_their_order() {
    let office = Office::with(LONG);
    let later = office.stamped_later(SIGNED + time::Duration::DAY);
    is(
        &office.judge(&stamp(&later, &office.stamps, SIGNED), IfAvailable),
        Indeterminate,
        SubIndication::TimestampOrderFailure,
    );
    let behind = stamp(&office.stamped(), &office.stamps, SIGNED - time::Duration::DAY);
    is(
        &office.judge(&behind, IfAvailable),
        Indeterminate,
        SubIndication::TimestampOrderFailure,
    );
    passes(&office.judge(
        &stamp(&office.stamped_later(SIGNED), &office.stamps, SIGNED),
        IfAvailable,
    ));
}

#[test]
fn weak_algorithms_of_a_chain_count_until_they_could_be_forged() {
    let span = (FOUNDED, ROOT.1);
    let root = Holder::root("Gốc", span);
    let signer = root.person("Hà", span, |_| {});
    let stamps = root.time_stamps("Cấp dấu thời gian", span);
    let weak = world::signed_anew(&signer.der(), &root, oid::ECDSA_SHA1, "-sha1");
    let key = signer.with_certificate(weak);
    let (strong, forged) = (datetime!(2019-06-01 00:00 UTC), datetime!(2022-06-01 00:00 UTC));
    let policy = policy(&root, NOW);
    let report = first(&sign(&key, Some(&stamps), strong), &policy);
    passes(&report);
    assert!(report.warnings.contains(&Warning::WeakAlgorithm));
    for document in [
        sign(&key, None, strong),
        sign(&key, Some(&stamps), forged),
        world::with_content_time_stamp(&sign(&key, None, strong), &key, &stamps, strong),
    ] {
        is(
            &first(&document, &policy),
            Indeterminate,
            SubIndication::CryptoConstraintsFailureNoPoe,
        );
    }
    let after = world::with_content_time_stamp(&sign(&key, None, forged), &key, &stamps, forged);
    is(
        &first(&after, &policy),
        Indeterminate,
        SubIndication::CryptoConstraintsFailure,
    );
}

/// An answer about the signer of two days after signing, kept in the file under a time-stamp of the day after that; the
/// authority above is asked now.
#[test]
fn time_slides_down_the_chain_to_what_is_proven_of_each_certificate() {
    let office = Office::with(PERSON);
    let day = time::Duration::DAY;
    let above = Word::good(NOW - day).list(&office.root, &office.issuing);
    let kept = |word: Word, proven: Option<OffsetDateTime>| {
        let document = store(&office.stamped(), 150, &[office.says(word)], &[]);
        proven.map_or(document.clone(), |proven| {
            stamp(&document, &office.stamps, proven)
        })
    };
    let judge = |document: &[u8], lists: &[Vec<u8>]| {
        let mut policy = office.policy(NOW);
        policy.revocation = Require;
        policy.revocation_lists.extend_from_slice(lists);
        first(document, &policy)
    };
    let good = Word::good(SIGNED + 2 * day);
    let fresh = std::slice::from_ref(&above);
    let report = judge(&kept(good, Some(SIGNED + 3 * day)), fresh);
    passes(&report);
    assert_eq!(report.revocation, RevocationStatus::Good);
    assert_eq!(report.level, Level::BLTA);
    // Given before the signature was proven, it says nothing of the time after.
    let before = Word::good(SIGNED - 8 * day);
    is(
        &judge(&kept(before, Some(SIGNED + 3 * day)), fresh),
        Indeterminate,
        SubIndication::OutOfBoundsNoPoe,
    );
    // With nothing current about the authority above, trust in it ends with its last list: what is said of the signer must
    // be proven by then.
    let stale = Word::good(SIGNED + 4 * day).list(&office.root, &office.issuing);
    let stale = std::slice::from_ref(&stale);
    passes(&judge(&kept(good, Some(SIGNED + 3 * day)), stale));
    let late = judge(&kept(good, Some(SIGNED + 5 * day)), stale);
    assert_eq!(late.indication, Indeterminate, "{late:#?}");
    assert!(
        late.reasons[0].contains("is proven to have been known"),
        "{late:#?}"
    );
    let unproven = judge(&kept(good, None), stale);
    assert_eq!(unproven.indication, Indeterminate, "{unproven:#?}");
    // And where nothing is said of it at all, nothing follows.
    let silent = judge(&kept(good, Some(SIGNED + 3 * day)), &[]);
    assert_eq!(silent.indication, Indeterminate, "{silent:#?}");
}

#[test]
fn the_level_is_archival_only_where_a_time_stamp_covers_the_validation_data() {
    let office = Office::with(LONG);
    let answers = [office.says(Word::good(SIGNED + time::Duration::HOUR))];
    let day = time::Duration::DAY;
    let plain = office.signed();
    assert_eq!(office.judge(&plain, IfAvailable).level, Level::BB);
    // By a document time-stamp: B-T.
    let stamped = stamp(&plain, &office.stamps, SIGNED);
    let report = office.judge(&stamped, IfAvailable);
    assert_eq!(
        (report.level, report.modification),
        (Level::BT, Modification::Lta)
    );
    // Validation data behind it: B-LT, and the next time-stamp covers them.
    let kept = store(&stamped, 150, &answers, &[]);
    assert_eq!(office.judge(&kept, IfAvailable).level, Level::BLT);
    let closed = stamp(&kept, &office.stamps, SIGNED + day);
    let report = office.judge(&closed, IfAvailable);
    assert_eq!(
        (report.level, report.modification),
        (Level::BLTA, Modification::Lta)
    );
    assert!(!report.warnings.contains(&Warning::ChangedLater), "{report:#?}");
    // What is added later needs a time-stamp of its own, what was covered stays covered.
    let more = [office.says(Word::good(NOW - day))];
    let grown = store(&closed, 170, &more, &[]);
    assert_eq!(office.judge(&grown, IfAvailable).level, Level::BLTA);
    // Long after: the answers were good when it was signed.
    let late = datetime!(2026-12-30 00:00 UTC);
    assert_eq!(office.judge_at(&kept, IfAvailable, late).level, Level::BLT);
}

#[test]
fn a_document_time_stamp_is_judged_by_the_ones_after_it() {
    let root = Holder::root("Gốc", ROOT);
    let signer = root.person("Hà", LONG, |_| {});
    let short = root.time_stamps("Cấp dấu thời gian cũ", PERSON);
    let long = root.time_stamps("Cấp dấu thời gian", ROOT);
    let document = sign(&signer.key, None, SIGNED);
    let once = stamp(&document, &short, SIGNED);
    let policy = policy(&root, NOW);
    let report = world::judge(&once, &policy);
    is(
        &report.signatures[1],
        Indeterminate,
        SubIndication::OutOfBoundsNoPoe,
    );
    assert_eq!(report.signatures[0].timestamp, None);
    let renewed = stamp(&once, &long, ENDED - time::Duration::DAY);
    let report = world::judge(&renewed, &policy);
    assert_eq!(report.verdict, Verdict::TotalPassed, "{report:#?}");
    assert_eq!(report.signatures[0].timestamp, Some(SIGNED));
    let too_late = stamp(&once, &long, ENDED + time::Duration::DAY);
    let report = world::judge(&too_late, &policy);
    is(
        &report.signatures[1],
        Indeterminate,
        SubIndication::OutOfBoundsNoPoe,
    );
}

#[test]
fn signed_attributes_of_cades_stand_in_the_order_of_der() {
    let office = Office::with(LONG);
    let turned = world::with_attributes_turned(&office.signed(), &office.signer.key);
    let report = office.judge(&turned, IfAvailable);
    is(&report, TotalFailed, SubIndication::HashFailure);
    assert_eq!(report.codes[0], Reason::AttributesOutOfOrder, "{report:#?}");
}

#[test]
fn the_report_keeps_what_was_at_hand_and_since_when_it_is_proven_to_exist() {
    let office = Office::with(LONG);
    let (response, list) = (
        office.says(Word::good(SIGNED)),
        Word::good(SIGNED).list(&office.root, &office.issuing),
    );
    let kept = store(
        &office.stamped(),
        150,
        std::slice::from_ref(&response),
        std::slice::from_ref(&list),
    );
    let proven = SIGNED + time::Duration::DAY;
    let document = stamp(&kept, &office.stamps, proven);
    let mut policy = office.policy(NOW);
    assert!(world::judge(&document, &policy).objects.is_empty());
    policy.keep_objects = true;
    policy
        .revocation_lists
        .push(Word::good(NOW).list(&office.root, &office.issuing));
    let report = world::judge(&document, &policy);
    let since = |der: &[u8]| {
        let found = report.objects.iter().find(|one| one.der == der);
        found.map(|one| (one.kind, one.existed_at))
    };
    assert_eq!(since(&response), Some((ObjectKind::OcspResponse, proven)));
    assert_eq!(since(&list), Some((ObjectKind::RevocationList, proven)));
    assert_eq!(
        since(&office.signer.der()),
        Some((ObjectKind::Certificate, proven))
    );
    assert_eq!(
        since(&policy.revocation_lists[0]),
        Some((ObjectKind::RevocationList, NOW))
    );
    let chain = &report.signatures[0].chain;
    assert_eq!(chain.len(), 3);
    for fingerprint in chain {
        assert!(report.objects.iter().any(|one| one.fingerprint == *fingerprint));
    }
}

/// An authority that the office trusts no more: what another authority's time-stamp proves to be older stays as it was.
#[test]
fn after_trust_in_an_anchor_ended_what_is_proven_to_be_older_remains() {
    let span = (FOUNDED, ROOT.1);
    let root = Holder::root("Gốc", span);
    let signer = root.person("Hà", span, |_| {});
    let other = Holder::root("Gốc khác", span);
    let stamps = other.time_stamps("Cấp dấu thời gian", span);
    let ended = SIGNED + time::Duration::DAY;
    let judge = |document: &[u8]| {
        let mut policy = policy(&other, NOW);
        policy.anchors.push(Anchor {
            trusted_until: Some(ended),
            ..Anchor::new(root.der(), "thôi tin cậy")
        });
        first(document, &policy)
    };
    passes(&judge(&sign(&signer.key, Some(&stamps), SIGNED)));
    for document in [
        sign(&signer.key, None, SIGNED),
        sign(&signer.key, Some(&stamps), ended + time::Duration::DAY),
    ] {
        is(&judge(&document), Indeterminate, SubIndication::OutOfBoundsNoPoe);
    }
}
