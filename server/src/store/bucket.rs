//! Blobs in an object store that speaks the protocol of Amazon S3.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::path::Path as Prefix;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};

use super::Error;
use crate::config::S3;
use crate::tls;

/// The store at `url`, as in `s3://bucket/prefix`, whose form the settings have checked. Nothing is asked of it yet.
///
/// # Errors
/// When the settings do not do.
pub(super) fn open(url: &str, settings: &S3) -> Result<Arc<dyn ObjectStore>, Error> {
    let place = url.strip_prefix("s3://").unwrap_or(url);
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let retry = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_access_key_id(settings.access_key_id.as_deref().unwrap_or_default())
        .with_secret_access_key(settings.secret_access_key.as_deref().unwrap_or_default())
        .with_http_connector(Connector(tls::client::http(settings.tls_roots.as_deref())?))
        .with_retry(retry);
    if let Some(endpoint) = &settings.endpoint {
        // The settings let plain HTTP through on this machine alone.
        builder = builder.with_endpoint(endpoint).with_allow_http(true);
    }
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    let bucket = builder.build()?;
    Ok(match prefix.trim_matches('/') {
        "" => Arc::new(bucket),
        prefix => Arc::new(PrefixStore::new(bucket, Prefix::from(prefix))),
    })
}

/// Attempts after the first, while a person waits.
const RETRIES: usize = 2;
/// How long after the first attempt another is made.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hands out the program's own HTTP client, whose TLS is that of everything else.
#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}
