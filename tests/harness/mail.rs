//! A mail server of others (aiosmtpd) that keeps each letter it takes.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hoian_server::config::{Encryption, Mail};
use tempfile::TempDir;

/// The running server; it ends when dropped.
pub struct MailServer {
    child: Child,
    folder: TempDir,
    pub port: u16,
}

/// A letter as the server took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub to: String,
    /// Headers and body, to the byte.
    pub bytes: Vec<u8>,
}

impl MailServer {
    /// Starts it on a port of its own.
    pub fn start() -> Self {
        Self::start_into(None)
    }

    /// As [`MailServer::start`], with letters brought also into the mailboxes (Maildir) of a folder.
    pub fn start_into(mailboxes: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/mail_server.py");
        let mut child = Command::new(PYTHON)
            .arg(script)
            .arg(folder.path())
            .args(mailboxes)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("aiosmtpd is installed: .ci/install test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("its first line");
        let port = line.trim().parse().expect("its port");
        Self { child, folder, port }
    }

    /// The settings of a program that writes to it.
    pub fn settings(&self) -> Mail {
        Mail {
            server: Some("127.0.0.1".into()),
            port: Some(self.port),
            encryption: Encryption::None,
            from: Some(FROM.into()),
            ..Mail::default()
        }
    }

    /// The same as variables of the environment.
    pub fn configure(&self, command: &mut Command) {
        command
            .env("HOIAN_MAIL__SERVER", "127.0.0.1")
            .env("HOIAN_MAIL__PORT", self.port.to_string())
            .env("HOIAN_MAIL__ENCRYPTION", "none")
            .env("HOIAN_MAIL__FROM", FROM);
    }

    /// From now on it takes what it put off.
    pub fn open(&self) {
        std::fs::write(self.folder.path().join("open"), b"").expect("a file");
    }

    /// Every letter that it took, in order.
    pub fn letters(&self) -> Vec<Taken> {
        let files = std::fs::read_dir(self.folder.path()).expect("the folder");
        let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
        files.sort();
        files.iter().map(|file| read(file)).collect()
    }
}

impl Taken {
    /// The value of a header, where it stands on one line.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let head = text.split("\r\n\r\n").next()?;
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(str::to_owned)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(file: &Path) -> Taken {
    let whole = std::fs::read(file).expect("a letter");
    let end = whole
        .windows(2)
        .position(|two| two == b"\n\n")
        .expect("the recipients");
    Taken {
        to: String::from_utf8_lossy(&whole[..end]).into_owned(),
        bytes: whole[end + 2..].to_vec(),
    }
}

/// Debian's Python, which has aiosmtpd; also a plain reader of ZIP files and letters.
pub const PYTHON: &str = "/usr/bin/python3";

const FROM: &str = "Van thu UBND <vanthu@langiang.test>";
