//! Our validation reports in front of others: ETSI's own schema, qpdf, poppler, and PDF/A's marks.

#[path = "../signing/fixture.rs"]
mod fixture;
#[path = "../signing/paper.rs"]
mod paper;

use std::path::{Path, PathBuf};
use std::process::Command;

use fixture::Pki;
use hoian_signer::report::{self, Language, Subject};
use hoian_signer::shell::clock;
use hoian_signer::sign::Key as _;
use hoian_signer::validate::{Anchor, Policy, Report, Verdict, validate};
use tempfile::TempDir;

/// The report on a sealed paper, on the same with a byte changed, on one without signatures, and on no PDF at all.
fn reports() -> [(Report, Verdict); 4] {
    let now = clock::now();
    let pki = Pki::new(now);
    let flow = fixture::flow(&paper::paper(now), &pki, now);
    let mut policy = Policy::new(now);
    policy.anchors.push(Anchor {
        certificate: pki.leader.chain()[1].clone(),
        regime: "Kiểm thử".into(),
    });
    let mut changed = flow.sealed.clone();
    changed[1000] ^= 1;
    [
        (validate(&flow.sealed, &policy), Verdict::TotalPassed),
        (validate(&changed, &policy), Verdict::TotalFailed),
        (validate(&flow.prepared, &policy), Verdict::NoSignature),
        (validate(b"nothing", &policy), Verdict::Malformed),
    ]
}

fn subject() -> Subject<'static> {
    Subject {
        file_name: "ke-hoach.pdf",
        size_bytes: 7,
        sha256: [7; 32],
        judged_at: clock::now(),
        control_time: None,
    }
}

#[test]
fn etsi_reports_fit_the_schema_of_ts_119_102_2() {
    let folder = TempDir::new().unwrap();
    let files: Vec<PathBuf> = reports()
        .iter()
        .map(|(report, verdict)| {
            assert_eq!(report.verdict, *verdict, "{report:#?}");
            let path = folder.path().join(format!("{verdict:?}.xml"));
            std::fs::write(&path, report::etsi(report, &subject())).unwrap();
            path
        })
        .collect();
    let cache = cache();
    let said = judge(
        Command::new(cache.join("pyhanko/bin/python"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/etsi.py"))
            .arg(cache.join("etsi"))
            .args(&files),
    );
    assert_eq!(said.matches(" valid").count(), files.len(), "{said}");
}

#[test]
fn pdf_reports_are_sound_embed_their_fonts_and_read_as_written() {
    let folder = TempDir::new().unwrap();
    for (report, _) in reports() {
        for (language, words) in [
            (Language::Vietnamese, "Kết quả kiểm tra chữ ký số"),
            (Language::English, "Digital signature validation report"),
        ] {
            let path = folder.path().join("report.pdf");
            std::fs::write(&path, report::pdf(&report, &subject(), language).unwrap()).unwrap();
            let said = judge(Command::new("qpdf").arg("--check").arg(&path));
            assert!(
                said.contains("No syntax or stream encoding errors found"),
                "{said}"
            );
            let fonts = judge(Command::new("pdffonts").arg(&path));
            for row in fonts.lines().skip(2) {
                assert!(
                    row.contains("LiberationSerif") && row.contains("yes yes yes"),
                    "{row}"
                );
            }
            let info = judge(Command::new("pdfinfo").arg("-meta").arg(&path));
            for mark in [
                "<pdfaid:part>2</pdfaid:part>",
                "<pdfaid:conformance>U</pdfaid:conformance>",
            ] {
                assert!(info.contains(mark), "{info}");
            }
            let text = judge(Command::new("pdftotext").arg("-layout").arg(&path).arg("-"));
            assert!(text.contains(words), "{text}");
            for signature in &report.signatures {
                // A signature over changed content names nobody.
                let Some(certificate) = &signature.certificate else {
                    continue;
                };
                assert!(
                    text.contains(&certificate.name) && text.contains(&certificate.serial),
                    "{text}"
                );
                assert!(text.contains("Kiểm thử"), "the regime is named: {text}");
            }
        }
    }
}

fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache");
    std::env::var_os("XDG_CACHE_HOME")
        .map_or_else(home, PathBuf::from)
        .join("hoian")
}

fn judge(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said
}
