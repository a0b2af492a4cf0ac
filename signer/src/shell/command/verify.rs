//! `signer verify`: a verdict for each file.

mod online;
mod outcome;
mod written_report;

use std::io::{self, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::outcome::Outcome;
use super::in_order::in_order;
use super::language;
use crate::error::Result;
use crate::report::Language;
use crate::shell::certificates::certificates;
use crate::shell::clock;
use crate::shell::fetch::Fetcher;
use crate::validate::{Anchor, Policy, Report, Revocation, validate};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// One JSON object a line for each file.
    #[arg(long)]
    json: bool,
    /// A trusted certificate (DER or PEM), or a directory of them; may be repeated.
    #[arg(long, value_name = "FILE|DIR")]
    trust: Vec<PathBuf>,
    /// Takes the top certificate of each signature as anchor: judges integrity, not identity.
    #[arg(long)]
    trust_embedded: bool,
    /// The moment to judge at, RFC 3339; default: the proven signing time, else now.
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    at: Option<OffsetDateTime>,
    /// How much the revocation status weighs.
    #[arg(long, value_enum, default_value = "if-available")]
    revocation: RevocationArgument,
    /// User or owner password of encrypted files.
    #[arg(long, env = "SIGNER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    #[command(flatten)]
    network: online::OnlineArguments,
    #[command(flatten)]
    written: written_report::ReportArguments,
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum RevocationArgument {
    Require,
    IfAvailable,
    Ignore,
}

#[derive(Serialize)]
struct Line<'a> {
    file: String,
    #[serde(flatten)]
    report: &'a Report,
}

/// `language` is the reports'; Vietnamese where none is asked for.
pub(super) fn run(arguments: &Arguments, language: Option<language::Language>) -> ExitCode {
    let language = match language {
        Some(language::Language::En) => Language::English,
        Some(language::Language::Vi) | None => Language::Vietnamese,
    };
    let (fetcher, policy) = match policy(arguments).and_then(|policy| {
        arguments.written.check(&arguments.files)?;
        Ok((arguments.network.fetcher(&policy)?, policy))
    }) {
        Ok(policy) => policy,
        Err(error) => {
            eprintln!("signer: {error}");
            return ExitCode::from(super::USAGE);
        }
    };
    let mut outcome = Outcome::default();
    let judge = |file: &PathBuf| judge(arguments, &policy, fetcher.as_ref(), language, file);
    in_order(&arguments.files, judge, |file, judged| match judged {
        Ok((report, text)) => {
            outcome.add(report.verdict);
            // Whoever reads may have seen enough; the exit code is still worth computing.
            let _ = io::stdout().write_all(text.as_bytes());
        }
        Err(reason) => {
            outcome.unreadable = true;
            eprintln!("signer: {}: {reason}", file.display());
        }
    });
    ExitCode::from(outcome.code())
}

/// A file's bytes. Small ones are read: to map and unmap them would stop all threads each time, and costs more.
enum Content {
    Read(Vec<u8>),
    Mapped(memmap2::Mmap),
}

impl Content {
    fn of(file: &Path) -> io::Result<Self> {
        if std::fs::metadata(file)?.len() <= READ_BYTES {
            std::fs::read(file).map(Self::Read)
        } else {
            super::map(file).map(Self::Mapped)
        }
    }
}

impl Deref for Content {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Read(bytes) => bytes,
            Self::Mapped(bytes) => bytes,
        }
    }
}

/// Where the copy begins to cost more than the faults of a map.
const READ_BYTES: u64 = 256 << 10;

/// The report on one file, and what is printed of it.
fn judge(
    arguments: &Arguments,
    policy: &Policy,
    fetcher: Option<&Fetcher>,
    language: Language,
    file: &Path,
) -> Result<(Report, String), String> {
    let document = Content::of(file).map_err(|error| error.to_string())?;
    let mut report = validate(&document, policy);
    if let Some(fetcher) = fetcher.filter(|_| online::lacks_evidence(&report)) {
        let policy = online::with_answers(policy, &document, fetcher).map_err(|error| error.to_string())?;
        report = validate(&document, &policy);
    }
    arguments
        .written
        .write(&report, file, &document, policy, language)
        .map_err(|error| error.to_string())?;
    let text = if arguments.json {
        line(file, &report)?
    } else {
        words(file, &report)
    };
    Ok((report, text))
}

fn policy(arguments: &Arguments) -> Result<Policy> {
    let mut policy = Policy::new(clock::now());
    for path in &arguments.trust {
        for certificate in certificates(path)? {
            policy
                .anchors
                .push(Anchor::new(certificate, path.display().to_string()));
        }
    }
    policy.at = arguments.at;
    policy.trust_embedded = arguments.trust_embedded;
    policy.keep_objects = arguments.written.keeps_objects();
    policy.password.clone_from(&arguments.password);
    policy.revocation = match arguments.revocation {
        RevocationArgument::Require => Revocation::Require,
        RevocationArgument::IfAvailable => Revocation::IfAvailable,
        RevocationArgument::Ignore => Revocation::Ignore,
    };
    Ok(policy)
}

fn line(file: &Path, report: &Report) -> Result<String, String> {
    let line = Line {
        file: file.display().to_string(),
        report,
    };
    serde_json::to_string(&line)
        .map(|line| line + "\n")
        .map_err(|error| error.to_string())
}

fn words(file: &Path, report: &Report) -> String {
    let mut text = format!("{}: {}\n", file.display(), report.sentence());
    for signature in &report.signatures {
        let signer = signature.signer.as_deref().unwrap_or("?");
        let (field, indication) = (&signature.field, signature.indication);
        text.push_str(&format!("  {field}: {indication:?} {signer}\n"));
        let warnings = signature.warnings.iter().map(|warning| warning.sentence());
        for line in signature.reasons.iter().map(String::as_str).chain(warnings) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    text
}

fn moment(text: &str) -> std::result::Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())
}
