//! The independent PKI of `pki.yml`, served by certomancer, and the command `signer` in front of it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use hoian_tests::binary;
use serde_json::Value;
use tempfile::TempDir;

/// Serves until dropped: it ends when its standard input closes.
pub struct Authority {
    child: Child,
    pub folder: TempDir,
    pub address: String,
}

impl Authority {
    pub fn start() -> Self {
        Self::with_arguments(&[])
    }

    /// One for all tests of this program that leave it as it is; it ends with the program.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Authority> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A folder of its own within.
    pub fn subfolder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir(&path).unwrap();
        path
    }

    /// Its certificates name the services at another address, which passes the questions on.
    pub fn behind(address: &str) -> Self {
        Self::with_arguments(&[address])
    }

    fn with_arguments(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(python())
            .arg(script("authority.py"))
            .arg(folder.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        assert!(address.starts_with("http://"), "the authority did not start");
        Self {
            child,
            folder,
            address: address.trim().to_owned(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs `signer` in the folder.
    pub fn signer(&self, arguments: &[&str]) -> Output {
        Command::new(binary::signer())
            .args(arguments)
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .output()
            .unwrap()
    }

    /// Runs `signer`, which must succeed.
    pub fn succeed(&self, arguments: &[&str]) {
        let output = self.signer(arguments);
        assert!(
            output.status.success(),
            "signer {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub fn tsa(&self) -> String {
        format!("{}/interop/tsa/tsa", self.address)
    }

    /// What pyHanko says of each file: by the root, and with --long-term by the validation data in the file alone.
    pub fn pyhanko(&self, files: &[PathBuf], long_term: bool) -> Vec<Value> {
        let both = [self.path("root.pem"), self.path("issuing.pem")].map(|path| std::fs::read(path).unwrap());
        let trust = self.write("trust.pem", &both.concat());
        let mut command = Command::new(python());
        command.arg(script("judge.py"));
        if long_term {
            command.arg("--long-term");
        }
        let printed = run(command.arg(trust).args(files));
        let verdicts = printed.lines().map(|line| serde_json::from_str(line).unwrap());
        verdicts.collect()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

pub fn python() -> PathBuf {
    installed("pyhanko/bin/python")
}

/// Java with the libraries of a judge.
pub fn java(judge: &str) -> Command {
    let libraries = installed(&format!("{judge}/lib"));
    let mut java = Command::new("java");
    // What these tests name has letters of Viet Nam.
    java.arg("-Dfile.encoding=UTF-8")
        .arg("-cp")
        .arg(libraries.join("*"));
    java
}

/// What `setup` brought.
pub fn installed(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
    let path = cache.join("hoian").join(name);
    assert!(path.exists(), "{name} is not installed: run tests/interop/setup");
    path
}

pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name)
}

/// Runs another program, which must succeed; what hangs ends as a failure that has its name.
pub fn run(command: &mut Command) -> String {
    let output = limited(command)
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}: run .ci/install test"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

/// The same command under `timeout`.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited
        .arg("120")
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    limited
}
