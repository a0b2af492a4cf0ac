//! The demo: a fictional province with its agencies, people, papers, keys and a meeting, marked as such everywhere.
//!
//! [`prepare`] is called on every start. What is already there it leaves alone, so a first start that was killed is
//! finished by the next one, and later starts take no time. Beside the database lie `handout.json` (password and PIN),
//! `pki.json` (the training PKI) and `keys/` (everybody's PKCS#12, to be tried with the command `signer`).

mod announcement;
pub mod artwork;
mod enrolment;
mod files;
mod handout;
mod lan;
mod meeting;
mod organisation;
mod papers;
pub mod pki;
mod province;
#[cfg(test)]
mod tests;
mod whole_file;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;

use crate::accounts;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::custody::{self, ReportSeal};
use crate::parts::App;
use crate::render;
use crate::store::blob;
use pki::Authority;

pub use handout::Handout;
pub use lan::{Lan, certify};

/// Why the demo could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the demo's files: {0}")]
    File(#[from] std::io::Error),
    #[error("malformed: {0}: {1}")]
    Malformed(PathBuf, String),
    #[error("a certificate for this machine: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error(transparent)]
    Pki(#[from] pki::Error),
    #[error(transparent)]
    Picture(#[from] artwork::Error),
    #[error(transparent)]
    Paper(#[from] render::Error),
    #[error(transparent)]
    Account(#[from] accounts::Error),
    #[error(transparent)]
    Custody(#[from] custody::Error),
    #[error(transparent)]
    Blob(#[from] blob::Error),
    #[error("the database: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error("misuse: the demo names {0}, which it does not have")]
    Unknown(&'static str),
}

/// The demo, ready to be served.
pub struct Demo {
    handout: Handout,
    authority: Arc<Authority>,
    clock: Clock,
}

/// Whether the password that was handed out before still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    Keep,
    /// A new one for everybody, and nobody stays logged in: when other machines are let in.
    Renew,
}

/// Makes what is missing of the demo in the data folder of `app`.
///
/// `base_url` is where the program is reached; it stands in the certificates that are made now.
///
/// # Errors
/// When a file or the database refuses. Nothing that was made is lost; call it again.
pub async fn prepare(app: &App, base_url: &str, passwords: Passwords) -> Result<Demo, Error> {
    let folder = &app.config.data_folder;
    let mut handout = Handout::open_or_create(folder, &app.clock)?;
    if passwords == Passwords::Renew {
        handout = handout.renewed(folder, &app.clock)?;
    }
    let authority = authority(folder, base_url, &handout, app)?;
    let organisation = organisation::create(app, &handout).await?;
    organisation::align_passwords(app, &handout).await?;
    enrolment::enrol(app, &organisation, &authority, &handout).await?;
    papers::draft(app, &organisation).await?;
    files::plan(app, &organisation).await?;
    meeting::call_for_today(app, &organisation).await?;
    Ok(Demo {
        handout,
        authority: Arc::new(authority),
        clock: app.clock.clone(),
    })
}

impl Demo {
    /// Who can log in, with what, and what to do next, for the terminal; `command` is how the program was called.
    pub fn announcement(&self, address: &str, command: &str) -> String {
        announcement::announcement(&self.handout, address, command)
    }

    /// The training PKI under `/pki`, to be served beside the program's own interface.
    pub fn services(&self) -> Router {
        Router::new().nest(
            "/pki",
            pki::routes(Arc::clone(&self.authority), self.clock.clone()),
        )
    }

    /// The training key under which reports of verification are signed; the PKI of an earlier version has none.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn report_seal(&self, app: &App) -> Result<Option<ReportSeal>, Error> {
        let key = app
            .config
            .data_folder
            .join("keys")
            .join(format!("{}.p12", province::SERVICE));
        let settings = config::Report {
            key: key.exists().then_some(key),
            password: self.handout.pin.clone(),
        };
        ReportSeal::open(&settings).map_err(|error| Error::Custody(error.into()))
    }

    /// The password and the PIN, for tests.
    pub fn handout(&self) -> &Handout {
        &self.handout
    }
}

/// Settles what the demo needs before the program opens: a port, since certificates name it; our own authority for
/// time-stamps where no other is configured; and leave to ask our own responder.
///
/// The services of [`Demo::services`] answer beside the program, or at `apart` where the program speaks TLS, which they do not.
/// Comes back as their address.
///
/// # Errors
/// When no port is free, or the training PKI of an earlier start cannot be read.
pub fn settle(config: &mut Config, apart: Option<SocketAddr>) -> Result<String, Error> {
    if config.http.address.port() == 0 {
        config.http.address = std::net::TcpListener::bind(config.http.address)?.local_addr()?;
    }
    let services = apart.unwrap_or(config.http.address);
    let host = format!("localhost:{}", services.port());
    let base_url = format!("http://{host}");
    let signing = &mut config.signing;
    signing
        .tsa_url
        .get_or_insert_with(|| format!("{base_url}/pki/tsa"));
    signing.allowed_hosts.push(host.clone());
    let path = config.data_folder.join(PKI_FILE);
    if path.exists() {
        // Certificates of an earlier start on another port name that one.
        let then = Authority::open(&path)?.host().to_owned();
        if then != host {
            signing.mapped_hosts.insert(then, host);
        }
    }
    Ok(base_url)
}

const PKI_FILE: &str = "pki.json";

/// Opens the training PKI, or makes it: first everybody's PKCS#12, then the file that says that all are there.
fn authority(folder: &Path, base_url: &str, handout: &Handout, app: &App) -> Result<Authority, Error> {
    let path = folder.join(PKI_FILE);
    if path.exists() {
        return Ok(Authority::open(&path)?);
    }
    let (authority, packages) = Authority::create(
        base_url,
        &province::holders(),
        |_| handout.pin.as_str(),
        &app.clock,
    )?;
    let keys = folder.join("keys");
    std::fs::create_dir_all(&keys)?;
    for package in packages {
        whole_file::write(&keys.join(format!("{}.p12", package.alias)), &package.pkcs12)?;
    }
    authority.save(&path)?;
    Ok(authority)
}
