//! Seed values: what the author of a form requires is met, or refused with the sentence that names it.

use hoian_signer::pdf::form::prepare_fields;
use hoian_signer::shell::{clock, pkcs12};
use hoian_signer::sign::{self, Certification, Digest, Key as _, Level, Opening, Request, TimeStampWish};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::{fixture, judge, passes, text_field, with_field};

/// What becomes of a request.
#[derive(Clone, Copy)]
enum Outcome {
    /// Signed, and these bytes stand in the update.
    Holds(&'static str),
    /// Signed, and these bytes stand nowhere.
    Lacks(&'static str),
    /// Refused with these words.
    Refused(&'static str),
}
use Outcome::{Holds, Lacks, Refused};

fn plain(_: &mut Request) {}

fn reason(request: &mut Request) {
    request.reason = Some("Duyet".into());
}

fn other_reason(request: &mut Request) {
    request.reason = Some("Khac".into());
}

fn certify_1(request: &mut Request) {
    request.certify = Some(Certification::NoChanges);
}

fn certify_2(request: &mut Request) {
    request.certify = Some(Certification::FormFilling);
}

type Case = (&'static str, fn(&mut Request), Outcome);

const HANDLERS: [Case; 8] = [
    ("/Filter/Adobe.PPKLite/Ff 1", plain, Lacks("none")),
    ("/Filter/Other/Ff 1", plain, Refused("another signature handler")),
    ("/Filter/Other", plain, Lacks("none")),
    (
        "/SubFilter[/adbe.pkcs7.detached/ETSI.CAdES.detached]/Ff 2",
        plain,
        Holds("ETSI.CAdES.detached"),
    ),
    (
        "/SubFilter[/adbe.pkcs7.detached]/Ff 2",
        plain,
        Refused("ETSI.CAdES.detached"),
    ),
    (
        "/SubFilter[/adbe.pkcs7.detached]",
        plain,
        Holds("ETSI.CAdES.detached"),
    ),
    ("/V 3/Ff 4", plain, Lacks("none")),
    ("/V 4/Ff 4", plain, Refused("a newer reader")),
];

const REASONS: [Case; 9] = [
    ("/Reasons[(Duyet)]/Ff 8", reason, Holds("/Reason(Duyet)")),
    (
        "/Reasons[(Duyet)]/Ff 8",
        other_reason,
        Refused("one of the reasons Duyet"),
    ),
    ("/Reasons[(Duyet)]/Ff 8", plain, Holds("/Reason(Duyet)")),
    (
        "/Reasons[(Duyet)(Soat)]/Ff 8",
        plain,
        Refused("one of the reasons Duyet; Soat"),
    ),
    ("/Reasons[(Duyet)]", other_reason, Holds("/Reason(Khac)")),
    ("/Reasons[(.)]/Ff 8", reason, Refused("no reason to be given")),
    ("/Reasons[(.)]/Ff 8", plain, Lacks("/Reason(")),
    ("/Ff 8", reason, Refused("no reason to be given")),
    ("/Ff 8", plain, Lacks("/Reason(")),
];

const PERMISSIONS: [Case; 16] = [
    ("/MDP<</P 2>>", plain, Holds("/TransformMethod/DocMDP")),
    ("/MDP<</P 2>>", certify_2, Holds("/TransformMethod/DocMDP")),
    ("/MDP<</P 2>>", certify_1, Refused("a certification of level 2")),
    ("/MDP<</P 0>>", plain, Lacks("/TransformMethod/DocMDP")),
    ("/MDP<</P 0>>", certify_2, Refused("does not certify")),
    ("/MDP<<>>", certify_2, Holds("/TransformMethod/DocMDP")),
    ("/MDP<</P 7>>", plain, Refused("a certification of level 7")),
    ("/LockDocument/true/Ff 128", plain, Holds("/Action/All/P 1")),
    (
        "/LockDocument/true/Ff 128",
        certify_1,
        Holds("/TransformMethod/DocMDP"),
    ),
    (
        "/LockDocument/true/Ff 128",
        certify_2,
        Refused("the document locked"),
    ),
    ("/LockDocument/true", plain, Lacks("/TransformMethod/FieldMDP")),
    (
        "/LockDocument/false/Ff 128",
        plain,
        Lacks("/TransformMethod/FieldMDP"),
    ),
    (
        "/LockDocument/false/Ff 128",
        certify_1,
        Refused("not to be locked"),
    ),
    (
        "/LockDocument/auto/Ff 128",
        certify_2,
        Holds("/TransformMethod/DocMDP"),
    ),
    (
        "/MDP<</P 1>>/LockDocument/true/Ff 128",
        plain,
        Holds("/TransformMethod/DocMDP"),
    ),
    (
        "/MDP<</P 3>>/LockDocument/true/Ff 128",
        plain,
        Refused("the document locked"),
    ),
];

const NOT_MADE: [Case; 6] = [
    ("/AddRevInfo true/Ff 32", plain, Refused("revocation data inside")),
    ("/AddRevInfo true", plain, Lacks("none")),
    ("/LegalAttestation[(x)]/Ff 16", plain, Lacks("none")),
    (
        "/LegalAttestation[(x)]/Ff 16",
        certify_2,
        Refused("a legal attestation"),
    ),
    (
        "/AppearanceFilter(Mau 1)/Ff 256",
        plain,
        Refused("an appearance of its own"),
    ),
    ("/AppearanceFilter(Mau 1)", plain, Lacks("none")),
];

#[test]
fn what_is_required_is_met_or_refused_with_its_name() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    for (seed, change, outcome) in [&HANDLERS[..], &REASONS, &PERMISSIONS, &NOT_MADE].concat() {
        let mut request = fixture::request("ky", pki.leader.algorithm(), now);
        change(&mut request);
        check(seed, &request, &pki.leader, outcome);
    }
}

#[test]
fn a_required_time_stamp_must_be_asked_for() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = with_field("/SV<</TimeStamp<</URL(http://tsa.example/)/Ff 1>>>>");
    let mut request = fixture::request("ky", pki.leader.algorithm(), now);
    let refused = sign::prepare(&document, &request, pki.leader.chain()).unwrap_err();
    assert!(
        refused.to_string().contains("its seed values want a time-stamp"),
        "{refused}"
    );
    request.level = Level::BT;
    passes(
        &fixture::sign(&document, &request, &pki.leader, &pki.time_stamps, now),
        "stamped",
    );
    let wishes = Opening::of(&document, None).unwrap().wishes("ky").unwrap();
    let wanted = TimeStampWish {
        address: Some("http://tsa.example/".into()),
        required: true,
    };
    assert_eq!(wishes.time_stamp, Some(wanted));
}

#[test]
fn digests_are_names_or_strings_and_bind_rsa_alone() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let folder = tempfile::tempdir().unwrap();
    let (name, making, export) = fixture::OPENSSL_KEYS[0];
    let (file, _) = fixture::openssl_key(folder.path(), making, export);
    let cases = [
        (
            "/DigestMethod[/SHA512/SHA384]/Ff 64",
            &[Digest::Sha512, Digest::Sha384][..],
            "the digest SHA512 or SHA384",
        ),
        (
            "/DigestMethod[(SHA-384)]/Ff 64",
            &[Digest::Sha384],
            "the digest SHA-384",
        ),
        (
            "/DigestMethod[(SHA1)/RIPEMD160]/Ff 64",
            &[],
            "the digest SHA1 or RIPEMD160",
        ),
    ];
    for (seed, digests, words) in cases {
        let document = with_field(&format!("/SV<<{seed}>>"));
        let wishes = Opening::of(&document, None).unwrap().wishes("ky").unwrap();
        assert_eq!(wishes.digests, digests, "{seed}");
        for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
            let key = pkcs12::Key::open(&file, fixture::OPENSSL_PASSWORD)
                .unwrap()
                .with_digest(digest);
            let request = fixture::request("ky", key.algorithm(), now);
            let prepared = sign::prepare(&document, &request, key.chain());
            match prepared {
                Ok(_) => assert!(digests.contains(&digest), "{name} {seed}"),
                Err(error) => {
                    assert!(!digests.contains(&digest), "{name} {seed}: {error}");
                    assert!(error.to_string().contains(words), "{error}");
                }
            }
        }
        // A curve has its digest: the entry is ignored.
        let request = fixture::request("ky", pki.leader.algorithm(), now);
        assert!(
            sign::prepare(&document, &request, pki.leader.chain()).is_ok(),
            "{seed}"
        );
    }
    assert_eq!(
        Opening::of(&with_field(""), None)
            .unwrap()
            .wishes("khac")
            .unwrap(),
        sign::Wishes::default()
    );
}

#[test]
fn the_certificate_is_the_one_that_is_wanted() {
    let now = clock::now();
    let holder = Holder::new(now);
    let (own, root) = (hexadecimal(&holder.key.chain()[0]), hexadecimal(&holder.root));
    let other = hexadecimal(&Holder::new(now).root);
    let cases = [
        (format!("/Subject[<{own}>]/Ff 1"), Lacks("none")),
        (
            format!("/Subject[<{other}>]/Ff 1"),
            Refused("the certificate of another signer"),
        ),
        (format!("/Subject[<{other}>]"), Lacks("none")),
        // Only the signer's own certificate is at hand: its issuer is known by what it signed.
        (format!("/Issuer[<{other}><{root}>]/Ff 2"), Lacks("none")),
        (
            format!("/Issuer[<{other}>]/Ff 2"),
            Refused("a certificate of another issuer"),
        ),
        (
            format!("/Issuer[<{root}>]/OID[(1.3.6.1.4.1.99999.7)]/Ff 6"),
            Lacks("none"),
        ),
        (
            format!("/Issuer[<{root}>]/OID[(1.3.6.1.4.1.99999.7)(1.3.6.1.4.1.99999.8)]/Ff 6"),
            Refused("under the policy 1.3.6.1.4.1.99999.8"),
        ),
        (
            "/SubjectDN[<</cn(kiem  THU)/2.5.4.10(So Noi vu)>>]/Ff 8".into(),
            Lacks("none"),
        ),
        (
            "/SubjectDN[<</cn(kiem thu)>><</ou(Van thu)>>]/Ff 8".into(),
            Refused("a certificate whose subject has ou=Van thu"),
        ),
        ("/SubjectDN[<</cn(Ai do)>>]".into(), Lacks("none")),
        ("/KeyUsage[(0)(11)]/Ff 32".into(), Lacks("none")),
        ("/KeyUsage[(X1X0XXXXX1111)]/Ff 32".into(), Lacks("none")),
        (
            "/KeyUsage[(10)(0)]/Ff 32".into(),
            Refused("a key of another usage"),
        ),
        (
            format!("/Subject[<{other}>]/Ff 1/URL(https://cap.example/)/URLType/Browser"),
            Refused("one is had at https://cap.example/"),
        ),
        (
            format!("/Subject[<{own}>]/Ff 65/URL(https://cap.example/)"),
            Lacks("none"),
        ),
    ];
    for (constraint, outcome) in cases {
        let request = fixture::request("ky", holder.key.algorithm(), now);
        check(&format!("/Cert<<{constraint}>>"), &request, &holder.key, outcome);
    }
}

#[test]
fn a_locked_document_takes_no_further_signature() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let request = fixture::request("ky", pki.leader.algorithm(), now);
    let sign = |document: &[u8]| fixture::sign(document, &request, &pki.leader, &pki.time_stamps, now);
    let locked = [
        "/SV<</LockDocument/true/Ff 128>>",
        "/Lock<</Type/SigFieldLock/Action/Include/Fields[(so)]/P 1>>",
    ];
    let next = fixture::request("tiep", pki.agency.algorithm(), now);
    for entries in locked {
        let signed = sign(&with_field(entries));
        passes(&signed, entries);
        let refused = sign::prepare(&signed, &next, pki.agency.chain()).unwrap_err();
        assert!(
            refused.to_string().contains("locks the field"),
            "{entries}: {refused}"
        );
        // Whoever fills a field all the same is found out.
        let filled = filled_after(&signed);
        assert_eq!(
            judge(&filled, None).verdict,
            hoian_signer::validate::Verdict::TotalFailed,
            "{entries}"
        );
    }
    let open = sign(&with_field(
        "/Lock<</Type/SigFieldLock/Action/Include/Fields[(so)]/P 2>>",
    ));
    passes(
        &fixture::sign(&open, &next, &pki.agency, &pki.time_stamps, now),
        "a lock that lets others sign",
    );
}

/// The lock of a form's later signature does not break the one before it.
#[test]
fn a_later_signature_locks_without_touching_what_was_signed() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = with_field("/SV<</LockDocument/true/Ff 128>>");
    let first = fixture::request("truoc", pki.leader.algorithm(), now);
    let signed = fixture::sign(&document, &first, &pki.leader, &pki.time_stamps, now);
    let last = fixture::request("ky", pki.agency.algorithm(), now);
    let locked = fixture::sign(&signed, &last, &pki.agency, &pki.time_stamps, now);
    passes(&locked, "locked by the second");
    let third = fixture::request("sau", pki.leader.algorithm(), now);
    assert!(sign::prepare(&locked, &third, pki.leader.chain()).is_err());
}

fn check(seed: &str, request: &Request, key: &pkcs12::Key, outcome: Outcome) {
    let document = with_field(&format!("/SV<<{seed}>>"));
    let prepared = sign::prepare(&document, request, key.chain());
    let words = match outcome {
        Holds(words) | Lacks(words) | Refused(words) => words,
    };
    match (prepared, outcome) {
        (Ok(prepared), Holds(_) | Lacks(_)) => {
            let value = key.sign(prepared.signed_attributes()).unwrap();
            let signed = prepared
                .with_signature(value)
                .unwrap()
                .complete(&document)
                .unwrap();
            passes(&signed, seed);
            let update = &signed[document.len()..];
            let found = update
                .windows(words.len())
                .any(|window| window == words.as_bytes());
            assert_eq!(found, matches!(outcome, Holds(_)), "{seed}: {words}");
        }
        (Err(error), Refused(_)) => {
            let error = error.to_string();
            assert!(
                error.contains("its seed values want") && error.contains(words),
                "{seed}: {error}"
            );
        }
        (result, _) => panic!("{seed}: {result:?}"),
    }
}

/// A field added to what was signed, as a stranger would.
fn filled_after(signed: &[u8]) -> Vec<u8> {
    let page = b"<</Type/Page";
    assert!(signed.windows(page.len()).any(|window| window == page));
    assert!(prepare_fields(signed, &[text_field("so", 60.0)]).is_err());
    let start = signed
        .windows(9)
        .rposition(|window| window == b"startxref")
        .unwrap();
    let previous: String = String::from_utf8_lossy(&signed[start + 9..])
        .split_whitespace()
        .next()
        .unwrap()
        .into();
    let object = "900 0 obj\n<</Type/Annot/Subtype/Widget/FT/Tx/T(x)/Rect[0 0 9 9]/P 3 0 R>>\nendobj\n";
    let catalogue =
        "1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 900 0 R]/SigFlags 3>>>>\nendobj\n";
    let (first, second) = (signed.len(), signed.len() + catalogue.len());
    let table = format!(
        "xref\n1 1\n{first:010} 00000 n \n900 1\n{second:010} 00000 n \ntrailer\n<</Size 901/Root 1 0 R/Prev {previous}>>\n\
         startxref\n{}\n%%EOF\n",
        second + object.len()
    );
    [signed, catalogue.as_bytes(), object.as_bytes(), table.as_bytes()].concat()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Somebody with a policy in the certificate, and nothing but that certificate at hand.
struct Holder {
    key: pkcs12::Key,
    root: Vec<u8>,
}

impl Holder {
    fn new(now: OffsetDateTime) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = parameters("Goc", now);
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = root.self_signed(&root_key).unwrap();
        let issuer = Issuer::new(root, root_key);
        let key = KeyPair::generate().unwrap();
        let mut own = parameters("Kiem thu", now);
        own.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        // CertificatePolicies with the one policy 1.3.6.1.4.1.99999.7.
        let policies = vec![
            0x30, 0x0D, 0x30, 0x0B, 0x06, 0x09, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x86, 0x8D, 0x1F, 0x07,
        ];
        own.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 32], policies)];
        let own = own.signed_by(&key, &issuer).unwrap();
        Self {
            key: pkcs12::Key::from_pkcs8(&key.serialize_der(), vec![own.der().to_vec()]).unwrap(),
            root: certificate.der().to_vec(),
        }
    }
}

fn parameters(name: &str, now: OffsetDateTime) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
        .distinguished_name
        .push(DnType::OrganizationName, "So Noi vu");
    parameters.not_before = now - time::Duration::days(1);
    parameters.not_after = now + time::Duration::days(365);
    parameters.use_authority_key_identifier_extension = true;
    parameters
}
