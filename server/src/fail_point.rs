//! Named places where a test can end the process, to prove that a sudden stop leaves the old state or the new one.
//!
//! In a debug build [`hit`] aborts when the environment variable `HOIAN_FAIL_POINT` names the place; in a release build
//! it is nothing. [`ALL`] lists every name, so that a test can kill the program at each of them, and a name never
//! reached is itself a failure.

/// Every fail point of the program.
pub const ALL: &[&str] = &[
    // store: a blob is on disk, its row is not written.
    "blob.stored",
    // store: all rows of a transaction are written, nothing is committed.
    "write.before_commit",
    // store: the transaction is durable, nobody has been told.
    "write.after_commit",
    // jobs: a job is leased, its effect has not begun.
    "job.before_run",
    // jobs: the effect has happened, the job still counts as due.
    "job.after_run",
    // custody: the key has signed, nothing is kept yet.
    "signing.key_used",
    // custody: the signature is pending, nobody has asked for its time-stamp.
    "signing.kept",
    // custody: the time-stamp is here, the version is not made.
    "signing.token_arrived",
    // custody: the signed version is on disk, its row is not written.
    "signing.version_on_disk",
    // custody: the signed version is stored, nobody has been told.
    "signing.version_stored",
    // custody: the numbered version is on disk, the number is not taken.
    "numbering.version_on_disk",
    // custody: the number is given, nobody has been told.
    "numbering.given",
    // custody: the dispatches are made, nobody has been told.
    "issue.dispatched",
    // custody: the arrival number is given, nobody has been told.
    "receipt.registered",
    // custody: every receiver is asked to give it back, nobody has been told.
    "recall.asked",
    // custody: a receiver has agreed and its copy is cancelled, nobody has been told.
    "recall.answered",
    // custody: the instruction is stored, nobody has been told.
    "handling.instructed",
    // custody: a file is verified, its dispatches do not know it.
    "arrival.verified",
];

/// Ends the process here (SIGABRT, nothing is flushed or closed) if a test asked for it.
#[cfg(debug_assertions)]
pub fn hit(name: &str) {
    use std::sync::OnceLock;
    static ARMED: OnceLock<Option<String>> = OnceLock::new();

    debug_assert!(
        ALL.contains(&name),
        "fail point {name} is missing from fail_point::ALL"
    );
    if ARMED
        .get_or_init(|| std::env::var("HOIAN_FAIL_POINT").ok())
        .as_deref()
        == Some(name)
    {
        std::process::abort();
    }
}

/// Nothing in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn hit(_name: &str) {}
