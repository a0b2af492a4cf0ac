//! One logical archive of everything the house keeps, restorable into either database.
//!
//! A tar of `manifest.json`, `blobs/SHA-256` and `rows/TABLE.jsonl.gz` (one JSON object a row). The rows are of one moment;
//! a blob is on disk before a row names it and never changes, so whatever the rows name is there, while the program goes
//! on working. The server secret is not in it: without that file nobody opens the keys in a stolen archive, and its owner
//! keeps it apart.

mod read;
mod row;
mod table;
mod write;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::blob::{self, Sha256};
use crate::clock::Timestamp;

pub use read::{check, restore};
pub use table::{LEFT_OUT, NAMES};
pub use write::backup;

/// The shape of the archive that this program writes and reads.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// The largest file in an archive that is read into memory: a blob at the upload limit, with room.
const ENTRY_LIMIT_BYTES: u64 = 1 << 30;

/// What an archive holds: its first entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub program: String,
    pub made_at: Timestamp,
    /// Names of the migrations that made the schema, in order.
    pub migrations: Vec<String>,
    pub blobs: u64,
    pub tables: Vec<Table>,
}

/// The rows of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub name: String,
    pub rows: u64,
    /// Of the compressed entry.
    pub sha256: Sha256,
}

impl Manifest {
    /// How many rows all tables have.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// Why an archive was not made or not restored. A refusal leaves the data as they were.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the archive breaks off or is no archive of hoian: {0}")]
    Broken(#[from] std::io::Error),
    #[error("the archive does not hold what it should: {0}")]
    Damaged(String),
    #[error(
        "the archive is of another version ({program}): its schema is at {theirs}, this program's at {ours}; \
         restore it with its own version, then upgrade"
    )]
    OtherVersion {
        program: String,
        theirs: String,
        ours: String,
    },
    #[error("data are here already; restore into an empty database")]
    NotEmpty,
    #[error("blob {sha256}: {source}")]
    Blob { sha256: Sha256, source: blob::Error },
}

fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::File { path, source }
}
