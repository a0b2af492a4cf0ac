//! FTS5 over the table's own rows. Words are folded before they come here, so its tokenizer has nothing to do but cut at
//! blanks; order by rowid is the order in which FTS5 walks its lists, so a page costs no more than its length.

use sea_orm::{ConnectionTrait, DbErr, Value};

use super::{Found, all, found};
use crate::domain::search::Question;

pub(super) const SCHEMA: [&str; 5] = [
    "CREATE TABLE document_search (number INTEGER PRIMARY KEY, document_id TEXT NOT NULL UNIQUE, \
     meta TEXT NOT NULL, body TEXT NOT NULL, scope TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE document_words USING fts5(meta, body, scope, content='document_search', \
     content_rowid='number', detail=column, tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER document_search_added AFTER INSERT ON document_search BEGIN \
     INSERT INTO document_words (rowid, meta, body, scope) VALUES (new.number, new.meta, new.body, new.scope); END",
    "CREATE TRIGGER document_search_changed AFTER UPDATE ON document_search BEGIN \
     INSERT INTO document_words (document_words, rowid, meta, body, scope) \
     VALUES ('delete', old.number, old.meta, old.body, old.scope); \
     INSERT INTO document_words (rowid, meta, body, scope) VALUES (new.number, new.meta, new.body, new.scope); END",
    "CREATE TRIGGER document_search_removed AFTER DELETE ON document_search BEGIN \
     INSERT INTO document_words (document_words, rowid, meta, body, scope) \
     VALUES ('delete', old.number, old.meta, old.body, old.scope); END",
];

/// The list of words, filled from what the index has already.
pub(super) const WORDS: [&str; 4] = [
    "CREATE TABLE search_word (word TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE document_vocabulary USING fts5vocab('document_words', 'row')",
    "INSERT INTO search_word SELECT term FROM document_vocabulary WHERE term NOT LIKE 'zqx%'",
    "DROP TABLE document_vocabulary",
];

const FIND: &str = "SELECT s.number AS number, s.document_id AS document_id, s.body <> '' AS has_text \
     FROM document_words w JOIN document_search s ON s.number = w.rowid \
     WHERE document_words MATCH $1 AND w.rowid < $2 ORDER BY w.rowid DESC LIMIT $3";

pub(super) async fn find(
    connection: &impl ConnectionTrait,
    expression: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Found>, DbErr> {
    let values = [
        Value::from(expression),
        Value::from(before.unwrap_or(i64::MAX)),
        Value::from(i64::try_from(limit).unwrap_or(i64::MAX)),
    ];
    found(&all(connection, FIND, values).await?)
}

/// The question in FTS5's language; every word is quoted, so none is taken for an operator.
pub(super) fn expression(question: &Question, endings: &[String], scope: &[String]) -> String {
    let quoted = |word: &String| format!("\"{word}\"");
    let any = |words: &[String]| format!("({})", words.iter().map(quoted).collect::<Vec<_>>().join(" OR "));
    let mut scopes = vec![any(scope)];
    scopes.extend(question.scopes.iter().map(quoted));
    let whole = question.words.split_last().map_or(&[][..], |(_, whole)| whole);
    let mut parts: Vec<_> = question.marks.iter().chain(whole).map(quoted).collect();
    if !endings.is_empty() {
        parts.push(any(endings));
    }
    let scope = format!("scope : ({})", scopes.join(" AND "));
    match parts.is_empty() {
        true => scope,
        false => format!("{scope} AND {{meta body}} : ({})", parts.join(" AND ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_of_the_language_are_words() {
        let question = Question::of("OR near cai").unwrap();
        let endings = ["cai", "caia"].map(str::to_owned);
        assert_eq!(
            expression(&question, &endings, &["zqxc1".into(), "zqxp2".into()]),
            "scope : ((\"zqxc1\" OR \"zqxp2\")) AND {meta body} : (\"or\" AND \"near\" AND (\"cai\" OR \"caia\"))"
        );
    }
}
