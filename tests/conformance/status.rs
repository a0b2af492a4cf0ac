//! Revoked, suspended, unknown (EN 319 102-1, 5.2.6 and 5.4): what is known of a certificate, and what it means for a signature.

use hoian_signer::validate::{Indication, Revocation, RevocationStatus, SubIndication, Warning};
use time::macros::datetime;

use super::office::{ENDED, LONG, NOW, Office, PERSON, SIGNED, is, passes};
use super::world::{self, Word, stamp, store};

use Indication::{Indeterminate, TotalFailed};
use Revocation::{IfAvailable, Require};

#[test]
fn an_expired_certificate_is_known_not_to_be_revoked_by_answers_that_keep_the_expired() {
    let office = Office::with(PERSON);
    let of_issuing = Word::good(NOW - time::Duration::DAY).list(&office.root, &office.issuing);
    let later = datetime!(2026-11-23 00:00 UTC);
    let kept = Word {
        archived_from: Some(datetime!(2024-12-01 00:00 UTC)),
        ..Word::good(later)
    };
    let dropped = Word::good(later);
    let forgotten = Word {
        archived_from: Some(datetime!(2025-06-01 00:00 UTC)),
        ..dropped
    };
    let judged = |document: &[u8], word: Word, by_list: bool| {
        let answer = if by_list {
            word.list(&office.issuing, &office.signer)
        } else {
            office.says(word)
        };
        let mut lists = vec![of_issuing.clone()];
        let mut responses = Vec::new();
        if by_list {
            lists.push(answer);
        } else {
            responses.push(answer);
        }
        office.judge(&store(document, 150, &responses, &lists), Require)
    };
    for by_list in [false, true] {
        is(
            &judged(&office.signed(), kept, by_list),
            Indeterminate,
            SubIndication::OutOfBoundsNotRevoked,
        );
        passes(&judged(&office.stamped(), kept, by_list));
        for silent in [dropped, forgotten] {
            is(
                &judged(&office.signed(), silent, by_list),
                Indeterminate,
                SubIndication::OutOfBoundsNoPoe,
            );
        }
    }
    // An answer given while the certificate was in force needs no archive.
    let then = Word::good(ENDED - time::Duration::DAY);
    is(
        &judged(&office.signed(), then, false),
        Indeterminate,
        SubIndication::OutOfBoundsNotRevoked,
    );
}

#[test]
fn a_revocation_counts_unless_the_signature_is_proven_to_be_older() {
    let office = Office::with(LONG);
    let with = |document: &[u8], at| {
        let word = Word::revoked(NOW - time::Duration::DAY, at);
        store(document, 150, &[office.says(word)], &[])
    };
    let (before, after) = (SIGNED - time::Duration::days(3), SIGNED + time::Duration::days(3));
    for mode in [IfAvailable, Require] {
        for document in [office.signed(), office.stamped()] {
            let report = office.judge(&with(&document, before), mode);
            is(&report, Indeterminate, SubIndication::RevokedNoPoe);
            assert_eq!(report.revocation, RevocationStatus::Revoked);
        }
        is(
            &office.judge(&with(&office.signed(), after), mode),
            Indeterminate,
            SubIndication::RevokedNoPoe,
        );
    }
    passes(&office.judge(&with(&office.stamped(), after), IfAvailable));
    // A time-stamp over the content that is later than the revocation proves who came first.
    is(
        &office.judge(&with(&office.stamped_later(SIGNED), before), IfAvailable),
        TotalFailed,
        SubIndication::Revoked,
    );
    is(
        &office.judge(&with(&office.stamped_later(SIGNED), after), IfAvailable),
        Indeterminate,
        SubIndication::RevokedNoPoe,
    );
}

#[test]
fn the_revocation_of_an_authority_counts_unless_the_signature_is_proven_to_be_older() {
    let office = Office::with(LONG);
    let with = |document: &[u8], at| {
        let word = Word::revoked(NOW - time::Duration::DAY, at);
        let list = word.list(&office.root, &office.issuing);
        store(document, 150, &[], &[list])
    };
    let (before, after) = (SIGNED - time::Duration::days(3), SIGNED + time::Duration::days(3));
    for (document, at) in [
        (office.signed(), after),
        (office.stamped(), before),
        (office.signed(), before),
    ] {
        is(
            &office.judge(&with(&document, at), IfAvailable),
            Indeterminate,
            SubIndication::RevokedCaNoPoe,
        );
    }
    passes(&office.judge(&with(&office.stamped(), after), IfAvailable));
}

#[test]
fn a_suspended_certificate_is_tried_later_until_newer_news_lifts_the_suspension() {
    let office = Office::with(LONG);
    let held = Word {
        revoked: Some((SIGNED - time::Duration::days(3), 6)),
        ..Word::good(NOW - time::Duration::days(2))
    };
    let lifted = Word::good(NOW - time::Duration::days(1));
    for answers in [
        vec![office.says(held)],
        vec![office.says(lifted), office.says(held)],
    ] {
        let (responses, lists) = (answers.clone(), Vec::new());
        let report = office.judge(&store(&office.signed(), 150, &responses, &lists), IfAvailable);
        if answers.len() == 1 {
            is(&report, Indeterminate, SubIndication::TryLater);
        } else {
            passes(&report);
        }
    }
    let list = held.list(&office.issuing, &office.signer);
    is(
        &office.judge(&store(&office.signed(), 150, &[], &[list]), IfAvailable),
        Indeterminate,
        SubIndication::TryLater,
    );
}

#[test]
fn a_status_that_is_required_and_unknown_is_tried_later() {
    let office = Office::with(LONG);
    is(
        &office.judge(&office.signed(), Require),
        Indeterminate,
        SubIndication::TryLater,
    );
    let report = office.judge(&office.signed(), IfAvailable);
    passes(&report);
    assert!(report.warnings.contains(&Warning::RevocationUnknown));
    // An answer counts until the next, or for a day where none is announced.
    let undated = Word {
        next: None,
        ..Word::good(NOW - time::Duration::hours(23))
    };
    let old = Word {
        next: None,
        ..Word::good(NOW - time::Duration::hours(25))
    };
    let of_issuing = Word::good(NOW - time::Duration::DAY).list(&office.root, &office.issuing);
    for (word, fresh) in [
        (undated, true),
        (old, false),
        (Word::good(NOW - time::Duration::days(8)), false),
    ] {
        let document = store(
            &office.signed(),
            150,
            &[office.says(word)],
            std::slice::from_ref(&of_issuing),
        );
        let report = office.judge(&document, Require);
        if fresh {
            passes(&report);
        } else {
            is(&report, Indeterminate, SubIndication::TryLater);
        }
    }
}

#[test]
fn the_status_of_an_authority_for_time_stamps_is_told_or_required() {
    let office = Office::with(LONG);
    let day = time::Duration::DAY;
    let answers = [office.says(Word::good(NOW - day))];
    let lists = [Word::good(NOW - day).list(&office.root, &office.issuing)];
    let document = store(&office.stamped(), 150, &answers, &lists);
    let judge = |document: &[u8], revocation, word: Option<Word>| {
        let mut policy = office.policy_without_status(NOW);
        policy.revocation = revocation;
        policy
            .revocation_lists
            .extend(word.map(|word| office.says_of_stamps(word)));
        world::judge(document, &policy)
    };
    let told = |revocation, word| {
        let report = judge(&document, revocation, word).signatures.remove(0);
        passes(&report);
        let warns = |warning| report.warnings.contains(&warning);
        (
            report.timestamp,
            warns(Warning::TimeStampStatusUnknown),
            warns(Warning::TimeStampNotTrusted),
        )
    };
    let (good, revoked) = (Word::good(NOW - day), Word::revoked(NOW - day, SIGNED - day));
    let proven = Some(SIGNED);
    assert_eq!(told(IfAvailable, None), (proven, true, false));
    assert_eq!(told(IfAvailable, Some(good)), (proven, false, false));
    assert_eq!(told(IfAvailable, Some(revoked)), (None, false, true));
    assert_eq!(told(Require, None), (None, false, true));
    assert_eq!(told(Require, Some(good)), (proven, false, false));
    assert_eq!(told(Revocation::Ignore, None), (proven, false, false));

    let stamped = stamp(&document, &office.stamps, SIGNED + day);
    let own = |revocation, word| judge(&stamped, revocation, word).signatures.remove(1);
    is(&own(Require, None), Indeterminate, SubIndication::TryLater);
    passes(&own(Require, Some(good)));
    let passed = own(IfAvailable, None);
    passes(&passed);
    assert!(passed.warnings.contains(&Warning::RevocationUnknown));
    is(
        &own(IfAvailable, Some(revoked)),
        Indeterminate,
        SubIndication::RevokedNoPoe,
    );
}
