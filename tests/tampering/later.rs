//! What later updates add beside the page: each is refused with a reason that names it.

use hoian_signer::sign::Certification;

use super::generated::{Office, annotations, page};
use hoian_tests::attacker::{self, stream, update, update_with_trailer, write};

#[test]
fn nothing_is_added_to_the_catalogue_that_acts_shows_or_hides() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let additions = [
        ("OpenAction", "<</S/JavaScript/JS(app.alert(1))>>"),
        ("AA", "<</WP<</S/JavaScript/JS(app.alert(1))>>>>"),
        (
            "Names",
            "<</JavaScript<</Names[(a)<</S/JavaScript/JS(app.alert(1))>>]>>>>",
        ),
        (
            "Names",
            "<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)>>]>>>>",
        ),
        ("AF", "[<</Type/Filespec/F(a)>>]"),
        ("OCProperties", "<</OCGs[]/D<</OFF[]>>>>"),
        ("PageLabels", "<</Nums[0<</S/r>>]>>"),
        ("Outlines", "<</Type/Outlines/Count 0>>"),
        ("ViewerPreferences", "<</HideToolbar true>>"),
        ("PageMode", "/FullScreen"),
        ("Lang", "(en)"),
        ("Perms", "<</UR3 9 0 R>>"),
        ("Collection", "<<>>"),
        ("Threads", "[]"),
    ];
    for (key, value) in additions {
        let changed = body.replacen("/Type/Catalog", &format!("/Type/Catalog/{key} {value}"), 1);
        assert_ne!(changed, body);
        office.refuses(
            &update(&signed, &[write(catalog, changed)]),
            &format!("the catalog's /{key} changed"),
        );
    }
    let spoofed = body.replacen("/Type/Catalog", "/Type/Catalog/Metadata 150 0 R", 1);
    let no_xmp = stream("/Type/Metadata/Subtype/XML", "<a><b></a>");
    office.refuses(
        &update(&signed, &[write(catalog, spoofed), write(150, no_xmp)]),
        "/Metadata is no well-formed XMP",
    );
}

#[test]
fn pages_keep_their_shape() {
    let office = Office::open();
    let signed = office.signed();
    let own = page(&annotations(&signed));
    for (key, value) in [
        ("Rotate", "180"),
        ("CropBox", "[0 0 100 100]"),
        ("UserUnit", "2"),
        ("BleedBox", "[0 0 9 9]"),
        ("AA", "<</O<</S/JavaScript/JS(app.alert(1))>>>>"),
        ("Group", "<</S/Transparency/K true>>"),
        ("Trans", "<</S/Wipe>>"),
        ("B", "[]"),
        ("PieceInfo", "<<>>"),
    ] {
        let changed = own.replacen("/Type/Page", &format!("/Type/Page/{key} {value}"), 1);
        office.refuses(
            &update(&signed, &[write(attacker::PAGE, changed)]),
            &format!("/{key} changed"),
        );
    }
    let larger = own.replace("/MediaBox[0 0 400 400]", "/MediaBox[0 0 400 200]");
    office.refuses(
        &update(&signed, &[write(attacker::PAGE, larger)]),
        "/MediaBox changed",
    );
    let inherited = "<</Type/Pages/Kids[3 0 R]/Count 1/Rotate 90>>";
    office.refuses(
        &update(&signed, &[write(attacker::PAGES, inherited)]),
        "the page tree's /Rotate changed",
    );
    let tabs = own.replacen("/Type/Page", "/Type/Page/Tabs/S", 1);
    office.refuses(
        &update(&signed, &[write(attacker::PAGE, tabs.clone())]),
        "the tab order of page 3 0 R, which the signature does not permit",
    );
    let annotated = office.sign(&attacker::paper(), "lanh_dao", Some(Certification::Annotations));
    office.passes(&update(&annotated, &[write(attacker::PAGE, tabs)]));
}

#[test]
fn the_form_keeps_its_rules() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let form = body.find("/AcroForm").unwrap();
    for (key, value) in [
        ("NeedAppearances", "true"),
        ("XFA", "[(template) 9 0 R]"),
        ("CO", "[7 0 R]"),
    ] {
        let mut changed = body.clone();
        let at = form + changed[form..].find("<<").unwrap() + 2;
        changed.insert_str(at, &format!("/{key} {value}"));
        office.refuses(
            &update(&signed, &[write(catalog, changed)]),
            &format!("the form's /{key} changed"),
        );
    }
    let widget = |more: &str, rectangle: &str| {
        format!(
            "<</FT/Tx/T(ghi_chu)/V(cu)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[{rectangle}]/AP<</N 6 0 R>>{more}>>"
        )
    };
    for (more, rectangle, reason) in [
        ("", "50 250 150 270", "/Rect of the field ghi_chu changed"),
        (
            "/AA<</K<</S/JavaScript/JS(1)>>>>",
            "50 50 150 70",
            "/AA of the field ghi_chu changed",
        ),
        (
            "/A<</S/URI/URI(http://a.example)>>",
            "50 50 150 70",
            "/A of the field ghi_chu changed",
        ),
        (
            "/MK<</BG[1]>>",
            "50 50 150 70",
            "/MK of the field ghi_chu changed",
        ),
        ("/OC 9 0 R", "50 50 150 70", "/OC of the field ghi_chu changed"),
        (
            "/Rect[50 250 150 270]",
            "50 50 150 70",
            "duplicate-key: /Rect stands twice in the field ghi_chu",
        ),
    ] {
        office.refuses(
            &update(&signed, &[write(attacker::FIELD, widget(more, rectangle))]),
            reason,
        );
    }
}

#[test]
fn new_signature_fields_neither_act_nor_disguise() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let fields = body
        .replace("/Fields[", "/Fields[150 0 R ")
        .replace("/Fields [", "/Fields [150 0 R ");
    let list = format!("{} 150 0 R", annotations(&signed));
    let with = |widget: &str, page: String| {
        let changes = [
            write(catalog, fields.clone()),
            write(attacker::PAGE, page),
            write(150, format!("<</FT/Sig/T(len)/Type/Annot/P 3 0 R{widget}>>")),
            write(151, "60"),
        ];
        update(&signed, &changes)
    };
    office.passes(&with("/Subtype/Widget/F 4/Rect[40 200 150 240]", page(&list)));
    for (widget, reason) in [
        (
            "/Subtype/Widget/F 4/Rect[40 200 150 240]/A<</S/URI/URI(http://a.example)>>",
            "evil-annotation: an annotation that was added to page 3 0 R carries an action",
        ),
        (
            "/Subtype/Widget/F 4/Rect[40 200 150 240]/AA<</E<</S/JavaScript/JS(1)>>>>",
            "carries an action",
        ),
        (
            "/Subtype/FreeText/F 4/Rect[40 200 150 240]/Contents(Da duyet)",
            "evil-annotation: a signature field that is no widget",
        ),
        (
            "/Subtype/Widget/F 4/Rect[50 50 151 0 R 151 0 R]",
            "sneaky-signature",
        ),
        ("/Subtype/Widget/F 4/Rect[40 200 150]", "/Rect is no rectangle"),
        (
            "/Subtype/Widget/F 4/Rect[0 0 0 0]/Rect[40 200 150 240]",
            "duplicate-key: /Rect",
        ),
    ] {
        office.refuses(&with(widget, page(&list)), reason);
    }
}

#[test]
fn a_crowd_of_allowed_changes_hides_no_other_one() {
    let office = Office::open();
    let mut bodies = attacker::bodies();
    let fields: Vec<u32> = (11..311).collect();
    let list = fields
        .iter()
        .map(|number| format!("{number} 0 R "))
        .collect::<String>();
    bodies[0] = format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R {list}]>>>>");
    let field = |number: u32, value: &str| {
        format!("<</FT/Tx/T(o{number})/V({value})/Type/Annot/Subtype/Widget/P 3 0 R/Rect[0 0 0 0]>>")
    };
    bodies.extend(fields.iter().map(|number| field(*number, "cu")));
    let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let filled = fields.iter().map(|number| write(*number, field(*number, "moi")));
    let mut changes: Vec<_> = filled.collect();
    office.passes(&update(&signed, &changes));
    changes.push(write(
        attacker::CONTENT,
        stream("", "BT /F1 18 Tf 50 300 Td (Chi 900 dong) Tj ET"),
    ));
    office.refuses(&update(&signed, &changes), "shadow: page 3 0 R /Contents changed");
}

#[test]
fn objects_that_no_cross_reference_names_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let hidden = format!(
        "{} 0 obj\n{}\nendobj\n",
        attacker::CONTENT,
        stream("", "BT /F1 18 Tf 50 300 Td (Chi 900 dong) Tj ET")
    );
    let harmless = update(&signed, &[write(150, "(a)")]);
    office.passes(&harmless);
    let at = signed.len()
        + harmless[signed.len()..]
            .windows(4)
            .position(|window| window == b"xref")
            .unwrap();
    let with = |inserted: &str| {
        let mut changed = harmless[..at].to_vec();
        changed.extend(inserted.bytes());
        let begin = changed.len();
        let rest = String::from_utf8(harmless[at..].to_vec()).unwrap();
        let number = rest.find("startxref\n").unwrap() + "startxref\n".len();
        changed.extend(format!("{}{begin}\n%%EOF\n", &rest[..number]).bytes());
        changed
    };
    office.passes(&with("% no obj, a remark\n"));
    let in_string = update(&signed, &[write(150, format!("({hidden})"))]);
    let in_stream = update(&signed, &[write(150, stream("", &hidden))]);
    for changed in [with(&hidden), in_string, in_stream] {
        office.refuses(&changed, "parser-differential: the object at byte");
    }
}

#[test]
fn a_trailer_that_names_two_roots_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    for trailer in [
        "/Root 1 0 R/Root 8 0 R",
        "/Root 8 0 R/Root 1 0 R",
        "/Root 1 0 R/Prev 9/Info 150 0 R",
    ] {
        let changed = update_with_trailer(&signed, trailer, &[write(150, "<<>>")]);
        let report = office.validate(&changed);
        assert_ne!(
            report.verdict,
            hoian_signer::validate::Verdict::TotalPassed,
            "{trailer}: {report:?}"
        );
    }
    let changed = update_with_trailer(&signed, "/Root 1 0 R/Root 8 0 R", &[]);
    office.refuses(&changed, "duplicate-key: /Root stands twice in the trailer");
}
