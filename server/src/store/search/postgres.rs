//! A tsvector with a GIN index. Words are folded before they come here; the configuration `simple` leaves them alone.
//!
//! GIN knows no order: asked for the latest of a million matches it collects the million. So each entry bears the marks
//! of the block of numbers in which it lies, a small and a large one, and a question is asked block by block, the latest
//! first, until the page is full. GIN skips to the block in every list, so a block costs what it holds, and a question
//! that nothing answers costs one short look a large block. A large block that is crowded with answers, as one of a year
//! long past is, is left as soon as that is seen, and walked in small ones.

use sea_orm::{ConnectionTrait, DbErr, Value};

use super::{Found, all, found};
use crate::domain::search::Question;

pub(super) const SCHEMA: [&str; 2] = [
    "CREATE TABLE document_search (number BIGSERIAL PRIMARY KEY, document_id TEXT NOT NULL UNIQUE, \
     meta TEXT NOT NULL, body TEXT NOT NULL, scope TEXT NOT NULL, \
     words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', meta || ' ' || body || ' ' || scope)) STORED)",
    "CREATE INDEX document_search_words ON document_search USING GIN (words)",
];

/// The list of words, filled from what the index has already; the marks of blocks. Positions of words are of no use, and
/// a list of entries not yet sorted in (`fastupdate`) would be read through by every question.
pub(super) const WORDS: [&str; 5] = [
    "CREATE TABLE search_word (word TEXT COLLATE \"C\" PRIMARY KEY)",
    "INSERT INTO search_word SELECT DISTINCT unnest(tsvector_to_array(words)) FROM document_search",
    "DELETE FROM search_word WHERE word LIKE 'zqx%'",
    "ALTER TABLE document_search DROP COLUMN words, ADD COLUMN words TSVECTOR GENERATED ALWAYS AS \
     (strip(to_tsvector('simple', meta || ' ' || body || ' ' || scope || ' zqxs' || (number >> 12)::text \
     || ' zqxl' || (number >> 16)::text))) STORED",
    "CREATE INDEX document_search_words ON document_search USING GIN (words) WITH (fastupdate = off)",
];

// Materialised: the planner would else walk the numbers backwards and try the question on each row, which is quick for a
// common word and takes seconds for a rare one. The question comes from a SELECT of its own, so that the planner does not
// see it: of one that it knows to be common it would read the first thousand answers by walking the whole table.
const FIND: &str = "WITH answers AS MATERIALIZED (SELECT number, document_id, body <> '' AS has_text \
     FROM document_search WHERE words @@ (SELECT to_tsquery('simple', $1)) AND number < $2 LIMIT $4) \
     SELECT number, document_id, has_text, (SELECT COUNT(*) FROM answers) AS held \
     FROM answers ORDER BY number DESC LIMIT $3";

pub(super) async fn find(
    connection: &impl ConnectionTrait,
    expression: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Found>, DbErr> {
    let rows = all(
        connection,
        "SELECT MIN(number) AS first, MAX(number) AS last FROM document_search",
        [],
    )
    .await?;
    let edge = |name: &str| {
        rows.first()
            .map_or(Ok(None), |row| row.try_get::<Option<i64>>("", name))
    };
    let (Some(first), Some(last)) = (edge("first")?, edge("last")?) else {
        return Ok(Vec::new());
    };
    let mut before = before.unwrap_or(i64::MAX).min(last + 1);
    // What is common fills its page from the latest small blocks; what is not is looked for in large ones.
    let mut small_down_to = before - SMALL_BLOCKS * (1 << SMALL);
    let mut page = Vec::new();
    while before > first && page.len() < limit {
        let (mark, bits, most) = if before > small_down_to {
            ('s', SMALL, 1 << SMALL)
        } else {
            ('l', LARGE, CROWD)
        };
        let block = (before - 1) >> bits;
        let values = [
            Value::from(format!("{expression} & zqx{mark}{block}")),
            Value::from(before),
            Value::from(i64::try_from(limit - page.len()).unwrap_or(i64::MAX)),
            Value::from(most),
        ];
        let rows = all(connection, FIND, values).await?;
        let held: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "held"))?;
        if bits == LARGE && held >= CROWD {
            small_down_to = block << LARGE;
            continue;
        }
        page.extend(found(&rows)?);
        before = block << bits;
    }
    Ok(page)
}

/// The question in the language of tsquery; folded words are letters and figures only, so none is an operator.
pub(super) fn expression(question: &Question, endings: &[String], scope: &[String]) -> String {
    let any = |words: &[String]| format!("({})", words.join(" | "));
    let mut parts = vec![any(scope)];
    let whole = question.words.split_last().map_or(&[][..], |(_, whole)| whole);
    parts.extend(
        question
            .scopes
            .iter()
            .chain(&question.marks)
            .chain(whole)
            .cloned(),
    );
    if !endings.is_empty() {
        parts.push(any(endings));
    }
    parts.join(" & ")
}

/// Bits of a number that do not name its block, as the marks of `WORDS` have them.
const SMALL: u32 = 12;
const LARGE: u32 = 16;
/// Small blocks that are tried before large ones.
const SMALL_BLOCKS: i64 = 2;
/// Answers at which a large block is walked in small ones instead.
const CROWD: i64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_stand_and_one_mark_of_the_asker() {
        let question = Question::of("cải c").unwrap();
        assert_eq!(
            expression(&question, &["c".into(), "ca".into()], &["a".into(), "b".into()]),
            "(a | b) & cai & (c | ca)"
        );
    }
}
