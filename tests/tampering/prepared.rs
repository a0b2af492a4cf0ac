//! Papers that an attacker prepares before somebody signs them: one object with two uses, of which the later change owns up
//! to the harmless one.

use hoian_signer::validate::Modification;

use super::generated::{Office, annotations, page};
use hoian_tests::attacker::{self, Change, bodies, file, stream, update, write};

/// The little paper with some of its objects written otherwise, and more behind them.
fn paper_with(changed: &[(u32, String)], more: &[String]) -> Vec<u8> {
    let mut bodies = bodies();
    for (number, body) in changed {
        bodies[*number as usize - 1].clone_from(body);
    }
    bodies.extend(more.iter().cloned());
    file(&bodies)
}

fn catalog(more: &str) -> String {
    format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>{more}>>")
}

/// Content that is well-formed XMP at the same time: what is no markup is drawn.
fn drawn_metadata(text: &str) -> String {
    stream(
        "/Type/Metadata/Subtype/XML",
        &format!("%<a/>\nBT /F1 18 Tf 50 300 Td ({text}) Tj ET"),
    )
}

#[test]
fn metadata_that_is_drawn_too_may_not_change() {
    let office = Office::open();
    let paper = paper_with(
        &[
            (attacker::CATALOG, catalog("/Metadata 4 0 R")),
            (attacker::CONTENT, drawn_metadata("Chi 100 dong")),
        ],
        &[],
    );
    let signed = office.sign(&paper, "lanh_dao", None);
    office.passes(&signed);
    let changed = update(
        &signed,
        &[write(attacker::CONTENT, drawn_metadata("Chi 900 dong"))],
    );
    office.refuses(&changed, "shadow: page 3 0 R /Contents changed");
}

#[test]
fn document_information_that_is_a_font_too_may_not_change() {
    let office = Office::open();
    let signed = office.signed();
    // The update's trailer says that the font is the document's information, and changes it as such.
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Symbol>>";
    let as_information =
        attacker::update_with_trailer(&signed, "/Root 1 0 R/Info 5 0 R", &[write(attacker::FONT, font)]);
    office.refuses(&as_information, "shadow: page 3 0 R /Resources changed");
    let named = attacker::update_with_trailer(&signed, "/Root 1 0 R/Info 5 0 R", &[write(150, "(a)")]);
    office.passes(&named);
    let changed = attacker::update_with_trailer(
        &office.sign(&named, "hai", None),
        "/Root 1 0 R/Info 5 0 R",
        &[write(attacker::FONT, font)],
    );
    office.refuses(&changed, "shadow: page 3 0 R /Resources changed");
}

#[test]
fn one_object_written_out_twice_must_be_the_same_twice() {
    let office = Office::open();
    let shared = "<</Font<</F1 5 0 R>>>>";
    let of_page = |resources: &str| {
        page("7 0 R 10 0 R").replace(
            "/Resources<</Font<</F1 5 0 R>>>>",
            &format!("/Resources {resources}"),
        )
    };
    let paper = paper_with(
        &[
            (
                attacker::PAGES,
                "<</Type/Pages/Kids[3 0 R 11 0 R]/Count 2>>".to_owned(),
            ),
            (attacker::PAGE, of_page("12 0 R")),
        ],
        &[
            of_page("12 0 R").replace("/Annots[7 0 R 10 0 R]", ""),
            shared.to_owned(),
        ],
    );
    let signed = office.sign(&paper, "lanh_dao", None);
    office.passes(&signed);
    let list = annotations(&signed);
    let first = |resources: &str| of_page(resources).replace("7 0 R 10 0 R", &list);
    let second = |resources: &str| of_page(resources).replace("/Annots[7 0 R 10 0 R]", "");
    let written_out = update(
        &signed,
        &[write(attacker::PAGE, first(shared)), write(11, second(shared))],
    );
    office.passes(&written_out);
    let other = "<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Symbol>>>>>>";
    let changed = update(
        &signed,
        &[write(attacker::PAGE, first(shared)), write(11, second(other))],
    );
    office.refuses(&changed, "/Resources changed");
}

#[test]
fn the_second_of_two_equal_keys_may_not_change() {
    let office = Office::open();
    let twice = |content: &str| {
        format!(
            "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Matrix[1 0 0 1 0 0]/Matrix[{content}]/Length 1>>\nstream\n \nendstream"
        )
    };
    let signed = office.sign(
        &paper_with(&[(attacker::OVERLAY, twice("1 0 0 1 0 0"))], &[]),
        "lanh_dao",
        None,
    );
    office.passes(&signed);
    office.passes(&update(
        &signed,
        &[write(attacker::OVERLAY, twice("1 0 0 1 0 0"))],
    ));
    let moved = update(&signed, &[write(attacker::OVERLAY, twice("1 0 0 1 900 0"))]);
    office.refuses(&moved, "changed");
}

#[test]
fn annotations_keep_their_order() {
    let office = Office::open();
    let signed = office.signed();
    let list = annotations(&signed);
    let turned = list
        .replace("7 0 R", "x")
        .replace("10 0 R", "7 0 R")
        .replace('x', "10 0 R");
    assert_ne!(list, turned);
    office.refuses(
        &update(&signed, &[write(attacker::PAGE, page(&turned))]),
        "shadow: the annotations of page 3 0 R stand in another order",
    );
}

#[test]
fn fields_are_not_shown_hidden_or_drawn_without_a_value() {
    let office = Office::open();
    let widget = |kind: &str, flags: u8, look: &str| {
        format!("<<{kind}/Type/Annot/Subtype/Widget/F {flags}/P 3 0 R/Rect[50 50 150 70]{look}>>")
    };
    let look = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 100 20]",
        "0 g 0 0 100 20 re f",
    );
    let cases = [
        ("/FT/Tx/T(ghi_chu)/V(cu)", (6, ""), (4, ""), "shown or hidden"),
        ("/FT/Tx/T(ghi_chu)/V(cu)", (4, ""), (36, ""), "shown or hidden"),
        (
            "/FT/Sig/T(cho_ky)",
            (4, ""),
            (4, "/AP<</N 150 0 R>>"),
            "changed without its value",
        ),
        (
            "/FT/Btn/Ff 65536/T(nut)",
            (4, ""),
            (4, "/AP<</N 150 0 R>>"),
            "changed without its value",
        ),
    ];
    for (kind, before, after, reason) in cases {
        let paper = paper_with(&[(attacker::FIELD, widget(kind, before.0, before.1))], &[]);
        let signed = office.sign(&paper, "lanh_dao", None);
        office.passes(&signed);
        let changed = update(
            &signed,
            &[
                write(attacker::FIELD, widget(kind, after.0, after.1)),
                write(150, look.clone()),
            ],
        );
        office.refuses(&changed, reason);
    }
}

#[test]
fn a_widget_of_a_filled_field_is_drawn_anew_with_the_value_alone() {
    let office = Office::open();
    let parent = |value: &str| format!("<</FT/Tx/T(ghi_chu)/V({value})/Kids[11 0 R]>>");
    let kid = |look: u32| {
        format!(
            "<</Parent 7 0 R/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[50 50 150 70]/AP<</N {look} 0 R>>>>"
        )
    };
    let changed = [
        (attacker::PAGE, page("11 0 R 10 0 R")),
        (attacker::FIELD, parent("cu")),
    ];
    let look = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 100 20]",
        "0 g 0 0 100 20 re f",
    );
    let signed = office.sign(&paper_with(&changed, &[kid(12), look.clone()]), "lanh_dao", None);
    office.passes(&signed);
    let drawn: [Change; 2] = [write(11, kid(150)), write(150, look.replace("0 g", "1 g"))];
    office.refuses(
        &update(&signed, &drawn),
        "shadow: the appearance of ghi_chu changed without its value",
    );
    let filled = [
        write(11, kid(150)),
        write(150, look.replace("0 g", "1 g")),
        write(attacker::FIELD, parent("moi")),
    ];
    let report = office.passes(&update(&signed, &filled));
    assert_eq!(report.signatures[0].modification, Modification::FormFilling);
}
