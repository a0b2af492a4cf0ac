//! The native messaging host for USB tokens.

use std::process::ExitCode;

fn main() -> ExitCode {
    hoian_signer::shell::token_host::run()
}
