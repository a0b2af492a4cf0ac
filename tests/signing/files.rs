//! Forms of files, fields and wishes of forms that a signer meets: hybrid and encrypted files, seed values, tagged pages.

use hoian_signer::appearance::{Appearance, Stamp, text_size};
use hoian_signer::error::Error;
use hoian_signer::pdf::form::{
    NewField, fill_with, is_field, last_signed, prepare_fields, prepare_fields_with,
};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::pdf::text;
use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Certification, Digest, DocumentTimeStamp, Key as _, Level, Request};
use hoian_signer::validate::{Policy, Report, Verdict, validate};
use std::process::Command;

use super::{PAGE, assemble, blank, fixture, paper, qpdf, run, text_field};

fn judge(document: &[u8], password: Option<&str>) -> Report {
    let mut policy = Policy::new(clock::now());
    policy.trust_embedded = true;
    policy.password = password.map(str::to_owned);
    validate(document, &policy)
}

fn passes(document: &[u8], what: &str) {
    let report = judge(document, None);
    assert_eq!(report.verdict, Verdict::TotalPassed, "{what}: {report:#?}");
}

#[test]
fn hybrid_files_are_signed() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = hybrid();
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let signed = fixture::sign(&document, &request, &pki.leader, &pki.time_stamps, now);
    assert!(signed.starts_with(&document));
    passes(&signed, "hybrid");
    let again = fixture::request("Signature2", pki.agency.algorithm(), now);
    let twice = fixture::sign(&signed, &again, &pki.agency, &pki.time_stamps, now);
    passes(&twice, "hybrid, twice");
}

#[test]
fn encrypted_files_are_filled_and_signed_under_their_password() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let folder = tempfile::tempdir().unwrap();
    let kinds: [(&str, &[&str]); 4] = [
        ("RC4, 40 bits", &["--encrypt", "secret", "owner", "40", "--"]),
        (
            "RC4",
            &["--encrypt", "secret", "owner", "128", "--use-aes=n", "--"],
        ),
        (
            "AES-128",
            &["--encrypt", "secret", "owner", "128", "--use-aes=y", "--"],
        ),
        ("AES-256", &["--encrypt", "secret", "owner", "256", "--"]),
    ];
    for (kind, arguments) in kinds {
        let weak = [&["--allow-weak-crypto"], arguments].concat();
        let document = qpdf(folder.path(), &blank(), &weak);
        for password in ["secret", "owner"] {
            let password = Some(password);
            let prepared = prepare_fields_with(&document, password, &[text_field("so", 60.0)]).unwrap();
            let filled = fill_with(&prepared, password, &[("so", "141")]).unwrap();
            let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
            request.reason = Some("Phê duyệt".into());
            let prepared = sign::prepare_with(&filled, password, &request, pki.leader.chain()).unwrap();
            let value = pki.leader.sign(prepared.signed_attributes()).unwrap();
            let signed = prepared.with_signature(value).unwrap().complete(&filled).unwrap();
            assert!(
                !signed.windows(9).any(|window| window == b"Ph\xea duy"),
                "{kind}: plain text"
            );
            let report = judge(&signed, password);
            assert_eq!(report.verdict, Verdict::TotalPassed, "{kind}: {report:#?}");
            assert_eq!(
                report.signatures[0].reason.as_deref(),
                Some("Phê duyệt"),
                "{kind}"
            );
            let path = folder.path().join("signed.pdf");
            std::fs::write(&path, &signed).unwrap();
            run(Command::new("qpdf")
                .args(["--password=secret", "--check"])
                .arg(&path));
            let found = run(Command::new("pdftotext")
                .args(["-upw", "secret"])
                .arg(&path)
                .arg("-"));
            assert_eq!(found.trim(), "141", "{kind}");
        }
        let wrong = prepare_fields_with(&document, Some("wrong"), &[]).unwrap_err();
        assert!(
            matches!(
                wrong,
                Error::Refused {
                    subject: "password",
                    ..
                }
            ),
            "{kind}: {wrong}"
        );
    }
}

#[test]
fn several_sign_one_after_another_within_a_certification() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    for (certification, others) in [
        (Certification::NoChanges, false),
        (Certification::FormFilling, true),
        (Certification::Annotations, true),
    ] {
        let mut first = fixture::request("Signature1", pki.leader.algorithm(), now);
        first.certify = Some(certification);
        let certified = fixture::sign(&blank(), &first, &pki.leader, &pki.time_stamps, now);
        passes(&certified, "certified");
        let mut file = certified;
        for number in 2..5 {
            let next = fixture::request(&format!("Signature{number}"), pki.agency.algorithm(), now);
            if !others {
                assert!(sign::prepare(&file, &next, pki.agency.chain()).is_err());
                continue;
            }
            file = fixture::sign(&file, &next, &pki.agency, &pki.time_stamps, now);
            passes(&file, "one after another");
        }
        // A time-stamp changes nothing that a certification holds.
        let stamped = stamp(&file, &pki, now);
        passes(&stamped, "stamped");
    }
}

#[test]
fn seed_values_are_met_or_refused_with_what_they_want() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let request = || fixture::request("ky", pki.leader.algorithm(), now);
    let reason = |text: &str| Request {
        reason: Some(text.into()),
        ..request()
    };
    let certify = |level| Request {
        certify: Some(level),
        ..request()
    };
    let stamped = || Request {
        level: Level::BT,
        ..request()
    };
    let cases: [(&str, Request, Option<&str>); 17] = [
        ("/Filter/Adobe.PPKLite/Ff 1", request(), None),
        ("/Filter/Other/Ff 1", request(), Some("another signature handler")),
        ("/Filter/Other", request(), None),
        (
            "/SubFilter[/adbe.pkcs7.detached/ETSI.CAdES.detached]/Ff 2",
            request(),
            None,
        ),
        (
            "/SubFilter[/adbe.pkcs7.detached]/Ff 2",
            request(),
            Some("ETSI.CAdES.detached"),
        ),
        ("/DigestMethod[(SHA256)(SHA384)]/Ff 64", request(), None),
        (
            "/DigestMethod[(SHA512)]/Ff 64",
            request(),
            Some("the digest SHA512"),
        ),
        ("/Reasons[(Duyet)]/Ff 8", reason("Duyet"), None),
        (
            "/Reasons[(Duyet)]/Ff 8",
            reason("Khac"),
            Some("one of the reasons Duyet"),
        ),
        (
            "/Reasons[(.)]/Ff 8",
            reason("Duyet"),
            Some("no reason to be given"),
        ),
        ("/MDP<</P 2>>", request(), Some("a certification of level 2")),
        ("/MDP<</P 2>>", certify(Certification::FormFilling), None),
        (
            "/MDP<</P 0>>",
            certify(Certification::FormFilling),
            Some("does not certify"),
        ),
        (
            "/TimeStamp<</URL(http://a)/Ff 1>>",
            request(),
            Some("a time-stamp"),
        ),
        ("/TimeStamp<</URL(http://a)/Ff 1>>", stamped(), None),
        (
            "/AddRevInfo true/Ff 32",
            request(),
            Some("revocation data inside"),
        ),
        (
            "/Cert<</Subject[<3000>]/Ff 1>>",
            request(),
            Some("the certificate of another signer"),
        ),
    ];
    for (seed, request, refusal) in cases {
        let result = sign::prepare(
            &with_field(&format!("/SV<<{seed}>>")),
            &request,
            pki.leader.chain(),
        );
        match (result, refusal) {
            (Ok(_), None) => {}
            (Err(error), Some(words)) => {
                let error = error.to_string();
                assert!(
                    error.contains("its seed values want") && error.contains(words),
                    "{seed}: {error}"
                );
            }
            (result, _) => panic!("{seed}: {result:?}"),
        }
    }
    let own = pki.leader.chain()[0]
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<String>();
    let issuer = pki.leader.chain()[1]
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<String>();
    let seed = format!("/SV<</Cert<</Subject[<{own}>]/Issuer[<{issuer}>]/KeyUsage[(1)]/Ff 35>>>>");
    let prepared = sign::prepare(&with_field(&seed), &request(), pki.leader.chain());
    assert!(prepared.is_ok(), "{prepared:?}");
}

#[test]
fn an_existing_field_keeps_its_lock_and_its_place() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let document = with_field("/Lock<</Type/SigFieldLock/Action/All>>");
    assert!(is_field(&document, None, "ky").unwrap() && !is_field(&document, None, "khac").unwrap());
    assert_eq!(last_signed(&document, None).unwrap(), None);
    let request = fixture::request("ky", pki.leader.algorithm(), now);
    let signed = fixture::sign(&document, &request, &pki.leader, &pki.time_stamps, now);
    passes(&signed, "locked");
    assert!(signed.windows(8).any(|window| window == b"FieldMDP"));
    let place = last_signed(&signed, None).unwrap().unwrap();
    assert_eq!((place.page, place.rect.x, place.rect.width), (1, 100.0, 150.0));
    let second = fixture::request("khac", pki.agency.algorithm(), now);
    assert!(sign::prepare(&signed, &second, pki.agency.chain()).is_err());
}

#[test]
fn a_document_time_stamp_answers_for_the_document_it_was_prepared_for() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let prepared = DocumentTimeStamp::prepare(&blank(), None).unwrap();
    let stored = serde_json::to_string(&prepared).unwrap();
    let prepared: DocumentTimeStamp = serde_json::from_str(&stored).unwrap();
    let response = fixture::stamp(&prepared.request(fixture::NONCE), &pki.time_stamps, now);
    assert!(prepared.update(&response, fixture::NONCE + 1, now).is_err());
    let other = fixture::stamp(
        &DocumentTimeStamp::prepare(&hybrid(), None)
            .unwrap()
            .request(fixture::NONCE),
        &pki.time_stamps,
        now,
    );
    assert!(prepared.update(&other, fixture::NONCE, now).is_err());
    assert!(prepared.check(&hybrid()).is_err());
    let update = prepared.update(&response, fixture::NONCE, now).unwrap();
    passes(&[&blank()[..], &update].concat(), "document time-stamp");
}

#[test]
fn tagged_pages_get_an_element_for_each_field_that_is_seen() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let paper = paper::paper(now);
    let flow = fixture::flow(&paper, &pki, now);
    let folder = tempfile::tempdir().unwrap();
    let tree = |document: &[u8]| {
        let path = folder.path().join("tagged.pdf");
        std::fs::write(&path, document).unwrap();
        run(Command::new("pdfinfo").arg("-struct").arg(path))
    };
    let forms = |text: &str| {
        text.lines()
            .filter(|line| line.trim().starts_with("Form"))
            .count()
    };
    assert_eq!(forms(&tree(&paper)), 0);
    // Two signatures, number, day, month; what is signed later changes the tree no more.
    assert_eq!(forms(&tree(&flow.prepared)), 5);
    assert_eq!(forms(&tree(&flow.sealed)), 5);
    passes(&flow.sealed, "the tagged flow");
}

#[test]
fn profiles_draw_their_text_in_vietnamese_composed_or_not() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let agency = "ỦY BAN NHÂN DÂN XÃ ĐỒNG LẠC";
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(agency).collect();
    let stamp = Stamp {
        agency: decomposed.clone(),
        arrival_number: "57".into(),
        date: "24/11/2026".into(),
        forwarded_to: "Phòng Văn hóa - Xã hội".into(),
        file_code: String::new(),
    };
    let lines = vec![
        "SAO Y".to_owned(),
        decomposed,
        "24/11/2026 08:51:53 +07:00".to_owned(),
    ];
    assert!(text_size(&lines).unwrap().0 > 100.0);
    let cases = [
        (
            Appearance::Stamp(stamp),
            vec![
                agency,
                "ĐẾN",
                "Số: 57",
                "Ngày: 24/11/2026",
                "Chuyển: Phòng Văn hóa - Xã hội",
            ],
        ),
        (
            Appearance::Text { lines },
            vec!["SAO Y", agency, "24/11/2026 08:51:53 +07:00"],
        ),
    ];
    for (appearance, expected) in cases {
        let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
        request.appearance = Some(appearance);
        request.place = Some(Place {
            page: 1,
            rect: Rect {
                x: 60.0,
                y: 600.0,
                width: Stamp::size().0,
                height: Stamp::size().1,
            },
        });
        let signed = fixture::sign(&blank(), &request, &pki.leader, &pki.time_stamps, now);
        passes(&signed, "profile");
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &signed).unwrap();
        let found = run(Command::new("pdftotext").arg("-layout").arg(path.path()).arg("-"));
        for words in expected {
            assert!(found.contains(words), "{words} in {found}");
        }
        let fonts = run(Command::new("pdffonts").arg(path.path()));
        assert!(
            fonts.lines().skip(2).all(|line| line.contains("yes yes yes")),
            "{fonts}"
        );
    }
}

#[test]
fn stamps_and_copies_find_a_blank_of_the_first_page() {
    use hoian_signer::appearance::place;
    let now = clock::now();
    let pages = text::pages(&paper::paper(now)).unwrap();
    let (width, height) = Stamp::size();
    let runs = || pages[0].lines.iter().flat_map(|line| &line.runs);
    let corner = place::top_right(&pages, 150.0, 23.0).unwrap();
    assert!(corner.page == 1 && corner.rect.right() <= pages[0].crop_box.right());
    assert!(runs().all(|run| !run.rect.overlaps(&corner.rect)), "{corner:?}");
    if let Some(stamp) = place::below_number(&pages, width, height) {
        assert!(runs().all(|run| !run.rect.overlaps(&stamp.rect)), "{stamp:?}");
    }
    // Where print fills the page there is no blank, and a person must say where.
    let full = place::below_number(&pages, pages[0].crop_box.width, pages[0].crop_box.height);
    assert_eq!(full, None);
}

#[test]
fn digests_of_the_family_sign_with_every_kind_of_rsa() {
    let now = clock::now();
    let folder = tempfile::tempdir().unwrap();
    let (name, making, export) = fixture::OPENSSL_KEYS[0];
    let (file, _) = fixture::openssl_key(folder.path(), making, export);
    let pki = fixture::Pki::new(now);
    for digest in [Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        let open = || hoian_signer::shell::pkcs12::Key::open(&file, fixture::OPENSSL_PASSWORD).unwrap();
        for key in [
            open().with_digest(digest),
            open().with_pkcs1().with_digest(digest),
        ] {
            assert_eq!(key.algorithm().digest(), digest, "{name}");
            let request = fixture::request("Signature1", key.algorithm(), now);
            passes(
                &fixture::sign(&blank(), &request, &key, &pki.time_stamps, now),
                name,
            );
        }
    }
}

/// A document time-stamp appended.
fn stamp(document: &[u8], pki: &fixture::Pki, now: time::OffsetDateTime) -> Vec<u8> {
    let prepared = DocumentTimeStamp::prepare(document, None).unwrap();
    let response = fixture::stamp(&prepared.request(fixture::NONCE), &pki.time_stamps, now);
    let update = prepared.update(&response, fixture::NONCE, now).unwrap();
    [document, &update].concat()
}

/// A page with an empty signature field that has these entries too.
fn with_field(entries: &str) -> Vec<u8> {
    let field =
        format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(ky)/F 132/P 3 0 R/Rect[100 600 250 650]{entries}>>");
    let page = PAGE.replace("/Resources", "/Annots[4 0 R]/Resources");
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        &page,
        &field,
    ])
}

/// A page whose catalogue's outlines stand in an object stream that the table hides (ISO 32000-2, 7.5.8.4).
fn hybrid() -> Vec<u8> {
    let mut file = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    let objects = [
        "<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE,
        "<</Type/ObjStm/N 1/First 4/Length 30>>\nstream\n5 0 <</Type/Outlines/Count 0>>\nendstream",
    ];
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let hidden = file.len();
    let mut rows = vec![2, 0, 4, 0];
    rows.extend([1, (hidden >> 8) as u8, hidden as u8, 0]);
    file.extend(b"6 0 obj\n<</Type/XRef/Size 7/W[1 2 1]/Index[5 2]/Root 1 0 R/Length 8>>\nstream\n");
    file.extend(rows);
    file.extend(b"\nendstream\nendobj\n");
    let start = file.len();
    file.extend(b"xref\n0 5\n0000000000 65535 f \n");
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    file.extend(
        format!("trailer\n<</Size 7/Root 1 0 R/XRefStm {hidden}>>\nstartxref\n{start}\n%%EOF\n").bytes(),
    );
    file
}

#[test]
fn prepared_fields_are_named_once() {
    let field = |name: &str| NewField::Signature {
        name: name.into(),
        place: Place {
            page: 1,
            rect: Rect {
                x: 10.0,
                y: 10.0,
                width: 50.0,
                height: 20.0,
            },
        },
        lock: None,
    };
    assert!(prepare_fields(&blank(), &[field("a"), field("b")]).is_ok());
    assert!(prepare_fields(&blank(), &[field("a"), field("a")]).is_err());
    assert!(prepare_fields(&blank(), &[field("a.b")]).is_err());
}
