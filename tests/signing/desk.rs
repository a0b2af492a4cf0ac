//! A folder in which the command works: a key, a paper, two images.

use std::path::PathBuf;
use std::process::{Command, Output};

use hoian_tests::{binary, fixture};
use tempfile::TempDir;

/// What signs with the folder's key.
pub const SIGN: [&str; 5] = ["sign", "--p12", "key.p12", "--password-file", "password"];

pub struct Desk {
    pub folder: TempDir,
}

impl Desk {
    /// With this paper as `paper.pdf`.
    pub fn with(paper: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let making = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        fixture::openssl_key(folder.path(), &making, &[]);
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("password", fixture::OPENSSL_PASSWORD.as_bytes());
        write("paper.pdf", paper);
        write("signature.png", &fixture::signature_png());
        write("seal.png", &fixture::seal_png());
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of everything in the folder.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `signer` in the folder, in English.
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary::signer());
        command.current_dir(self.folder.path()).env("LC_ALL", "C");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    /// `signer sign` with the folder's key.
    pub fn sign(&self, arguments: &[&str]) -> Output {
        let output = self.run(&[&SIGN, arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        output
    }
}

/// Everything that a command wrote.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

/// What it wrote for the person, beside its results.
pub fn remarked(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
