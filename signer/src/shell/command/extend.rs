//! `signer extend`: a signed file to a higher level, or its proofs renewed.

use std::path::PathBuf;
use std::process::ExitCode;

use super::key::certificates;
use super::network::NetworkArguments;
use super::output::{Piece, Progress, unreadable, write};
use super::sign::LevelArgument;
use crate::error::{Error, Result};
use crate::shell::raise::Means;

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
    /// User or owner password of an encrypted file.
    #[arg(long, env = "SIGNER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[arg(value_name = "FILE")]
    input: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    super::finish(extend(arguments))
}

fn extend(arguments: &Arguments) -> Result<()> {
    let target = arguments
        .level
        .target()
        .ok_or_else(|| Error::misuse("level", "every signature is at least B-B"))?;
    let document = super::map(&arguments.input).map_err(|e| unreadable(&arguments.input, &e))?;
    let progress = Progress::new(&document);
    progress.step("checking what is signed");
    let fetcher = arguments.network.fetcher(arguments.network.tsa.as_deref(), &[])?;
    let (anchors, chain) = (arguments.network.anchors()?, certificates(&arguments.chain)?);
    let means = Means {
        fetcher: &fetcher,
        tsa: arguments.network.tsa.as_deref(),
        anchors: &anchors,
        certificates: &chain,
        password: arguments.password.as_deref(),
        progress: &|what| progress.wait(what),
    };
    let mut file = document.to_vec();
    means.raise(&mut file, target)?;
    progress.step("writing");
    write(&arguments.output, &[Piece::Bytes(&file)], || Ok(()))
}
