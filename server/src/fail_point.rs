//! Named places where a test can end the process, to prove that a sudden stop leaves the old state or the new one.
//!
//! In a debug build [`hit`] aborts when the environment variable `HOIAN_FAIL_POINT` names the place, or the place and
//! which passing of it, counted from 1 (`write.after_commit@3`); in a release build it is nothing. [`ALL`] lists every name, so that a test can kill the program at each of them, and a name never
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
    // custody: a draft has other words or another file, nobody has been told.
    "draft.revised",
    // custody: an appendix stands beside a draft, nobody has been told.
    "appendix.added",
    // custody: an appendix bears the agency's signature, the main paper still waits.
    "appendix.sealed",
    // custody: a copy has its number and its signature is pending, nobody has been told.
    "copy.kept",
    // custody: a copy bears its signature, nobody has been told.
    "copy.sealed",
    // custody: an initial is recorded, nobody has been told.
    "initials.made",
    // custody: the number is given, nobody has been told.
    "numbering.given",
    // custody: the dispatches are made, nobody has been told.
    "issue.dispatched",
    // custody: it is sent to receivers outside, nobody has been told.
    "outside.sent",
    // custody: the mail server has taken the letter, nothing is recorded yet.
    "outside.mailed",
    // custody: the arrival number is given, nobody has been told.
    "receipt.registered",
    // custody: a document that came on paper is registered, nobody has been told.
    "paper.registered",
    // custody: every receiver is asked to give it back, nobody has been told.
    "recall.asked",
    // custody: a receiver has agreed and its copy is cancelled, nobody has been told.
    "recall.answered",
    // custody: the instruction is stored, nobody has been told.
    "handling.instructed",
    // custody: a file is verified, its dispatches do not know it.
    "arrival.verified",
    "preservation.proofs_on_disk",
    // conference: what happens next is decided, nothing is written.
    "meeting.decided",
    // conference: it is durable, nobody has been told.
    "meeting.written",
    // conference: the record knows that somebody has a token of a secret vote, the token is not signed.
    "ballot.token_written",
    // conference: a secret ballot is in the box, nobody has been told.
    "ballot.boxed",
];

/// Ends the process here (SIGABRT, nothing is flushed or closed) if a test asked for it.
#[cfg(debug_assertions)]
pub fn hit(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    static ARMED: OnceLock<Option<(String, usize)>> = OnceLock::new();
    static PASSED: AtomicUsize = AtomicUsize::new(0);

    debug_assert!(
        ALL.contains(&name),
        "fail point {name} is missing from fail_point::ALL"
    );
    let armed = ARMED.get_or_init(|| std::env::var("HOIAN_FAIL_POINT").ok().map(|text| armed(&text)));
    let Some((wanted, passing)) = armed else {
        return;
    };
    if wanted == name && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *passing {
        std::process::abort();
    }
}

#[cfg(debug_assertions)]
fn armed(text: &str) -> (String, usize) {
    match text.rsplit_once('@') {
        Some((name, passing)) => (name.to_owned(), passing.parse().unwrap_or(1)),
        None => (text.to_owned(), 1),
    }
}

/// Nothing in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn hit(_name: &str) {}
