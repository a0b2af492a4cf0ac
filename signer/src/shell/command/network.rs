//! Who may be asked over the network, and how long is waited.

use std::path::PathBuf;
use std::time::Duration;

use super::key::certificates;
use crate::error::{Error, Result};
use crate::shell::fetch::{self, Fetcher};
use crate::x509;

/// Who may be asked by what makes signatures.
#[derive(clap::Args)]
pub(super) struct NetworkArguments {
    /// The time-stamp authority's address; every level above B-B needs it.
    #[arg(long, value_name = "URL")]
    pub(super) tsa: Option<String>,
    /// A host that may be asked for OCSP, lists and certificates; may be repeated.
    #[arg(long, value_name = "HOST")]
    allow: Vec<String>,
    /// A trusted certificate (DER or PEM) or a directory of them, at which chains end; may be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    trust: Vec<PathBuf>,
    #[command(flatten)]
    connection: ConnectionArguments,
}

/// How the hosts that may be asked are asked.
#[derive(clap::Args)]
pub(super) struct ConnectionArguments {
    /// Certificates (PEM or DER) by which HTTPS servers are trusted, beside the system's or those of SSL_CERT_FILE.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// How many seconds an answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = ANSWER_SECONDS, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl ConnectionArguments {
    pub(super) fn fetcher(&self, hosts: Vec<String>) -> Result<Fetcher> {
        let fetcher = Fetcher::new(hosts, Duration::from_secs(self.timeout));
        match &self.tls_ca {
            Some(file) => fetcher.with_tls_roots(file),
            None => Ok(fetcher),
        }
    }
}

impl NetworkArguments {
    /// The time-stamp authority: the one that is named, else one that the form names if its host was allowed.
    pub(super) fn authority<'a>(&'a self, of_form: Option<&'a str>) -> Option<&'a str> {
        let allowed = |address: &&str| fetch::host(address).is_some_and(|host| self.allow.contains(&host));
        self.tsa.as_deref().or(of_form.filter(allowed))
    }

    /// Found before the key is used: a key signs once.
    pub(super) fn check(&self, authority: Option<&str>) -> Result<()> {
        match authority {
            Some(_) => Ok(()),
            None => Err(Error::misuse("level", "it needs --tsa")),
        }
    }

    /// The hosts named here, the authority's, and those that certificates of one's own name.
    pub(super) fn fetcher(&self, authority: Option<&str>, own: &[Vec<u8>]) -> Result<Fetcher> {
        let mut hosts = self.allow.clone();
        hosts.extend(authority.and_then(fetch::host));
        hosts.extend(named_by(own)?);
        self.connection.fetcher(hosts)
    }

    pub(super) fn anchors(&self) -> Result<Vec<Vec<u8>>> {
        certificates(&self.trust)
    }
}

/// The hosts that these certificates (DER) name.
pub(super) fn named_by<'a>(certificates: impl IntoIterator<Item = &'a Vec<u8>>) -> Result<Vec<String>> {
    let mut hosts = Vec::new();
    for certificate in certificates {
        let named = x509::locations(certificate)?;
        let named = [named.ocsp, named.revocation_lists, named.issuers].concat();
        hosts.extend(named.iter().filter_map(|address| fetch::host(address)));
    }
    Ok(hosts)
}

/// The state's authority has been measured at up to 131 s.
const ANSWER_SECONDS: u64 = 180;
