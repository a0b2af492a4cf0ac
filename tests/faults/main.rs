//! The program dies at a named point, again and again, and what is left is the old state or the new one.
//!
//! One province is made, then copied for each death. On a copy the program starts with a fail point armed, a document
//! goes its way until the program is gone (SIGABRT: nothing is flushed, nothing closed), a second start finds whatever
//! is there, and the document goes on to its end. A fail point that nothing reaches fails the test.
//!
//! Besides, it is killed at moments that nobody chose: `KILLS` times, by the seed `KILLS_SEED`.
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
use std::time::Duration;

use hoian_server::fail_point;
use hoian_tests::binary::{Process, command};
use hoian_tests::mail::MailServer;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
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
            passing > 11,
            "{name} was passed {passing} times: two come, one asks, is offered, takes and ends the floor, a vote is put, answered, changed and closed, one is marked"
        );
    }
}

/// Nobody chooses the moment: the power fails (SIGKILL) anywhere in a day of work, several times a day.
#[tokio::test]
async fn deaths_at_any_moment_of_a_day_lose_nothing_and_send_nothing_twice() {
    let province = Province::make().await;
    let wanted = std::env::var("KILLS").map_or(5, |kills| kills.parse().expect("a number"));
    let seed = std::env::var("KILLS_SEED").map_or(141, |seed| seed.parse().expect("a number"));
    let mut random = StdRng::seed_from_u64(seed);
    let (mut kills, mut days) = (0, 0);
    while kills < wanted {
        kills += province
            .day_with_kills(&mut random, KILLS_A_DAY.min(wanted - kills))
            .await;
        days += 1;
    }
    eprintln!("{kills} sudden deaths in {days} days");
}

/// After so many a day goes to its end, so that each day proves something.
const KILLS_A_DAY: usize = 8;
/// A day takes some seconds; lives of this length, and shorter ones more often, end it everywhere.
const LONGEST_LIFE_MS: f64 = 6_000.0;

/// The demo as it is before anyone did anything, with the sessions of those who will.
struct Province {
    folder: TempDir,
    people: People,
    /// Where letters to receivers outside arrive.
    mail: MailServer,
    /// What the document's number and symbol will be.
    code: String,
}

impl Province {
    async fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mail = MailServer::start();
        let process = Process::start(command(folder.path(), &["demo"])).await;
        let people = People::log_in(&process.origin, folder.path()).await;
        assert!(process.terminate().await.success());
        // What happens without a death, on a copy: the number that every other run must get too.
        let copy = copied(folder.path());
        let mut demo = command(copy.path(), &["demo"]);
        mail.configure(&mut demo);
        let process = Process::start(demo).await;
        let end = people
            .finish(&process.origin, copy.path())
            .await
            .expect("nobody dies here");
        assert!(process.terminate().await.success());
        Self {
            folder,
            people,
            mail,
            code: end.code,
        }
    }

    fn command(&self, folder: &TempDir) -> Command {
        let mut demo = command(folder.path(), &["demo"]);
        self.mail.configure(&mut demo);
        demo
    }

    /// Of the letters since `before` all are the same one, to the byte: a receiving server keeps it once.
    fn one_letter_since(&self, before: usize, what: &str) {
        let letters = self.mail.letters();
        let since = &letters[before..];
        assert!(!since.is_empty(), "{what}: no letter is lost");
        assert!(
            since.iter().all(|letter| *letter == since[0]),
            "{what}: nothing is sent twice"
        );
    }

    /// Whether the program reached that passing of the point, and so died; then all is well afterwards.
    async fn dies_and_recovers(&self, name: &str, passing: usize) -> bool {
        let what = format!("{name}@{passing}");
        let copy = copied(self.folder.path());
        let letters = self.mail.letters().len();
        let mut armed = self.command(&copy);
        armed.env("HOIAN_FAIL_POINT", &what);
        if let Some(mut process) = Process::try_start(armed).await {
            if self.people.finish(&process.origin, copy.path()).await.is_ok() && process.has_ended().is_none()
            {
                return false;
            }
            let status = process.ended().await;
            assert!(is_abort(status), "{what}: ended with {status}");
        }
        let process = Process::start(self.command(&copy)).await;
        let end = self.people.finish(&process.origin, copy.path()).await;
        let end = end.unwrap_or_else(|died| panic!("{what}: died again: {died}"));
        assert!(process.terminate().await.success());
        self.nothing_is_lost(&copy, &end, letters, &what);
        true
    }
}

impl Province {
    /// Plays a day while the program is killed, at most so often; says how often it was.
    async fn day_with_kills(&self, random: &mut StdRng, most: usize) -> usize {
        let copy = copied(self.folder.path());
        let letters = self.mail.letters().len();
        let mut lives = Vec::new();
        let end = loop {
            let process = Process::start(self.command(&copy)).await;
            let origin = process.origin.clone();
            let day = self.people.finish(&origin, copy.path());
            if lives.len() == most {
                let end = day.await;
                assert!(process.terminate().await.success());
                break end;
            }
            let life_ms = LONGEST_LIFE_MS * random.random::<f64>().powi(2);
            tokio::select! {
                end = day => {
                    assert!(process.terminate().await.success());
                    break end;
                }
                // Dropped, it is killed at once.
                () = tokio::time::sleep(Duration::from_secs_f64(life_ms / 1000.0)) => drop(process),
            }
            lives.push(life_ms as u64);
        };
        let what = format!("killed after {lives:?} ms");
        let end = end.unwrap_or_else(|died| panic!("{what}: {died}"));
        self.nothing_is_lost(&copy, &end, letters, &what);
        lives.len()
    }

    fn nothing_is_lost(&self, copy: &TempDir, end: &End, letters: usize, what: &str) {
        assert_eq!(end.code, self.code, "{what}: no number is lost or given twice");
        assert_eq!(end.kept, 1, "{what}: the document is there once");
        self.one_letter_since(letters, what);
        let audit = command(copy.path(), &["doctor", "audit"]).output().unwrap();
        let said = String::from_utf8_lossy(&audit.stdout);
        assert!(audit.status.success(), "{what}: {said}");
    }

    /// Whether the meeting reached that passing of the point, and so died; then it goes on to a whole record.
    async fn meeting_survives(&self, name: &str, passing: usize) -> bool {
        let what = format!("{name}@{passing}");
        let copy = copied(self.folder.path());
        let mut armed = self.command(&copy);
        armed.env("HOIAN_FAIL_POINT", &what);
        let mut process = Process::start(armed).await;
        if self.people.meet(&process.origin).await.is_ok() && process.has_ended().is_none() {
            return false;
        }
        let status = process.ended().await;
        assert!(is_abort(status), "{what}: ended with {status}");
        let process = Process::start(self.command(&copy)).await;
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
