//! A command as its user sees it: the time from start to end, and the memory that is its own.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program of this name that was built with this benchmark.
///
/// # Errors
/// The benchmark does not stand in a target folder.
pub fn beside(name: &str) -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(2);
    let folder = folder.ok_or_else(|| io::Error::other("no target folder"))?;
    Ok(folder.join(name))
}

/// Where the system keeps the figures of the thread of this name; of this process.
///
/// # Errors
/// There is none.
pub fn thread(name: &str) -> io::Result<PathBuf> {
    for entry in std::fs::read_dir("/proc/self/task")? {
        let path = entry?.path();
        // One may end meanwhile.
        if std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name) {
            return Ok(path);
        }
    }
    Err(io::Error::other(format!("no thread {name}")))
}

/// Nanoseconds that a thread has been on a core (`schedstat` of proc(5)).
///
/// # Errors
/// It has ended.
pub fn spent_ns(thread: &Path) -> io::Result<u64> {
    let schedule = std::fs::read_to_string(thread.join("schedstat"))?;
    let spent = schedule.split(' ').next().and_then(|word| word.parse().ok());
    spent.ok_or_else(|| io::Error::other("schedstat"))
}

/// Milliseconds that `work` takes.
pub fn milliseconds<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let start = Instant::now();
    let result = work();
    (start.elapsed().as_secs_f64() * 1000.0, result)
}

/// Milliseconds from the start of a process to its end, its output thrown away.
///
/// # Errors
/// It does not start, or its exit code is none of `expected`: a figure of something else is no figure.
pub fn run(command: &mut Command, expected: &[i32]) -> io::Result<f64> {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let (time, status) = milliseconds(|| quiet.status());
    let status = status?;
    check(command, status.code(), expected)?;
    Ok(time)
}

/// The most anonymous memory (`RssAnon` of proc(5)) seen while a process runs, in megabytes (2^20).
///
/// Mapped files and shared memory are not in it: they cost nothing that the page cache would not give back.
///
/// # Errors
/// As [`run`].
pub fn peak_anonymous_megabytes(command: &mut Command, expected: &[i32]) -> io::Result<f64> {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = quiet.spawn()?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = 0_u64;
    let status = loop {
        peak = peak.max(anonymous_kilobytes(&status_file));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_micros(200));
    };
    check(command, status.code(), expected)?;
    Ok(peak as f64 / 1024.0)
}

fn anonymous_kilobytes(status_file: &str) -> u64 {
    let status = std::fs::read_to_string(status_file).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

fn check(command: &Command, code: Option<i32>, expected: &[i32]) -> io::Result<()> {
    match code.filter(|code| expected.contains(code)) {
        Some(_) => Ok(()),
        None => Err(io::Error::other(format!("{command:?} ended with {code:?}"))),
    }
}
