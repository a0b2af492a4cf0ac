//! Files that two readers see differently: hybrid cross-references that disagree, object streams that override objects.

use hoian_tests::attacker::{self, stream, update, update_compressed, update_hybrid, write};
use hoian_tests::forms;

use super::Office;

fn forged() -> String {
    stream("", "BT /F1 18 Tf 50 300 Td (Chi 900 dong) Tj ET")
}

#[test]
fn hybrid_cross_references_that_disagree_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let (number, own) = attacker::newest(&signed, "(Chi 100 dong)");
    assert_eq!(number, attacker::CONTENT);
    // A reader of tables sees what was signed, one of streams the other text.
    let disagreeing = update_hybrid(&signed, &[(number, &own)], &[(number, &forged())]);
    office.refuses(
        &disagreeing,
        &format!("hybrid entries disagree about object {number}"),
    );
    office.refuses(&disagreeing, "\"codes\":[\"hybrid_entries\"]");
    let turned = update_hybrid(&signed, &[(number, &forged())], &[(number, &own)]);
    office.refuses(&turned, &format!("hybrid entries disagree about object {number}"));
    // An old reader, which knows no streams, sees nothing of this update at all.
    let hidden = update_hybrid(&signed, &[(150, "(a)")], &[(number, &forged())]);
    office.refuses(&hidden, "shadow: page 3 0 R /Contents changed");
}

#[test]
fn a_hybrid_update_that_shows_everyone_the_same_is_no_attack() {
    let office = Office::open();
    let signed = office.signed();
    office.passes(&update_hybrid(&signed, &[(150, "(a)")], &[(151, "(b)")]));
    let (_, own) = attacker::newest(&signed, "(cu)");
    let filled = own.replace("(cu)", "(moi)").replace("/AP<</N 6 0 R>>", "");
    assert_ne!(filled, own);
    office.passes(&update_hybrid(
        &signed,
        &[(attacker::FIELD, &filled)],
        &[(151, "(b)")],
    ));
}

#[test]
fn a_hidden_stream_carried_into_a_later_update_may_not_disagree() {
    let office = Office::open();
    let signed = office.sign(&forms::hybrid(), "lanh_dao", None);
    let at = attacker::find_last(&signed, b"/XRefStm ").unwrap() + b"/XRefStm ".len();
    let digits: String = signed[at..]
        .iter()
        .map(|byte| char::from(*byte))
        .take_while(char::is_ascii_digit)
        .collect();
    let carried = format!("/Root 1 0 R/XRefStm {digits}");
    // The outlines stand in the hidden stream; the table of this update names others.
    let other = [write(5, "<</Type/Outlines/Count 1>>")];
    let changed = attacker::update_with_trailer(&signed, &carried, &other);
    office.refuses(&changed, "parser-differential: the hybrid cross-references");
}

#[test]
fn objects_overridden_by_an_object_stream_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let font = "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>";
    office.refuses(
        &update_compressed(&signed, &[], &[(attacker::FONT, font)], &[]),
        "shadow: page 3 0 R /Resources changed",
    );
    let stamp = "<</Type/Annot/Subtype/Stamp/F 2/P 3 0 R/Rect[200 300 300 330]/AP<</N 6 0 R>>>>";
    office.refuses(
        &update_compressed(&signed, &[], &[(10, stamp)], &[]),
        "shadow: an annotation of page 3 0 R changed",
    );
    let page = super::page(&super::annotations(&signed)).replace("4 0 R", "9 0 R");
    office.refuses(
        &update_compressed(&signed, &[], &[(attacker::PAGE, &page)], &[]),
        "shadow: page 3 0 R /Contents changed",
    );
    // A stream never stands in another one: its place is taken by a dictionary.
    office.refuses(
        &update_compressed(&signed, &[], &[(attacker::CONTENT, "<<>>")], &[]),
        "shadow: page 3 0 R /Contents changed",
    );
    let catalog = "<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/Fit]>>";
    office.refuses(
        &update_compressed(&signed, &[], &[(attacker::CATALOG, catalog)], &[]),
        "a later revision takes the signatures away",
    );
}

#[test]
fn an_object_stream_that_holds_what_stands_elsewhere_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let font = "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>";
    office.passes(&update_compressed(
        &signed,
        &[(150, "(a)")],
        &[(151, "(b)"), (152, "[1]")],
        &[],
    ));
    office.refuses(
        &update_compressed(&signed, &[], &[(151, "(b)")], &[(attacker::FONT, font)]),
        "parser-differential: object stream 1991 0 R holds object 5, which stands elsewhere",
    );
    office.refuses(
        &update_compressed(&signed, &[], &[(151, "(b)")], &[(151, "(c)")]),
        "parser-differential: object stream 1991 0 R holds object 151, which stands elsewhere",
    );
}

#[test]
fn an_object_stream_that_was_signed_is_not_replaced_under_its_objects() {
    let office = Office::open();
    let mut bodies = attacker::bodies();
    bodies[attacker::FONT as usize - 1] = "null".to_owned();
    // The font of the page stands in an object stream from here on.
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let paper = update_compressed(&attacker::file(&bodies), &[], &[(attacker::FONT, font)], &[]);
    let signed = office.sign(&paper, "lanh_dao", None);
    office.passes(&signed);
    let (number, container) = attacker::newest(&signed, "/ObjStm");
    assert_eq!(number, 1991);
    let other = container.replace("/Helvetica", "/Dingbats ");
    assert_eq!(other.len(), container.len());
    office.refuses(
        &update(&signed, &[write(1991, other)]),
        "shadow: page 3 0 R /Resources changed",
    );
    office.refuses(
        &update(&signed, &[attacker::Change::Free(1991)]),
        "object stream 1991 is missing",
    );
}
