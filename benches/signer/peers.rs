//! pyHanko's command and poppler's `pdfsig`, where this machine has them (`.ci/install test` brings both).

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_benches::child::{peak_anonymous_megabytes, run};
use hoian_benches::figure::median;

use crate::materials::Materials;

pub struct Peers {
    pyhanko: Option<PathBuf>,
    root: PathBuf,
    package: PathBuf,
    password_file: PathBuf,
    output: PathBuf,
}

impl Peers {
    pub fn find(materials: &Materials) -> Self {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
        let cache = std::env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(home);
        let pyhanko = cache.map(|cache| cache.join("hoian/pyhanko/bin/pyhanko"));
        Self {
            pyhanko: pyhanko.filter(|path| path.exists()),
            root: materials.pki.root_file.clone(),
            package: materials.pki.package.clone(),
            password_file: materials.pki.password_file.clone(),
            output: materials.folder.path().join("peer.pdf"),
        }
    }

    /// Milliseconds of `pyhanko sign validate`.
    pub fn pyhanko_verify(&self, file: &Path, rounds: usize) -> Option<f64> {
        times(rounds, || self.validate(file))
    }

    pub fn pyhanko_memory(&self, file: &Path) -> Option<f64> {
        peak_anonymous_megabytes(&mut self.validate(file)?, VERDICTS).ok()
    }

    /// Milliseconds of `pyhanko sign addsig pkcs12`.
    pub fn pyhanko_sign(&self, file: &Path, rounds: usize) -> Option<f64> {
        times(rounds, || {
            let mut command = Command::new(self.pyhanko.as_ref()?);
            command.args([
                "sign",
                "addsig",
                "--use-pades",
                "--field",
                "Lanh_dao",
                "pkcs12",
                "--passfile",
            ]);
            command
                .arg(&self.password_file)
                .arg(file)
                .arg(&self.output)
                .arg(&self.package);
            Some(command)
        })
    }

    /// Milliseconds of `pdfsig` without its check of certificates.
    pub fn pdfsig(&self, file: &Path, rounds: usize) -> Option<f64> {
        times(rounds, || Some(pdfsig(file)))
    }

    pub fn pdfsig_memory(&self, file: &Path) -> Option<f64> {
        peak_anonymous_megabytes(&mut pdfsig(file), &[0]).ok()
    }

    fn validate(&self, file: &Path) -> Option<Command> {
        let mut command = Command::new(self.pyhanko.as_ref()?);
        command.args([
            "sign",
            "validate",
            "--no-strict-syntax",
            "--soft-revocation-check",
            "--trust",
        ]);
        command.arg(&self.root).arg(file);
        Some(command)
    }
}

/// pyHanko ends with 1 where it does not like a file; its time counts all the same.
const VERDICTS: &[i32] = &[0, 1];

fn pdfsig(file: &Path) -> Command {
    let mut command = Command::new("pdfsig");
    command.arg("-nocert").arg(file);
    command
}

fn times(rounds: usize, command: impl Fn() -> Option<Command>) -> Option<f64> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        match run(&mut command()?, VERDICTS) {
            Ok(time) => times.push(time),
            Err(error) => {
                eprintln!("{error}");
                return None;
            }
        }
    }
    Some(median(times))
}
