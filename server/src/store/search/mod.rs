//! The index of words, behind which alone the databases differ: FTS5 and tsvector.
//!
//! A document's entry has three parts: what is said of it (`meta`), the words of its text (`body`), and who may find it
//! (`scope`), so that a question and its asker's rights are one look into the index, however large it is. Entries are
//! numbered as documents come, and found the latest first, so that a page continues after a number.
//!
//! An unfinished word is asked for as the words it may become, of which a list is kept (`search_word`): both databases
//! would collect every entry of every such word before they give the first, a second's work where the words are common.

mod postgres;
mod sqlite;

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use serde::{Deserialize, Serialize};

use super::Tx;
use crate::domain::document::DocumentId;
use crate::domain::search::{Question, is_mark};

/// What the index keeps of a document; the three parts are folded words and marks, with blanks between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the order of coming, which the database gives; a restored index counts anew.
    #[serde(skip)]
    pub number: i64,
    pub document_id: DocumentId,
    pub meta: String,
    pub body: String,
    pub scope: String,
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number, by which pages continue.
    pub number: i64,
    pub document_id: DocumentId,
    /// Whether its file has text; a scan has none, and is found by what is said of it alone.
    pub has_text: bool,
}

/// Entries in the order in which they came, after the number `after`.
///
/// # Errors
/// The database's.
pub async fn entries(connection: &impl ConnectionTrait, after: i64, limit: i64) -> Result<Vec<Entry>, DbErr> {
    let sql = "SELECT number, document_id, meta, body, scope FROM document_search \
         WHERE number > $1 ORDER BY number LIMIT $2";
    let rows = all(connection, sql, [after, limit].map(Value::from)).await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                number: row.try_get("", "number")?,
                document_id: DocumentId(row.try_get("", "document_id")?),
                meta: row.try_get("", "meta")?,
                body: row.try_get("", "body")?,
                scope: row.try_get("", "scope")?,
            })
        })
        .collect()
}

/// Makes the entries of documents that have none; one that has an entry keeps it.
///
/// # Errors
/// The database's.
pub async fn add(tx: &Tx, entries: &[Entry]) -> Result<(), DbErr> {
    for entries in entries.chunks(ROWS_AT_ONCE) {
        let row = |at: usize| {
            format!(
                "(${}, ${}, ${}, ${})",
                4 * at + 1,
                4 * at + 2,
                4 * at + 3,
                4 * at + 4
            )
        };
        let rows: Vec<_> = (0..entries.len()).map(row).collect();
        let sql = format!(
            "INSERT INTO document_search (document_id, meta, body, scope) VALUES {} \
             ON CONFLICT (document_id) DO NOTHING",
            rows.join(", ")
        );
        let values = entries
            .iter()
            .flat_map(|entry| [&entry.document_id.0, &entry.meta, &entry.body, &entry.scope])
            .map(|part| Value::from(part.as_str()));
        run(tx, &sql, values).await?;
    }
    let texts = entries
        .iter()
        .flat_map(|entry| [entry.meta.as_str(), &entry.body]);
    learn(tx, texts).await
}

/// Makes a draft's entry anew: its words and its signer may have changed.
///
/// # Errors
/// The database's.
pub async fn replace(tx: &Tx, entry: &Entry) -> Result<(), DbErr> {
    let Entry {
        document_id: DocumentId(id),
        meta,
        body,
        scope,
        ..
    } = entry;
    let values = [meta, body, scope, id].map(|part| Value::from(part.as_str()));
    run(
        tx,
        "UPDATE document_search SET meta = $1, body = $2, scope = $3 WHERE document_id = $4",
        values,
    )
    .await?;
    learn(tx, [meta.as_str(), body]).await
}

/// Says other words of a document; its text and who may find it stay.
///
/// # Errors
/// The database's.
pub async fn reword(tx: &Tx, id: &DocumentId, meta: &str) -> Result<(), DbErr> {
    let values = [meta, id.0.as_str()].map(Value::from);
    run(
        tx,
        "UPDATE document_search SET meta = $1 WHERE document_id = $2",
        values,
    )
    .await?;
    learn(tx, [meta]).await
}

/// Adds words to what is said of a document: its number, once given.
///
/// # Errors
/// The database's.
pub async fn say(tx: &Tx, id: &DocumentId, words: &str) -> Result<(), DbErr> {
    let values = [words, id.0.as_str()].map(Value::from);
    run(
        tx,
        "UPDATE document_search SET meta = meta || ' ' || $1 WHERE document_id = $2",
        values,
    )
    .await?;
    learn(tx, [words]).await
}

/// Lets more people find a document: its receivers, once it is issued.
///
/// # Errors
/// The database's.
pub async fn show(tx: &Tx, id: &DocumentId, marks: &str) -> Result<(), DbErr> {
    let values = [marks, id.0.as_str()].map(Value::from);
    run(
        tx,
        "UPDATE document_search SET scope = scope || ' ' || $1 WHERE document_id = $2",
        values,
    )
    .await
}

/// Takes a mark away again: the paper is no longer in that case file.
///
/// # Errors
/// The database's.
pub async fn hide(tx: &Tx, id: &DocumentId, mark: &str) -> Result<(), DbErr> {
    // Marks have blanks around them, except at both ends, so that none is taken for the beginning of a longer one.
    let values = [mark, id.0.as_str()].map(Value::from);
    run(
        tx,
        "UPDATE document_search SET scope = trim(replace(' ' || scope || ' ', ' ' || CAST($1 AS TEXT) || ' ', ' ')) \
         WHERE document_id = $2",
        values,
    )
    .await
}

/// Documents without an entry: those that were there before the index was.
///
/// # Errors
/// The database's.
pub async fn missing(connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<DocumentId>, DbErr> {
    let sql = "SELECT id FROM document WHERE NOT EXISTS \
               (SELECT 1 FROM document_search WHERE document_id = document.id) ORDER BY id LIMIT $1";
    let rows = all(
        connection,
        sql,
        [Value::from(i64::try_from(limit).unwrap_or(i64::MAX))],
    )
    .await?;
    rows.iter()
        .map(|row| Ok(DocumentId(row.try_get("", "id")?)))
        .collect()
}

/// Entries that answer the question and bear one of these marks, the latest first, before the number `before`.
///
/// # Errors
/// The database's.
pub async fn find(
    connection: &impl ConnectionTrait,
    question: &Question,
    scope: &[String],
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Found>, DbErr> {
    let endings = match question.words.last() {
        Some(last) => endings(connection, last).await?,
        None => Vec::new(),
    };
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    match connection.get_database_backend() {
        DbBackend::Postgres => {
            let expression = postgres::expression(question, &endings, scope);
            postgres::find(connection, &expression, &question.marks, before, limit).await
        }
        _ => {
            let expression = sqlite::expression(question, &endings, scope);
            sqlite::find(connection, &expression, before, limit).await
        }
    }
}

/// The statements that make the index on this database.
pub(super) fn schema(backend: DbBackend) -> &'static [&'static str] {
    match backend {
        DbBackend::Postgres => &postgres::SCHEMA,
        _ => &sqlite::SCHEMA,
    }
}

/// The statements that add the list of words, and what lets PostgreSQL look the latest first.
pub(super) fn schema_of_words(backend: DbBackend) -> &'static [&'static str] {
    match backend {
        DbBackend::Postgres => &postgres::WORDS,
        _ => &sqlite::WORDS,
    }
}

/// Keeps words that the list has not. Sorted, so that two documents never wait for each other in a circle.
async fn learn(tx: &Tx, texts: impl IntoIterator<Item = &str>) -> Result<(), DbErr> {
    let words = texts.into_iter().flat_map(str::split_whitespace);
    let words: BTreeSet<&str> = words.filter(|word| !is_mark(word)).collect();
    let words: Vec<&str> = words.into_iter().collect();
    for words in words.chunks(WORDS_AT_ONCE) {
        let places: Vec<_> = (1..=words.len()).map(|at| format!("(${at})")).collect();
        let sql = format!(
            "INSERT INTO search_word (word) VALUES {} ON CONFLICT (word) DO NOTHING",
            places.join(", ")
        );
        run(tx, &sql, words.iter().map(|word| Value::from(*word))).await?;
    }
    Ok(())
}

/// The words that an unfinished one may become, itself among them, the shortest first.
async fn endings(connection: &impl ConnectionTrait, word: &str) -> Result<Vec<String>, DbErr> {
    let mut endings = vec![word.to_owned()];
    if word.chars().count() < SHORTEST_BEGINNING {
        return Ok(endings);
    }
    let sql =
        "SELECT word FROM search_word WHERE word > $1 AND word < $2 ORDER BY length(word), word LIMIT $3";
    let values = [
        Value::from(word),
        Value::from(format!("{word}{}", char::MAX)),
        Value::from(MOST_ENDINGS),
    ];
    for row in all(connection, sql, values).await? {
        endings.push(row.try_get("", "word")?);
    }
    Ok(endings)
}

fn found(rows: &[QueryResult]) -> Result<Vec<Found>, DbErr> {
    rows.iter()
        .map(|row| {
            Ok(Found {
                number: row.try_get("", "number")?,
                document_id: DocumentId(row.try_get("", "document_id")?),
                has_text: row.try_get("", "has_text")?,
            })
        })
        .collect()
}

async fn all(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let backend = connection.get_database_backend();
    connection
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await
}

async fn run(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}

/// Both databases take some 32,000 values in a statement.
const ROWS_AT_ONCE: usize = 250;
const WORDS_AT_ONCE: usize = 2_000;
/// A single letter or figure stands for itself: nearly every document has a word that begins with it.
const SHORTEST_BEGINNING: usize = 2;
/// The syllables that begin with `ng`, `th` or `tr` are some forty each.
const MOST_ENDINGS: i64 = 96;
