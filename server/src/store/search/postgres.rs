//! A tsvector with a GIN index. Words are folded before they come here; the configuration `simple` leaves them alone.

use crate::domain::search::Question;

pub(super) const SCHEMA: [&str; 2] = [
    "CREATE TABLE document_search (number BIGSERIAL PRIMARY KEY, document_id TEXT NOT NULL UNIQUE, \
     meta TEXT NOT NULL, body TEXT NOT NULL, scope TEXT NOT NULL, \
     words TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', meta || ' ' || body || ' ' || scope)) STORED)",
    "CREATE INDEX document_search_words ON document_search USING GIN (words)",
];

pub(super) const FIND: &str = "SELECT number, document_id FROM document_search \
     WHERE words @@ to_tsquery('simple', $1) AND number < $2 ORDER BY number DESC LIMIT $3";

/// The question in the language of tsquery; folded words are letters and figures only, so none is an operator.
pub(super) fn expression(question: &Question, scope: &[String]) -> String {
    let mut parts = vec![format!("({})", scope.join(" | "))];
    parts.extend(question.marks.iter().chain(&question.words).cloned());
    if let Some(last) = parts.last_mut()
        && !question.words.is_empty()
    {
        last.push_str(":*");
    }
    parts.join(" & ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_must_stand_and_one_mark_of_the_asker() {
        let question = Question::of("cải c").unwrap();
        assert_eq!(
            expression(&question, &["a".into(), "b".into()]),
            "(a | b) & cai & c:*"
        );
    }
}
