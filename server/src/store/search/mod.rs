//! The index of words, behind which alone the databases differ: FTS5 and tsvector.
//!
//! A document's entry has three parts: what is said of it (`meta`), the words of its text (`body`), and who may find it
//! (`scope`), so that a question and its asker's rights are one look into the index, however large it is. Entries are
//! numbered as documents come, and found the latest first, so that a page continues after a number.

mod postgres;
mod sqlite;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use serde::{Deserialize, Serialize};

use super::Tx;
use crate::domain::document::DocumentId;
use crate::domain::search::Question;

/// An entry that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its number, by which pages continue.
    pub number: i64,
    pub document_id: DocumentId,
}

/// What the index holds of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the order of coming; a restored index counts anew.
    #[serde(skip)]
    pub number: i64,
    pub document_id: DocumentId,
    pub meta: String,
    pub body: String,
    pub scope: String,
}

/// Entries in the order in which they came, after the number `after`.
///
/// # Errors
/// The database's.
pub async fn entries(connection: &impl ConnectionTrait, after: i64, limit: i64) -> Result<Vec<Entry>, DbErr> {
    let sql = "SELECT number, document_id, meta, body, scope FROM document_search \
         WHERE number > $1 ORDER BY number LIMIT $2";
    let values = [after, limit].map(Value::from);
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
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

/// Makes a document's entry.
///
/// # Errors
/// The database's.
pub async fn add(tx: &Tx, id: &DocumentId, meta: &str, body: &str, scope: &str) -> Result<(), DbErr> {
    let values = [id.0.as_str(), meta, body, scope].map(Value::from);
    run(
        tx,
        "INSERT INTO document_search (document_id, meta, body, scope) VALUES ($1, $2, $3, $4)",
        values,
    )
    .await
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
    .await
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
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    let backend = connection.get_database_backend();
    let (sql, expression) = match backend {
        DbBackend::Postgres => (postgres::FIND, postgres::expression(question, scope)),
        _ => (sqlite::FIND, sqlite::expression(question, scope)),
    };
    let values = [
        Value::from(expression),
        Value::from(before.unwrap_or(i64::MAX)),
        Value::from(i64::try_from(limit).unwrap_or(i64::MAX)),
    ];
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Found {
                number: row.try_get("", "number")?,
                document_id: DocumentId(row.try_get("", "document_id")?),
            })
        })
        .collect()
}

/// The statements that make the index on this database.
pub(super) fn schema(backend: DbBackend) -> &'static [&'static str] {
    match backend {
        DbBackend::Postgres => &postgres::SCHEMA,
        _ => &sqlite::SCHEMA,
    }
}

async fn run(tx: &Tx, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<(), DbErr> {
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}
