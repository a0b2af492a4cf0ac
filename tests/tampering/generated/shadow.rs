//! Shadow attacks: what was hidden is shown, what was shown is hidden or replaced.

use hoian_tests::attacker::{self, Change, update, update_with_root, write};

use super::{Office, annotations, page};

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
