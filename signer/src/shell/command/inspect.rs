//! `signer inspect`: what a file holds, without a judgement.

use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// One JSON object a file.
    #[arg(long)]
    json: bool,
    /// User or owner password of an encrypted file.
    #[arg(long, env = "SIGNER_PASSWORD")]
    password: Option<String>,
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let _ = (&arguments.json, &arguments.password, &arguments.files);
    ExitCode::from(super::USAGE)
}
