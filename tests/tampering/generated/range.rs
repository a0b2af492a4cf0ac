//! Bytes outside of what is signed.

use hoian_tests::attacker::{self, update, write};
use hoian_tests::fixture::{self};

use super::Office;

#[test]
fn incremental_saving_without_a_revision_of_its_own_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let whole = update(&signed, &[write(attacker::CONTENT, attacker::stream("", "0 g"))]);
    let cut = attacker::find_last(&whole, b"xref\n").unwrap();
    let cut = attacker::find_last(&whole[..cut], b"xref\n").unwrap();
    let start = attacker::find_last(&whole, b"startxref").unwrap();
    for changed in [
        &whole[..cut],
        &whole[..start],
        &[&whole[..start], b"%%EOF\n"].concat(),
        &[&whole[..cut], b"startxref\n9\n%%EOF\n"].concat(),
        &[&signed[..], b"% nothing\n%%EOF\n"].concat(),
    ] {
        office.refuses(changed, "incremental-saving: bytes after revision");
    }
}

#[test]
fn every_other_byte_range_is_refused() {
    let office = Office::open();
    let signed = office.signed();
    let key = attacker::find_last(&signed, b"/ByteRange [").unwrap() + b"/ByteRange [".len();
    let close = key + signed[key..].iter().position(|byte| *byte == b']').unwrap();
    let room = close - key;
    let [start, end, length] = fixture::last_byte_range(&signed);
    let put = |text: &str| {
        assert!(text.len() <= room, "{text}");
        let mut changed = signed.clone();
        changed[key..close].copy_from_slice(format!("{text:room$}").as_bytes());
        changed
    };
    assert_eq!(
        office
            .validate(&put(&format!("0 {start} {end} {length}")))
            .signatures
            .len(),
        1
    );
    let mut ranges = Vec::new();
    for step in [1, 2, 7, 64, 1000] {
        ranges.extend([
            [0, start - step, end, length],
            [0, start + step, end, length],
            [0, start, end - step, length + step],
            [0, start, end + step, length - step.min(length)],
            [0, start, end, length + step],
            [0, start, end, length - step.min(length)],
            [step, start - step, end, length],
        ]);
    }
    ranges.push([0, start, start, length + end - start]);
    ranges.push([0, usize::MAX >> 2, end, length]);
    for range in ranges {
        let text = range.map(|number| number.to_string()).join(" ");
        if text.len() <= room {
            office.refuses(&put(&text), "signature");
        }
    }
    for text in [
        String::new(),
        "0".to_owned(),
        format!("0 {start} {end}"),
        format!("0 9.0 {end} {length}"),
        format!("0 -9 {end} {length}"),
        format!("0 9 {end} 9 0"),
        format!("null 9 {end}"),
        format!("[0] 9 {end}"),
    ] {
        office.refuses(&put(&text), "universal-forgery: ByteRange is not four");
    }
}
