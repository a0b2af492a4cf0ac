//! `signer completions`: what a shell needs to complete the command's words.

use std::io::Write as _;
use std::process::ExitCode;

use clap_complete::Shell;

use crate::error::{Error, Result};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, mut command: clap::Command) -> ExitCode {
    super::finish(print(arguments.shell, &mut command))
}

fn print(shell: Shell, command: &mut clap::Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "signer", &mut script);
    std::io::stdout()
        .write_all(&script)
        .map_err(|e| Error::refused("file", e.to_string()))
}
