//! Where a signature stands on the page, and what is drawn there.

use std::process::Command;

use hoian_signer::appearance::{Appearance, Stamp, image, place, text_size};
use hoian_signer::error::Error;
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::pdf::text;
use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Key as _};

use super::{blank, fixture, paper, passes, run};

#[test]
fn places_found_from_the_text_are_those_the_typesetter_left_blank() {
    let now = clock::now();
    let (paper, places) = paper::paper_with_places(now);
    let pages = text::pages(&paper).unwrap();
    let person = place::person(&pages, fixture::FULL_NAME, 2.0).unwrap();
    assert_eq!(person.page, places.signature.page);
    let middle = |rect: Rect| (rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
    let (found, left) = (middle(person.rect), middle(places.signature.rect));
    assert!(
        (found.0 - left.0).abs() < 3.0 && (found.1 - left.1).abs() < 8.0,
        "{found:?} {left:?}"
    );
    let (number, size) = place::blank_after(&pages, "Số:", 10.0).unwrap();
    assert_eq!((number.page, size), (1, 13.0));
    assert!(
        (number.rect.y - places.number.place.rect.y).abs() < 0.5,
        "{number:?} {:?}",
        places.number
    );
}

#[test]
fn a_seal_covers_a_third_of_the_signature_from_its_left_in_true_size() {
    let person = Place {
        page: 1,
        rect: Rect {
            x: 300.0,
            y: 200.0,
            width: 150.0,
            height: 60.0,
        },
    };
    let seal = place::seal(&person, 36.0, 36.0).rect;
    assert!((seal.width - 102.047).abs() < 0.001 && seal.width == seal.height);
    assert!((seal.right() - 350.0).abs() < 1e-9);
    assert!((seal.y + seal.height / 2.0 - 230.0).abs() < 1e-9);
}

#[test]
fn stamps_and_copies_find_a_blank_of_the_first_page() {
    use hoian_signer::appearance::place;
    let now = clock::now();
    let pages = text::pages(&paper::paper(now)).unwrap();
    let (width, height) = Stamp::size();
    let runs = || pages[0].lines.iter().flat_map(|line| &line.runs);
    let corner = place::top_right(&pages, 150.0, 34.5).unwrap();
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
fn an_image_must_be_a_png_within_limits() {
    assert!(matches!(image::size(b"not a PNG"), Err(Error::Malformed { .. })));
    let seal = image::size(&fixture::seal_png()).unwrap();
    assert_eq!((seal.width, seal.height, seal.width_mm), (425, 425, None));
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
    request.appearance = Some(Appearance::Image {
        png: b"\x89PNG\r\n\x1a\nbroken".to_vec(),
    });
    request.place = Some(Place {
        page: 1,
        rect: Rect {
            x: 10.0,
            y: 10.0,
            width: 50.0,
            height: 50.0,
        },
    });
    let error = sign::prepare(&blank(), &request, pki.leader.chain()).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
}
