//! The worker: takes due jobs, runs a few at a time, records how each ended.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::{Failure, Registry, pause};
use crate::app::App;
use crate::clock::Timestamp;
use crate::fail_point;
use crate::store::entity::job;

/// Jobs run at the same time; each waits mostly for a network.
const AT_A_TIME: u64 = 4;
/// How long a job belongs to the worker that took it. A worker that lives renews it, so this is how long the jobs of a
/// dead one rest, however long the slowest job takes.
const LEASE: Duration = Duration::from_secs(15);
/// A third: two renewals may fail before another worker takes the job up.
const RENEWAL: Duration = Duration::from_secs(5);
/// How often the table is looked at when nothing in this process asked for a job.
const LOOK: Duration = Duration::from_secs(1);

/// The running worker.
pub struct Worker {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    /// Starts to work off jobs in the background.
    pub fn start(app: App, registry: Registry) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(work(app, registry, stop.clone()));
        Self { stop, task }
    }

    /// Takes no further job and waits for those that run, at most `patience`. A job cut off runs again after its lease.
    pub async fn stop(self, patience: Duration) {
        self.stop.cancel();
        if tokio::time::timeout(patience, self.task).await.is_err() {
            warn!("jobs were still running at the end of the drain; they run again after their lease");
        }
    }
}

async fn work(app: App, registry: Registry, stop: CancellationToken) {
    let committed = app.store.committed();
    while !stop.is_cancelled() {
        // Registered before looking, so that a commit in between is not missed.
        let wake = committed.notified();
        match run_due(&app, &registry).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => error!(%error, "cannot look for jobs"),
        }
        tokio::select! {
            () = wake => {}
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Runs the jobs that are due now, each once, and returns how many there were. Tests call it instead of waiting.
///
/// # Errors
/// When the table of jobs cannot be read.
pub async fn run_due(app: &App, registry: &Registry) -> Result<usize, DbErr> {
    let now = app.clock.now();
    let due = job::Entity::find()
        .filter(is_due(now))
        .order_by_asc(job::Column::DueAt)
        .limit(AT_A_TIME)
        .all(app.store.read())
        .await?;
    let mine = TaskTracker::new();
    let mut taken = 0;
    for row in due {
        if take(app, &row, now).await? {
            taken += 1;
            mine.spawn(run(app.clone(), registry.clone(), row));
        }
    }
    mine.close();
    mine.wait().await;
    Ok(taken)
}

fn is_due(now: Timestamp) -> Condition {
    let free = Condition::any()
        .add(job::Column::LeasedUntil.is_null())
        .add(job::Column::LeasedUntil.lte(now));
    Condition::all()
        .add(job::Column::EndedAt.is_null())
        .add(job::Column::DueAt.lte(now))
        .add(free)
}

/// Leases the job, unless another worker was quicker.
async fn take(app: &App, row: &job::Model, now: Timestamp) -> Result<bool, DbErr> {
    let lease = job::Entity::update_many()
        .col_expr(job::Column::LeasedUntil, Expr::value(now.after(LEASE)))
        .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).add(1))
        .filter(job::Column::Id.eq(&row.id))
        .filter(is_due(now));
    app.store
        .write(async |tx| Ok(lease.exec(tx).await?.rows_affected == 1))
        .await
}

async fn run(app: App, registry: Registry, row: job::Model) {
    fail_point::hit("job.before_run");
    let started = app.clock.monotonic();
    let running = tokio::spawn(registry.run(app.clone(), &row.kind, &row.payload));
    let ended = tokio::select! {
        ended = running => ended,
        never = renew(&app, &row) => match never {},
    };
    // A panic is a fault of ours and may pass with the next release: the job stays.
    let result = ended.unwrap_or_else(|panic| Err(Failure::Later(format!("panicked: {panic}"))));
    fail_point::hit("job.after_run");
    let duration_ms = started.elapsed().as_millis();
    match &result {
        Ok(()) => info!(job.id = row.id, job.kind = row.kind, duration_ms, "job done"),
        Err(Failure::Never(error)) => {
            error!(
                job.id = row.id,
                job.kind = row.kind,
                duration_ms,
                error,
                "job given up"
            )
        }
        Err(error) => warn!(job.id = row.id, job.kind = row.kind, duration_ms, %error, "job will run again"),
    }
    if let Err(error) = record(&app, &row, result).await {
        error!(job.id = row.id, %error, "cannot record how a job ended; it runs again after its lease");
    }
}

/// Keeps the lease of a job for as long as it is polled.
async fn renew(app: &App, row: &job::Model) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(RENEWAL).await;
        let until = app.clock.now().after(LEASE);
        let renewal = job::Entity::update_many()
            .col_expr(job::Column::LeasedUntil, Expr::value(until))
            .filter(job::Column::Id.eq(&row.id));
        if let Err(error) = app.store.write(async |tx| renewal.exec(tx).await).await {
            warn!(job.id = row.id, %error, "cannot renew the lease of a job");
        }
    }
}

async fn record(app: &App, row: &job::Model, result: Result<(), Failure>) -> Result<(), DbErr> {
    let now = app.clock.now();
    let ended = |given_up: bool| {
        job::Entity::update_many()
            .col_expr(job::Column::EndedAt, Expr::value(now))
            .col_expr(job::Column::IsGivenUp, Expr::value(given_up))
    };
    let again = |after: Duration| {
        job::Entity::update_many().col_expr(job::Column::DueAt, Expr::value(now.after(after)))
    };
    let (update, error) = match result {
        Ok(()) => (ended(false), None),
        Err(Failure::Never(error)) => (ended(true), Some(error)),
        Err(Failure::After(after, error)) => (again(after), Some(error)),
        Err(Failure::Later(error)) => (again(pause(row.attempts + 1)), Some(error)),
    };
    let update = update
        .col_expr(job::Column::LeasedUntil, Expr::value(None::<i64>))
        .col_expr(job::Column::LastError, Expr::value(error))
        .filter(job::Column::Id.eq(&row.id));
    app.store
        .write(async |tx| update.exec(tx).await.map(|_| ()))
        .await
}
