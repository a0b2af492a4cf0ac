//! What a report says, in order and in one language, before it is drawn.

use time::OffsetDateTime;

use super::{Language, Subject, hexadecimal, words};
use crate::validate::{
    CertificateSummary, Indication, Kind, Problem, Reason, Report, SignatureReport, SubIndication, Verdict,
};

/// The whole report.
pub(super) struct Outline {
    pub(super) title: String,
    /// The verdict in one sentence.
    pub(super) sentence: String,
    pub(super) standing: Standing,
    pub(super) facts: Vec<Fact>,
    pub(super) sections: Vec<Section>,
    pub(super) note: String,
}

/// One signature or time-stamp.
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) sentence: String,
    pub(super) standing: Standing,
    pub(super) facts: Vec<Fact>,
    pub(super) remarks: Vec<(String, Vec<String>)>,
}

pub(super) type Fact = (String, String);

/// The form of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Valid,
    Invalid,
    Undecided,
    Unsigned,
}

impl Outline {
    pub(super) fn new(report: &Report, subject: &Subject<'_>, language: Language) -> Self {
        let sections = report.signatures.iter().enumerate();
        Self {
            title: language
                .pick("Kết quả kiểm tra chữ ký số", "Digital signature validation report")
                .to_owned(),
            sentence: words::sentence(report, language),
            standing: match report.verdict {
                Verdict::TotalPassed => Standing::Valid,
                Verdict::TotalFailed | Verdict::Malformed => Standing::Invalid,
                Verdict::Indeterminate => Standing::Undecided,
                Verdict::NoSignature => Standing::Unsigned,
            },
            facts: document(report, subject, language),
            sections: sections
                .map(|(index, signature)| section(index + 1, signature, language))
                .collect(),
            note: language
                .pick(
                    "Lập theo ETSI EN 319 102-1 và Thông tư 15/2025/TT-BKHCN. Thời gian khai báo không phải là bằng chứng; \
                     chỉ dấu thời gian mới chứng minh thời điểm ký.",
                    "Made under ETSI EN 319 102-1 and Circular 15/2025/TT-BKHCN. A claimed time is no proof; only a \
                     time-stamp proves the time of signing.",
                )
                .to_owned(),
        }
    }
}

fn document(report: &Report, subject: &Subject<'_>, language: Language) -> Vec<Fact> {
    let mut facts = Facts(language, Vec::new());
    facts.add("Tệp", "File", subject.file_name);
    facts.add(
        "Kích thước",
        "Size",
        format!("{} {}", subject.size_bytes, language.pick("byte", "bytes")),
    );
    facts.add(
        "SHA-256 của tệp",
        "SHA-256 of the file",
        hexadecimal(&subject.sha256),
    );
    facts.add(
        "Thời điểm kiểm tra",
        "Checked at",
        words::moment(subject.judged_at),
    );
    if let Some(control) = subject.control_time {
        facts.add(
            "Kiểm tra cho thời điểm",
            "Judged for the moment",
            words::moment(control),
        );
    }
    facts.add(
        "Số chữ ký và dấu thời gian",
        "Signatures and time-stamps",
        report.signatures.len().to_string(),
    );
    match &report.problem {
        Some(Problem::Malformed(reason) | Problem::Unsupported(reason) | Problem::Refused(reason)) => {
            facts.add("Lý do kỹ thuật", "Technical reason", reason.as_str());
        }
        Some(Problem::PasswordNeeded) | None => {}
    }
    facts.1
}

fn section(number: usize, signature: &SignatureReport, language: Language) -> Section {
    let name = match signature.kind {
        Kind::Signature => language.pick("Chữ ký", "Signature"),
        Kind::DocumentTimeStamp => language.pick("Dấu thời gian của văn bản", "Document time-stamp"),
    };
    let verdict = words::indication(signature.indication, language);
    let because = signature
        .sub_indication
        .map(|sub| format!(": {}", words::sub_indication(sub, language)));
    Section {
        heading: format!("{name} {number}: {}", signature.signer.as_deref().unwrap_or("?")),
        sentence: format!("{verdict}{}", because.unwrap_or_else(|| ".".to_owned())),
        standing: match signature.indication {
            Indication::TotalPassed => Standing::Valid,
            Indication::TotalFailed => Standing::Invalid,
            Indication::Indeterminate => Standing::Undecided,
        },
        facts: evidence(signature, language),
        remarks: remarks(signature, language),
    }
}

/// What the law asks a verifier to show.
fn evidence(signature: &SignatureReport, language: Language) -> Vec<Fact> {
    let mut facts = Facts(language, Vec::new());
    if let Some(certificate) = &signature.certificate {
        of_certificate(certificate, &mut facts);
    }
    let unknown = language.pick("Không xác định", "None was established");
    facts.add(
        "Hệ thống chứng thực",
        "Trust regime",
        signature.regime.as_deref().unwrap_or(unknown),
    );
    if let Some(time) = signature.signed_at {
        facts.add(
            "Thời gian ký (khai báo)",
            "Claimed signing time",
            words::moment(time),
        );
    }
    let none = language.pick("Không có", "None");
    let stamp = signature.timestamp.map(words::moment);
    facts.add(
        "Dấu thời gian (đã kiểm tra)",
        "Time-stamp (checked)",
        stamp.as_deref().unwrap_or(none),
    );
    facts.add(
        "Chứng thư khi ký",
        "Certificate when signing",
        validity_at_signing(signature, language),
    );
    facts.add(
        "Trạng thái thu hồi",
        "Revocation status",
        words::revocation(signature.revocation, language),
    );
    let broken = matches!(
        signature.sub_indication,
        Some(SubIndication::HashFailure | SubIndication::SigCryptoFailure)
    );
    facts.add(
        "Tính toàn vẹn",
        "Integrity",
        words::integrity(signature.coverage, signature.modification, broken, language),
    );
    claims(signature, &mut facts);
    facts.1
}

fn of_certificate(certificate: &CertificateSummary, facts: &mut Facts) {
    facts.add("Người ký", "Signer", certificate.name.as_str());
    if let Some(organisation) = &certificate.organisation {
        facts.add("Đơn vị quản lý", "Managing unit", organisation.as_str());
    }
    facts.add(
        "Chủ thể chứng thư",
        "Certificate subject",
        certificate.subject.as_str(),
    );
    facts.add(
        "Tổ chức cấp chứng thư",
        "Certificate issuer",
        certificate.issuer.as_str(),
    );
    facts.add(
        "Số hiệu chứng thư",
        "Certificate serial",
        certificate.serial.as_str(),
    );
    facts.add(
        "Hiệu lực chứng thư",
        "Certificate validity",
        format!(
            "{} – {}",
            words::moment(certificate.not_before),
            words::moment(certificate.not_after)
        ),
    );
    facts.add(
        "SHA-256 của chứng thư",
        "SHA-256 of the certificate",
        certificate.fingerprint.as_str(),
    );
}

/// By the proven time where there is one, else by the claimed time, which is said.
fn validity_at_signing(signature: &SignatureReport, language: Language) -> String {
    let Some(certificate) = &signature.certificate else {
        return language
            .pick(
                "Không xác định được chứng thư",
                "The certificate could not be established",
            )
            .to_owned();
    };
    let at = |time: OffsetDateTime| (certificate.not_before..=certificate.not_after).contains(&time);
    let text = match (signature.timestamp.map(at), signature.signed_at.map(at)) {
        (Some(true), _) => (
            "Còn hiệu lực, theo dấu thời gian",
            "Within its validity, by the time-stamp",
        ),
        (Some(false), _) => (
            "Ngoài thời hạn hiệu lực, theo dấu thời gian",
            "Outside its validity, by the time-stamp",
        ),
        (None, Some(true)) => (
            "Còn hiệu lực theo thời gian khai báo (chưa được chứng minh)",
            "Within its validity by the claimed time (not proven)",
        ),
        (None, Some(false)) => (
            "Ngoài thời hạn hiệu lực theo thời gian khai báo (chưa được chứng minh)",
            "Outside its validity by the claimed time (not proven)",
        ),
        (None, None) => ("Không rõ thời điểm ký", "The time of signing is unknown"),
    };
    language.pick(text.0, text.1).to_owned()
}

fn claims(signature: &SignatureReport, facts: &mut Facts) {
    facts.add("Trường chữ ký", "Signature field", signature.field.as_str());
    let level = words::level(signature.level);
    if !level.is_empty() {
        facts.add("Mức", "Level", level);
    }
    if let Some(digest) = &signature.digest_algorithm {
        facts.add("Hàm băm", "Digest algorithm", digest.to_uppercase());
    }
    if let (Some(revision), Some(bytes)) = (signature.revision, signature.covered_bytes) {
        let vietnamese = format!("{revision} ({bytes} byte đầu của tệp)");
        let english = format!("{revision} (the file's first {bytes} bytes)");
        facts.add(
            "Phiên bản đã ký",
            "Signed revision",
            facts.0.pick(&vietnamese, &english).to_owned(),
        );
    }
    if let Some(reason) = &signature.reason {
        facts.add("Lý do ký (khai báo)", "Reason (claimed)", reason.as_str());
    }
    if let Some(location) = &signature.location {
        facts.add("Nơi ký (khai báo)", "Location (claimed)", location.as_str());
    }
    let indication = match signature.indication {
        Indication::TotalPassed => "TOTAL-PASSED",
        Indication::TotalFailed => "TOTAL-FAILED",
        Indication::Indeterminate => "INDETERMINATE",
    };
    let sub = signature.sub_indication.map(words::standard_name);
    facts.add(
        "Kết luận EN 319 102-1",
        "Indication (EN 319 102-1)",
        sub.map_or_else(|| indication.to_owned(), |sub| format!("{indication}, {sub}")),
    );
}

fn remarks(signature: &SignatureReport, language: Language) -> Vec<(String, Vec<String>)> {
    let warnings = signature
        .warnings
        .iter()
        .map(|one| words::warning(*one, language));
    let changes = signature.changes.iter().map(|change| {
        let revision = language.pick("Phiên bản", "Revision");
        format!("{revision} {}: {}", change.revision, change.what)
    });
    let mut sentences: Vec<String> = Vec::new();
    for code in &signature.codes {
        let sentence = language.pick(code.vietnamese(), code.english());
        if *code != Reason::Other && !sentences.iter().any(|known| known == sentence) {
            sentences.push(sentence.to_owned());
        }
    }
    [
        (language.pick("Cảnh báo", "Warnings"), warnings.collect()),
        (language.pick("Lý do", "Reasons"), sentences),
        (
            language.pick("Lý do kỹ thuật", "Technical reasons"),
            signature.reasons.clone(),
        ),
        (
            language.pick("Thay đổi sau khi ký", "Changes after signing"),
            changes.collect::<Vec<_>>(),
        ),
    ]
    .into_iter()
    .filter(|(_, lines)| !lines.is_empty())
    .map(|(heading, lines)| (heading.to_owned(), lines))
    .collect()
}

struct Facts(Language, Vec<Fact>);

impl Facts {
    fn add(&mut self, vietnamese: &str, english: &str, value: impl Into<String>) {
        self.1
            .push((self.0.pick(vietnamese, english).to_owned(), value.into()));
    }
}
