//! `signer verify`: a verdict for each file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::Result;
use crate::shell::clock;
use crate::validate::{Anchor, Policy, Report, Revocation, Verdict, validate};

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

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let policy = match policy(arguments) {
        Ok(policy) => policy,
        Err(error) => {
            eprintln!("signer: {error}");
            return ExitCode::from(super::USAGE);
        }
    };
    let mut outcome = Outcome::default();
    for file in &arguments.files {
        match super::map(file) {
            Ok(document) => {
                let report = validate(&document, &policy);
                outcome.add(report.verdict);
                print(arguments.json, file, &report);
            }
            Err(error) => {
                outcome.unreadable = true;
                eprintln!("signer: {}: {error}", file.display());
            }
        }
    }
    ExitCode::from(outcome.code())
}

fn policy(arguments: &Arguments) -> Result<Policy> {
    let mut policy = Policy::new(clock::now());
    for path in &arguments.trust {
        for certificate in super::certificates(path)? {
            policy.anchors.push(Anchor {
                certificate,
                regime: path.display().to_string(),
            });
        }
    }
    policy.at = arguments.at;
    policy.trust_embedded = arguments.trust_embedded;
    policy.password.clone_from(&arguments.password);
    policy.revocation = match arguments.revocation {
        RevocationArgument::Require => Revocation::Require,
        RevocationArgument::IfAvailable => Revocation::IfAvailable,
        RevocationArgument::Ignore => Revocation::Ignore,
    };
    Ok(policy)
}

fn print(json: bool, file: &Path, report: &Report) {
    if json {
        let line = Line {
            file: file.display().to_string(),
            report,
        };
        match serde_json::to_string(&line) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("signer: {}: {error}", file.display()),
        }
        return;
    }
    println!("{}: {}", file.display(), report.sentence());
    for signature in &report.signatures {
        let signer = signature.signer.as_deref().unwrap_or("?");
        println!("  {}: {:?} {signer}", signature.field, signature.indication);
        for reason in &signature.reasons {
            println!("    {reason}");
        }
        for warning in &signature.warnings {
            println!("    {}", warning.sentence());
        }
    }
}

fn moment(text: &str) -> std::result::Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|error| error.to_string())
}

/// What was seen over all files; the exit code tells the worst.
#[derive(Default)]
struct Outcome {
    passed: bool,
    failed: bool,
    indeterminate: bool,
    unreadable: bool,
}

impl Outcome {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::TotalPassed => self.passed = true,
            Verdict::TotalFailed | Verdict::Malformed => self.failed = true,
            Verdict::Indeterminate => self.indeterminate = true,
            Verdict::NoSignature => {}
        }
    }

    /// 0 all passed, 1 any failed or malformed, 2 any indeterminate, 3 no signature in any, 66 unreadable input.
    fn code(&self) -> u8 {
        match self {
            Self { failed: true, .. } => 1,
            Self { unreadable: true, .. } => super::UNREADABLE,
            Self {
                indeterminate: true, ..
            } => 2,
            Self { passed: true, .. } => 0,
            _ => 3,
        }
    }
}
