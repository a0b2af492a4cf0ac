//! What a page shows against what its data says: glyphs swapped under a text, fields that show something else than their value.

use hoian_signer::validate::{Modification, Warning};
use hoian_tests::attacker::{self, Change, stream, update, write};

use super::{Office, annotations, page};

#[test]
fn a_font_that_changes_under_the_text_is_refused() {
    let office = Office::open();
    let mut bodies = attacker::bodies();
    let font = |more: &str| {
        format!(
            "<</Type/Font/Subtype/TrueType/BaseFont/ABCDEF+So/FirstChar 32/LastChar 33/Widths 14 0 R/Encoding 11 0 R\
             /FontDescriptor 12 0 R/ToUnicode 15 0 R{more}>>"
        )
    };
    bodies[attacker::FONT as usize - 1] = font("");
    let descriptor = "<</Type/FontDescriptor/FontName/ABCDEF+So/Flags 4/FontFile2 13 0 R>>";
    let map = |digit: char| {
        format!("1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <31> <003{digit}> endbfchar")
    };
    bodies.extend([
        "<</Type/Encoding/Differences[49/one/nine]>>".to_owned(),
        descriptor.to_owned(),
        stream("/Length1 8", "OUTLINES"),
        "[500 500]".to_owned(),
        stream("", &map('1')),
    ]);
    let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let swapped = [
        write(11, "<</Type/Encoding/Differences[49/nine/one]>>"),
        write(12, descriptor.replace("/Flags 4", "/Flags 4/FontFile 14 0 R")),
        write(13, stream("/Length1 8", "SWAPPED!")),
        write(14, "[500 900]"),
        write(15, stream("", &map('9'))),
        write(attacker::FONT, font("/CIDToGIDMap 13 0 R")),
        write(attacker::FONT, font("").replace("/TrueType", "/Type3")),
        Change::Free(13),
    ];
    for change in swapped {
        office.refuses(
            &update(&signed, &[change]),
            "shadow: page 3 0 R /Resources changed",
        );
    }
    let renamed = page(&annotations(&signed)).replace("/F1 5 0 R", "/F1 150 0 R");
    let changes = [write(attacker::PAGE, renamed), write(150, font(""))];
    // A copy shows the same, and was not what was signed when the copy's parts change.
    office.passes(&update(&signed, &changes));
    let [page, copy] = changes;
    let changes = [page, copy, write(13, stream("/Length1 8", "SWAPPED!"))];
    office.refuses(
        &update(&signed, &changes),
        "shadow: page 3 0 R /Resources changed",
    );
}

/// The text field of the paper, with this value and the appearance of object 160.
fn field(value: &str, more: &str) -> String {
    format!(
        "<</FT/Tx/T(ghi_chu)/V({value})/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[50 50 150 70]/AP<</N 160 0 R>>{more}>>"
    )
}

fn look(resources: &str, drawing: &str) -> String {
    let form = format!(
        "/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Resources<<{resources}/Font<</F1 5 0 R/F2 161 0 R>>>>"
    );
    stream(&form, drawing)
}

fn warned(office: &Office, document: &[u8]) -> bool {
    let report = office.passes(document);
    assert_eq!(report.signatures[0].modification, Modification::FormFilling);
    report.signatures[0].warnings.contains(&Warning::ValueNotShown)
}

#[test]
fn a_field_that_shows_something_else_than_its_value_is_told() {
    let office = Office::open();
    let signed = office.signed();
    let filled = |value: &str, drawing: &str| {
        let changes = [
            write(attacker::FIELD, field(value, "")),
            write(160, look("", drawing)),
            write(
                161,
                "<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/So/DescendantFonts[]>>",
            ),
        ];
        update(&signed, &changes)
    };
    for (value, drawing) in [
        ("100", "/Tx BMC q BT /F1 12 Tf 2 5 Td (100) Tj ET Q EMC"),
        ("100 dong", "BT /F1 12 Tf [(1) -20 (00)] TJ 0 -12 Td (dong) ' ET"),
        (
            "mot dong\\rhai dong",
            "BT /F1 9 Tf (mot dong) Tj T* <68616920646f6e67> Tj ET",
        ),
        ("", "/Tx BMC EMC"),
    ] {
        assert!(!warned(&office, &filled(value, drawing)), "{value}: {drawing}");
    }
    for (value, drawing) in [
        ("100", "BT /F1 12 Tf 2 5 Td (900) Tj ET"),
        ("100", "BT /F1 12 Tf (1) Tj (00) Tj (0) Tj ET"),
        ("khong chi 100", "BT /F1 12 Tf (chi 100) Tj ET"),
        ("", "BT /F1 12 Tf (900) Tj ET"),
        // Drawn by lines or by nothing, or out of sight.
        ("100", "0 0 m 9 9 l S"),
        ("100", "/Tx BMC EMC"),
        ("100", "BT 3 Tr /F1 12 Tf (100) Tj ET"),
        ("100", "BT 3 Tr /F1 12 Tf (100) Tj 0 Tr (900) Tj ET"),
        // By a font that does not say what it shows.
        ("100", "BT /F2 12 Tf <000100020002> Tj ET"),
        ("100", "BT /F9 12 Tf (100) Tj ET"),
        ("100", "BT (100) Tj ET"),
        ("100", "BT /F1 12 Tf (100) Tj ET /Im Do"),
        ("100", "BT /F1 12 Tf (100 Tj ET"),
    ] {
        assert!(warned(&office, &filled(value, drawing)), "{value}: {drawing}");
    }
    // The old look under a new value.
    let kept = field("moi", "").replace("160 0 R", "6 0 R");
    assert!(warned(&office, &update(&signed, &[write(attacker::FIELD, kept)])));
    let (undrawn, hidden) = (
        field("moi", "").replace("/AP<</N 160 0 R>>", ""),
        field("moi", "")
            .replace("/F 4", "/F 2")
            .replace("160 0 R", "6 0 R"),
    );
    for unseen in [undrawn, hidden] {
        assert!(!warned(
            &office,
            &update(&signed, &[write(attacker::FIELD, unseen)])
        ));
    }
}

#[test]
fn an_appearance_that_is_long_to_read_is_taken_for_one_that_shows_something_else() {
    let office = Office::open();
    let signed = office.signed();
    let filled = |map: &str, drawing: &str| {
        let font = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/BaseFont/So/DescendantFonts[]/ToUnicode 162 0 R>>";
        let mut changes = vec![
            write(attacker::FIELD, field("1", "")),
            write(160, look("/XObject<</X 163 0 R>>", drawing)),
            write(161, font),
            write(162, stream("", map)),
        ];
        changes.extend((163..167).map(|form| {
            let inner = format!("/XObject<</X {} 0 R>>", form + 1);
            write(form, look(&inner, &"/X Do ".repeat(100)))
        }));
        changes.push(write(167, look("", "")));
        update(&signed, &changes)
    };
    let (range, text) = (
        "1 beginbfrange <0000> <FFFF> <0000> endbfrange\n",
        "BT /F2 12 Tf <0031> Tj ET",
    );
    assert!(!warned(&office, &filled(range, text)));
    // The same again and again: each says nothing new.
    assert!(warned(&office, &filled(&range.repeat(200), text)));
    assert!(warned(&office, &filled(range, &format!("{text} /X Do"))));
}

#[test]
fn a_choice_shows_what_stands_for_its_value_and_a_button_its_state() {
    let office = Office::open();
    let filled = |before: &str, after: &str, drawing: &str| {
        let mut bodies = attacker::bodies();
        let whole = |entries: &str| {
            format!("<<{entries}/T(chon)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[50 50 150 70]>>")
        };
        bodies[attacker::FIELD as usize - 1] = whole(before);
        let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
        let changes = [
            write(attacker::FIELD, whole(after)),
            write(160, look("", drawing)),
        ];
        update(&signed, &changes)
    };
    let choice = "/FT/Ch/Ff 131072/Opt[[(a)(Dong y)][(b)(Khong dong y)]]";
    for (shown, is_told) in [("Dong y", false), ("a", false), ("Khong dong y", true)] {
        let document = filled(
            choice,
            &format!("{choice}/V(a)/AP<</N 160 0 R>>"),
            &format!("BT /F1 12 Tf ({shown}) Tj ET"),
        );
        assert_eq!(warned(&office, &document), is_told, "{shown}");
    }
    let button =
        |value: &str, state: &str| format!("/FT/Btn/V/{value}/AS/{state}/AP<</N<</Co 6 0 R/Off 6 0 R>>>>");
    for (value, state, is_told) in [
        ("Co", "Co", false),
        ("Co", "Off", true),
        ("Khac", "Co", true),
        ("Khac", "Off", false),
    ] {
        let document = filled(&button("Off", "Off"), &button(value, state), "");
        assert_eq!(warned(&office, &document), is_told, "{value} {state}");
    }
}
