//! The validator against signed files of other projects whose verdicts are known.
//!
//! The corpus is found by HOIAN_CORPUS or beside the project (`../shared/corpus`); without it the test says so and passes.
//! `exceptions.tsv` holds the rows judged otherwise than the manifest, each with its reason: an unlisted deviation fails, a
//! listed row that is right again fails, and a bad file that passes fails, listed or not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod answers;
mod chain;
mod office;
mod past;
mod status;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use hoian_signer::validate::{Anchor, Indication, Policy, Problem, Report, Revocation, Verdict, validate};
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
    origin: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Right,
    /// Encrypted for certificates whose keys are not in the corpus: said so, and nothing claimed.
    WithoutKey,
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
    let intermediates = intermediates(&rows, &corpus);
    let mut table: BTreeMap<(String, Outcome), usize> = BTreeMap::new();
    let mut faults = Vec::new();
    let asked = rows
        .iter()
        .filter(|row| !needs_its_policy(row) && !is_other_setting(row, &rows));
    for row in asked {
        let document = std::fs::read(corpus.join(&row.path)).expect("the manifest names files that exist");
        let outcome = outcome(row, &judged(row, &document, &corpus, &intermediates));
        *table.entry((row.tier.clone(), outcome)).or_default() += 1;
        let listed = exceptions.contains_key(&(row.path.clone(), row.field.clone()));
        let name = format!("{} [{}] {} {outcome:?}", row.path, row.field, row.verdict);
        match (outcome, listed) {
            (Outcome::Right | Outcome::WithoutKey, true) => {
                faults.push(format!("right again, strike it from the exceptions: {name}"));
            }
            (Outcome::FalsePass, _) => faults.push(format!("a bad file passes: {name}")),
            (Outcome::FalseAlarm | Outcome::Wrong, false) => {
                faults.push(format!("not in the exceptions: {name}"));
            }
            _ => {}
        }
    }
    for ((tier, outcome), count) in &table {
        eprintln!("{tier:10} {outcome:?}: {count}");
    }
    eprintln!("{} rows, {} exceptions", rows.len(), exceptions.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        exceptions.len() * 100 <= rows.len(),
        "more exceptions than one row in a hundred"
    );
    let gold = |wanted: Option<Outcome>| -> usize {
        let of_tier = table.iter().filter(|((tier, _), _)| tier == "gold");
        of_tier
            .filter(|((_, outcome), _)| wanted.is_none_or(|wanted| wanted == *outcome))
            .map(|(_, count)| count)
            .sum()
    };
    assert!(
        gold(Some(Outcome::FalseAlarm)) * 100 < gold(None),
        "false alarms on one gold row in a hundred or more"
    );
}

/// The same file judged under opposite settings of its origin's test (`test[True]`, `test[False]`): the stricter is asked.
fn is_other_setting(row: &Row, rows: &[Row]) -> bool {
    let test = |row: &Row| row.origin.split('[').next().unwrap_or_default().to_owned();
    row.tier == "policy"
        && row.verdict == "valid"
        && row.origin.ends_with(']')
        && rows
            .iter()
            .any(|other| other.tier == "policy" && other.verdict == "modified" && test(other) == test(row))
}

/// Intermediate certificates that the tests of the tier "policy" hand over beside the file; here they come out of the other
/// files of the corpus. They complete a path and are trusted by nobody.
fn intermediates(rows: &[Row], corpus: &Path) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for row in rows
        .iter()
        .filter(|row| row.path.contains("with_explicit_context") && row.path.contains("regular"))
    {
        let document = std::fs::read(corpus.join(&row.path)).expect("the manifest names files that exist");
        for certificate in embedded(&document) {
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
    }
    found
}

/// The certificates in the first signature of a file.
fn embedded(document: &[u8]) -> Vec<Vec<u8>> {
    let wanted = b"/Contents <";
    let begin = document.windows(wanted.len()).position(|window| window == wanted);
    let digits = begin
        .map(|begin| &document[begin + wanted.len()..])
        .unwrap_or_default();
    let contents: Vec<u8> = digits
        .chunks_exact(2)
        .map_while(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    hoian_signer::cms::SignedData::parse(&contents).map_or_else(|_| Vec::new(), |data| data.certificates)
}

/// The report under the row's policy. The passwords are those of the corpus' README; files that pyHanko's tests write from
/// nothing take "secret".
fn judged(row: &Row, document: &[u8], corpus: &Path, intermediates: &[Vec<u8>]) -> Report {
    let mut policy = policy(row, corpus);
    if row.tier == "policy" && !policy.anchors.is_empty() {
        policy.intermediates = intermediates.to_vec();
    }
    let report = validate(document, &policy);
    if report.problem != Some(Problem::PasswordNeeded) {
        return report;
    }
    policy.password = Some("secret".to_owned());
    validate(document, &policy)
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
            origin: cells[8].clone(),
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
            policy.anchors.push(Anchor::new(certificate, root));
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
    if matches!(&report.problem, Some(Problem::Unsupported(what)) if what.ends_with("encryption for certificates"))
    {
        return Outcome::WithoutKey;
    }
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
