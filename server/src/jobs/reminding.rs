//! Jobs that press: for an answer on the day a paper came; for work when its day is near, and when it is past.

use serde::{Deserialize, Serialize};

use super::{Failure, Job};
use crate::custody::Reminder;
use crate::parts::App;
use crate::store::blob::Sha256;

/// Tells who must act, and who asked for it.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Remind {
    pub(super) reminder: Reminder,
}

impl Job for Remind {
    const KIND: &'static str = "dispatch.remind";

    async fn run(self, app: App) -> Result<(), Failure> {
        let told = app.custody.remind(&self.reminder).await;
        told.map_err(|error| Failure::Later(error.to_string()))
    }
}

/// Tells the clerks of those receivers who have not answered.
#[derive(Serialize, Deserialize)]
pub struct PressForAnswers {
    pub(super) blob: Sha256,
}

impl Job for PressForAnswers {
    const KIND: &'static str = "dispatch.press_for_answers";

    async fn run(self, app: App) -> Result<(), Failure> {
        let told = app.custody.press_for_answers(&self.blob).await;
        told.map_err(|error| Failure::Later(error.to_string()))
    }
}

/// Asks for the reminders of work that had a day before there were any; the migration that brought them asks for it.
#[derive(Serialize, Deserialize)]
pub struct AskReminders {}

impl Job for AskReminders {
    const KIND: &'static str = "dispatch.ask_reminders";

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut last = None;
        loop {
            let asked = app.custody.ask_some_reminders(last).await;
            last = asked.map_err(|error| Failure::Later(error.to_string()))?;
            if last.is_none() {
                return Ok(());
            }
        }
    }
}
