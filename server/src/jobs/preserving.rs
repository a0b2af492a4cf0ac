//! The job that keeps papers provable.

use serde::{Deserialize, Serialize};

use super::{Failure, Job, enqueue_once};
use crate::parts::App;

/// Proves the papers that are due, and asks for its next run; the migration that brought it asks for the first.
#[derive(Serialize, Deserialize)]
pub struct KeepProvable {}

impl Job for KeepProvable {
    const KIND: &'static str = "paper.keep_provable";

    async fn run(self, app: App) -> Result<(), Failure> {
        let kept = app.custody.keep_provable().await;
        let next = kept.map_err(|error| Failure::Later(error.to_string()))?;
        let id = format!("{}/{}", Self::KIND, next.0);
        app.store
            .write(async |tx| enqueue_once(tx, &app.clock, id, &Self {}, next).await)
            .await?;
        Ok(())
    }
}
