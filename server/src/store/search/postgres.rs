//! A tsvector with a GIN index. Words are folded before they come here; the configuration `simple` leaves them alone.
//!
//! GIN knows no order: asked for the latest of a million matches it collects the million. So each entry bears the marks
//! of the block of numbers in which it lies, a small and a large one. What is common fills its page from the latest small
//! blocks. What is rare is asked for at once in all of them: GIN reads no more of the long lists than the short one leads it
//! to, so all blocks cost hardly more than one. What is neither is asked for block by block, the latest first: large ones
//! where it is thin or absent, small ones where a large one turns out to be crowded.

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
// see it: of one that it knows to be common it would read the first thousand answers by walking the whole table. The sum
// keeps the index of the numbers out: it would be read through up to the page for every block.
const FIND: &str = "WITH answers AS MATERIALIZED (SELECT number, document_id, body <> '' AS has_text \
     FROM document_search WHERE words @@ (SELECT to_tsquery('simple', $1)) AND number + 0 < $2 LIMIT $4) \
     SELECT number, document_id, has_text, (SELECT COUNT(*) FROM answers) AS held \
     FROM answers ORDER BY number DESC LIMIT $3";

pub(super) async fn find(
    connection: &impl ConnectionTrait,
    expression: &str,
    marks: &[String],
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
    let mut small_down_to = before - SMALL_BLOCKS * (1 << SMALL);
    let mut may_be_rare = true;
    let mut page = Vec::new();
    while before > first && page.len() < limit {
        let block = |bits: u32| (before - 1) >> bits;
        let (question, down_to, most) = if before > small_down_to {
            let mark = format!("{expression} & zqxs{}", block(SMALL));
            (mark, block(SMALL) << SMALL, 1 << SMALL)
        } else if may_be_rare {
            (expression.to_owned(), first, CROWD)
        } else {
            let mark = format!("zqxl{}", block(LARGE));
            let down_to = block(LARGE) << LARGE;
            if !marks.is_empty() && !is_there(connection, format!("{} & {mark}", marks.join(" & "))).await? {
                before = down_to;
                continue;
            }
            (format!("{expression} & {mark}"), down_to, CROWD)
        };
        let values = [
            Value::from(question),
            Value::from(before),
            Value::from(i64::try_from(limit - page.len()).unwrap_or(i64::MAX)),
            Value::from(most),
        ];
        let rows = all(connection, FIND, values).await?;
        let held: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "held"))?;
        if before <= small_down_to && held >= CROWD {
            if !may_be_rare {
                small_down_to = down_to;
            }
            may_be_rare = false;
            continue;
        }
        page.extend(found(&rows)?);
        before = down_to;
    }
    Ok(page)
}

/// Whether any entry answers: of marks alone, which are few lists, that is known much sooner than of the whole question.
async fn is_there(connection: &impl ConnectionTrait, marks: String) -> Result<bool, DbErr> {
    // With a limit of one the planner would walk the table.
    const ANY: &str =
        "SELECT 1 FROM document_search WHERE words @@ (SELECT to_tsquery('simple', $1)) LIMIT $2";
    let rows = all(connection, ANY, [Value::from(marks), Value::from(CROWD)]).await?;
    Ok(!rows.is_empty())
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
/// Answers at which a question is not rare, and a large block is walked in small ones.
const CROWD: i64 = 250;

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
