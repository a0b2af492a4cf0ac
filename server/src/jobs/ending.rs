//! The job that tells of certificates that end.

use serde::{Deserialize, Serialize};
use time::Date;

use super::{Failure, Job, enqueue_once};
use crate::clock::Timestamp;
use crate::domain::numbering::local_date;
use crate::domain::working_day::opening;
use crate::parts::App;

/// Tells whoever signs with a key that ends, and asks for its next run, as offices open the next time; the migration that brought it
/// asks for the first.
#[derive(Serialize, Deserialize)]
pub struct TellOfEndingKeys {}

impl Job for TellOfEndingKeys {
    const KIND: &'static str = "signing_key.tell_of_ending";

    async fn run(self, app: App) -> Result<(), Failure> {
        let told = app.custody.tell_of_ending_keys().await;
        told.map_err(|error| Failure::Later(error.to_string()))?;
        let next = next_opening(app.clock.now());
        let id = format!("{}/{}", Self::KIND, next.0);
        app.store
            .write(async |tx| enqueue_once(tx, &app.clock, id, &Self {}, next).await)
            .await?;
        Ok(())
    }
}

fn next_opening(now: Timestamp) -> Timestamp {
    let today = local_date(now.to_offset_date_time());
    let days = [today, today.next_day().unwrap_or(Date::MAX)];
    let mut openings = days.map(|day| Timestamp::from(opening(day))).into_iter();
    openings.find(|opens| *opens > now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn whenever_it_ran_it_runs_again_as_offices_open_the_next_time() {
        for now in [datetime!(2026-11-29 01:00 UTC), datetime!(2026-11-30 00:59 UTC)] {
            let next = next_opening(Timestamp::from(now)).to_offset_date_time();
            assert_eq!(next, datetime!(2026-11-30 01:00 UTC), "{now}");
        }
    }
}
