//! How letters leave the house.

use serde::Deserialize;

/// The SMTP server that takes letters (RFC 5321, as a submission client).
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// The server's host name. Default: none; then nothing is issued by mail, and clerks are told so.
    pub server: Option<String>,
    /// Default: 587, or 465 with `encryption = "tls"`, or 25 with `none`.
    pub port: Option<u16>,
    /// `starttls` (RFC 3207), `tls` from the first byte (RFC 8314), or `none`. Default `starttls`. With `none` passwords
    /// and papers pass in the clear: only for a server on this machine.
    pub encryption: Encryption,
    /// Default: none; then the server is not logged in to.
    pub user_name: Option<String>,
    pub password: Option<String>,
    /// Who writes: `Văn thư <vanthu@langiang.gov.vn>`. Needed with `server`; its domain ends every Message-ID.
    pub from: Option<String>,
    /// The most bytes of files in one letter. Default 18 MB: as base64 it passes the 25 MB that most servers take.
    pub attachments_limit_bytes: u64,
}

/// How the line to the server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    #[default]
    Starttls,
    Tls,
    None,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            server: None,
            port: None,
            encryption: Encryption::default(),
            user_name: None,
            password: None,
            from: None,
            attachments_limit_bytes: 18_000_000,
        }
    }
}

// The password must not come into a log.
impl std::fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Mail")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("encryption", &self.encryption)
            .field("user_name", &self.user_name)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
