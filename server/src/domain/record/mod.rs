//! The record of a meeting as one file that proves itself: written, and checked without anything else
//! (`server/src/conference/RECORD.md` says how it is laid out).
//!
//! Every line holds one entry and the SHA-256 of the entry's very bytes; every entry names the hash of the one before. So no
//! byte can change unnoticed, and whoever knows the last hash, the *head*, as the minutes print it, knows the whole.

mod check;
mod report;
mod trust;

use ring::digest;
use serde::{Deserialize, Serialize};

pub use check::check;
pub use report::{Finding, Report, Wrong};
pub use trust::{SignedEntry, Trust};

use crate::clock::Timestamp;

/// What a record is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", content = "id", rename_all = "snake_case")]
pub enum Subject {
    /// A meeting, by its id.
    Meeting(String),
}

/// One row of a record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// From 1 without a gap.
    pub sequence: u64,
    pub at: Timestamp,
    /// As in the audit chain.
    pub actor: &'a str,
    /// `domain::procedure::Event` as JSON, as it is stored.
    pub event: &'a str,
}

/// A record as text, a line an entry.
pub struct Record {
    text: String,
    next: u64,
    head: String,
}

impl Record {
    /// A record without entries.
    pub fn begin(subject: &Subject) -> Self {
        let mut record = Self {
            text: String::new(),
            next: 0,
            head: GENESIS.to_owned(),
        };
        record.put(&format!(
            r#""format":{},"subject":{}"#,
            json(FORMAT),
            json(subject)
        ));
        record
    }

    /// Writes the next entry. Rows come in their order; their own numbers are those of their entries.
    pub fn add(&mut self, row: Row<'_>) {
        self.next = row.sequence;
        let Row { at, actor, event, .. } = row;
        self.put(&format!(
            r#""at":{},"actor":{},"event":{event}"#,
            json(&at),
            json(actor)
        ));
    }

    /// The hash of the last entry: it stays what it is when the record is exported again, and stands for all entries so far.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// The file, with its closing line.
    pub fn close(mut self, exported_at: Timestamp) -> String {
        let head = json(&self.head);
        self.put(&format!(r#""exported_at":{},"head":{head}"#, json(&exported_at)));
        self.text
    }

    fn put(&mut self, fields: &str) {
        let (sequence, previous) = (self.next, &self.head);
        let entry = format!(r#"{{"sequence":{sequence},"previous":"{previous}",{fields}}}"#);
        let hash = hash(entry.as_bytes());
        self.text
            .push_str(&format!("{BEFORE_HASH}{hash}{AFTER_HASH}{entry}}}\n"));
        self.head = hash;
        self.next += 1;
    }
}

/// The head of a record: what the minutes print, so that whoever has both can compare them.
pub fn head<'a>(subject: &Subject, rows: impl IntoIterator<Item = Row<'a>>) -> String {
    let mut record = Record::begin(subject);
    rows.into_iter().for_each(|row| record.add(row));
    record.head
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    // Strings, moments and ids: nothing of them can fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

const FORMAT: &str = "hoian record 1";
/// What stands for the hash before the first entry.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_CHARACTERS: usize = GENESIS.len();
const BEFORE_HASH: &str = r#"{"hash":""#;
const AFTER_HASH: &str = r#"","entry":"#;

#[cfg(test)]
mod tests;
