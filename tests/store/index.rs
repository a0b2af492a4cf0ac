//! The index of the search: whoever turns its pages finds each answer once, the latest first, however the answers lie.

use hoian_server::domain::document::DocumentId;
use hoian_server::domain::search::Question;
use hoian_server::store::search::{self, Entry};
use sea_orm::ConnectionTrait;

use crate::House;

on_both_databases!(turns_every_page_of_what_was_common_long_ago);

/// PostgreSQL is asked in blocks of numbers (`store/search/postgres.rs`): a year's papers crowd an old block, few are in
/// the one that the page begins in, none between.
async fn turns_every_page_of_what_was_common_long_ago(house: House) {
    put_in(&house, 0..OLD, "cong van").await;
    for (upto, documents) in [(70_000, OLD..OLD + 5), (400_000, OLD + 5..OLD + 30)] {
        skip_to(&house, upto).await;
        put_in(&house, documents, "to trinh").await;
    }
    put_in(&house, OLD + 30..OLD + 33, "cong van").await;

    let mut expected: Vec<_> = (0..OLD).chain(OLD + 30..OLD + 33).map(id).collect();
    expected.reverse();
    assert!(all_pages(&house, "cong van").await == expected, "cong van");
    let mut expected: Vec<_> = (OLD..OLD + 30).map(id).collect();
    expected.reverse();
    assert!(all_pages(&house, "to trinh").await == expected, "to trinh");
    assert!(all_pages(&house, "khong co").await.is_empty());
}

async fn put_in(house: &House, documents: std::ops::Range<usize>, words: &str) {
    let entries: Vec<_> = documents
        .map(|number| Entry {
            number: 0,
            document_id: id(number),
            meta: words.to_owned(),
            body: String::new(),
            scope: SCOPE.to_owned(),
        })
        .collect();
    let added = house.app.store.write(async |tx| search::add(tx, &entries).await);
    added.await.unwrap();
}

/// Lets the next entry have a number past this one, as if so many lay between.
async fn skip_to(house: &House, number: usize) {
    let sql = match house.app.store.read().get_database_backend() {
        sea_orm::DbBackend::Postgres => {
            format!("SELECT setval(pg_get_serial_sequence('document_search', 'number'), {number})")
        }
        _ => format!(
            "INSERT INTO document_search (number, document_id, meta, body, scope) VALUES ({number}, 'between-{number}', '', '', '')"
        ),
    };
    let skipped = house
        .app
        .store
        .write(async |tx| tx.execute_unprepared(&sql).await.map(|_| ()));
    skipped.await.unwrap();
}

async fn all_pages(house: &House, words: &str) -> Vec<DocumentId> {
    let question = Question::of(words).unwrap();
    let (mut answers, mut before) = (Vec::new(), None);
    loop {
        let scope = [SCOPE.to_owned()];
        let page = search::find(house.app.store.read(), &question, &scope, before, PAGE).await;
        let page = page.unwrap();
        let Some(last) = page.last() else {
            return answers;
        };
        before = Some(last.number);
        answers.extend(page.into_iter().map(|found| found.document_id));
    }
}

fn id(number: usize) -> DocumentId {
    DocumentId(format!("{number:06}"))
}

/// More than a block may hold before it is walked in smaller ones.
const OLD: usize = 6_000;
const PAGE: u64 = 190;
/// A mark as `domain/search.rs` makes them.
const SCOPE: &str = "zqxatest";
