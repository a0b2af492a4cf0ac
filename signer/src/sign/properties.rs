//! What must hold whatever is signed: the old bytes stay, and the signature covers all but its own hex string.

use proptest::collection::vec;
use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair};
use time::macros::datetime;

use super::*;
use crate::cms::SignedData;
use crate::pdf::object::Object;
use crate::pdf::reader::Document;
use crate::validate::{Coverage, Policy, Verdict, check_statement, validate};
use crate::x509::Certificate;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

const NOW: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);

struct OwnKey {
    pair: EcdsaKeyPair,
    chain: Vec<Vec<u8>>,
}

impl OwnKey {
    fn new() -> Self {
        let pair = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.not_before = datetime!(2026-01-01 00:00 UTC);
        parameters.not_after = datetime!(2027-01-01 00:00 UTC);
        let certificate = parameters.self_signed(&pair).unwrap();
        let der = pair.serialize_der();
        Self {
            pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der, &SystemRandom::new())
                .unwrap(),
            chain: vec![certificate.der().to_vec()],
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let value = self.pair.sign(&SystemRandom::new(), message).unwrap();
        value.as_ref().to_vec()
    }
}

impl Key for OwnKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EcdsaP256Sha256
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        Ok(OwnKey::sign(self, message))
    }
}

/// A file of any number of pages and any text on them; its end of line may be missing.
fn document() -> impl Strategy<Value = Vec<u8>> {
    (vec(vec(any::<u8>(), 0..300), 1..5), any::<bool>()).prop_map(|(contents, closed)| {
        let mut bodies = vec![b"<</Type/Catalog/Pages 2 0 R>>".to_vec()];
        let kids: String = (0..contents.len())
            .map(|index| format!("{} 0 R ", 3 + 2 * index))
            .collect();
        bodies.push(format!("<</Type/Pages/Kids[{kids}]/Count {}>>", contents.len()).into_bytes());
        for (index, content) in contents.iter().enumerate() {
            let page = format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents {} 0 R>>",
                4 + 2 * index
            );
            bodies.push(page.into_bytes());
            let head = format!("<</Length {}>>\nstream\n", content.len());
            bodies.push([head.as_bytes(), content, b"\nendstream"].concat());
        }
        file(&bodies, closed)
    })
}

fn file(bodies: &[Vec<u8>], closed: bool) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", bodies.len() + 1);
    for (index, body) in bodies.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend(format!("{} 0 obj\n", index + 1).bytes());
        file.extend(body);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    file.extend(table.bytes());
    let size = bodies.len() + 1;
    file.extend(format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF").bytes());
    file.extend(closed.then_some(b'\n'));
    file
}

fn request(field: &str, reason: Option<String>) -> Request {
    Request {
        field: field.to_owned(),
        place: None,
        appearance: None,
        signing_time: NOW,
        algorithm: Algorithm::EcdsaP256Sha256,
        level: Level::BB,
        name: None,
        reason,
        location: None,
        certify: None,
    }
}

/// The byte range of the signature in `field`, and the bytes of its `/Contents`.
fn range(file: &[u8], field: &str) -> ([usize; 4], Vec<u8>) {
    let document = Document::open(file, None).unwrap();
    let view = document.latest();
    let number = (1..view.trailer().integer("Size").unwrap()).find_map(|number| {
        let reference = view.reference_to(u32::try_from(number).unwrap())?;
        let found = view.object(reference).ok()?;
        let dictionary = found.object.as_dictionary()?;
        let name = dictionary.get("T").and_then(Object::as_text)?;
        (name.bytes == field.as_bytes()).then(|| view.value(dictionary, "V").ok())?
    });
    let Some(Object::Dictionary(signature)) = number else {
        panic!("no signature in {field}")
    };
    let numbers = signature.get("ByteRange").and_then(Object::as_array).unwrap();
    let numbers: Vec<usize> = numbers
        .iter()
        .map(|number| usize::try_from(number.as_integer().unwrap()).unwrap())
        .collect();
    let contents = signature.get("Contents").and_then(Object::as_text).unwrap();
    (numbers.try_into().unwrap(), contents.bytes.clone())
}

proptest! {
    // Each case makes several signatures.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn signing_changes_no_byte_and_covers_all_but_its_contents(
        document in document(),
        field in "[A-Za-zĐđễộ_]{1,12}",
        reason in prop::option::of("\\PC{0,40}"),
    ) {
        let key = OwnKey::new();
        let prepared = prepare(&document, &request(&field, reason), &key.chain).unwrap();
        let attributes = prepared.signed_attributes().to_vec();
        let [one, other] = [(), ()].map(|()| {
            let signed = prepared.clone().with_signature(key.sign(&attributes)).unwrap();
            signed.complete(&document).unwrap()
        });
        prop_assert!(one.starts_with(&document));
        prop_assert_eq!(one.len(), other.len());

        let [start, before, after, length] = signature_range(&one);
        prop_assert_eq!((start, after + length), (0, one.len()));
        prop_assert_eq!((one[before], one[after - 1]), (b'<', b'>'));
        prop_assert!(one[before + 1..after - 1].iter().all(u8::is_ascii_hexdigit));
        // ECDSA signs anew each time: two signatures over one preparation differ in the gap and nowhere else.
        prop_assert_eq!(&one[..before], &other[..before]);
        prop_assert_eq!(&one[after..], &other[after..]);
        prop_assert_ne!(&one[before..after], &other[before..after]);
    }

    /// Who holds the key comes to the same attributes from the file itself, and from no other file.
    #[test]
    fn a_key_elsewhere_signs_what_was_prepared_and_nothing_else(
        document in document(), place in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let key = OwnKey::new();
        let prepared = prepare(&document, &request("a", None), &key.chain).unwrap();
        let file = [&document[..], &prepared.unsigned_update().unwrap()].concat();
        let sign = |file: &[u8]| unsigned_document(file, Algorithm::EcdsaP256Sha256, &key.chain[0]);
        let unsigned = sign(&file).unwrap();
        prop_assert_eq!(&unsigned.message_digest, prepared.message_digest());
        prop_assert_eq!(&unsigned.signed_attributes, prepared.signed_attributes());
        let mut other = file.clone();
        let [_, before, after, _] = signature_range(&file);
        let gap = after - before;
        let covered = place.index(other.len() - gap);
        let at = if covered < before { covered } else { covered + gap };
        other[at] ^= byte | 1;
        prop_assert!(sign(&other).map_or(true, |other| other.signed_attributes != unsigned.signed_attributes));
        for refused in [&document[..], &file[..file.len() - 9], &[&file[..], b"\n%"].concat()] {
            prop_assert!(sign(refused).is_err());
        }
        let value = key.sign(&unsigned.signed_attributes);
        let signed = prepared.with_signature(value).unwrap().complete(&document).unwrap();
        prop_assert!(sign(&signed).is_err());
    }

    #[test]
    fn a_container_is_read_back_as_it_was_made(document in document()) {
        let key = OwnKey::new();
        let prepared = prepare(&document, &request("a", None), &key.chain).unwrap();
        let attributes = prepared.signed_attributes().to_vec();
        let value = key.sign(&attributes);
        let file = prepared.with_signature(value.clone()).unwrap().complete(&document).unwrap();
        let (numbers, contents) = range(&file, "a");
        let data = SignedData::parse(&contents).unwrap();
        prop_assert_eq!(&data.signer.signature, &value);
        prop_assert_eq!(data.signer.signed_bytes.as_ref(), Some(&attributes));
        prop_assert_eq!(&data.certificates, &key.chain);
        prop_assert!(data.definite && data.signer.in_order && data.content.is_none());
        let own = Certificate::parse(&key.chain[0]).unwrap();
        let named = data.signer.certificate_hash().unwrap().unwrap();
        prop_assert_eq!(named.hash, own.fingerprint());
        let [_, before, after, length] = numbers;
        let digest = Digest::Sha256.of(&[&file[..before], &file[after..after + length]].concat());
        prop_assert_eq!(data.signer.message_digest().unwrap(), Some(digest));
    }

    #[test]
    fn signatures_one_after_another_all_hold(document in document(), count in 1_usize..4) {
        let key = OwnKey::new();
        let mut file = document;
        for number in 0..count {
            let prepared = prepare(&file, &request(&format!("s{number}"), None), &key.chain).unwrap();
            let value = key.sign(prepared.signed_attributes());
            file = prepared.with_signature(value).unwrap().complete(&file).unwrap();
        }
        let mut policy = Policy::new(NOW);
        policy.trust_embedded = true;
        let report = validate(&file, &policy);
        prop_assert_eq!(report.verdict, Verdict::TotalPassed, "{:#?}", report);
        prop_assert_eq!(report.signatures.len(), count);
        let last = report.signatures.last().unwrap();
        prop_assert_eq!(last.coverage, Coverage::WholeFile);
    }

    /// Words signed beside themselves are those very words: not one byte of them or of the signature can change.
    #[test]
    fn a_statement_is_over_its_very_words(
        words in "[ -~\n]{1,200}", place in any::<prop::sample::Index>(), byte in any::<u8>()
    ) {
        let key = OwnKey::new();
        let cms = sign_statement(words.as_bytes(), &key).unwrap();
        let signer = check_statement(words.as_bytes(), &cms).unwrap();
        prop_assert_eq!(&signer.der, &key.chain[0]);
        let mut other = words.clone().into_bytes();
        let at = place.index(other.len());
        prop_assume!(other[at] != byte);
        other[at] = byte;
        prop_assert!(check_statement(&other, &cms).is_err());
        prop_assert!(check_statement(&other[..at], &cms).is_err());
        let mut torn = cms.clone();
        let at = place.index(torn.len());
        torn.truncate(at);
        prop_assert!(check_statement(words.as_bytes(), &torn).is_err());
        let other_key = OwnKey::new();
        let theirs = sign_statement(words.as_bytes(), &other_key).unwrap();
        prop_assert_ne!(check_statement(words.as_bytes(), &theirs).unwrap().der, key.chain[0].clone());
    }
}

/// The last byte range written in the file.
fn signature_range(file: &[u8]) -> [usize; 4] {
    let mark = b"/ByteRange";
    let at = file
        .windows(mark.len())
        .rposition(|window| window == mark)
        .unwrap();
    let open = at + file[at..].iter().position(|byte| *byte == b'[').unwrap() + 1;
    let close = open + file[open..].iter().position(|byte| *byte == b']').unwrap();
    let text = std::str::from_utf8(&file[open..close]).unwrap();
    let numbers: Vec<usize> = text
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}
