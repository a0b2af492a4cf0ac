//! The outbox: every effect outside the database is a job, asked for in the transaction of the change that needs it.
//!
//! A job runs at least once: a worker that dies while running it loses its lease, and another takes the job up. So a
//! job must look first whether its effect has happened already.

pub mod ending;
pub mod indexing;
pub mod invitation;
pub mod password_letter;
pub mod preserving;
pub mod reminding;
pub mod remote;
pub mod signing;
pub mod stamping;
mod worker;
pub mod written;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{Clock, Timestamp};
use crate::parts::App;
use crate::store::{Tx, entity};

pub use worker::{Worker, run_due};

/// Every kind of job: **one line each**.
pub fn registry() -> Registry {
    Registry::default()
        .with::<signing::CompleteSignature>()
        .with::<signing::CompleteCopy>()
        .with::<signing::VerifyArrivals>()
        .with::<signing::DeliverMail>()
        .with::<indexing::IndexDocuments>()
        .with::<invitation::WriteInvitations>()
        .with::<invitation::DeliverInvitation>()
        .with::<password_letter::MailReset>()
        .with::<reminding::Remind>()
        .with::<reminding::PressForAnswers>()
        .with::<reminding::AskReminders>()
        .with::<preserving::KeepProvable>()
        .with::<ending::TellOfEndingKeys>()
        .with::<remote::FollowRemote>()
        .with::<stamping::StampPaper>()
        .with::<written::PutQuestion>()
        .with::<written::RemindVoters>()
        .with::<written::CloseQuestion>()
}

/// An effect that can be asked for in a transaction.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The stable name of this kind of job, such as `document.stamp`.
    const KIND: &'static str;

    /// Does it. May be called again after it succeeded.
    fn run(self, app: App) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Why a job did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It may succeed later: it is tried again with growing pauses, without end.
    #[error("{0}")]
    Later(String),
    /// It is tried again after this pause, because whoever refused said when.
    #[error("{1}")]
    After(Duration, String),
    /// It can never succeed: it is given up and shown to administrators.
    #[error("{0}")]
    Never(String),
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        Self::Later(error.to_string())
    }
}

/// Asks for `job` as soon as the transaction is committed.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue<J: Job>(tx: &Tx, clock: &Clock, job: &J) -> Result<(), DbErr> {
    enqueue_at(tx, clock, job, clock.now()).await
}

/// Asks for `job` not before `due_at`.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue_at<J: Job>(tx: &Tx, clock: &Clock, job: &J, due_at: Timestamp) -> Result<(), DbErr> {
    enqueue_once(tx, clock, clock.new_id(), job, due_at).await
}

/// As [`enqueue_at`], but a job with this id is asked for only once, whatever became of it.
///
/// # Errors
/// When the database refuses.
pub async fn enqueue_once<J: Job>(
    tx: &Tx,
    clock: &Clock,
    id: String,
    job: &J,
    due_at: Timestamp,
) -> Result<(), DbErr> {
    let payload = serde_json::to_string(job).map_err(|error| DbErr::Json(error.to_string()))?;
    let row = entity::job::ActiveModel {
        id: Set(id),
        kind: Set(J::KIND.to_owned()),
        payload: Set(payload),
        due_at: Set(due_at),
        leased_until: Set(None),
        attempts: Set(0),
        last_error: Set(None),
        created_at: Set(clock.now()),
        ended_at: Set(None),
        is_given_up: Set(false),
    };
    let once = OnConflict::column(entity::job::Column::Id)
        .do_nothing()
        .to_owned();
    entity::job::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

type Running = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;
type Handler = Arc<dyn Fn(App, &str) -> Running + Send + Sync>;

/// Which code runs which kind of job.
#[derive(Clone, Default)]
pub struct Registry {
    handlers: HashMap<&'static str, Handler>,
}

impl Registry {
    /// This registry and one more kind of job.
    pub fn with<J: Job>(mut self) -> Self {
        let handler = |app: App, payload: &str| -> Running {
            match serde_json::from_str::<J>(payload) {
                Ok(job) => Box::pin(job.run(app)),
                Err(error) => Box::pin(std::future::ready(Err(Failure::Never(format!(
                    "unreadable: {error}"
                ))))),
            }
        };
        self.handlers.insert(J::KIND, Arc::new(handler));
        self
    }

    fn run(&self, app: App, kind: &str, payload: &str) -> Running {
        match self.handlers.get(kind) {
            Some(handler) => handler(app, payload),
            // A newer program wrote it into this database; it may come back.
            None => Box::pin(std::future::ready(Err(Failure::Later(format!(
                "unknown kind of job {kind}"
            ))))),
        }
    }
}

/// The pause before the next attempt: 2 s, 4 s, 8 s ... up to 10 minutes.
fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts).unwrap_or(0).clamp(1, 10);
    Duration::from_secs(2_u64.pow(doublings)).min(Duration::from_secs(600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_minutes_and_no_further() {
        let pauses: Vec<u64> = [1, 2, 3, 9, 10, 1000]
            .map(|attempts| pause(attempts).as_secs())
            .to_vec();
        assert_eq!(pauses, [2, 4, 8, 512, 600, 600]);
    }
}
