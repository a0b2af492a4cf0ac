//! Reports of every kind, drawn and read back.

use quick_xml::Reader;
use quick_xml::events::Event;
use time::macros::datetime;

use super::*;
use crate::validate::{
    CertificateSummary, Change, Coverage, Indication, Kind, Level, Modification, Problem, Reason, Report,
    RevocationStatus, SignatureReport, SubIndication, Verdict, Warning,
};

const HOSTILE: &str = "<script>alert('1')</script> & \"\u{202E}fdp.exe\u{0}\u{FFFF}";

fn subject(file_name: &str) -> Subject<'_> {
    Subject {
        file_name,
        size_bytes: 123_456,
        sha256: [0xAB; 32],
        judged_at: datetime!(2026-11-23 01:51:53 UTC),
        control_time: Some(datetime!(2026-11-22 00:00 UTC)),
    }
}

fn signature(name: &str) -> SignatureReport {
    SignatureReport {
        field: "lanh_dao".into(),
        kind: Kind::Signature,
        signer: Some(name.into()),
        indication: Indication::TotalPassed,
        sub_indication: None,
        level: Level::BLT,
        coverage: Coverage::WholeRevision,
        modification: Modification::FormFilling,
        digest_algorithm: Some("sha256".into()),
        signed_at: Some(datetime!(2026-11-20 02:00 UTC)),
        timestamp: Some(datetime!(2026-11-20 02:00:07.5 UTC)),
        warnings: vec![Warning::RevocationUnknown, Warning::ChangedLater],
        reasons: vec!["a reason".into()],
        codes: vec![Reason::Other],
        certificate: Some(CertificateSummary {
            name: name.into(),
            organisation: Some("ỦY BAN NHÂN DÂN TỈNH LAM GIANG".into()),
            subject: format!("CN={name},O=ỦY BAN NHÂN DÂN TỈNH LAM GIANG,C=VN"),
            issuer: "CN=CA huấn luyện".into(),
            serial: "0A1B".into(),
            not_before: datetime!(2026-01-01 00:00 UTC),
            not_after: datetime!(2027-01-01 00:00 UTC),
            fingerprint: "ab".repeat(32),
        }),
        chain: vec!["ab".repeat(32), "cd".repeat(32)],
        regime: Some("chuyên dùng Chính phủ".into()),
        revocation: RevocationStatus::Unknown,
        changes: vec![Change {
            revision: 2,
            modification: Modification::FormFilling,
            what: "field so filled".into(),
        }],
        revision: Some(1),
        covered_bytes: Some(100_000),
        reason: Some(HOSTILE.into()),
        location: Some("Lam Giang".into()),
    }
}

fn report(signatures: Vec<SignatureReport>, verdict: Verdict, problem: Option<Problem>) -> Report {
    Report {
        verdict,
        signatures,
        problem,
        code: None,
        objects: Vec::new(),
    }
}

fn every_kind() -> Vec<Report> {
    let mut failed = signature(HOSTILE);
    failed.indication = Indication::TotalFailed;
    failed.sub_indication = Some(SubIndication::SigCryptoFailure);
    let mut bare = signature("Ai");
    bare.indication = Indication::Indeterminate;
    bare.sub_indication = Some(SubIndication::NoCertificateChainFound);
    (bare.certificate, bare.signer, bare.regime) = (None, None, None);
    (bare.signed_at, bare.timestamp, bare.revision) = (None, None, None);
    bare.kind = Kind::DocumentTimeStamp;
    bare.level = Level::None;
    let signed = signature("Nguyễn Thị Minh Hà");
    let malformed = Problem::Malformed(format!("malformed PDF: {HOSTILE}"));
    vec![
        report(vec![signed.clone()], Verdict::TotalPassed, None),
        report(vec![signed, failed, bare], Verdict::TotalFailed, None),
        report(Vec::new(), Verdict::NoSignature, None),
        report(Vec::new(), Verdict::Malformed, Some(malformed)),
        report(Vec::new(), Verdict::Indeterminate, Some(Problem::PasswordNeeded)),
    ]
}

/// All text of well-formed XML, and the names of its elements.
fn read(xml: &str) -> (String, Vec<String>) {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let (mut text, mut names, mut open) = (String::new(), Vec::new(), 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open += 1;
                start.attributes().for_each(|one| drop(one.unwrap()));
                names.push(start.name().as_ref().to_owned());
            }
            Event::Empty(start) => {
                start.attributes().for_each(|one| drop(one.unwrap()));
                names.push(start.name().as_ref().to_owned());
            }
            Event::End(_) => open -= 1,
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => text.push_str(&format!("&{};", &*name)),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0, "every element is closed");
    (text, names)
}

#[test]
fn etsi_is_well_formed_and_names_each_verdict() {
    for report in every_kind() {
        let xml = etsi(&report, &subject(HOSTILE));
        let (text, names) = read(&xml);
        let count = |name: &str| names.iter().filter(|one| *one == name).count();
        assert_eq!(count("SignatureValidationReport"), report.signatures.len().max(1));
        assert_eq!(
            count("SignerInformation"),
            report
                .signatures
                .iter()
                .filter(|one| one.certificate.is_some())
                .count()
        );
        for signature in &report.signatures {
            if let Some(sub) = signature.sub_indication {
                let name = serde_json::to_value(sub).unwrap();
                let uri = format!("urn:etsi:019102:subindication:{}", name.as_str().unwrap());
                assert!(text.contains(&uri), "{uri}");
            }
        }
        assert!(!xml.contains("<script"), "{xml}");
    }
}

#[test]
fn html_shows_the_evidence_of_the_law_and_nothing_that_runs() {
    let both = [
        (
            Language::Vietnamese,
            [
                "Chữ ký số hợp lệ.",
                "Đơn vị quản lý",
                "Trạng thái thu hồi",
                "CẢNH BÁO",
            ],
        ),
        (
            Language::English,
            [
                "The digital signature is valid.",
                "Managing unit",
                "Revocation status",
                "WARNING",
            ],
        ),
    ];
    for (language, words) in both {
        let page = html(&every_kind()[0], &subject("vb.pdf"), language);
        let shown = [
            "Nguyễn Thị Minh Hà",
            "ỦY BAN NHÂN DÂN TỈNH LAM GIANG",
            "CA huấn luyện",
            "chuyên dùng Chính phủ",
            "20/11/2026 09:00:07 +07:00",
            "01/01/2027 07:00:00 +07:00",
        ];
        for wanted in words.iter().chain(&shown) {
            assert!(page.contains(wanted), "{wanted} in {page}");
        }
    }
    for report in every_kind() {
        let page = html(&report, &subject(HOSTILE), Language::Vietnamese);
        assert!(!page.contains("<script") && !page.contains('\u{202E}') && !page.contains('\0'));
        assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("url("));
    }
}

#[test]
fn pdf_is_archival_and_readable_by_our_own_reader() {
    for report in every_kind() {
        for language in [Language::Vietnamese, Language::English] {
            let file = pdf(&report, &subject(HOSTILE), language).unwrap();
            let judged =
                crate::validate::validate(&file, &crate::validate::Policy::new(subject("").judged_at));
            assert_eq!(judged.verdict, Verdict::NoSignature, "{judged:?}");
            assert_eq!(file, pdf(&report, &subject(HOSTILE), language).unwrap());
        }
    }
}

#[test]
fn long_reports_run_over_several_pages() {
    let many: Vec<SignatureReport> = (0..30)
        .map(|number| signature(&format!("Người ký {number}")))
        .collect();
    let file = pdf(
        &report(many, Verdict::TotalPassed, None),
        &subject("vb.pdf"),
        Language::Vietnamese,
    )
    .unwrap();
    let pages = crate::pdf::text::pages(&file).unwrap();
    assert!(pages.len() > 5, "{} pages", pages.len());
    let lines = pages
        .iter()
        .flat_map(|page| &page.lines)
        .flat_map(|line| &line.runs);
    let text: Vec<&str> = lines.map(|run| run.text.as_str()).collect();
    for wanted in ["Chữ ký số hợp lệ.", "Chữ ký 30: Người ký 29", "Trang 1/"] {
        assert!(
            text.iter().any(|run| run.contains(wanted)),
            "{wanted} in {text:?}"
        );
    }
}
