//! Keys, pending signatures, trust stores, evidence: the shell around the signer.
//!
//! A document's steps are here too, because each is one transaction around a signature, a number or a verification:
//! [`draft`], [`signing`] → [`completion`], [`numbering`], [`issue`], [`arrival`], [`receipt`], [`handling`],
//! [`forward`], [`recall`]; [`elsewhere`] is a signature by a key that stays with its holder, [`remote`] by one at a service; [`joint`] is what is signed in a meeting; whoever must know is told ([`notice`], [`reminder`]). Each step asks [`crate::domain`]
//! whether it may be taken ([`desk`]), does its slow work outside any transaction on a bounded pool ([`pool`]), writes
//! the blob, and then stores everything at once. Between any two of these the process may be killed: the old state or
//! the new one remains.

mod answers;
mod appendix;
pub mod arrival;
pub mod certificate;
mod completion;
pub mod copy;
mod correspondence;
pub mod csc;
mod desk;
mod desktop;
pub mod draft;
pub mod elsewhere;
mod ending;
mod enrol;
mod error;
mod evidence;
mod extract;
mod fetch;
pub mod filing;
mod forward;
pub mod handling;
pub mod hsm;
mod indexing;
pub mod initials;
pub mod intake;
pub mod issue;
mod joint;
mod key;
pub mod meeting_paper;
pub mod notice;
mod numbering;
pub mod outside;
mod package;
mod paper;
pub mod place;
mod pool;
mod preservation;
mod programs;
mod recall;
mod receipt;
pub mod relation;
mod reminder;
pub mod remote;
mod report;
pub mod reservation;
mod signing;
pub mod task;
mod token;
mod trust;
mod unanswered;
mod wrap;

use std::collections::HashMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use hoian_signer::shell::fetch::Roots;
use sea_orm::DbErr;
use tokio::sync::Semaphore;

pub use correspondence::{capacities as dispatch_capacities, rules as dispatch_rules};
pub use error::{Error, Result};
pub use fetch::Fetch;
pub use joint::JointSignature;
pub use reminder::Reminder;
pub use report::ReportSeal;
pub use signing::Outcome;

use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::domain::document::DocumentId;
use crate::domain::id::PersonId;
use crate::domain::meeting::MeetingId;
use crate::domain::numbering::SequenceKey;
use crate::domain::role::Held;
use crate::domain::working_day::WorkingDays;
use crate::mail::Mailer;
use crate::pool::Pool;
use crate::secret::ServerSecret;
use crate::store::audit::Actor;
use crate::store::blob::Sha256;
use crate::store::{Store, Tx};

/// A person who is logged in and there now; a session makes it, never a job.
#[derive(Debug, Clone)]
pub struct Presence {
    pub person_id: PersonId,
    pub held: Vec<Held>,
}

impl Presence {
    fn actor(&self) -> Actor {
        Actor::Person(self.person_id.clone())
    }
}

/// How custody asks for what must happen after a transaction; the jobs stand above it, so they hand themselves in.
pub trait Outbox: Send + Sync {
    /// Asks that [`Custody::complete`] runs for this document, not before `due`.
    fn complete<'a>(
        &'a self,
        tx: &'a Tx,
        document: &'a DocumentId,
        due: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::complete_copy`] runs for this copy, not before `due`.
    fn complete_copy<'a>(
        &'a self,
        tx: &'a Tx,
        copy: &'a str,
        due: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::verify_arrivals`] runs for this file.
    fn verify<'a>(&'a self, tx: &'a Tx, blob: &'a Sha256) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::keep_provable`] runs now.
    fn keep_provable<'a>(&'a self, tx: &'a Tx) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::deliver`] runs for this sending.
    fn deliver<'a>(&'a self, tx: &'a Tx, sending: &'a str) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::remind`] runs with this, not before `due`; once, however often it is asked for.
    fn remind<'a>(
        &'a self,
        tx: &'a Tx,
        reminder: &'a Reminder,
        due: Timestamp,
    ) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::press_for_answers`] runs for this file, not before `due`; once for each such moment.
    fn press<'a>(&'a self, tx: &'a Tx, blob: &'a Sha256, due: Timestamp) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that [`Custody::follow_remote`] runs for this request, not before `due`, until it is over; or once, and once at most
    /// however often it is asked for.
    fn follow_remote<'a>(
        &'a self,
        tx: &'a Tx,
        request: &'a str,
        due: Timestamp,
        once: bool,
    ) -> BoxFuture<'a, Result<(), DbErr>>;

    /// Asks that those who are called to this meeting are written to.
    fn invite<'a>(&'a self, tx: &'a Tx, meeting: &'a MeetingId) -> BoxFuture<'a, Result<(), DbErr>>;
}

/// Keys and documents of the house; cheap to clone.
#[derive(Clone)]
pub struct Custody {
    store: Store,
    clock: Clock,
    secret: ServerSecret,
    settings: Arc<config::Signing>,
    /// Where people reach the program, as codes on papers say it.
    origin: Arc<str>,
    /// Whether that is said by the settings, so that services can reach the program there too.
    is_public: bool,
    working_days: Arc<WorkingDays>,
    fetch: Fetch,
    /// Signs with keys of people that it keeps; none where the settings name none.
    remote: Option<csc::Service>,
    mailer: Option<Mailer>,
    outbox: Arc<dyn Outbox>,
    report_seal: Option<ReportSeal>,
    hsm: Option<hsm::Hsm>,
    /// Argon2id takes 64 MiB each.
    derivations: Pool,
    /// Reading, signing and validating PDFs.
    workers: Pool,
    /// The state's time-stamp authority is slow; it gets few questions at once.
    time_stamps: Arc<Semaphore>,
    /// About signers of files that are shown.
    answers: Arc<answers::Answers>,
    /// Files in memory for the public page.
    visitors: Arc<Semaphore>,
    /// Files in memory for other systems, and those that wait for a place among them.
    programs: Arc<programs::Programs>,
    /// Clerks who want a number of the same sequence, one after another.
    turns: Arc<std::sync::Mutex<HashMap<SequenceKey, Arc<tokio::sync::Mutex<()>>>>>,
    /// Clerks who open the same key, one after another.
    doors: Arc<std::sync::Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Custody {
    /// Custody over an open store.
    ///
    /// # Errors
    /// When the file of `signing.tls_roots` cannot be read, or holds no certificate.
    pub fn new(
        store: Store,
        clock: Clock,
        secret: ServerSecret,
        settings: config::Signing,
        working_days: WorkingDays,
        mailer: Option<Mailer>,
        outbox: Arc<dyn Outbox>,
    ) -> Result<Self, hoian_signer::error::Error> {
        let roots = match &settings.tls_roots {
            Some(file) => Roots::of_file(file)?,
            None => Roots::default(),
        };
        let fetch = Fetch::new(settings.hosts(), settings.mapped_hosts.clone(), roots);
        Ok(Self {
            store,
            clock,
            secret,
            settings: Arc::new(settings),
            origin: "".into(),
            is_public: false,
            working_days: Arc::new(working_days),
            fetch,
            remote: None,
            mailer,
            outbox,
            report_seal: None,
            hsm: None,
            derivations: Pool::new("pin", DERIVATIONS),
            workers: Pool::new("document", WORKERS),
            time_stamps: Arc::new(Semaphore::new(TIME_STAMPS)),
            answers: Arc::default(),
            visitors: Arc::new(Semaphore::new(VISITORS)),
            programs: Arc::new(programs::Programs::new(
                config::Http::default().verifications_per_minute,
            )),
            turns: Arc::default(),
            doors: Arc::default(),
        })
    }
}

impl Custody {
    /// The same, reached at this origin: by people, and by services where it `is_public`.
    pub fn at(self, origin: &str, is_public: bool) -> Self {
        Self {
            origin: origin.into(),
            is_public,
            ..self
        }
    }

    /// The same, with a remote signing service.
    pub fn with_remote(self, remote: Option<csc::Service>) -> Self {
        Self { remote, ..self }
    }

    /// The same, whose reports of verification are signed.
    pub fn with_report_seal(self, report_seal: Option<ReportSeal>) -> Self {
        Self { report_seal, ..self }
    }

    /// The same, of which another system gets so many files a minute verified.
    pub fn with_verifications_per_minute(self, per_minute: u32) -> Self {
        let programs = Arc::new(programs::Programs::new(per_minute));
        Self { programs, ..self }
    }

    /// The same, with the HSM of the house.
    pub fn with_hsm(self, hsm: Option<hsm::Hsm>) -> Self {
        Self { hsm, ..self }
    }
}

const DERIVATIONS: usize = 2;
/// Of two cores one stays free for packets.
const WORKERS: usize = 2;
/// Measured: `tsa.ca.gov.vn` answers in 2 to 131 s and refuses crowds.
const TIME_STAMPS: usize = 4;
/// Each holds one file of at most `http.upload_limit_bytes` for the public page.
const VISITORS: usize = 4;
