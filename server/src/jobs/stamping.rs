//! A paper that was signed in a meeting while the time-stamp authority was silent gets its time later.

use std::time::Duration;

use sea_orm::{DbErr, EntityTrait};
use serde::{Deserialize, Serialize};

use super::{Failure, Job, enqueue_once};
use crate::clock::Clock;
use crate::conference::Unwritten;
use crate::custody;
use crate::domain::meeting::{MeetingId, PaperId};
use crate::domain::paper_signing::PaperStamp;
use crate::domain::procedure::Event;
use crate::parts::App;
use crate::store::audit::Actor;
use crate::store::blob::Sha256;
use crate::store::entity::meeting;
use crate::store::{Store, Tx};

/// Asks for the time-stamp of a paper, before a signature without one is written: whatever becomes of that, the job looks first.
///
/// # Errors
/// When the database refuses.
pub async fn ask(store: &Store, clock: &Clock, meeting: &MeetingId, paper: &PaperId) -> Result<(), DbErr> {
    let job = StampPaper {
        meeting: meeting.clone(),
        paper: paper.clone(),
    };
    let id = format!("{}/{paper}", StampPaper::KIND);
    let due = clock.now().after(AGAIN);
    store
        .write(async |tx: &Tx| enqueue_once(tx, clock, id, &job, due).await)
        .await
}

/// Puts a time-stamp over the whole paper once nobody signs it any more.
#[derive(Serialize, Deserialize)]
pub struct StampPaper {
    meeting: MeetingId,
    paper: PaperId,
}

impl Job for StampPaper {
    const KIND: &'static str = "meeting.stamp_paper";

    async fn run(self, app: App) -> Result<(), Failure> {
        let row = meeting::Entity::find_by_id(self.meeting.clone())
            .one(app.store.read())
            .await?;
        let Some(row) = row else { return Ok(()) };
        let turn = app.conferences.turn(&self.meeting.0);
        let _turn = turn.lock().await;
        let procedure = app.conferences.procedure(&self.meeting).await?;
        let Some(signing) = procedure.signings.of(&self.paper) else {
            return Ok(());
        };
        if !signing.is_complete() && row.ended_at.is_none() {
            return Err(Failure::After(AGAIN, "others are still to sign".to_owned()));
        }
        if !procedure.signings.needs_stamp(&self.paper) {
            return Ok(());
        }
        let file = Sha256(signing.file.clone());
        let stored = app.custody.stamp_joint(&file, &signing.signed_fields()).await;
        let stored = stored.map_err(|error| match error {
            custody::Error::SelfCheck { .. } | custody::Error::Signer(_) => Failure::Never(error.to_string()),
            _ => Failure::Later(error.to_string()),
        })?;
        let stamp = PaperStamp {
            paper: self.paper,
            over: file.0,
            file: stored.sha256.0,
            size_bytes: stored.size_bytes,
        };
        let event = Event::PaperStamped {
            stamp: Box::new(stamp),
        };
        match app.conferences.happen(&self.meeting, &Actor::System, event).await {
            // Another program was quicker.
            Ok(()) | Err(Unwritten::Impossible(_)) => Ok(()),
            Err(error @ Unwritten::NotKept) => Err(Failure::Later(error.to_string())),
        }
    }
}

/// Until it is looked again whether all have signed.
const AGAIN: Duration = Duration::from_secs(60);
