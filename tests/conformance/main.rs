//! The validator against signed files of other projects whose verdicts are known.
//!
//! The corpus is found by HOIAN_CORPUS or beside the project (`../shared/corpus`); without it the test says so and passes.
//! `exceptions.tsv` holds the rows judged otherwise than the manifest, each with its reason: an unlisted deviation fails, a
//! listed row that is right again fails. Bad files that pass are counted apart; the aim is none.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use hoian_signer::validate::{Anchor, Indication, Policy, Report, Revocation, Verdict, validate};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

struct Row {
    path: String,
    verdict: String,
    category: String,
    trust: String,
    moment: String,
    field: String,
    tier: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Right,
    FalseAlarm,
    Wrong,
    FalsePass,
}

#[test]
fn judges_the_corpus_as_its_origins_do() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIPPED: no corpus; set HOIAN_CORPUS to its folder");
        return;
    };
    let rows = rows(&corpus);
    let exceptions = exceptions();
    let mut table: BTreeMap<(String, Outcome), usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in rows.iter().filter(|row| !needs_its_policy(row)) {
        let document = std::fs::read(corpus.join(&row.path)).expect("the manifest names files that exist");
        let report = validate(&document, &policy(row, &corpus));
        let outcome = outcome(row, &report);
        *table.entry((row.tier.clone(), outcome)).or_default() += 1;
        let listed = exceptions.contains_key(&(row.path.clone(), row.field.clone()));
        let name = format!("{} [{}] {} {outcome:?}", row.path, row.field, row.verdict);
        match (outcome, listed) {
            (Outcome::Right, true) => {
                faults.push(format!("right again, strike it from the exceptions: {name}"))
            }
            // Listed ones stand with their reason and are counted apart; the aim is none.
            (Outcome::FalsePass, false) => faults.push(format!("a bad file passes: {name}")),
            (Outcome::FalseAlarm | Outcome::Wrong, false) => {
                faults.push(format!("not in the exceptions: {name}"))
            }
            _ => {}
        }
    }
    for ((tier, outcome), count) in &table {
        eprintln!("{tier:10} {outcome:?}: {count}");
    }
    eprintln!("{} rows, {} exceptions", rows.len(), exceptions.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Rows of the tier "policy" without an anchor are judged by trust lists and algorithm policies that only their origin has.
fn needs_its_policy(row: &Row) -> bool {
    row.tier == "policy" && row.trust.is_empty() && matches!(row.verdict.as_str(), "untrusted" | "expired")
}

fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    let folder = std::env::var_os("HOIAN_CORPUS").map_or(beside, PathBuf::from);
    folder.join("manifest.tsv").is_file().then_some(folder)
}

fn rows(corpus: &Path) -> Vec<Row> {
    let manifest = std::fs::read_to_string(corpus.join("manifest.tsv")).expect("a readable manifest");
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    manifest
        .lines()
        .skip(1)
        .map(cells)
        .map(|cells| Row {
            path: cells[0].clone(),
            verdict: cells[1].clone(),
            category: cells[3].clone(),
            trust: cells[4].clone(),
            moment: cells[5].clone(),
            field: cells[6].clone(),
            tier: cells[7].clone(),
        })
        .collect()
}

/// Path and field of each exception, with its reason.
fn exceptions() -> HashMap<(String, String), String> {
    include_str!("exceptions.tsv")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert!(
                cells.len() == 3 && !cells[2].is_empty(),
                "an exception without a reason: {line}"
            );
            ((cells[0].to_owned(), cells[1].to_owned()), cells[2].to_owned())
        })
        .collect()
}

fn policy(row: &Row, corpus: &Path) -> Policy {
    let moment =
        |text: &str| OffsetDateTime::parse(&text.replace(' ', "T"), &Rfc3339).expect("an RFC 3339 moment");
    // What an empty moment means by the corpus' README: the day the corpus was made.
    let mut policy = Policy::new(moment("2026-11-23T00:00:00Z"));
    policy.at = (!row.moment.is_empty()).then(|| moment(&row.moment));
    // Their origins' tests ask for a status; the answers themselves are not in the files.
    let asked = row.verdict == "revoked" || row.trust.starts_with("CERTIFICATE_CHAIN_GENERAL_FAILURE");
    policy.revocation = if asked {
        Revocation::Require
    } else {
        Revocation::Ignore
    };
    match row.trust.split("root=").nth(1) {
        Some(root) => {
            let certificate = std::fs::read(corpus.join(format!("ca/{root}.der"))).expect("the root's file");
            policy.anchors.push(Anchor {
                certificate,
                regime: root.to_owned(),
            });
        }
        None => policy.trust_embedded = row.trust.is_empty() || row.trust == "None",
    }
    policy.password = if row.path.starts_with("pyhanko/") {
        Some("usersecret".to_owned())
    } else {
        row.path.ends_with("/encrypted.pdf").then(|| " ".to_owned())
    };
    policy
}

fn outcome(row: &Row, report: &Report) -> Outcome {
    let field = report
        .signatures
        .iter()
        .find(|signature| signature.field == row.field);
    let verdict = match field {
        Some(signature) => match signature.indication {
            Indication::TotalPassed => Verdict::TotalPassed,
            Indication::TotalFailed => Verdict::TotalFailed,
            Indication::Indeterminate => Verdict::Indeterminate,
        },
        None if row.field != "*" && !report.signatures.is_empty() => return Outcome::Wrong,
        None => report.verdict,
    };
    let right = match row.verdict.as_str() {
        "valid" => verdict == Verdict::TotalPassed,
        "modified" => verdict == Verdict::TotalFailed,
        // "Must reject or recover": both are right, as long as nothing passes.
        "malformed" if row.category == "pyhanko/input" => verdict != Verdict::TotalPassed,
        "malformed" => matches!(verdict, Verdict::TotalFailed | Verdict::Malformed),
        "no-signature" => verdict == Verdict::NoSignature,
        _ => !matches!(verdict, Verdict::TotalPassed | Verdict::NoSignature),
    };
    match (right, row.verdict.as_str(), verdict) {
        (true, ..) => Outcome::Right,
        (_, _, Verdict::TotalPassed) => Outcome::FalsePass,
        (_, "valid", _) => Outcome::FalseAlarm,
        _ => Outcome::Wrong,
    }
}
