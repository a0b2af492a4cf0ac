//! `signer extend`: signed files to a higher level, or their proofs renewed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::key::certificates;
use super::network::NetworkArguments;
use super::output::{Piece, Progress, unreadable, write};
use super::sign::LevelArgument;
use crate::error::{Error, Result};
use crate::shell::fetch::Fetcher;
use crate::shell::raise::{Means, Target};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// B-T adds a document time-stamp where one is missing, B-LT the validation data, B-LTA a document time-stamp over it;
    /// B-LTA again renews it.
    #[arg(long, value_enum, ignore_case = true)]
    level: LevelArgument,
    #[command(flatten)]
    network: NetworkArguments,
    /// Certificates (DER or PEM) that may stand in the chains; may be repeated.
    #[arg(long, value_name = "FILE")]
    chain: Vec<PathBuf>,
    /// User or owner password of encrypted files.
    #[arg(long, env = "SIGNER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// The new file; for several files a folder, where each keeps its name.
    #[arg(short, long, value_name = "FILE|DIR")]
    output: PathBuf,
    /// Signed files, or folders whose files end in .pdf.
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
}

/// What every file is raised with.
struct Work<'a> {
    arguments: &'a Arguments,
    target: Target,
    fetcher: Fetcher,
    anchors: Vec<Vec<u8>>,
    chain: Vec<Vec<u8>>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let planned = Work::of(arguments).and_then(|work| Ok((work, arguments.plan()?)));
    let (work, plan) = match planned {
        Ok(planned) => planned,
        Err(error) => return super::finish(Err(error)),
    };
    let mut worst = None;
    for (index, (input, output)) in plan.iter().enumerate() {
        if plan.len() > 1 {
            eprintln!("signer: {} of {}: {}", index + 1, plan.len(), input.display());
        }
        if let Err(error) = work.extend(input, output) {
            eprintln!("signer: {}: {error}", input.display());
            worst = worst.or(Some(super::exit_code(&error)));
        }
    }
    worst.map_or(ExitCode::SUCCESS, ExitCode::from)
}

impl Arguments {
    /// Each file with what becomes of it.
    fn plan(&self) -> Result<Vec<(PathBuf, PathBuf)>> {
        let several = self.files.len() > 1 || self.files.iter().any(|file| file.is_dir());
        if several && !self.output.is_dir() {
            return Err(Error::misuse(
                "output",
                "for several files it must be a folder that is there",
            ));
        }
        let mut plan = Vec::new();
        for file in &self.files {
            for input in files_of(file)? {
                let output = match input.file_name() {
                    Some(name) if self.output.is_dir() => self.output.join(name),
                    _ => self.output.clone(),
                };
                if several && plan.iter().any(|(_, taken)| *taken == output) {
                    return Err(Error::misuse(
                        "output",
                        format!("two files would become {}", output.display()),
                    ));
                }
                plan.push((input, output));
            }
        }
        Ok(plan)
    }
}

/// A file, or the files of a folder that end in .pdf, by name.
fn files_of(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|e| unreadable(path, &e))?;
    let is_pdf = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        path.is_file() && extension.eq_ignore_ascii_case("pdf")
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_pdf)
        .collect();
    files.sort();
    Ok(files)
}

impl<'a> Work<'a> {
    fn of(arguments: &'a Arguments) -> Result<Self> {
        let target = arguments.level.target();
        let network = &arguments.network;
        Ok(Self {
            arguments,
            target: target.ok_or_else(|| Error::misuse("level", "every signature is at least B-B"))?,
            fetcher: network.fetcher(network.tsa.as_deref(), &[])?,
            anchors: network.anchors()?,
            chain: certificates(&arguments.chain)?,
        })
    }

    fn extend(&self, input: &Path, output: &Path) -> Result<()> {
        let document = super::map(input).map_err(|e| unreadable(input, &e))?;
        let progress = Progress::new(&document);
        progress.step("checking what is signed");
        let means = Means {
            fetcher: &self.fetcher,
            tsa: self.arguments.network.tsa.as_deref(),
            anchors: &self.anchors,
            certificates: &self.chain,
            password: self.arguments.password.as_deref(),
            progress: &|what| progress.wait(what),
        };
        let mut file = document.to_vec();
        means.raise(&mut file, self.target)?;
        progress.step("writing");
        write(output, &[Piece::Bytes(&file)], || Ok(()))
    }
}
