//! The key under which reports of verification are handed out.

use std::path::PathBuf;

use serde::Deserialize;

/// The service that checks signatures for anyone.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// A PKCS#12 file with the key and certificate of the service itself, never of a person or an agency, by which the PDF
    /// of a report is signed. Default: none; then such a PDF bears no signature.
    pub key: Option<PathBuf>,
    /// What opens it. Default: an empty password.
    pub password: String,
}

// The password must not come into a log.
impl std::fmt::Debug for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Report")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
