//! Documents that are older than the index of words come into it in the background.

use serde::{Deserialize, Serialize};

use super::{Failure, Job};
use crate::parts::App;

/// Makes the entries that are missing, a few documents a transaction, so that nobody waits for it. The migration that
/// came after the index asks for it; since then each document comes with its entry.
#[derive(Serialize, Deserialize)]
pub struct IndexDocuments {}

impl Job for IndexDocuments {
    const KIND: &'static str = "document.index";

    async fn run(self, app: App) -> Result<(), Failure> {
        let index = || app.custody.index_some(AT_ONCE);
        while index().await.map_err(|error| Failure::Later(error.to_string()))? > 0 {}
        Ok(())
    }
}

/// Each is a PDF to read.
const AT_ONCE: u64 = 20;
