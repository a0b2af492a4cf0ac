//! Where blobs are kept outside the machine.

use std::path::PathBuf;

use serde::Deserialize;

/// The object store that `blobs` names, by the protocol of Amazon S3 with path-style addresses.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3 {
    /// Where it answers, as `https://kho.langiang.gov.vn:9000`; plain HTTP only on this machine. Default: Amazon's own.
    pub endpoint: Option<String>,
    /// Default `us-east-1`, which stores other than Amazon's take.
    pub region: Option<String>,
    /// Needed with `blobs`. Who holds both may read and destroy every file: give them to the program alone, for this bucket
    /// alone.
    pub access_key_id: Option<String>,
    pub secret_access_key: Option<String>,
    /// A PEM file of certificates by which it is trusted, beside the roots of the system. Default: none.
    pub tls_roots: Option<PathBuf>,
}

// The keys must not come into a log.
impl std::fmt::Debug for S3 {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("S3")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("tls_roots", &self.tls_roots)
            .finish_non_exhaustive()
    }
}

impl S3 {
    /// What keeps `blobs` from being used with these settings.
    pub(super) fn fault(&self, blobs: &str) -> Option<&'static str> {
        let bucket = blobs
            .strip_prefix("s3://")
            .and_then(|rest| rest.split('/').next());
        if bucket.is_none_or(str::is_empty) {
            return Some("blobs must be s3://BUCKET or s3://BUCKET/PREFIX");
        }
        if self.access_key_id.is_none() || self.secret_access_key.is_none() {
            return Some("blobs need s3.access_key_id and s3.secret_access_key");
        }
        let endpoint = self.endpoint.as_deref();
        let is_safe = endpoint.is_none_or(super::is_tls_or_loopback);
        (!is_safe).then_some("s3.endpoint must begin with https://, unless it is on this machine")
    }
}
