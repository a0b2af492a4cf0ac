//! Certificates and dates as the report shows them.

use time::OffsetDateTime;

use super::super::report::CertificateSummary;
use crate::x509::Certificate;

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of the DER.
pub(super) fn hexadecimal_fingerprint(certificate: &Certificate) -> String {
    hexadecimal(&certificate.fingerprint())
}

impl CertificateSummary {
    pub(super) fn of(certificate: &Certificate) -> Self {
        let subject = &certificate.subject;
        Self {
            name: subject
                .common_name
                .clone()
                .unwrap_or_else(|| subject.text.clone()),
            organisation: subject.organisation.clone(),
            subject: subject.text.clone(),
            issuer: certificate.issuer.text.clone(),
            serial: hexadecimal(&certificate.serial).to_uppercase(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            fingerprint: hexadecimal_fingerprint(certificate),
        }
    }
}

/// `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-2, 7.9.4), where all of the date is given.
pub(super) fn pdf_date(date: &str) -> Option<OffsetDateTime> {
    let plain: String = date.strip_prefix("D:")?.chars().filter(|c| *c != '\'').collect();
    let zoned = if plain.len() == 14 {
        format!("{plain}Z")
    } else {
        plain
    };
    // "Z00'00'" is written by some.
    let zoned = zoned
        .split_once('Z')
        .map_or(zoned.clone(), |(date, _)| format!("{date}Z"));
    crate::cms::time::parse(&crate::cms::ber::Element {
        tag: crate::cms::ber::tag::GENERALIZED_TIME,
        content: zoned.as_bytes(),
        raw: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn reads_pdf_dates() {
        assert_eq!(
            pdf_date("D:20260102030405+07'00'"),
            Some(datetime!(2026-01-01 20:04:05 UTC))
        );
        assert_eq!(
            pdf_date("D:20260102030405Z00'00'"),
            Some(datetime!(2026-01-02 03:04:05 UTC))
        );
        assert_eq!(
            pdf_date("D:20260102030405"),
            Some(datetime!(2026-01-02 03:04:05 UTC))
        );
        assert_eq!(pdf_date("yesterday"), None);
    }
}
