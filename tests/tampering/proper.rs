//! Updates as honest writers make them, each of which some strict verifier refuses: they pass.

use hoian_signer::validate::{Modification, Warning};

use super::generated::{Office, page};
use hoian_tests::attacker::{self, stream, update, update_with_root, write};

#[test]
fn a_catalogue_may_move_to_another_number_unless_it_waited_there() {
    let office = Office::open();
    let signed = office.signed();
    let (_, body) = attacker::newest(&signed, "/Type/Catalog");
    let moved = update_with_root(&signed, 150, &[write(150, body.clone())]);
    assert_eq!(
        office.passes(&moved).signatures[0].modification,
        Modification::Lta
    );
    let other = body.replacen("/Type/Catalog", "/Type/Catalog/OpenAction[3 0 R/Fit]", 1);
    office.refuses(
        &update_with_root(&signed, 150, &[write(150, other)]),
        "the catalog's /OpenAction changed",
    );
    let mut bodies = attacker::bodies();
    bodies[attacker::HIDDEN_CATALOG as usize - 1] = "null".to_owned();
    let waiting = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let (_, body) = attacker::newest(&waiting, "/Type/Catalog");
    office.refuses(
        &update_with_root(
            &waiting,
            attacker::HIDDEN_CATALOG,
            &[write(attacker::HIDDEN_CATALOG, body)],
        ),
        "shadow: the trailer's /Root names another object that was there before",
    );
}

#[test]
fn a_collection_of_validation_information_may_say_its_type() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let with_store = body.replacen("/Type/Catalog", "/Type/Catalog/DSS 150 0 R", 1);
    let store =
        |kind: &str| format!("<</Type/DSS/Certs[151 0 R]/VRI<<{kind}/AB<</Type/VRI/Cert[151 0 R]>>>>>>");
    let extended = |kind: &str| {
        let changes = [
            write(catalog, with_store.clone()),
            write(150, store(kind)),
            write(151, stream("", "30")),
        ];
        update(&signed, &changes)
    };
    assert_eq!(
        office.passes(&extended("/Type/VRI")).signatures[0].modification,
        Modification::Lta
    );
    let again = update(&extended("/Type/VRI"), &[write(152, "(a)")]);
    office.passes(&again);
    office.refuses(
        &extended("/Type 9 0 R"),
        "/DSS holds something else than validation data",
    );
}

#[test]
fn resources_of_the_form_may_grow_where_they_stand() {
    let office = Office::open();
    let mut bodies = attacker::bodies();
    bodies[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]/DR 11 0 R>>>>".to_owned();
    bodies.extend(["<</Font 12 0 R>>".to_owned(), "<</F1 5 0 R>>".to_owned()]);
    let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Courier>>";
    office.passes(&update(
        &signed,
        &[write(12, "<</F1 5 0 R/F2 150 0 R>>"), write(150, font)],
    ));
    office.refuses(
        &update(&signed, &[write(12, "<</F1 150 0 R>>"), write(150, font)]),
        "the form's resources /Font changed",
    );
    office.refuses(
        &update(&signed, &[write(11, "<<>>")]),
        "the form's resources /Font changed",
    );
}

#[test]
fn one_dictionary_signs_for_two_fields_that_had_it_when_it_was_made() {
    let office = Office::open();
    let paper = |value: &str| {
        let mut bodies = attacker::bodies();
        bodies[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R 11 0 R]>>>>".to_owned();
        bodies.push(format!(
            "<</FT/Sig/T(hai)/Type/Annot/Subtype/Widget/F 2/P 3 0 R/Rect[0 0 0 0]{value}>>"
        ));
        attacker::file(&bodies)
    };
    let (number, _) = attacker::newest(&office.sign(&paper(""), "lanh_dao", None), "/ByteRange [");
    let shared = office.sign(&paper(&format!("/V {number} 0 R")), "lanh_dao", None);
    assert_eq!(attacker::newest(&shared, "/ByteRange [").0, number);
    assert_eq!(office.passes(&shared).signatures.len(), 2);
}

#[test]
fn a_signature_over_a_finished_one_passes_with_a_warning() {
    let office = Office::open();
    let field = |name: &str| {
        format!("<</FT/Sig/T({name})/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[200 200 300 240]>>")
    };
    let mut bodies = attacker::bodies();
    bodies[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R 11 0 R]>>>>".to_owned();
    bodies[attacker::PAGE as usize - 1] = page("7 0 R 10 0 R 11 0 R");
    bodies.push(field("lanh_dao"));
    let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let (catalog, body) = attacker::newest(&signed, "/AcroForm");
    let fields = body
        .replace("/Fields[", "/Fields[150 0 R ")
        .replace("/Fields [", "/Fields [150 0 R ");
    let over = |other: &str| {
        let changes = [
            write(catalog, fields.clone()),
            write(attacker::PAGE, page("7 0 R 10 0 R 11 0 R 150 0 R")),
            write(150, other),
        ];
        update(&signed, &changes)
    };
    let warned = |other: &str| {
        let report = office.passes(&over(other));
        report.signatures[0].warnings.contains(&Warning::SignatureCovered)
    };
    assert!(warned(&field("len")));
    assert!(
        !warned(&field("len").replace("[200 200", "[270 200")),
        "a third is the seal's"
    );
}

#[test]
fn a_list_is_filled_as_other_writers_do_it() {
    let office = Office::open();
    let list = |more: &str| {
        format!(
            "<</FT/Ch/T(chon)/Opt[(mot)(hai)]/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[200 200 300 240]{more}>>"
        )
    };
    let mut bodies = attacker::bodies();
    bodies[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R 11 0 R]>>>>".to_owned();
    bodies[attacker::PAGE as usize - 1] = page("7 0 R 10 0 R 11 0 R");
    bodies.push(list(""));
    let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let filled = |more: &str| update(&signed, &[write(11, list(more))]);
    let report = office.passes(&filled("/V(hai)/I[1]/TI 1/BS<</S/S/W 1>>"));
    assert_eq!(report.signatures[0].modification, Modification::FormFilling);
    office.refuses(&filled("/BS<</S/S/W 9>>"), "/BS of the field chon changed");
}

#[test]
fn a_careless_writer_s_page_may_be_written_again_as_it_was() {
    let office = Office::open();
    let page = |annotations: &str, right: &str| {
        page(annotations).replace("MediaBox[0 0 400 400]", &format!("MediaBox[0 0 {right} 400]"))
    };
    let mut bodies = attacker::bodies();
    bodies[attacker::PAGE as usize - 1] = page("7 0 R 10 0 R 10 0 R", "400.27563");
    let signed = office.sign(&attacker::file(&bodies), "lanh_dao", None);
    let again = |annotations: &str, right: &str| {
        let (_, old) = attacker::newest(&signed, "/Type/Page/");
        let (_, rest) = old.split_once("/Annots[").unwrap();
        let own: Vec<&str> = rest.split(']').next().unwrap().split("10 0 R").collect();
        let kept = own.last().unwrap().trim();
        update(
            &signed,
            &[write(
                attacker::PAGE,
                page(&format!("{annotations} {kept}"), right),
            )],
        )
    };
    office.passes(&again("7 0 R 10 0 R 10 0 R", "400.2756"));
    office.refuses(&again("7 0 R 10 0 R 10 0 R", "400.28"), "/MediaBox changed");
    office.refuses(
        &again("7 0 R 10 0 R 10 0 R 10 0 R", "400.27563"),
        "names an annotation twice",
    );
}

#[test]
fn the_usual_output_intent_may_come_and_one_that_blanks_may_not() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let with_intents = body.replacen("/Type/Catalog", "/Type/Catalog/OutputIntents[150 0 R]", 1);
    let coming = |curve: &str| {
        let intent =
            "<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile 151 0 R>>";
        let profile = stream("/N 3/Filter/ASCIIHexDecode", &format!("{}>", profile(curve)));
        let changes = [
            write(catalog, with_intents.clone()),
            write(150, intent),
            write(151, profile),
        ];
        update(&signed, &changes)
    };
    office.passes(&coming("6375727600000000000000010233"));
    office.refuses(
        &coming("637572760000000000000002FFFFFFFF"),
        "the catalog's /OutputIntents changed",
    );
}

/// The hexadecimal digits of an ICC profile for a display with the colours of sRGB and this curve.
fn profile(curve: &str) -> String {
    let colour = |parts: [f64; 3]| {
        let fixed = parts.map(|part| format!("{:08X}", (part * 65_536.0) as i32));
        format!("58595A2000000000{}", fixed.concat())
    };
    let colours = [
        ("72", [0.4361, 0.2225, 0.0139]),
        ("67", [0.3851, 0.7169, 0.0971]),
        ("62", [0.1431, 0.0606, 0.7141]),
    ];
    let (mut table, mut data) = (String::new(), String::new());
    let values = colours.map(|(name, parts)| (format!("{name}58595A"), colour(parts)));
    let curves = colours.map(|(name, _)| (format!("{name}545243"), curve.to_owned()));
    for (name, value) in values.into_iter().chain(curves) {
        let start = 132 + 12 * 6 + data.len() / 2;
        table += &format!("{name}{start:08X}{:08X}", value.len() / 2);
        data += &value;
    }
    let header = format!(
        "{}{}{}{}",
        "0".repeat(24),
        "6D6E747252474220",
        "58595A20",
        "0".repeat(24)
    );
    format!("{header}61637370{}00000006{table}{data}", "0".repeat(176))
}
