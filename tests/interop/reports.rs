//! Our validation reports in front of others: ETSI's own schema, qpdf, poppler, and PDF/A's marks.

use std::path::PathBuf;
use std::process::Command;

use super::authority::{installed, java, python, run as judge, script};
use hoian_signer::report::{self, Language, Subject};
use hoian_signer::shell::clock;
use hoian_signer::sign::Key as _;
use hoian_signer::validate::{Anchor, Policy, Report, SubIndication, Verdict, validate};
use hoian_tests::fixture::{self, Pki};
use hoian_tests::paper;
use tempfile::TempDir;

/// The report on a sealed paper, on the same with a byte changed, on one without signatures, and on no PDF at all.
fn reports() -> [(Report, Verdict); 4] {
    let now = clock::now();
    let pki = Pki::new(now);
    let flow = fixture::flow(&paper::paper(now), &pki, now);
    let mut policy = Policy::new(now);
    policy
        .anchors
        .push(Anchor::new(pki.leader.chain()[1].clone(), "Kiểm thử"));
    policy.keep_objects = true;
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
            let xml = report::etsi(report, &subject());
            // What was at hand is in it, with the moment since when it is proven to exist.
            let kept = xml.matches("<base64>").count();
            assert_eq!(kept, xml.matches("<POE>").count());
            assert_eq!(kept, report.objects.len());
            assert_eq!(kept > 0, !report.signatures.is_empty());
            std::fs::write(&path, xml).unwrap();
            path
        })
        .collect();
    let said = judge(
        Command::new(python())
            .arg(script("etsi.py"))
            .arg(installed("etsi"))
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
                let certificate = signature.certificate.as_ref().expect("whoever signed is named");
                assert!(
                    text.contains(&certificate.name) && text.contains(&certificate.serial),
                    "{text}"
                );
                // Who signed other content is named, but nobody judged his certificate.
                let is_judged = signature.sub_indication != Some(SubIndication::HashFailure);
                assert!(
                    !is_judged || text.contains("Kiểm thử"),
                    "the regime is named: {text}"
                );
            }
        }
    }
}

#[test]
fn verapdf_finds_every_pdf_report_archival() {
    let folder = TempDir::new().unwrap();
    let mut files = Vec::new();
    for (report, verdict) in reports() {
        for language in [Language::Vietnamese, Language::English] {
            let path = folder.path().join(format!("{verdict:?}-{language:?}.pdf"));
            std::fs::write(&path, report::pdf(&report, &subject(), language).unwrap()).unwrap();
            files.push(path);
        }
    }
    let said = judge(
        java("verapdf")
            .arg(script("verapdf/Judge.java"))
            .arg("2u")
            .args(&files),
    );
    assert_eq!(said.matches("broken 0: ").count(), files.len(), "{said}");
}

#[test]
fn the_command_judges_in_order_and_writes_each_report() {
    let folder = TempDir::new().unwrap();
    let now = clock::now();
    let pki = Pki::new(now);
    let flow = fixture::flow(&paper::paper(now), &pki, now);
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("root.pem", pki.root_pem.as_bytes());
    write("signed.pdf", &flow.sealed);
    write("bare.pdf", &flow.prepared);
    write("broken.pdf", b"no PDF");
    let run = |arguments: &[&str]| {
        Command::new(hoian_tests::binary::signer())
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap()
    };
    let mut arguments = vec!["verify", "--json", "--trust", "root.pem"];
    let files = [
        "signed.pdf",
        "missing.pdf",
        "bare.pdf",
        "broken.pdf",
        "signed.pdf",
    ];
    (0..8).for_each(|_| arguments.extend(files));
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "one is broken");
    let verdicts: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {}",
                line["file"].as_str().unwrap(),
                line["verdict"].as_str().unwrap()
            )
        })
        .collect();
    let once = [
        "signed.pdf TOTAL-PASSED",
        "bare.pdf NO-SIGNATURE",
        "broken.pdf MALFORMED",
        "signed.pdf TOTAL-PASSED",
    ];
    assert_eq!(verdicts, (0..8).flat_map(|_| once).collect::<Vec<_>>());
    let refusals = String::from_utf8(output.stderr).unwrap();
    assert_eq!(refusals.matches("missing.pdf").count(), 8, "{refusals}");

    for (form, begins) in [("html", "<!doctype html>"), ("pdf", "%PDF-"), ("etsi", "<?xml")] {
        let output = run(&[
            "verify",
            "--trust",
            "root.pem",
            "--report",
            form,
            "-o",
            "report",
            "signed.pdf",
        ]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let report = std::fs::read(folder.path().join("report")).unwrap();
        assert!(report.starts_with(begins.as_bytes()), "{form}");
    }
    let two = run(&[
        "verify",
        "--report",
        "html",
        "-o",
        "two",
        "signed.pdf",
        "bare.pdf",
    ]);
    assert_eq!(two.status.code(), Some(64));
    assert!(!folder.path().join("two").exists());
}
