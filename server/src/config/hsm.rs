//! The hardware security module in which keys of agencies are.

use std::path::PathBuf;

use serde::Deserialize;

/// An HSM, reached by PKCS#11.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hsm {
    /// The PKCS#11 module of its maker. It runs inside this program, so it must be trusted as the program itself is.
    pub module: PathBuf,
    /// The label or the serial number of the token (partition) that holds the keys.
    pub token: String,
    /// A file whose first line is the program's own PIN for that token, readable by the program alone. It opens the token and
    /// no key: the clerk's PIN for the agency's key is another.
    pub pin_file: PathBuf,
    /// How many signatures are made in it at the same time. Default 4.
    #[serde(default = "usual_sessions")]
    pub sessions: usize,
}

fn usual_sessions() -> usize {
    4
}

impl Hsm {
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.token.trim().is_empty() {
            return Some("hsm.token must name the token that holds the keys");
        }
        (!(1..=64).contains(&self.sessions)).then_some("hsm.sessions must be from 1 to 64")
    }
}
