//! A small PKI, images, and the signed flow of a paper, for the tests of signing, tampering and interop.

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_signer::appearance::{Appearance, image, place};
use hoian_signer::pdf::form::{Alignment, Face, Lock, NewField, fill, prepare_fields};
use hoian_signer::pdf::place::Place;
use hoian_signer::pdf::text;
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{self, Algorithm, Key, Level, Request, Signed};
use hoian_signer::tsp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// A root, two signers and an authority for time-stamps, all P-256.
pub struct Pki {
    pub root_pem: String,
    pub leader: pkcs12::Key,
    pub agency: pkcs12::Key,
    pub time_stamps: pkcs12::Key,
}

impl Pki {
    pub fn new(now: OffsetDateTime) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = parameters("Gốc của kiểm thử", now);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = root.self_signed(&root_key).unwrap();
        let issuer = Issuer::new(root, root_key);
        let key = |name, for_time_stamps| {
            let key = KeyPair::generate().unwrap();
            let mut parameters = parameters(name, now);
            parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            if for_time_stamps {
                parameters.custom_extensions.push(time_stamping());
            } else {
                parameters.key_usages.push(KeyUsagePurpose::ContentCommitment);
            }
            let own = parameters.signed_by(&key, &issuer).unwrap();
            let chain = vec![own.der().to_vec(), certificate.der().to_vec()];
            pkcs12::Key::from_pkcs8(&key.serialize_der(), chain).unwrap()
        };
        Self {
            root_pem: certificate.pem(),
            leader: key("Nguyễn Thị Minh Hà", false),
            agency: key("ỦY BAN NHÂN DÂN TỈNH LAM GIANG", false),
            time_stamps: key("Cấp dấu thời gian", true),
        }
    }
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

/// Extended key usage: time-stamping alone, critical (RFC 3161, 2.3).
fn time_stamping() -> CustomExtension {
    let usage = vec![
        0x30, 0x0A, 0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08,
    ];
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
    extension.set_criticality(true);
    extension
}

/// A request without appearance at level B-B.
pub fn request(field: &str, algorithm: Algorithm, now: OffsetDateTime) -> Request {
    Request {
        field: field.into(),
        place: None,
        appearance: None,
        signing_time: now,
        algorithm,
        level: Level::BB,
        name: None,
        reason: None,
        location: None,
        certify: None,
    }
}

/// Signs through every stored value, time-stamp included where the request wants one.
pub fn sign(
    document: &[u8],
    request: &Request,
    key: &dyn Key,
    authority: &dyn Key,
    now: OffsetDateTime,
) -> Vec<u8> {
    let prepared = sign::prepare(document, request, key.chain()).unwrap();
    let value = key.sign(prepared.signed_attributes()).unwrap();
    let stored = serde_json::to_string(&prepared.with_signature(value).unwrap()).unwrap();
    let mut signed: Signed = serde_json::from_str(&stored).unwrap();
    if signed.needs_time_stamp() {
        let response = stamp(&signed.time_stamp_request(NONCE).unwrap(), authority, now);
        signed = signed.with_time_stamp(&response, NONCE, now).unwrap();
    }
    signed.complete(document).unwrap()
}

/// What an authority answers.
pub fn stamp(request: &[u8], authority: &dyn Key, now: OffsetDateTime) -> Vec<u8> {
    let terms = tsp::Terms {
        policy: "1.3.6.1.4.1.99999.1".parse().unwrap(),
        serial_number: 7,
        accuracy_seconds: 1,
    };
    tsp::issue(request, authority, &terms, now).unwrap()
}

pub const NONCE: u64 = 0xFEDC_BA98_7654_3210;

/// The versions of one paper: prepared, signed by the leader, numbered, sealed by the agency.
pub struct Flow {
    pub prepared: Vec<u8>,
    pub signed: Vec<u8>,
    pub numbered: Vec<u8>,
    pub sealed: Vec<u8>,
}

pub const FULL_NAME: &str = "Nguyễn Thị Minh Hà";

/// Walks a paper through the whole flow at level B-T.
pub fn flow(paper: &[u8], pki: &Pki, now: OffsetDateTime) -> Flow {
    let signature = signature_png();
    let pages = text::pages(paper).unwrap();
    let person = place::person(&pages, FULL_NAME, image::size(&signature).unwrap().aspect()).unwrap();
    let seal = place::seal(&person, 36.0, 36.0);
    let prepared = prepare_fields(paper, &fields(&pages, person, seal)).unwrap();

    let mut request = request("lanh_dao", pki.leader.algorithm(), now);
    request.level = Level::BT;
    request.appearance = Some(Appearance::Image { png: signature });
    let signed = sign(&prepared, &request, &pki.leader, &pki.time_stamps, now);

    let numbered = fill(&signed, &[("so", "141"), ("ngay", "23"), ("thang", "11")]).unwrap();

    request.field = "co_quan".into();
    request.appearance = Some(Appearance::Image { png: seal_png() });
    let sealed = sign(&numbered, &request, &pki.agency, &pki.time_stamps, now);
    Flow {
        prepared,
        signed,
        numbered,
        sealed,
    }
}

fn fields(pages: &[text::Page], person: Place, seal: Place) -> Vec<NewField> {
    let text = |name: &str, label, face| {
        let (place, font_size) = place::blank_after(pages, label, 10.0).unwrap();
        NewField::Text {
            name: name.into(),
            place,
            font_size,
            face,
            alignment: Alignment::Centre,
        }
    };
    let later = ["co_quan", "so", "ngay", "thang"].map(String::from).to_vec();
    let signature = |name: &str, place, lock| NewField::Signature {
        name: name.into(),
        place,
        lock: Some(lock),
    };
    vec![
        signature("lanh_dao", person, Lock::Exclude(later)),
        signature("co_quan", seal, Lock::All),
        text("so", "Số:", Face::Regular),
        text("ngay", "ngày", Face::Italic),
        text("thang", "tháng", Face::Italic),
    ]
}

/// A blue stroke on nothing.
pub fn signature_png() -> Vec<u8> {
    draw(600, 240, |x, y| {
        let curve = 0.5 + 0.32 * (x * 21.0).sin() * (1.0 - x);
        let distance = (y - curve).abs();
        ((0.05..0.95).contains(&x) && distance < 0.03).then_some([0x1d, 0x3f, 0x94])
    })
}

/// A red ring with a star-like core on nothing.
pub fn seal_png() -> Vec<u8> {
    draw(425, 425, |x, y| {
        let (x, y) = (x - 0.5, y - 0.5);
        let (radius, angle) = (x.hypot(y), y.atan2(x));
        let star = 0.14 + 0.06 * (angle * 5.0).cos();
        let ring = (0.46..0.49).contains(&radius) || (0.33..0.34).contains(&radius);
        (ring || radius < star).then_some([0xc8, 0x10, 0x2e])
    })
}

fn draw(width: u32, height: u32, ink: impl Fn(f64, f64) -> Option<[u8; 3]>) -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let colour = ink(f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
            let [r, g, b] = colour.unwrap_or([0xFF; 3]);
            pixels.extend([r, g, b, if colour.is_some() { 0xE0 } else { 0 }]);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

/// The offsets of the last `/ByteRange`: start and end of the gap, and the length after it.
pub fn last_byte_range(document: &[u8]) -> [usize; 3] {
    let key = b"/ByteRange [";
    let found = document
        .windows(key.len())
        .rposition(|window| window == key)
        .unwrap();
    let text = &document[found + key.len()..];
    let text = std::str::from_utf8(&text[..text.iter().position(|byte| *byte == b']').unwrap()]).unwrap();
    let numbers: Vec<usize> = text
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    let [0, start, end, length] = numbers[..] else {
        panic!("{text}")
    };
    [start, end, length]
}

/// The last container, without its padding, found as a stranger would: by its `/ByteRange`.
pub fn last_container(document: &[u8]) -> Vec<u8> {
    let [start, end, _] = last_byte_range(document);
    let digit = |character: u8| char::from(character).to_digit(16).unwrap() as u8;
    let padded: Vec<u8> = document[start + 1..end - 1]
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect();
    let size = 4 + usize::from(padded[2]) * 256 + usize::from(padded[3]);
    padded[..size].to_vec()
}

/// Kinds of keys that OpenSSL makes: arguments of `genpkey`, and of `pkcs12 -export`.
pub const OPENSSL_KEYS: [(&str, &[&str], &[&str]); 4] = [
    (
        "rsa-2048",
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        &[],
    ),
    (
        "rsa-2048-legacy",
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["-legacy"],
    ),
    (
        "p-384",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &[],
    ),
    (
        "p-256-legacy",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        &["-legacy"],
    ),
];

pub const OPENSSL_PASSWORD: &str = "mật khẩu 1";

/// Makes a self-signed key with OpenSSL; comes back with its PKCS#12 file and its certificate's path.
pub fn openssl_key(folder: &Path, making: &[&str], export: &[&str]) -> (Vec<u8>, PathBuf) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    openssl(&[&["genpkey", "-out", "key.pem"], making].concat());
    let subject = [
        "-subj",
        "/C=VN/CN=Kiem thu",
        "-addext",
        "keyUsage=critical,digitalSignature,nonRepudiation",
    ];
    openssl(
        &[
            &[
                "req",
                "-x509",
                "-key",
                "key.pem",
                "-days",
                "30",
                "-out",
                "certificate.pem",
            ],
            &subject[..],
        ]
        .concat(),
    );
    let password = format!("pass:{OPENSSL_PASSWORD}");
    let files = [
        "-inkey",
        "key.pem",
        "-in",
        "certificate.pem",
        "-out",
        "key.p12",
        "-passout",
        &password,
    ];
    openssl(&[&["pkcs12", "-export"], export, &files].concat());
    (
        std::fs::read(folder.join("key.p12")).unwrap(),
        folder.join("certificate.pem"),
    )
}
