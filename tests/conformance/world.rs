//! Authorities of any dates, and whatever they say about each other at any time: certificates, lists, answers, time-stamps.

use hoian_signer::cms::ber::{self, Reader, element, tag};
use hoian_signer::cms::oid;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{DocumentTimeStamp, Key as _, Level};
use hoian_signer::validate::{Anchor, Policy, Report, SignatureReport, validate};
use hoian_signer::x509::Certificate;
use hoian_signer::x509::algorithm::Digest;
use hoian_tests::attacker::{self, Change, update, write};
use hoian_tests::fixture;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use time::OffsetDateTime;
use time::macros::format_description;

/// From and until when something is in force.
pub type Span = (OffsetDateTime, OffsetDateTime);

/// Whoever holds a certificate and its key.
pub struct Holder {
    pub key: pkcs12::Key,
    issuer: Issuer<'static, KeyPair>,
    pub pkcs8: Vec<u8>,
}

impl Holder {
    /// A root.
    pub fn root(name: &str, span: Span) -> Self {
        Self::root_with(name, span, |_| {})
    }

    pub fn root_with(name: &str, span: Span, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let pair = KeyPair::generate().unwrap();
        let mut parameters = authority(name, span);
        change(&mut parameters);
        let own = parameters.self_signed(&pair).unwrap().der().to_vec();
        Self::of(parameters, pair, vec![own])
    }

    /// An authority below this one.
    pub fn authority(&self, name: &str, span: Span, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut parameters = authority(name, span);
        change(&mut parameters);
        self.issue(parameters)
    }

    /// A person below this one.
    pub fn person(&self, name: &str, span: Span, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut parameters = subject(name, span);
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        change(&mut parameters);
        self.issue(parameters)
    }

    /// An authority for time-stamps below this one.
    pub fn time_stamps(&self, name: &str, span: Span) -> Self {
        let mut parameters = subject(name, span);
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let usage = element(
            tag::SEQUENCE,
            &element(tag::OBJECT_IDENTIFIER, oid::TIME_STAMPING),
        );
        parameters
            .custom_extensions
            .push(extension(&[2, 5, 29, 37], usage, true));
        self.issue(parameters)
    }

    fn issue(&self, parameters: CertificateParams) -> Self {
        let pair = KeyPair::generate().unwrap();
        let own = parameters.signed_by(&pair, &self.issuer).unwrap().der().to_vec();
        let chain = [vec![own], self.key.chain().to_vec()].concat();
        Self::of(parameters, pair, chain)
    }

    fn of(parameters: CertificateParams, pair: KeyPair, chain: Vec<Vec<u8>>) -> Self {
        let pkcs8 = pair.serialize_der();
        Self {
            key: pkcs12::Key::from_pkcs8(&pkcs8, chain).unwrap(),
            issuer: Issuer::new(parameters, pair),
            pkcs8,
        }
    }

    pub fn der(&self) -> Vec<u8> {
        self.key.chain()[0].clone()
    }

    pub fn certificate(&self) -> Certificate {
        Certificate::parse(&self.der()).unwrap()
    }

    /// With another certificate for the same key.
    pub fn with_certificate(&self, der: Vec<u8>) -> pkcs12::Key {
        let chain = [vec![der], self.key.chain()[1..].to_vec()].concat();
        pkcs12::Key::from_pkcs8(&self.pkcs8, chain).unwrap()
    }
}

fn subject(name: &str, (from, until): Span) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CountryName, "VN");
    parameters
        .distinguished_name
        .push(DnType::OrganizationName, "Kiểm thử");
    parameters.distinguished_name.push(DnType::CommonName, name);
    (parameters.not_before, parameters.not_after) = (from, until);
    // Names differ, so their bytes make serial numbers that differ.
    let digest = Digest::Sha256.hash(&[name.as_bytes()]);
    parameters.serial_number = Some(SerialNumber::from([&[1], &digest[..8]].concat()));
    parameters
}

fn authority(name: &str, span: Span) -> CertificateParams {
    let mut parameters = subject(name, span);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

pub fn extension(identifier: &[u64], value: Vec<u8>, critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(identifier, value);
    extension.set_criticality(critical);
    extension
}

/// What an authority says of one certificate.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    pub issued: OffsetDateTime,
    pub next: Option<OffsetDateTime>,
    /// Since when it is revoked, and the reason's number.
    pub revoked: Option<(OffsetDateTime, u8)>,
    /// The entries of certificates that expired since then are kept.
    pub archived_from: Option<OffsetDateTime>,
}

impl Word {
    /// Good, and said again within a week.
    pub fn good(issued: OffsetDateTime) -> Self {
        Self {
            issued,
            next: Some(issued + time::Duration::WEEK),
            revoked: None,
            archived_from: None,
        }
    }

    pub fn revoked(issued: OffsetDateTime, at: OffsetDateTime) -> Self {
        Self {
            revoked: Some((at, 1)),
            ..Self::good(issued)
        }
    }

    /// An OCSP response by `issuer` (RFC 6960 section 4.2.1).
    pub fn response(&self, issuer: &Holder, about: &Holder) -> Vec<u8> {
        let (authority, certificate) = (issuer.certificate(), about.certificate());
        let sha1 = element(tag::SEQUENCE, &element(tag::OBJECT_IDENTIFIER, oid::SHA1));
        let octets = |bytes: &[u8]| element(tag::OCTET_STRING, bytes);
        let key_hash = Digest::Sha1.hash(&[authority.public_key_bits().unwrap()]);
        let identifier = sequence(&[
            sha1,
            octets(&Digest::Sha1.hash(&[&authority.subject.der])),
            octets(&key_hash),
            element(tag::INTEGER, &certificate.serial),
        ]);
        let status = match self.revoked {
            None => element(0x80, &[]),
            Some((at, reason)) => {
                let reason = element(0xA0, &element(tag::ENUMERATED, &[reason]));
                element(0xA1, &[moment(at), reason].concat())
            }
        };
        let next = self.next.map(|next| element(0xA0, &moment(next)));
        let archive = self.archived_from.map(|from| {
            let extension = plain_extension(oid::OCSP_ARCHIVE_CUTOFF, &moment(from));
            element(0xA1, &sequence(&[extension]))
        });
        let answer = sequence(&[
            identifier,
            status,
            moment(self.issued),
            next.unwrap_or_default(),
            archive.unwrap_or_default(),
        ]);
        let data = sequence(&[
            element(0xA2, &octets(&key_hash)),
            moment(self.issued),
            sequence(&[answer]),
        ]);
        let basic = signed(data, issuer);
        let bytes = sequence(&[element(tag::OBJECT_IDENTIFIER, oid::OCSP_BASIC), octets(&basic)]);
        sequence(&[element(tag::ENUMERATED, &[0]), element(0xA0, &bytes)])
    }

    /// A list of `issuer` (RFC 5280 section 5.1), which names `about` where it is revoked.
    pub fn list(&self, issuer: &Holder, about: &Holder) -> Vec<u8> {
        let entry = self.revoked.map(|(at, reason)| {
            let reason = plain_extension(&[0x55, 0x1D, 21], &element(tag::ENUMERATED, &[reason]));
            let serial = element(tag::INTEGER, &about.certificate().serial);
            sequence(&[sequence(&[serial, moment(at), sequence(&[reason])])])
        });
        let archive = self.archived_from.map(|from| {
            let extension = plain_extension(&[0x55, 0x1D, 60], &moment(from));
            element(0xA0, &sequence(&[extension]))
        });
        let list = sequence(&[
            element(tag::INTEGER, &[1]),
            ecdsa_with_sha256(),
            issuer.certificate().subject.der,
            moment(self.issued),
            self.next.map(moment).unwrap_or_default(),
            entry.unwrap_or_default(),
            archive.unwrap_or_default(),
        ]);
        signed(list, issuer)
    }
}

pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag::SEQUENCE, &parts.concat())
}

fn plain_extension(identifier: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[
        element(tag::OBJECT_IDENTIFIER, identifier),
        element(tag::OCTET_STRING, value),
    ])
}

fn moment(time: OffsetDateTime) -> Vec<u8> {
    let format = format_description!("[year][month][day][hour][minute][second]Z");
    element(tag::GENERALIZED_TIME, time.format(&format).unwrap().as_bytes())
}

fn ecdsa_with_sha256() -> Vec<u8> {
    sequence(&[element(tag::OBJECT_IDENTIFIER, oid::ECDSA_SHA256)])
}

fn signed(data: Vec<u8>, issuer: &Holder) -> Vec<u8> {
    let value = issuer.key.sign(&data).unwrap();
    let bits = element(tag::BIT_STRING, &[&[0], &value[..]].concat());
    sequence(&[data, ecdsa_with_sha256(), bits])
}

/// Signs the little paper at `now`, with a time-stamp where `authority` is given.
pub fn sign(signer: &pkcs12::Key, authority: Option<&Holder>, now: OffsetDateTime) -> Vec<u8> {
    let mut request = fixture::request("lanh_dao", signer.algorithm(), now);
    if authority.is_some() {
        request.level = Level::BT;
    }
    let stamps = authority.map_or(signer, |authority| &authority.key);
    fixture::sign(&attacker::paper(), &request, signer, stamps, now)
}

/// Appends a document time-stamp.
pub fn stamp(document: &[u8], authority: &Holder, now: OffsetDateTime) -> Vec<u8> {
    let prepared = DocumentTimeStamp::prepare(document, None).unwrap();
    let answer = fixture::stamp(&prepared.request(fixture::NONCE), &authority.key, now);
    [document, &prepared.update(&answer, fixture::NONCE, now).unwrap()].concat()
}

/// Appends a document security store with what stood in it before; `first` is the number of its first object.
pub fn store(document: &[u8], first: u32, responses: &[Vec<u8>], lists: &[Vec<u8>]) -> Vec<u8> {
    let (catalog, body) = attacker::newest(document, "/Type/Catalog");
    let mut changes: Vec<Change> = Vec::new();
    let mut number = first + 1;
    let mut names = |ders: &[Vec<u8>]| {
        let mut list = String::new();
        for der in ders {
            let digits: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
            changes.push(write(number, attacker::stream("/Filter/ASCIIHexDecode", &digits)));
            list.push_str(&format!("{number} 0 R "));
            number += 1;
        }
        list
    };
    let (responses, lists) = (names(responses), names(lists));
    let old = |key: &str| match attacker::find_last(document, b"/Type/DSS") {
        Some(_) => {
            let (_, store) = attacker::newest(document, "/Type/DSS");
            let list = &store[store.find(key).unwrap() + key.len()..];
            list[1..list.find(']').unwrap()].to_owned()
        }
        None => String::new(),
    };
    changes.push(write(
        first,
        format!(
            "<</Type/DSS/OCSPs[{}{responses}]/CRLs[{}{lists}]>>",
            old("/OCSPs"),
            old("/CRLs")
        ),
    ));
    let without = match body.find("/DSS ") {
        Some(at) => {
            let end = at + body[at..].find(" R").unwrap() + 2;
            format!("{}{}", &body[..at], &body[end..])
        }
        None => body,
    };
    let with = without.replacen("/Type/Catalog", &format!("/Type/Catalog/DSS {first} 0 R"), 1);
    changes.push(write(catalog, with));
    update(document, &changes)
}

/// The document with a time-stamp over its content among the signed attributes of its last signature, signed anew.
pub fn with_content_time_stamp(
    document: &[u8],
    signer: &pkcs12::Key,
    authority: &Holder,
    now: OffsetDateTime,
) -> Vec<u8> {
    let [start, end, length] = fixture::last_byte_range(document);
    let covered = [&document[..start], &document[end..end + length]].concat();
    let digest = hoian_signer::sign::Digest::Sha256;
    let request = hoian_signer::tsp::request(digest, &Digest::Sha256.hash(&[&covered]), fixture::NONCE);
    let answer = fixture::stamp(&request, &authority.key, now);
    let token = hoian_signer::tsp::token(&answer).unwrap().into_der();
    let attribute = sequence(&[
        element(tag::OBJECT_IDENTIFIER, oid::CONTENT_TIME_STAMP),
        element(tag::SET, &token),
    ]);
    let cms = attacker::cms(document, [start, end]);
    let add = |attributes: &mut Vec<Vec<u8>>| {
        attributes.push(attribute);
        attributes.sort();
    };
    let changed = attacker::with_signed_attributes(&cms, add, |message| signer.sign(message).unwrap());
    attacker::with_cms(document, [start, end], &changed)
}

/// The document with the signed attributes of its last signature in another order, signed anew.
pub fn with_attributes_turned(document: &[u8], signer: &pkcs12::Key) -> Vec<u8> {
    let [start, end, _] = fixture::last_byte_range(document);
    let cms = attacker::cms(document, [start, end]);
    let turn = |attributes: &mut Vec<Vec<u8>>| attributes.reverse();
    let changed = attacker::with_signed_attributes(&cms, turn, |message| signer.sign(message).unwrap());
    attacker::with_cms(document, [start, end], &changed)
}

/// A certificate signed once more, with another algorithm that OpenSSL's `dgst` makes.
pub fn signed_anew(certificate: &[u8], issuer: &Holder, algorithm: &[u8], digest: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let algorithm = sequence(&[element(tag::OBJECT_IDENTIFIER, algorithm)]);
    let body = Reader::new(certificate).any().unwrap().inside().any().unwrap();
    let mut parts = Vec::new();
    let mut reader = body.inside();
    while !reader.is_empty() {
        parts.push(reader.any().unwrap().raw.to_vec());
    }
    // Version and serial number come before it.
    parts[2].clone_from(&algorithm);
    let body = sequence(&parts);
    std::fs::write(path("body"), &body).unwrap();
    std::fs::write(path("key"), &issuer.pkcs8).unwrap();
    let output = std::process::Command::new("openssl")
        .args(["dgst", digest, "-keyform", "DER", "-sign"])
        .arg(path("key"))
        .arg(path("body"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bits = ber::element(tag::BIT_STRING, &[&[0], &output.stdout[..]].concat());
    sequence(&[body, algorithm, bits])
}

/// A policy that trusts `anchor`, at `now`.
pub fn policy(anchor: &Holder, now: OffsetDateTime) -> Policy {
    let mut policy = Policy::new(now);
    policy.anchors.push(Anchor::new(anchor.der(), "kiểm thử"));
    policy
}

pub fn judge(document: &[u8], policy: &Policy) -> Report {
    validate(document, policy)
}

/// The report on the first signature.
pub fn first(document: &[u8], policy: &Policy) -> SignatureReport {
    let mut report = judge(document, policy);
    assert!(!report.signatures.is_empty(), "{report:?}");
    report.signatures.remove(0)
}
