//! The words of reports in both languages.

use time::{OffsetDateTime, UtcOffset};

use super::Language;
use crate::validate::{
    Coverage, Indication, Level, Modification, Problem, Report, RevocationStatus, SubIndication, Verdict,
    Warning,
};

/// The outcome in one sentence.
pub(super) fn sentence(report: &Report, language: Language) -> String {
    let english = match (&report.problem, report.verdict) {
        (Some(Problem::PasswordNeeded), _) => {
            "The file is protected by a password, so its signatures could not be checked."
        }
        (Some(Problem::Unsupported(_)), _) => {
            "The file is made in a way this system does not support, so its signatures could not be checked."
        }
        (Some(Problem::Refused(_)), _) => "The file exceeds the limits of this system's checks.",
        (_, Verdict::TotalPassed) => "The digital signature is valid.",
        (_, Verdict::TotalFailed) => "The digital signature is not valid.",
        (_, Verdict::Indeterminate) => "The evidence does not suffice to call the digital signature valid.",
        (_, Verdict::NoSignature) => "The file carries no digital signature.",
        (_, Verdict::Malformed) => "The file is broken or no proper PDF.",
    };
    language.pick(report.sentence(), english).to_owned()
}

/// What one signature was found to be.
pub(super) fn indication(indication: Indication, language: Language) -> &'static str {
    match indication {
        Indication::TotalPassed => language.pick("Hợp lệ", "Valid"),
        Indication::TotalFailed => language.pick("Không hợp lệ", "Not valid"),
        Indication::Indeterminate => language.pick("Chưa đủ căn cứ kết luận", "Cannot be decided"),
    }
}

pub(super) fn sub_indication(sub: SubIndication, language: Language) -> String {
    use SubIndication as Sub;
    let english = match sub {
        Sub::FormatFailure => {
            "The signature's format is broken, or the document was changed after signing in a way that is not allowed."
        }
        Sub::HashFailure => "The document's content was changed after signing.",
        Sub::SigCryptoFailure => "The signature value does not match the certificate.",
        Sub::Revoked | Sub::RevokedNoPoe => "The signer's certificate was revoked.",
        Sub::RevokedCaNoPoe => "The certificate of an issuer was revoked.",
        Sub::Expired | Sub::OutOfBoundsNoPoe | Sub::OutOfBoundsNotRevoked => {
            "The certificate is out of its validity at the time of checking, and no time-stamp proves an earlier signing."
        }
        Sub::NotYetValid => "The certificate was not valid yet at the time of signing.",
        Sub::NoSigningCertificateFound => "The signer's certificate was not found.",
        Sub::NoCertificateChainFound => "The certificate does not belong to a trusted authority.",
        Sub::CertificateChainGeneralFailure | Sub::ChainConstraintsFailure => {
            "The certificate chain is not valid."
        }
        Sub::SigConstraintsFailure => "The signature does not meet the validation policy.",
        Sub::CryptoConstraintsFailure | Sub::CryptoConstraintsFailureNoPoe => {
            "The signature uses an algorithm that is no longer taken to be secure."
        }
        Sub::TryLater => "The certificate's revocation status could not be checked yet; try again later.",
        Sub::NoPoe => "Proof of the time of signing is missing.",
        Sub::TimestampOrderFailure => "The time-stamps are out of order.",
        Sub::PolicyProcessingError => "The validation policy could not be applied.",
        Sub::SignedDataNotFound => "The signed data was not found.",
    };
    language.pick(sub.sentence(), english).to_owned()
}

pub(super) fn warning(warning: Warning, language: Language) -> String {
    let english = match warning {
        Warning::RevocationUnknown => "The certificate's revocation status could not be checked.",
        Warning::EmbeddedAnchor => "Integrity alone was checked; the signer's identity is not proven.",
        Warning::NoSigningCertificateAttribute => {
            "The signature is not bound to its certificate (the ESS attribute is missing)."
        }
        Warning::SigningTimeAttribute => {
            "The signature carries a signing time claimed by the signer's machine."
        }
        Warning::WeakAlgorithm => "The signature uses a weak algorithm or a short key.",
        Warning::TimeStampNotTrusted => "The time-stamp could not be checked, so it proves no time.",
        Warning::TimesDisagree => "The claimed signing time and the time-stamp differ by more than a day.",
        Warning::ChangedLater => "The document has additions after the signature, of a kind that is allowed.",
        Warning::AttributesOutOfOrder => "The signed attributes are not in the standard's order.",
        Warning::NotDer => "The signature is not encoded in DER.",
        Warning::VisibleSignatureAfterCertification => {
            "A visible signature was added after the document was certified."
        }
        Warning::AgainstOwnersPermission => {
            "The owner of the encrypted file does not let its users sign it; only who opened it as owner may have."
        }
        Warning::ValueNotShown => {
            "A field that was filled after signing shows something else on the page than its value."
        }
        Warning::SignatureCovered => "A later signature was placed over the picture of one that stood there.",
        Warning::ValidationDataRemoved => "Long-term validation data in the file was removed after signing.",
    };
    language.pick(warning.sentence(), english).to_owned()
}

/// Whether what was signed is still what stands in the file.
pub(super) fn integrity(
    coverage: Coverage,
    modification: Modification,
    broken: bool,
    language: Language,
) -> String {
    let text = match (broken, coverage, modification) {
        (true, ..) => ("Nội dung đã ký bị thay đổi", "The signed content was changed"),
        (_, _, Modification::Disallowed) => (
            "Văn bản bị thay đổi trái phép sau khi ký",
            "The document was changed after signing in a way that is not allowed",
        ),
        (_, Coverage::Partial | Coverage::None, _) => (
            "Chữ ký không bao trùm trọn văn bản",
            "The signature does not cover the whole document",
        ),
        (_, _, Modification::None) => (
            "Toàn vẹn, không thay đổi sau khi ký",
            "Intact, unchanged since signing",
        ),
        (_, _, Modification::Lta) => (
            "Toàn vẹn, sau khi ký chỉ bổ sung bằng chứng kiểm tra",
            "Intact; only validation evidence was added since signing",
        ),
        (_, _, Modification::FormFilling) => (
            "Toàn vẹn, sau khi ký chỉ điền trường hoặc thêm chữ ký được phép",
            "Intact; only fields were filled or signatures added since signing, as is allowed",
        ),
        (_, _, Modification::Annotations) => (
            "Toàn vẹn, sau khi ký chỉ thêm chú thích được phép",
            "Intact; only annotations were added since signing, as is allowed",
        ),
    };
    language.pick(text.0, text.1).to_owned()
}

pub(super) fn revocation(status: RevocationStatus, language: Language) -> String {
    let text = match status {
        RevocationStatus::Good => (
            "Không bị thu hồi (đã kiểm tra CRL/OCSP)",
            "Not revoked (by CRL or OCSP)",
        ),
        RevocationStatus::Revoked => ("Đã bị thu hồi", "Revoked"),
        RevocationStatus::Unknown => (
            "CẢNH BÁO: không kiểm tra được trạng thái thu hồi",
            "WARNING: the status could not be checked",
        ),
        RevocationStatus::NotChecked => ("Không kiểm tra", "Not checked"),
    };
    language.pick(text.0, text.1).to_owned()
}

/// As Vietnamese papers write it, in Viet Nam's zone, which is named: `23/11/2026 08:51:53 +07:00`.
pub(super) fn moment(time: OffsetDateTime) -> String {
    let zoned = UtcOffset::from_hms(7, 0, 0).map_or(time, |zone| time.to_offset(zone));
    let (hour, minute, _) = zoned.offset().as_hms();
    format!(
        "{:02}/{:02}/{:04} {:02}:{:02}:{:02} {hour:+03}:{minute:02}",
        zoned.day(),
        u8::from(zoned.month()),
        zoned.year(),
        zoned.hour(),
        zoned.minute(),
        zoned.second()
    )
}

/// A sub-indication by its name in EN 319 102-1, such as `HASH_FAILURE`.
pub(super) fn standard_name(sub: SubIndication) -> String {
    let mut name = String::new();
    for character in format!("{sub:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_uppercase());
    }
    name
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::None => "",
        Level::BB => "PAdES B-B",
        Level::BT => "PAdES B-T",
        Level::BLT => "PAdES B-LT",
        Level::BLTA => "PAdES B-LTA",
    }
}
