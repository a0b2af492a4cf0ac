//! The attacks of the literature, each made anew on a file that our own signer has just signed.

use hoian_signer::shell::clock;
use hoian_signer::sign::{Certification, Key as _, Level};
use hoian_signer::validate::{
    Anchor, Coverage, Indication, Modification, Policy, Report, SubIndication, Verdict, Warning, validate,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use hoian_tests::attacker::{self, Change, update, update_with_root, write};
use hoian_tests::fixture::{self, Pki};

struct Office {
    now: OffsetDateTime,
    pki: Pki,
}

impl Office {
    fn open() -> Self {
        let now = clock::now();
        Self {
            now,
            pki: Pki::new(now),
        }
    }

    fn sign(&self, document: &[u8], field: &str, certify: Option<Certification>) -> Vec<u8> {
        let mut request = fixture::request(field, self.pki.leader.algorithm(), self.now);
        request.certify = certify;
        fixture::sign(
            document,
            &request,
            &self.pki.leader,
            &self.pki.time_stamps,
            self.now,
        )
    }

    fn signed(&self) -> Vec<u8> {
        self.sign(&attacker::paper(), "lanh_dao", None)
    }

    fn validate(&self, document: &[u8]) -> Report {
        let mut policy = Policy::new(self.now);
        policy.anchors.push(Anchor {
            certificate: self.pki.leader.chain()[1].clone(),
            regime: "kiểm thử".to_owned(),
        });
        validate(document, &policy)
    }

    /// Refused as a change, with a reason that holds `part`.
    #[track_caller]
    fn refuses(&self, document: &[u8], part: &str) {
        let report = self.validate(document);
        let text = serde_json::to_string(&report).unwrap();
        assert!(
            matches!(report.verdict, Verdict::TotalFailed | Verdict::Malformed),
            "{part}: {text}"
        );
        assert!(text.contains(part), "the reason is not {part:?}: {text}");
    }

    #[track_caller]
    fn passes(&self, document: &[u8]) -> Report {
        let report = self.validate(document);
        assert_eq!(report.verdict, Verdict::TotalPassed, "{report:?}");
        report
    }
}

fn page(annotations: &str) -> String {
    format!(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Annots[{annotations}]\
         /Resources<</Font<</F1 5 0 R>>>>>>"
    )
}

/// The page's annotations after signing: the last `/Annots` that stands in the file.
fn annotations(document: &[u8]) -> String {
    let (_, body) = attacker::newest(document, "/Annots");
    let list = &body[body.find("/Annots").unwrap()..];
    list[list.find('[').unwrap() + 1..list.find(']').unwrap()].to_owned()
}

#[test]
fn our_own_signatures_pass_before_anything_is_done_to_them() {
    let office = Office::open();
    let report = office.passes(&office.signed());
    assert_eq!(report.signatures[0].coverage, Coverage::WholeFile);
    for certification in [
        Certification::NoChanges,
        Certification::FormFilling,
        Certification::Annotations,
    ] {
        office.passes(&office.sign(&attacker::paper(), "lanh_dao", Some(certification)));
    }
}

#[test]
fn evil_annotations_on_certified_documents_are_refused_and_comments_are_not() {
    let office = Office::open();
    let certified = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::Annotations));
    let with = |certified: &[u8], kind: &str| {
        let all = format!("{} 150 0 R", annotations(certified));
        let annotation = format!("<</Type/Annot/Subtype/{kind}/F 4/Rect[40 290 300 330]/AP<</N 151 0 R>>>>");
        let look = attacker::stream(
            "/Type/XObject/Subtype/Form/BBox[0 0 260 40]",
            "1 g 0 0 260 40 re f",
        );
        let changes = [
            write(attacker::PAGE, page(&all)),
            write(150, annotation),
            write(151, look),
        ];
        update(certified, &changes)
    };
    for kind in [
        "FreeText",
        "Stamp",
        "Redact",
        "Watermark",
        "Square",
        "FileAttachment",
        "Screen",
        "3D",
    ] {
        office.refuses(
            &with(&certified, kind),
            "evil-annotation: an annotation was added",
        );
    }
    let report = office.passes(&with(&certified, "Highlight"));
    assert_eq!(report.signatures[0].modification, Modification::Annotations);
    let stricter = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::FormFilling));
    office.refuses(&with(&stricter, "Highlight"), "does not permit");
}

#[test]
fn sneaky_signatures_on_certified_documents_are_refused_or_warned_of() {
    let office = Office::open();
    let sneak = |certified: &[u8], rectangle: &str| {
        let (catalog, body) = attacker::newest(certified, "/Type/Catalog");
        let all = format!("{} 150 0 R", annotations(certified));
        let fields = body
            .replace("/Fields[", "/Fields[150 0 R ")
            .replace("/Fields [", "/Fields [150 0 R ");
        let widget = format!(
            "<</FT/Sig/T(len)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[{rectangle}]/AP<</N 151 0 R>>>>"
        );
        let look = attacker::stream(
            "/Type/XObject/Subtype/Form/BBox[0 0 260 40]",
            "1 g 0 0 260 40 re f",
        );
        let changes = [
            write(catalog, fields),
            write(attacker::PAGE, page(&all)),
            write(150, widget),
            write(151, look),
        ];
        update(certified, &changes)
    };
    let filling = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::FormFilling));
    office.refuses(
        &sneak(&filling, "190 290 310 340"),
        "sneaky-signature: a new signature lies over an annotation",
    );
    let report = office.validate(&sneak(&filling, "40 200 150 240"));
    let warned = report.signatures[0]
        .warnings
        .contains(&Warning::VisibleSignatureAfterCertification);
    assert!(report.verdict == Verdict::TotalFailed || warned, "{report:?}");
    let nothing = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::NoChanges));
    office.refuses(&sneak(&nothing, "40 200 150 240"), "does not permit");
}

#[test]
fn shadow_hide_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let empty = attacker::stream("/Type/XObject/Subtype/Form/BBox[0 0 100 30]", "");
    office.refuses(&update(&signed, &[write(attacker::OVERLAY, empty)]), "changed");
    office.refuses(&update(&signed, &[Change::Free(attacker::OVERLAY)]), "changed");
    office.refuses(&update(&signed, &[write(10, "null")]), "annotation");
    let without_stamp = annotations(&signed).replace("10 0 R", "");
    office.refuses(
        &update(&signed, &[write(attacker::PAGE, page(&without_stamp))]),
        "shadow: an annotation of page 3 0 R was removed",
    );
    let moved = "<</Type/Annot/Subtype/Stamp/F 2/P 3 0 R/Rect[200 300 300 330]/AP<</N 6 0 R>>>>";
    office.refuses(&update(&signed, &[write(10, moved)]), "annotation");
}

#[test]
fn shadow_replace_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let font = "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>";
    office.refuses(&update(&signed, &[write(attacker::FONT, font)]), "changed");
    let content = attacker::stream("", "BT /F1 18 Tf 50 300 Td (Chi 900 dong) Tj ET");
    office.refuses(&update(&signed, &[write(attacker::CONTENT, content)]), "changed");
    let to_hidden = page(&annotations(&signed)).replace("/Contents 4 0 R", "/Contents 9 0 R");
    office.refuses(&update(&signed, &[write(attacker::PAGE, to_hidden)]), "/Contents");
    // Another look under the same value.
    let field = "<</FT/Tx/T(ghi_chu)/V(cu)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[50 50 150 70]/AP<</N 150 0 R>>>>";
    let look = attacker::stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 100 30]",
        "0 g 0 0 100 30 re f",
    );
    office.refuses(
        &update(&signed, &[write(attacker::FIELD, field), write(150, look)]),
        "shadow: the appearance of ghi_chu changed without its value",
    );
}

#[test]
fn shadow_hide_and_replace_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    office.refuses(&update_with_root(&signed, attacker::HIDDEN_CATALOG, &[]), "take");
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    assert_eq!(catalog, attacker::CATALOG);
    let pages = "<</Type/Pages/Kids[150 0 R]/Count 1>>";
    let other = page("").replace("/Contents 4 0 R", "/Contents 9 0 R");
    let changes = [
        write(catalog, body.replace("/Pages 2 0 R", "/Pages 151 0 R")),
        write(150, other.clone()),
        write(151, pages),
    ];
    office.refuses(&update(&signed, &changes), "shadow: a page was replaced");
    let changes = [
        write(attacker::PAGES, "<</Type/Pages/Kids[150 0 R]/Count 1>>"),
        write(150, other),
    ];
    office.refuses(&update(&signed, &changes), "shadow: a page was replaced");
    // A hidden object given its use: overriding it explains nothing.
    let hidden = attacker::stream("", "BT /F1 18 Tf 50 300 Td (Chi 999 dong) Tj ET");
    office.refuses(
        &update(&signed, &[write(attacker::HIDDEN_CONTENT, hidden)]),
        "overridden",
    );
    office.refuses(
        &update(&signed, &[Change::Free(attacker::HIDDEN_CONTENT)]),
        "freed",
    );
}

#[test]
fn incremental_saving_without_a_revision_of_its_own_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let whole = update(&signed, &[write(attacker::CONTENT, attacker::stream("", "0 g"))]);
    let cut = attacker::find_last(&whole, b"xref\n").unwrap();
    let cut = attacker::find_last(&whole[..cut], b"xref\n").unwrap();
    let start = attacker::find_last(&whole, b"startxref").unwrap();
    for changed in [
        &whole[..cut],
        &whole[..start],
        &[&whole[..start], b"%%EOF\n"].concat(),
        &[&whole[..cut], b"startxref\n9\n%%EOF\n"].concat(),
        &[&signed[..], b"% nothing\n%%EOF\n"].concat(),
    ] {
        office.refuses(changed, "incremental-saving: bytes after revision");
    }
}

#[test]
fn every_other_byte_range_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let key = attacker::find_last(&signed, b"/ByteRange [").unwrap() + b"/ByteRange [".len();
    let close = key + signed[key..].iter().position(|byte| *byte == b']').unwrap();
    let room = close - key;
    let [start, end, length] = fixture::last_byte_range(&signed);
    let put = |text: &str| {
        assert!(text.len() <= room, "{text}");
        let mut changed = signed.clone();
        changed[key..close].copy_from_slice(format!("{text:room$}").as_bytes());
        changed
    };
    assert_eq!(
        office
            .validate(&put(&format!("0 {start} {end} {length}")))
            .signatures
            .len(),
        1
    );
    let mut ranges = Vec::new();
    for step in [1, 2, 7, 64, 1000] {
        ranges.extend([
            [0, start - step, end, length],
            [0, start + step, end, length],
            [0, start, end - step, length + step],
            [0, start, end + step, length - step.min(length)],
            [0, start, end, length + step],
            [0, start, end, length - step.min(length)],
            [step, start - step, end, length],
        ]);
    }
    ranges.push([0, start, start, length + end - start]);
    ranges.push([0, usize::MAX >> 2, end, length]);
    for range in ranges {
        let text = range.map(|number| number.to_string()).join(" ");
        if text.len() <= room {
            office.refuses(&put(&text), "signature");
        }
    }
    for text in [
        String::new(),
        "0".to_owned(),
        format!("0 {start} {end}"),
        format!("0 9.0 {end} {length}"),
        format!("0 -9 {end} {length}"),
        format!("0 9 {end} 9 0"),
        format!("null 9 {end}"),
        format!("[0] 9 {end}"),
    ] {
        office.refuses(&put(&text), "universal-forgery: ByteRange is not four");
    }
}

#[test]
fn universal_forgeries_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let [start, end, _] = fixture::last_byte_range(&signed);
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = attacker::find_last(&signed, from.as_bytes()).unwrap();
        let mut changed = signed.clone();
        changed[at..at + from.len()].copy_from_slice(to.as_bytes());
        changed
    };
    office.refuses(&replaced("/ByteRange", "/ByteRangX"), "ByteRange");
    office.refuses(&replaced("/Contents <", "/Kontents <"), "Contents");
    office.refuses(&replaced("/SubFilter", "/SubFilteX"), "SubFilter");
    let filled = |digits: &str| {
        let mut changed = signed.clone();
        let room = end - start - 2;
        let text = format!("{digits}{}", "0".repeat(room - digits.len()));
        changed[start + 1..end - 1].copy_from_slice(text.as_bytes());
        changed
    };
    for digits in ["3000", "0500", "308000", "30030201", "3006020101310030"] {
        office.refuses(&filled(digits), "FORMAT_FAILURE");
    }
    // Nothing but the placeholder is a field that waits, not a signature: never a pass.
    assert_eq!(office.validate(&filled("")).verdict, Verdict::NoSignature);
}

#[test]
fn wrapped_signatures_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let [start, end, length] = fixture::last_byte_range(&signed);
    let hexadecimal = std::str::from_utf8(&signed[start..end]).unwrap();
    // The signed bytes stay, their tail moves behind new objects, and a new dictionary names where they are.
    for inserted in [0, 10, 5000] {
        let mut wrapped = signed[..end].to_vec();
        let behind = format!(
            ">>\nendobj\n150 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached\
             /Contents {hexadecimal}/ByteRange[0 {start} 0000000000 {length}]>>\nendobj\n{}",
            " ".repeat(inserted)
        );
        let tail = wrapped.len() + behind.len();
        wrapped.extend(behind.replace("0000000000", &format!("{tail:010}")).bytes());
        wrapped.extend(&signed[end..]);
        assert_ne!(office.validate(&wrapped).verdict, Verdict::TotalPassed);
        let (field, body) = attacker::newest(&signed, "/FT/Sig");
        let value = body.find("/V ").unwrap();
        let rest = body[value..].find(" R").unwrap() + value + 2;
        let pointed = format!("{}/V 150 0 R{}", &body[..value], &body[rest..]);
        assert_ne!(
            office
                .validate(&update(&wrapped, &[write(field, pointed)]))
                .verdict,
            Verdict::TotalPassed
        );
    }
}

#[test]
fn spoofed_and_shared_dictionaries_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let (value, body) = attacker::newest(&signed, "/ByteRange [");
    let spoofed = body.replacen("/Type", "/Reason(Da duyet)/Type", 1);
    office.refuses(&update(&signed, &[write(value, spoofed)]), "signature");
    // One dictionary in two fields.
    let (catalog, catalogue) = attacker::newest(&signed, "/Type/Catalog");
    let fields = catalogue
        .replace("/Fields[", "/Fields[150 0 R ")
        .replace("/Fields [", "/Fields [150 0 R ");
    let second = format!("<</FT/Sig/T(hai)/Type/Annot/Subtype/Widget/F 2/Rect[0 0 0 0]/V {value} 0 R>>");
    office.refuses(
        &update(&signed, &[write(catalog, fields), write(150, second)]),
        "dictionary-spoofing: one signature dictionary in two fields",
    );
}

#[test]
fn keys_that_stand_twice_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let twice = body.replacen("/Pages 2 0 R", "/Pages 2 0 R/Pages 8 0 R", 1);
    office.refuses(&update(&signed, &[write(catalog, twice)]), "duplicate-key: /");
    let list = annotations(&signed);
    let twice = page(&list).replace("/Contents 4 0 R", "/Contents 4 0 R/Contents 9 0 R");
    office.refuses(
        &update(&signed, &[write(attacker::PAGE, twice)]),
        "duplicate-key: /",
    );
    let (field, body) = attacker::newest(&signed, "/FT/Sig");
    let twice = body.replacen("/FT/Sig", "/FT/Sig/FT/Tx", 1);
    office.refuses(&update(&signed, &[write(field, twice)]), "duplicate-key: /");
}

#[test]
fn data_behind_the_cms_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let [start, end, _] = fixture::last_byte_range(&signed);
    let length = attacker::cms(&signed, [start, end]).len();
    for at in [start + 1 + 2 * length, start + 9 + 2 * length, end - 2] {
        let mut changed = signed.clone();
        changed[at] = b'1';
        office.refuses(&changed, "data after the element");
    }
}

#[test]
fn the_time_stamp_of_another_signature_proves_nothing() {
    let office = Office::open();
    let stamped = |field: &str| {
        let mut request = fixture::request(field, office.pki.leader.algorithm(), office.now);
        request.level = Level::BT;
        fixture::sign(
            &attacker::paper(),
            &request,
            &office.pki.leader,
            &office.pki.time_stamps,
            office.now,
        )
    };
    let (one, other) = (stamped("mot"), stamped("hai"));
    let place = |document: &[u8]| {
        let [start, end, _] = fixture::last_byte_range(document);
        [start, end]
    };
    let swapped = attacker::with_unsigned_attributes_of(
        &attacker::cms(&one, place(&one)),
        &attacker::cms(&other, place(&other)),
    );
    assert!(office.passes(&one).signatures[0].timestamp.is_some());
    let report = office.validate(&attacker::with_cms(&one, place(&one), &swapped));
    let signature = &report.signatures[0];
    assert_eq!(signature.timestamp, None, "{signature:?}");
    let reported = signature.warnings.contains(&Warning::TimeStampNotTrusted);
    assert!(
        reported || signature.indication == Indication::TotalFailed,
        "{signature:?}"
    );
}

#[test]
fn a_certificate_of_the_same_issuer_serial_and_key_is_not_the_signer() {
    let office = Office::open();
    let root_key = KeyPair::generate().unwrap();
    let parameters = |name: &str| {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = office.now - Duration::days(1);
        parameters.not_after = office.now + Duration::days(30);
        parameters.serial_number = Some(SerialNumber::from(77_u64));
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::ContentCommitment,
        ];
        parameters
    };
    let mut root = parameters("Gốc");
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root_certificate = root.self_signed(&root_key).unwrap().der().to_vec();
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let own = parameters("Chuyên viên")
        .signed_by(&key, &issuer)
        .unwrap()
        .der()
        .to_vec();
    let twin = parameters("Chủ tịch")
        .signed_by(&key, &issuer)
        .unwrap()
        .der()
        .to_vec();
    let key = hoian_signer::shell::pkcs12::Key::from_pkcs8(
        &key.serialize_der(),
        vec![own.clone(), root_certificate.clone()],
    )
    .unwrap();
    let request = fixture::request("lanh_dao", key.algorithm(), office.now);
    let signed = fixture::sign(
        &attacker::paper(),
        &request,
        &key,
        &office.pki.time_stamps,
        office.now,
    );
    let [start, end, _] = fixture::last_byte_range(&signed);
    let cms = attacker::cms(&signed, [start, end]);
    let judge = |certificates: &[Vec<u8>]| {
        let mut policy = Policy::new(office.now);
        policy.anchors.push(Anchor {
            certificate: root_certificate.clone(),
            regime: "kiểm thử".to_owned(),
        });
        let changed = attacker::with_cms(
            &signed,
            [start, end],
            &attacker::with_certificates(&cms, certificates),
        );
        validate(&changed, &policy).signatures.remove(0)
    };
    assert_eq!(
        judge(std::slice::from_ref(&own)).indication,
        Indication::TotalPassed
    );
    let confused = judge(std::slice::from_ref(&twin));
    assert_ne!(confused.indication, Indication::TotalPassed);
    assert_eq!(
        confused.sub_indication,
        Some(SubIndication::SigConstraintsFailure)
    );
    assert_ne!(confused.signer.as_deref(), Some("Chủ tịch"));
    // Beside the right one it changes nothing.
    assert_eq!(judge(&[twin, own]).signer.as_deref(), Some("Chuyên viên"));
}

#[test]
fn validation_data_that_was_signed_over_may_not_be_taken_away() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let certificate = "30".to_owned();
    let store = "<</Type/DSS/Certs[151 0 R]>>";
    let with_store = body.replacen("/Type/Catalog", "/Type/Catalog/DSS 150 0 R", 1);
    let changes = [
        write(catalog, with_store.clone()),
        write(150, store),
        write(151, attacker::stream("", &certificate)),
    ];
    let extended = update(&signed, &changes);
    assert_eq!(
        office.passes(&extended).signatures[0].modification,
        Modification::Lta
    );
    let again = office.sign(&extended, "hai", None);
    office.passes(&again);
    let (_, newest) = attacker::newest(&again, "/DSS");
    let without = newest.replace("/DSS 150 0 R", "");
    let report = office.validate(&update(&again, &[write(catalog, without)]));
    let [first, second] = &report.signatures[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        first.indication,
        Indication::TotalPassed,
        "it never covered the store: {first:?}"
    );
    assert!(first.warnings.contains(&Warning::ValidationDataRemoved));
    assert_eq!(second.indication, Indication::TotalFailed, "{second:?}");
    assert!(
        second.reasons[0].contains("evidence-removed: validation data was removed"),
        "{second:?}"
    );
}
