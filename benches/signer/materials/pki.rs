//! A root, a signer with an RSA key of 2048 bits, an authority for time-stamps, and the root's revocation list.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use hoian_signer::shell::pkcs12;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension, DnType, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, SerialNumber,
};
use time::{Duration, OffsetDateTime};

const PASSWORD: &str = "24681357";

pub struct Pki {
    pub root: Vec<u8>,
    pub revocation_list: Vec<u8>,
    pub key: pkcs12::Key,
    pub time_stamps: pkcs12::Key,
    /// For the command and its peers.
    pub root_file: PathBuf,
    pub package: PathBuf,
    pub password_file: PathBuf,
    /// PKCS#8 in DER, for the floor.
    pub private_key: Vec<u8>,
}

impl Pki {
    pub fn make(folder: &Path, now: OffsetDateTime) -> Result<Self> {
        let root_key = KeyPair::generate()?;
        let mut root = parameters("Goc cua phep do", now);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = root.self_signed(&root_key)?;
        let issuer = Issuer::new(root, root_key);
        // ring makes no RSA keys.
        openssl(
            folder,
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem",
        )?;
        let pem = std::fs::read_to_string(folder.join("key.pem"))?;
        let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_RSA_SHA256)?;
        let mut own = parameters("Nguoi ky", now);
        own.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        let own = own.signed_by(&pair, &issuer)?;
        std::fs::write(folder.join("own.pem"), own.pem())?;
        std::fs::write(folder.join("root.pem"), certificate.pem())?;
        std::fs::write(folder.join("password"), PASSWORD)?;
        openssl(
            folder,
            "pkcs12 -export -inkey key.pem -in own.pem -certfile root.pem -passout file:password -out key.p12",
        )?;
        let private_key = pair.serialize_der();
        let chain = vec![own.der().to_vec(), certificate.der().to_vec()];
        Ok(Self {
            key: pkcs12::Key::from_pkcs8(&private_key, chain)?,
            time_stamps: time_stamps(&issuer, certificate.der(), now)?,
            revocation_list: revocation_list(&issuer, now)?,
            root: certificate.der().to_vec(),
            root_file: folder.join("root.pem"),
            package: folder.join("key.p12"),
            password_file: folder.join("password"),
            private_key,
        })
    }
}

fn time_stamps(issuer: &Issuer<'_, KeyPair>, root: &[u8], now: OffsetDateTime) -> Result<pkcs12::Key> {
    let pair = KeyPair::generate()?;
    let mut parameters = parameters("Dau thoi gian", now);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // Time-stamping alone, critical (RFC 3161, 2.3).
    let usage = vec![
        0x30, 0x0A, 0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08,
    ];
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
    extension.set_criticality(true);
    parameters.custom_extensions.push(extension);
    let own = parameters.signed_by(&pair, issuer)?;
    let chain = vec![own.der().to_vec(), root.to_vec()];
    Ok(pkcs12::Key::from_pkcs8(&pair.serialize_der(), chain)?)
}

fn revocation_list(issuer: &Issuer<'_, KeyPair>, now: OffsetDateTime) -> Result<Vec<u8>> {
    let list = CertificateRevocationListParams {
        this_update: now - Duration::hours(1),
        next_update: now + Duration::days(7),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(list.signed_by(issuer)?.der().to_vec())
}

fn parameters(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.distinguished_name.push(DnType::CountryName, "VN");
    parameters.not_before = now - Duration::days(1);
    parameters.not_after = now + Duration::days(365);
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn openssl(folder: &Path, arguments: &str) -> Result<()> {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .context("openssl is not on this machine")?;
    ensure!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
