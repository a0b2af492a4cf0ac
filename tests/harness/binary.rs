//! The real program `hoian`, as a child process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The program `hoian`.
pub fn hoian() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| program("hoian"))
}

/// The command `signer`.
pub fn signer() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| program("signer"))
}

/// The native messaging host for USB tokens.
pub fn token_host() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| program("hoian-token"))
}

/// The one in the folder that `TESTED_PROGRAMS` names (`tests/run` built it with this test), else built now from the sources.
fn program(name: &str) -> PathBuf {
    std::env::var_os("TESTED_PROGRAMS").map_or_else(|| build(name), |folder| Path::new(&folder).join(name))
}

fn build(program: &str) -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    // The whole workspace, as everywhere: another selection has other features, and builds the dependencies again.
    let mut build = Command::new(cargo);
    // What cargo tells a test about its package would be read by build scripts (ring's) as a change: they, and all
    // that stands on them, would be built again here, and once more by the next `cargo test`.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_the_package(name)) {
        build.env_remove(name);
    }
    let built = build
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args([
            "build",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--message-format=json",
        ])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "the program does not build");
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let path = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == program && message["profile"]["test"] == false;
        is_ours
            .then(|| message["executable"].as_str().map(PathBuf::from))
            .flatten()
    });
    path.expect("cargo names the program")
}

/// Whether cargo set this variable for the running test; where to build, and how, stays.
fn is_of_the_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// A command of the program on the data in `folder`, without the settings of whoever runs the tests.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    command_of(hoian(), folder, arguments)
}

/// As [`command`], of the program that stands there.
pub fn command_of(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear();
    command.env("PATH", "/usr/bin:/bin");
    command.env("HOIAN_DATA_FOLDER", folder);
    command.env("HOIAN_HTTP__ADDRESS", "127.0.0.1:0");
    command.env("HOIAN_MEDIA__UDP_PORT", "0");
    command.env("HOIAN_MEDIA__TCP_PORT", "0");
    command
}

/// What `hoian doctor record` says of a file, and its exit code.
pub fn doctor_record(file: &[u8], more: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.jsonl");
    std::fs::write(&path, file).expect("the record");
    let arguments = [&["doctor", "record", path.to_str().expect("a path")][..], more].concat();
    let output = command(folder.path(), &arguments)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), said)
}

/// The lines of a log so far.
pub type Log = Arc<Mutex<String>>;

/// A running program; killed when dropped.
pub struct Process {
    child: Child,
    /// Where it answers.
    pub origin: String,
}

impl Process {
    /// Starts a command that serves, and returns once it answers.
    pub async fn start(command: Command) -> Self {
        Self::try_start(command)
            .await
            .expect("hoian says where it listens")
    }

    /// As [`Process::start`]; what it logs is kept in the place of being shown.
    pub async fn start_keeping_its_log(command: Command) -> (Self, Log) {
        let log = Log::default();
        let kept = Arc::clone(&log);
        let keep = move |line: &str| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.extend([line, "\n"]);
        };
        let process = Self::start_with(command, keep).await;
        (process.expect("hoian says where it listens"), kept)
    }

    /// As [`Process::start`]; `None` where it ended before it listened.
    pub async fn try_start(command: Command) -> Option<Self> {
        Self::start_with(command, |line| eprintln!("hoian: {line}")).await
    }

    async fn start_with(mut command: Command, heard: impl FnMut(&str) + Send + 'static) -> Option<Self> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hoian starts");
        let stderr = child.stderr.take().expect("its log");
        let (found, address) = tokio::sync::oneshot::channel();
        // The log says the port; it is read to its end, since a full pipe would stop the program.
        std::thread::spawn(move || read_log(BufReader::new(stderr), found, heard));
        let address = tokio::time::timeout(Duration::from_secs(120), address).await;
        let address = address.expect("hoian listens in time").ok();
        let mut process = Self {
            child,
            origin: String::new(),
        };
        process.origin = format!("http://{}", address?);
        Some(process)
    }

    /// Its process, by which the system tells what it has cost.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it holds now, in megabytes (2^20).
    pub fn resident_megabytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("it lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes.expect("VmRSS (proc(5))") / 1024.0
    }

    /// Asks it to end (SIGTERM).
    pub fn ask_to_end(&self) {
        let id = self.child.id().to_string();
        let sent = Command::new("/bin/kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(sent.success());
    }

    /// Asks it to end and waits.
    pub async fn terminate(mut self) -> ExitStatus {
        self.ask_to_end();
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("hoian did not end within 30 s of SIGTERM");
    }

    /// How it ended, if it did so by itself.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("its state")
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.has_ended() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_log(
    log: BufReader<impl Read>,
    found: tokio::sync::oneshot::Sender<String>,
    mut heard: impl FnMut(&str),
) {
    let mut found = Some(found);
    for line in log.lines().map_while(Result::ok) {
        let plain = without_colours(&line);
        heard(&plain);
        let address = plain
            .split("http.address=")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        if let (Some(address), Some(found)) = (address, found.take_if(|_| address.is_some())) {
            let _ = found.send(address.to_owned());
        }
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut in_escape = false;
    for character in line.chars() {
        match (in_escape, character) {
            (false, '\u{1b}') => in_escape = true,
            (false, character) => plain.push(character),
            (true, 'm') => in_escape = false,
            (true, _) => {}
        }
    }
    plain
}
