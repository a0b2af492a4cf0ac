//! What each certificate of the training PKI says.

use der::Encode;
use der::asn1::{Ia5String, ObjectIdentifier};
use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{AccessDescription, AuthorityInfoAccessSyntax};

use super::Error;

/// Stands in every subject, so that no listing can show one of these certificates without it.
pub(super) const TRAINING: &str = "HUẤN LUYỆN - không có giá trị pháp lý";

/// Who gets a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name by which the demo finds the key again: a user name, or an agency's organisation identifier.
    pub alias: String,
    pub kind: HolderKind,
    /// The full name of the person or agency.
    pub common_name: String,
    /// The agency that manages the certificate.
    pub organisation: String,
    pub standing: Standing,
}

/// Whose signature it makes: the one blue, the other red.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKind {
    Person,
    Agency,
}

/// In what state the certificate is made; all but the first are for trying what then happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Valid,
    /// Ended a month ago.
    Expired,
    /// Revoked yesterday.
    Revoked,
}

/// The addresses that stand in certificates.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    base_url: String,
}

impl Addresses {
    pub(super) fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
        }
    }

    fn ocsp(&self) -> String {
        format!("{}/pki/ocsp", self.base_url)
    }

    fn revocation_list(&self, authority: &str) -> String {
        format!("{}/pki/crl/{authority}.crl", self.base_url)
    }

    fn certificate(&self, authority: &str) -> String {
        format!("{}/pki/ca/{authority}.cer", self.base_url)
    }
}

/// The root: trusted by being configured, so it names no address.
pub(super) fn root(serial: [u8; 16], now: OffsetDateTime) -> CertificateParams {
    let mut params = subject("CA gốc HUẤN LUYỆN Hội Ấn", "Tỉnh Lam Giang (minh họa)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    lasting(
        params,
        serial,
        now - Duration::days(3650),
        now + Duration::days(7300),
    )
}

/// The authority that issues to people, agencies and services.
pub(super) fn issuing(
    serial: [u8; 16],
    now: OffsetDateTime,
    addresses: &Addresses,
) -> Result<CertificateParams, Error> {
    let mut params = subject("CA HUẤN LUYỆN tỉnh Lam Giang", "Tỉnh Lam Giang (minh họa)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let params = issued_by("root", None, params, addresses)?;
    Ok(lasting(
        params,
        serial,
        now - Duration::days(1825),
        now + Duration::days(3650),
    ))
}

/// The OCSP responder, delegated by the issuing authority. Its own status is not to be asked (RFC 6960, 4.2.2.2.1).
pub(super) fn responder(serial: [u8; 16], now: OffsetDateTime) -> CertificateParams {
    let mut params = subject("OCSP HUẤN LUYỆN tỉnh Lam Giang", "Tỉnh Lam Giang (minh họa)");
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    params.custom_extensions.push(CustomExtension::from_oid_content(
        &ID_PKIX_OCSP_NOCHECK,
        vec![5, 0],
    ));
    lasting(
        params,
        serial,
        now - Duration::days(30),
        now + Duration::days(1825),
    )
}

/// The time-stamping authority: that purpose alone, and critical (RFC 3161 section 2.3).
pub(super) fn time_stamp(
    serial: [u8; 16],
    now: OffsetDateTime,
    addresses: &Addresses,
) -> Result<CertificateParams, Error> {
    let mut params = subject("TSA HUẤN LUYỆN tỉnh Lam Giang", "Tỉnh Lam Giang (minh họa)");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let purposes = vec![ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8")];
    let mut purpose = CustomExtension::from_oid_content(&ID_CE_EXT_KEY_USAGE, purposes.to_der()?);
    purpose.set_criticality(true);
    params.custom_extensions.push(purpose);
    let params = issued_by("issuing", Some(addresses.ocsp()), params, addresses)?;
    Ok(lasting(
        params,
        serial,
        now - Duration::days(1825),
        now + Duration::days(1825),
    ))
}

/// A person or an agency.
pub(super) fn end_entity(
    holder: &Holder,
    serial: [u8; 16],
    now: OffsetDateTime,
    addresses: &Addresses,
) -> Result<CertificateParams, Error> {
    let mut params = subject(&holder.common_name, &holder.organisation);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::ContentCommitment,
    ];
    // Document signing, RFC 9336.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
    let params = issued_by("issuing", Some(addresses.ocsp()), params, addresses)?;
    let (from, until) = match holder.standing {
        Standing::Valid => (now - Duration::days(60), now + Duration::days(1095)),
        Standing::Expired => (now - Duration::days(1125), now - Duration::days(30)),
        Standing::Revoked => (now - Duration::days(400), now + Duration::days(695)),
    };
    Ok(lasting(params, serial, from, until))
}

/// When a certificate of [`Standing::Revoked`] was revoked.
pub(super) fn revoked_at(now: OffsetDateTime) -> OffsetDateTime {
    now - Duration::days(1)
}

const ID_PKIX_OCSP_NOCHECK: [u64; 10] = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
const ID_CE_EXT_KEY_USAGE: [u64; 4] = [2, 5, 29, 37];
const ID_PE_AUTHORITY_INFO_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
const ID_AD_OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const ID_AD_CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

fn subject(common_name: &str, organisation: &str) -> CertificateParams {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, "VN");
    name.push(DnType::OrganizationName, organisation);
    name.push(DnType::OrganizationalUnitName, TRAINING);
    name.push(DnType::CommonName, common_name);
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params
}

fn lasting(
    mut params: CertificateParams,
    serial: [u8; 16],
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> CertificateParams {
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.not_before = from;
    params.not_after = until;
    params
}

/// The issuer's key identifier, its list and certificate, and where its responder answers.
fn issued_by(
    authority: &str,
    ocsp: Option<String>,
    mut params: CertificateParams,
    addresses: &Addresses,
) -> Result<CertificateParams, Error> {
    params.use_authority_key_identifier_extension = true;
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec![addresses.revocation_list(authority)],
    }];
    let issuer = (ID_AD_CA_ISSUERS, addresses.certificate(authority));
    let mut access = Vec::new();
    for (access_method, address) in ocsp
        .map(|address| (ID_AD_OCSP, address))
        .into_iter()
        .chain([issuer])
    {
        let access_location = GeneralName::UniformResourceIdentifier(Ia5String::new(&address)?);
        access.push(AccessDescription {
            access_method,
            access_location,
        });
    }
    let content = AuthorityInfoAccessSyntax(access).to_der()?;
    params.custom_extensions.push(CustomExtension::from_oid_content(
        &ID_PE_AUTHORITY_INFO_ACCESS,
        content,
    ));
    Ok(params)
}
