//! The program dies at a named point, again and again, and what is left is the old state or the new one.
//!
//! One province is made, then copied for each death. On a copy the program starts with a fail point armed, a document
//! goes its way until the program is gone (SIGABRT: nothing is flushed, nothing closed), a second start finds whatever
//! is there, and the document goes on to its end. A fail point that nothing reaches fails the test.
//!
//! `FAULTS=all` dies at every passing of every point, not only at the first (`make soak`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod meeting;
mod story;

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_server::fail_point;
use hoian_tests::binary::{Process, command};
use story::{End, People};
use tempfile::TempDir;

#[tokio::test]
async fn a_death_at_any_named_point_leaves_the_old_state_or_the_new_one() {
    let province = Province::make().await;
    let everywhere = std::env::var("FAULTS").is_ok_and(|wish| wish == "all");
    let mut never_reached = Vec::new();
    let mut deaths = 0;
    for name in fail_point::ALL {
        let mut passing = 1;
        while province.dies_and_recovers(name, passing).await {
            deaths += 1;
            passing += 1;
            if !everywhere {
                break;
            }
        }
        if passing == 1 {
            never_reached.push(*name);
        }
    }
    eprintln!("{deaths} deaths");
    assert!(never_reached.is_empty(), "nothing reaches {never_reached:?}");
}

/// At each step of a meeting, before it is written and after: no turn is lost or doubled, nor a line of the roll.
#[tokio::test]
async fn a_meeting_survives_a_death_at_every_step() {
    let province = Province::make().await;
    for name in ["meeting.decided", "meeting.written"] {
        let mut passing = 1;
        while province.meeting_survives(name, passing).await {
            passing += 1;
        }
        eprintln!("{} deaths at {name}", passing - 1);
        assert!(
            passing > 7,
            "{name} was passed {passing} times: two come, one asks, is offered, takes and ends the floor, one is marked"
        );
    }
}

/// The demo as it is before anyone did anything, with the sessions of those who will.
struct Province {
    folder: TempDir,
    people: People,
    /// What the document's number and symbol will be.
    code: String,
}

impl Province {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(command(folder.path(), &["demo"])).await;
        let people = People::log_in(&process.origin, folder.path()).await;
        assert!(process.terminate().await.success());
        // What happens without a death, on a copy: the number that every other run must get too.
        let copy = copied(folder.path());
        let process = Process::start(command(copy.path(), &["demo"])).await;
        let end = people.finish(&process.origin).await.expect("nobody dies here");
        assert!(process.terminate().await.success());
        Self {
            folder,
            people,
            code: end.code,
        }
    }

    /// Whether the program reached that passing of the point, and so died; then all is well afterwards.
    async fn dies_and_recovers(&self, name: &str, passing: usize) -> bool {
        let what = format!("{name}@{passing}");
        let copy = copied(self.folder.path());
        let mut armed = command(copy.path(), &["demo"]);
        armed.env("HOIAN_FAIL_POINT", &what);
        if let Some(mut process) = Process::try_start(armed).await {
            if self.people.finish(&process.origin).await.is_ok() && process.has_ended().is_none() {
                return false;
            }
            let status = process.ended().await;
            assert!(is_abort(status), "{what}: ended with {status}");
        }
        let process = Process::start(command(copy.path(), &["demo"])).await;
        let end = self.people.finish(&process.origin).await;
        let End { code, kept } = end.unwrap_or_else(|died| panic!("{what}: died again: {died}"));
        assert_eq!(code, self.code, "{what}: no number is lost or given twice");
        assert_eq!(kept, 1, "{what}: the document is there once");
        assert!(process.terminate().await.success());
        let audit = command(copy.path(), &["doctor", "audit"]).output().unwrap();
        assert!(
            audit.status.success(),
            "{what}: {}",
            String::from_utf8_lossy(&audit.stdout)
        );
        true
    }
}

impl Province {
    /// Whether the meeting reached that passing of the point, and so died; then it goes on to a whole record.
    async fn meeting_survives(&self, name: &str, passing: usize) -> bool {
        let what = format!("{name}@{passing}");
        let copy = copied(self.folder.path());
        let mut armed = command(copy.path(), &["demo"]);
        armed.env("HOIAN_FAIL_POINT", &what);
        let mut process = Process::start(armed).await;
        if self.people.meet(&process.origin).await.is_ok() && process.has_ended().is_none() {
            return false;
        }
        let status = process.ended().await;
        assert!(is_abort(status), "{what}: ended with {status}");
        let process = Process::start(command(copy.path(), &["demo"])).await;
        let met = self.people.meet(&process.origin).await;
        met.unwrap_or_else(|died| panic!("{what}: died again: {died}"));
        assert!(process.terminate().await.success());
        true
    }
}

fn is_abort(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    const SIGABRT: i32 = 6;
    status.signal() == Some(SIGABRT)
}

/// A copy of a stopped program's folder.
fn copied(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from: PathBuf = folder.join(".");
    let done = Command::new("cp").arg("-a").args([&from, copy.path()]).status();
    assert!(done.expect("cp runs").success());
    copy
}
