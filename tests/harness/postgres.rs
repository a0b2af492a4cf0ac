//! A throw-away PostgreSQL: its own cluster in a temporary folder, reached by a unix socket only, run as the system's
//! user `postgres` because PostgreSQL refuses root.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A running cluster; stops and is deleted when dropped.
pub struct Postgres {
    folder: TempDir,
    server: Child,
}

impl Postgres {
    /// Makes and starts a cluster; none where PostgreSQL is not installed.
    pub async fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new()
            .prefix("hoian-pg-")
            .tempdir_in("/tmp")
            .expect("a folder");
        let owner = owner();
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group))
                .expect("the folder changes hands");
        }
        let data = folder.path().join("data");
        let made = command(&programs.join("initdb"), owner)
            .args([
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--username=hoian",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb");
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let server = command(&programs.join("postgres"), owner)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("postgres runs");
        let postgres = Self { folder, server };
        postgres.wait().await;
        Some(postgres)
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://hoian@{folder}/postgres")
    }

    async fn wait(&self) {
        for _ in 0..200 {
            if sea_orm::Database::connect(self.url()).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "PostgreSQL did not start: {}",
            fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
        );
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGKILL is good enough for a cluster that is deleted with its folder.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .find(|bin| bin.join("postgres").exists())
}

/// User and group `postgres`, where this process is root.
fn owner() -> Option<(u32, u32)> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root = status
        .lines()
        .any(|line| line.starts_with("Uid:") && line.split_whitespace().nth(2) == Some("0"));
    if !is_root {
        return None;
    }
    let people = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let line = people
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .expect("the user postgres");
    let mut numbers = line
        .split(':')
        .skip(2)
        .map(|number| number.parse().expect("a number"));
    Some((numbers.next().expect("a user"), numbers.next().expect("a group")))
}

fn command(program: &Path, owner: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8");
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    command
}
