//! Certified documents: annotations and signatures that come later.

use hoian_signer::sign::Certification;
use hoian_signer::validate::{Modification, Warning};
use hoian_tests::attacker::{self, update, write};

use super::{Office, annotations, page};

#[test]
fn evil_annotations_on_certified_documents_are_refused_and_comments_are_not() {
    let office = Office::open();
    let certified = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::Annotations));
    let drawn = |certified: &[u8], kind: &str, resources: &str, drawing: &str| {
        let all = format!("{} 150 0 R", annotations(certified));
        let annotation = format!("<</Type/Annot/Subtype/{kind}/F 4/Rect[40 290 300 330]/AP<</N 151 0 R>>>>");
        let form = format!("/Type/XObject/Subtype/Form/BBox[0 0 260 40]/Resources<<{resources}>>");
        let changes = [
            write(attacker::PAGE, page(&all)),
            write(150, annotation),
            write(151, attacker::stream(&form, drawing)),
        ];
        update(certified, &changes)
    };
    let with = |certified: &[u8], kind: &str| drawn(certified, kind, "", "1 g 0 0 260 40 re f");
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
    for (resources, drawing) in [
        ("", "1 g 0 0 260 40 re f"),
        ("/Font<</F1 5 0 R>>", "BT /F1 18 Tf (900) Tj ET"),
        ("/XObject<</X 6 0 R>>", "/X Do"),
    ] {
        let covering = drawn(&certified, "Highlight", resources, drawing);
        office.refuses(
            &covering,
            "evil-annotation: a comment that was added to page 3 0 R covers",
        );
    }
    let blended = (
        "/ExtGState<</G<</BM/Multiply>>>>",
        "/G gs 1 1 0 rg 0 0 260 40 re f",
    );
    for (resources, drawing) in [blended, ("", "0 0 m 260 0 l S")] {
        let report = office.passes(&drawn(&certified, "Highlight", resources, drawing));
        assert_eq!(report.signatures[0].modification, Modification::Annotations);
    }
    let stricter = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::FormFilling));
    office.refuses(&with(&stricter, "Highlight"), "does not permit");
}

#[test]
fn sneaky_signatures_on_certified_documents_are_refused() {
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
    let annotated = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::Annotations));
    office.refuses(
        &sneak(&filling, "190 290 310 340"),
        "sneaky-signature: a new signature lies over an annotation",
    );
    for (certified, level) in [(&filling, "filling"), (&annotated, "annotations")] {
        let added = sneak(certified, "40 200 150 240");
        office.refuses(&added, "sneaky-signature: field len was added in sight");
        let report = office.validate(&added);
        let warned = &report.signatures[0].warnings;
        assert!(
            warned.contains(&Warning::VisibleSignatureAfterCertification),
            "{level}: {report:?}"
        );
    }
    let approved = office.passes(&sneak(&office.signed(), "40 200 150 240"));
    assert_eq!(approved.signatures[0].modification, Modification::FormFilling);
    let nothing = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::NoChanges));
    office.refuses(&sneak(&nothing, "40 200 150 240"), "does not permit");
}
