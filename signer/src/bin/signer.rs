//! The command `signer`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hoian_signer::shell::command::run()
}
