//! Signature dictionaries that are none, moved, shared or doubled.

use hoian_signer::validate::Verdict;
use hoian_tests::attacker::{self, update, write};
use hoian_tests::fixture::{self};

use super::{Office, annotations, page};

#[test]
fn universal_forgeries_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let [start, end, _] = fixture::last_byte_range(&signed);
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = attacker::find_last(&signed, from.as_bytes()).unwrap();
        let mut changed = signed.clone();
        changed[at..at + from.len()].copy_from_slice(to.as_bytes());
        changed
    };
    office.refuses(&replaced("/ByteRange", "/ByteRangX"), "ByteRange");
    office.refuses(&replaced("/Contents <", "/Kontents <"), "Contents");
    office.refuses(&replaced("/SubFilter", "/SubFilteX"), "SubFilter");
    let filled = |digits: &str| {
        let mut changed = signed.clone();
        let room = end - start - 2;
        let text = format!("{digits}{}", "0".repeat(room - digits.len()));
        changed[start + 1..end - 1].copy_from_slice(text.as_bytes());
        changed
    };
    for digits in ["3000", "0500", "308000", "30030201", "3006020101310030"] {
        office.refuses(&filled(digits), "FORMAT_FAILURE");
    }
    // Nothing but the placeholder is a field that waits, not a signature: never a pass.
    assert_eq!(office.validate(&filled("")).verdict, Verdict::NoSignature);
}

#[test]
fn wrapped_signatures_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let [start, end, length] = fixture::last_byte_range(&signed);
    let hexadecimal = std::str::from_utf8(&signed[start..end]).unwrap();
    // The signed bytes stay, their tail moves behind new objects, and a new dictionary names where they are.
    for inserted in [0, 10, 5000] {
        let mut wrapped = signed[..end].to_vec();
        let behind = format!(
            ">>\nendobj\n150 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached\
             /Contents {hexadecimal}/ByteRange[0 {start} 0000000000 {length}]>>\nendobj\n{}",
            " ".repeat(inserted)
        );
        let tail = wrapped.len() + behind.len();
        wrapped.extend(behind.replace("0000000000", &format!("{tail:010}")).bytes());
        wrapped.extend(&signed[end..]);
        assert_ne!(office.validate(&wrapped).verdict, Verdict::TotalPassed);
        let (field, body) = attacker::newest(&signed, "/FT/Sig");
        let value = body.find("/V ").unwrap();
        let rest = body[value..].find(" R").unwrap() + value + 2;
        let pointed = format!("{}/V 150 0 R{}", &body[..value], &body[rest..]);
        assert_ne!(
            office
                .validate(&update(&wrapped, &[write(field, pointed)]))
                .verdict,
            Verdict::TotalPassed
        );
    }
}

#[test]
fn spoofed_and_shared_dictionaries_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let (value, body) = attacker::newest(&signed, "/ByteRange [");
    let spoofed = body.replacen("/Type", "/Reason(Da duyet)/Type", 1);
    office.refuses(&update(&signed, &[write(value, spoofed)]), "signature");
    // One dictionary in two fields.
    let (catalog, catalogue) = attacker::newest(&signed, "/Type/Catalog");
    let fields = catalogue
        .replace("/Fields[", "/Fields[150 0 R ")
        .replace("/Fields [", "/Fields [150 0 R ");
    let second = format!("<</FT/Sig/T(hai)/Type/Annot/Subtype/Widget/F 2/Rect[0 0 0 0]/V {value} 0 R>>");
    office.refuses(
        &update(&signed, &[write(catalog, fields), write(150, second)]),
        "dictionary-spoofing: one signature dictionary in two fields",
    );
}

#[test]
fn keys_that_stand_twice_are_refused() {
    let office = Office::open();
    let signed = office.signed();
    let (catalog, body) = attacker::newest(&signed, "/Type/Catalog");
    let twice = body.replacen("/Pages 2 0 R", "/Pages 2 0 R/Pages 8 0 R", 1);
    office.refuses(&update(&signed, &[write(catalog, twice)]), "duplicate-key: /");
    let list = annotations(&signed);
    let twice = page(&list).replace("/Contents 4 0 R", "/Contents 4 0 R/Contents 9 0 R");
    office.refuses(
        &update(&signed, &[write(attacker::PAGE, twice)]),
        "duplicate-key: /",
    );
    let (field, body) = attacker::newest(&signed, "/FT/Sig");
    let twice = body.replacen("/FT/Sig", "/FT/Sig/FT/Tx", 1);
    office.refuses(&update(&signed, &[write(field, twice)]), "duplicate-key: /");
}

#[test]
fn data_behind_the_cms_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let [start, end, _] = fixture::last_byte_range(&signed);
    let length = attacker::cms(&signed, [start, end]).len();
    for at in [start + 1 + 2 * length, start + 9 + 2 * length, end - 2] {
        let mut changed = signed.clone();
        changed[at] = b'1';
        office.refuses(&changed, "data after the element");
    }
}
