//! A service that keeps people's keys and signs with them from afar.

use std::path::PathBuf;

use serde::Deserialize;

use super::is_tls_or_loopback;

/// A remote signing service that follows the API of the Cloud Signature Consortium, version 2.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Below which its methods stand: `https://kyso.vi-du.vn/csc/v2`.
    pub url: String,
    /// Where access tokens are had (OAuth 2.0, client credentials). Default: `oauth2/token` below `url`.
    pub token_url: Option<String>,
    /// How this program is registered there.
    pub client_id: String,
    pub client_secret: String,
    /// What people call it, after "Ký số từ xa": `VNPT SmartCA`.
    pub name: String,
    /// A PEM file of certificates by which it is trusted, beside the roots of the system. Default: none.
    pub tls_roots: Option<PathBuf>,
}

impl Remote {
    /// Where access tokens are had.
    pub fn token_address(&self) -> String {
        let below = || format!("{}/oauth2/token", self.url.trim_end_matches('/'));
        self.token_url.clone().unwrap_or_else(below)
    }

    pub(super) fn fault(&self) -> Option<&'static str> {
        if !is_tls_or_loopback(&self.url) || !is_tls_or_loopback(&self.token_address()) {
            return Some(
                "remote.url and remote.token_url must begin with https://, unless it is on this machine",
            );
        }
        let is_empty = self.client_id.is_empty() || self.client_secret.is_empty() || self.name.is_empty();
        is_empty.then_some("remote.client_id, remote.client_secret and remote.name must not be empty")
    }
}

// The secret must not come into a log.
impl std::fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Remote")
            .field("url", &self.url)
            .field("client_id", &self.client_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
