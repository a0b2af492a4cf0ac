//! The job that keeps papers provable.

use serde::{Deserialize, Serialize};

use super::{Failure, Job, enqueue_once};
use crate::clock::Timestamp;
use crate::parts::App;

/// Proves the papers that are due, and asks for its next run; the migration that brought it asks for the first.
#[derive(Serialize, Deserialize)]
pub struct KeepProvable {}

impl Job for KeepProvable {
    const KIND: &'static str = "paper.keep_provable";

    async fn run(self, app: App) -> Result<(), Failure> {
        let kept = app.custody.keep_provable().await;
        let more = kept.map_err(|error| Failure::Later(error.to_string()))?;
        let now = app.clock.now();
        let next = if more { now } else { next_hour(now) };
        // One that was asked for besides comes to the same hour, and is asked for once.
        let id = format!("{}/{}", Self::KIND, next.0);
        app.store
            .write(async |tx| enqueue_once(tx, &app.clock, id, &Self {}, next).await)
            .await?;
        Ok(())
    }
}

fn next_hour(now: Timestamp) -> Timestamp {
    Timestamp((now.0 / HOUR_MS + 1) * HOUR_MS)
}

const HOUR_MS: i64 = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whenever_it_ran_it_looks_again_at_the_full_hour() {
        for (now, next) in [(0, 1), (1, 1), (HOUR_MS - 1, 1), (HOUR_MS, 2)] {
            assert_eq!(next_hour(Timestamp(now)), Timestamp(next * HOUR_MS));
        }
    }
}
