//! `hoian doctor`: checks that answer on standard output and by exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;

use hoian_server::api;
use hoian_server::app::App;
use hoian_server::clock::Clock;
use hoian_server::config::Config;
use hoian_server::doctor::{call, health};
use hoian_server::domain::health::Level;
use hoian_server::domain::record;
use hoian_server::media::recording::webm;
use hoian_server::store::archive;
use hoian_server::store::audit::{self, Verdict};
use hoian_server::store::blob;
use hoian_signer::shell::certificates::certificates;

/// What can be checked.
#[derive(Subcommand)]
pub(super) enum Doctor {
    /// Walk the audit chain; exit 1 where it is not whole.
    Audit,
    /// Say how the house stands: database, files, disk, jobs, clock, mail, time-stamps, certificates; exit 1 where anything is
    /// bad.
    Health,
    /// Read a backup whole and compare it with its digests; exit 1 where anything is missing or changed.
    Backup { file: PathBuf },
    /// Check the exported record of a meeting, without any data: that nothing of it was changed, removed, put in or reordered, that
    /// the meeting could have gone so, and that each vote was counted right; exit 1 where anything is wrong.
    Record {
        file: PathBuf,
        /// The hash of the record as the minutes print it.
        #[arg(long)]
        head: Option<String>,
        /// A trusted certificate (DER or PEM), or a folder of them: each signed ballot must lead to one. May be repeated.
        #[arg(long)]
        trust: Vec<PathBuf>,
    },
    /// Compare the file of a recording with the exported record of its meeting: that every second of sound and picture is as it was
    /// kept, none missing and none put in; exit 1 where anything is otherwise.
    Recording {
        file: PathBuf,
        /// The record, as it was exported.
        #[arg(long)]
        record: PathBuf,
        /// Which recording of the meeting, from 1.
        #[arg(long, default_value_t = 1)]
        number: u32,
    },
    /// Join a meeting as any client would, speak a soft tone, and say what the line is worth; exit 1 where
    /// no meeting can be held on it.
    Call {
        /// The meeting's link, as it was sent: http://host:8080/hop/CODE
        link: String,
        /// How long to speak.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Print the OpenAPI document of the HTTP interface.
    Openapi,
}

impl Doctor {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::Audit => audit(config).await,
            Self::Health => health(config).await,
            Self::Backup { file } => Ok(backup(&file)),
            Self::Record { file, head, trust } => record(&file, head.as_deref(), &trust),
            Self::Recording { file, record, number } => recording(&file, &record, number),
            Self::Call { link, seconds } => {
                let report = call::call(&link, Duration::from_secs(seconds)).await?;
                println!("{report}");
                Ok(if report.is_good() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                })
            }
            Self::Openapi => {
                println!("{}", api::openapi().to_pretty_json()?);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

async fn health(config: Config) -> anyhow::Result<ExitCode> {
    let app = App::open(config, Clock::system()).await?;
    let report = health::report(&app, health::Authorities::Asked).await?;
    app.store.close().await?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(
        match report.checks.iter().any(|check| check.level == Level::Bad) {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        },
    )
}

fn backup(file: &Path) -> ExitCode {
    match archive::check(file) {
        Ok(made) => {
            println!(
                "the backup of {} is whole: {} rows and {} blobs, program {}",
                made.made_at,
                made.rows(),
                made.blobs,
                made.program
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("the backup is NOT usable: {error}");
            ExitCode::FAILURE
        }
    }
}

fn record(file: &Path, head: Option<&str>, trust: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut report = record::check(&bytes, head);
    if !trust.is_empty() {
        let mut anchors = Vec::new();
        for path in trust {
            anchors.extend(certificates(path)?);
        }
        report.judge_signers(&anchors);
    }
    print!("{report}");
    Ok(match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn recording(file: &Path, record: &Path, number: u32) -> anyhow::Result<ExitCode> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let (file, record) = (read(file)?, read(record)?);
    let report = record::check(&record, None);
    let told = report.meeting.as_ref().filter(|_| report.is_good());
    let Some(told) = told else {
        print!("{report}");
        println!("the record itself is NOT good: nothing can be said of the recording");
        return Ok(ExitCode::FAILURE);
    };
    let Some(recording) = told.recordings.of(number) else {
        println!("the record tells of NO recording {number}");
        return Ok(ExitCode::FAILURE);
    };
    let clusters = match webm::clusters(&file) {
        Ok(clusters) => clusters,
        Err(reason) => {
            println!("the file is NOT usable: {reason}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let hashed = clusters.into_iter().map(|(at, bytes)| (at, blob::of(bytes).0));
    let differences = recording.differences(&hashed.collect::<Vec<_>>());
    differences.iter().for_each(|difference| println!("{difference}"));
    if !recording.is_whole {
        println!("the recording was NOT over yet when the record was exported");
    }
    if !recording.is_whole || !differences.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "the file is recording {number} of the record: {} segments, {} seconds",
        recording.kept(),
        recording.duration_ms() / 1_000
    );
    Ok(ExitCode::SUCCESS)
}

async fn audit(config: Config) -> anyhow::Result<ExitCode> {
    let app = App::open(config, Clock::system()).await?;
    let verdict = audit::verify(app.store.read()).await?;
    app.store.close().await?;
    match verdict {
        Verdict::Whole { entries } => {
            println!("the audit chain is whole: {entries} entries");
            Ok(ExitCode::SUCCESS)
        }
        Verdict::Broken { sequence } => {
            println!("the audit chain is BROKEN: entry {sequence} was changed, removed or put in");
            Ok(ExitCode::FAILURE)
        }
        Verdict::Cut { last, head } => {
            println!("the audit chain is CUT: it ends at entry {last}, entry {head} was written");
            Ok(ExitCode::FAILURE)
        }
    }
}
