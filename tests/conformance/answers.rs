//! Answers of authorities under change: whatever byte is touched, none says something that its authority did not.

use hoian_signer::crl::List;
use hoian_signer::ocsp::{News, Response};
use hoian_signer::tsp;
use proptest::prelude::*;
use proptest::sample::Index;
use time::OffsetDateTime;
use time::macros::datetime;

use super::world::{Holder, Word};
use hoian_tests::fixture;

const BEGIN: OffsetDateTime = datetime!(2024-01-01 00:00 UTC);
const END: OffsetDateTime = datetime!(2034-01-01 00:00 UTC);
const NOW: OffsetDateTime = datetime!(2026-11-24 00:00 UTC);

struct Office {
    root: Holder,
    person: Holder,
}

impl Office {
    fn open() -> Self {
        let root = Holder::root("Gốc", (BEGIN, END));
        let person = root.person("Hà", (BEGIN, END), |_| {});
        Self { root, person }
    }

    fn by_response(&self, der: &[u8]) -> Option<News> {
        let response = Response::parse(der).ok()?;
        let news = response.news(&self.person.certificate(), &self.root.certificate());
        news.ok().flatten()
    }

    fn by_list(&self, der: &[u8]) -> Option<News> {
        let list = List::parse(der).ok()?;
        let news = list.news(&self.person.certificate(), &self.root.certificate());
        news.ok().flatten()
    }
}

fn moment() -> impl Strategy<Value = OffsetDateTime> {
    (BEGIN.unix_timestamp()..NOW.unix_timestamp())
        .prop_map(|seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap())
}

fn word() -> impl Strategy<Value = Word> {
    (
        moment(),
        prop::option::of(moment()),
        prop::option::of((moment(), 0_u8..6)),
        prop::option::of(moment()),
    )
        .prop_map(|(issued, next, revoked, archived_from)| Word {
            issued,
            next,
            revoked,
            archived_from,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_an_authority_says_is_heard_whichever_way_it_says_it(word in word()) {
        let office = Office::open();
        let by_response = office.by_response(&word.response(&office.root, &office.person)).unwrap();
        let by_list = office.by_list(&word.list(&office.root, &office.person)).unwrap();
        prop_assert_eq!(&by_response, &by_list);
        prop_assert_eq!(by_response.issued, word.issued);
        prop_assert_eq!(by_response.next, word.next);
        prop_assert_eq!(by_response.archived_from, word.archived_from);
    }

    #[test]
    fn no_changed_byte_lets_an_answer_say_something_else(
        word in word(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let office = Office::open();
        let (response, list) = (
            word.response(&office.root, &office.person),
            word.list(&office.root, &office.person),
        );
        let (said_by_response, said_by_list) = (office.by_response(&response), office.by_list(&list));
        let change = |mut der: Vec<u8>| {
            for (at, byte) in &changes {
                let at = at.index(der.len());
                der[at] = *byte;
            }
            der
        };
        let heard = office.by_response(&change(response));
        prop_assert!(heard.is_none() || heard == said_by_response);
        let heard = office.by_list(&change(list));
        prop_assert!(heard.is_none() || heard == said_by_list);
    }

    #[test]
    fn no_bytes_make_a_reader_of_answers_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Response::parse(&bytes).is_ok();
        let _ = List::parse(&bytes).is_ok();
        let _ = tsp::token(&bytes).is_ok();
        let _ = tsp::Token::parse(&bytes).is_ok();
        let _ = tsp::Info::parse(&bytes).is_ok();
    }

    #[test]
    fn a_time_stamp_answers_its_own_request_and_no_other(
        imprint in any::<[u8; 32]>(),
        other in any::<[u8; 32]>(),
        nonce in any::<u64>(),
        at in any::<Index>(),
        byte in any::<u8>(),
    ) {
        let stamps = Holder::root("Gốc", (BEGIN, END)).time_stamps("Cấp dấu thời gian", (BEGIN, END));
        let digest = hoian_signer::sign::Digest::Sha256;
        let answer = fixture::stamp(&tsp::request(digest, &imprint, nonce), &stamps.key, NOW);
        let token = tsp::token(&answer).unwrap();
        prop_assert_eq!(&token.info().imprint, &imprint.to_vec());
        prop_assert!(token.answers(digest, &imprint, nonce, NOW).is_ok());
        prop_assert!(token.answers(digest, &imprint, nonce.wrapping_add(1), NOW).is_err());
        prop_assert_eq!(token.answers(digest, &other, nonce, NOW).is_ok(), other == imprint);
        let mut changed = answer.clone();
        let at = at.index(changed.len());
        changed[at] = byte;
        let _ = tsp::token(&changed).is_ok();
    }
}
