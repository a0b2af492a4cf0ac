//! Certified documents: annotations and signatures that come later.

use hoian_signer::sign::Certification;
use hoian_signer::validate::{Modification, Verdict, Warning};
use hoian_tests::attacker::{self, update, write};

use super::{Office, annotations, page};

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
