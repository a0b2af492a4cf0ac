//! What an attacker writes: updates behind a file, and CMS taken apart and put together again.

use hoian_signer::cms::ber::{self, Reader, tag};

/// The parts of a little paper, by object number.
pub const CATALOG: u32 = 1;
pub const PAGES: u32 = 2;
pub const PAGE: u32 = 3;
pub const CONTENT: u32 = 4;
pub const FONT: u32 = 5;
pub const OVERLAY: u32 = 6;
pub const FIELD: u32 = 7;
/// Prepared for an attack, used by nothing.
pub const HIDDEN_CATALOG: u32 = 8;
pub const HIDDEN_CONTENT: u32 = 9;

/// A page with text, a stamp over it, a text field, and a second catalogue that nothing names yet.
pub fn paper() -> Vec<u8> {
    file(&bodies())
}

/// The bodies of [`paper`], object 1 first.
pub fn bodies() -> Vec<String> {
    vec![
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R]>>>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Annots[7 0 R 10 0 R]\
         /Resources<</Font<</F1 5 0 R>>>>>>"
            .to_owned(),
        stream("", "BT /F1 18 Tf 50 300 Td (Chi 100 dong) Tj ET"),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
        stream(
            "/Type/XObject/Subtype/Form/BBox[0 0 100 30]",
            "1 g 0 0 100 30 re f",
        ),
        "<</FT/Tx/T(ghi_chu)/V(cu)/Type/Annot/Subtype/Widget/F 4/P 3 0 R/Rect[50 50 150 70]/AP<</N 6 0 R>>>>"
            .to_owned(),
        "<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/Fit]>>".to_owned(),
        stream("", "BT /F1 18 Tf 50 300 Td (Chi 900 dong) Tj ET"),
        "<</Type/Annot/Subtype/Stamp/F 4/P 3 0 R/Rect[200 300 300 330]/AP<</N 6 0 R>>>>".to_owned(),
    ]
}

/// A file of these objects, the first one its catalogue.
pub fn file(bodies: &[String]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (index, body) in bodies.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n{body}\nendobj\n", index + 1).bytes());
    }
    let start = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", bodies.len() + 1).bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = bodies.len() + 1;
    file.extend(format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

/// One change of an update.
pub enum Change {
    Write(u32, String),
    Free(u32),
}

/// `document` with a well-made update behind it; `root` is the catalogue its trailer names.
pub fn update_with_root(document: &[u8], root: u32, changes: &[Change]) -> Vec<u8> {
    update_with_trailer(document, &format!("/Root {root} 0 R"), changes)
}

/// As [`update_with_root`], with these entries in the trailer beside `/Size` and `/Prev`.
pub fn update_with_trailer(document: &[u8], entries: &str, changes: &[Change]) -> Vec<u8> {
    let mut file = document.to_vec();
    if !file.ends_with(b"\n") {
        file.push(b'\n');
    }
    let mut table = String::from("xref\n");
    for change in changes {
        match change {
            Change::Write(number, body) => {
                table.push_str(&format!("{number} 1\n{:010} 00000 n \n", file.len()));
                file.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
            }
            Change::Free(number) => table.push_str(&format!("{number} 1\n0000000000 00001 f \n")),
        }
    }
    let (start, previous) = (file.len(), last_start(document));
    file.extend(table.bytes());
    let trailer = format!("trailer\n<</Size 2000{entries}/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n");
    file.extend(trailer.bytes());
    file
}

/// `document` with an update whose cross-references are a stream (object 1990): `compressed` objects stand in an object stream
/// (object 1991), which holds those of `unlisted` too.
pub fn update_compressed(
    document: &[u8],
    changes: &[(u32, &str)],
    compressed: &[(u32, &str)],
    unlisted: &[(u32, &str)],
) -> Vec<u8> {
    let mut file = document.to_vec();
    let mut entries: Vec<(u32, [usize; 3])> = Vec::new();
    for (number, body) in changes {
        entries.push((*number, [1, file.len(), 0]));
        file.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    }
    let (mut index, mut bodies) = (String::new(), String::new());
    for (number, body) in compressed.iter().chain(unlisted) {
        index.push_str(&format!("{number} {} ", bodies.len()));
        bodies.push_str(&format!("{body} "));
    }
    let count = compressed.len() + unlisted.len();
    if count > 0 {
        let dictionary = format!("/Type/ObjStm/N {count}/First {}", index.len());
        entries.push((1991, [1, file.len(), 0]));
        let container = stream(&dictionary, &format!("{index}{bodies}"));
        file.extend(format!("1991 0 obj\n{container}\nendobj\n").bytes());
    }
    for (place, (number, _)) in compressed.iter().enumerate() {
        entries.push((*number, [2, 1991, place]));
    }
    let (start, previous) = (file.len(), last_start(document));
    entries.push((1990, [1, start, 0]));
    let (index, rows) = rows(&entries);
    let head = format!(
        "1990 0 obj\n<</Type/XRef/Size 2000/Root 1 0 R/Prev {previous}/W[1 4 2]/Index[{index}]/Length {}>>\nstream\n",
        rows.len()
    );
    file.extend(head.bytes());
    file.extend(rows);
    file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    file
}

/// `/Index` and the rows of a cross-reference stream with widths of 1, 4 and 2.
fn rows(entries: &[(u32, [usize; 3])]) -> (String, Vec<u8>) {
    let (mut index, mut rows) = (String::new(), Vec::new());
    for (number, [kind, second, third]) in entries {
        index.push_str(&format!("{number} 1 "));
        rows.push(*kind as u8);
        rows.extend((*second as u32).to_be_bytes());
        rows.extend((*third as u16).to_be_bytes());
    }
    (index, rows)
}

/// `document` with an update in the form of a hybrid file: its table names what `seen` writes, and its `/XRefStm` (object 1990)
/// what `hidden` writes.
pub fn update_hybrid(document: &[u8], seen: &[(u32, &str)], hidden: &[(u32, &str)]) -> Vec<u8> {
    let mut file = document.to_vec();
    let mut write = |number: u32, body: &str| {
        let offset = file.len();
        file.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
        (number, offset)
    };
    let seen: Vec<_> = seen.iter().map(|(number, body)| write(*number, body)).collect();
    let hidden: Vec<_> = hidden.iter().map(|(number, body)| write(*number, body)).collect();
    let behind: Vec<_> = hidden
        .iter()
        .map(|(number, offset)| (*number, [1, *offset, 0]))
        .collect();
    let (index, rows) = rows(&behind);
    let of_stream = file.len();
    let head = format!(
        "1990 0 obj\n<</Type/XRef/Size 2000/W[1 4 2]/Index[{index}]/Length {}>>\nstream\n",
        rows.len()
    );
    file.extend(head.bytes());
    file.extend(rows);
    file.extend(b"\nendstream\nendobj\n");
    let (start, previous) = (file.len(), last_start(document));
    file.extend(b"xref\n");
    for (number, offset) in seen {
        file.extend(format!("{number} 1\n{offset:010} 00000 n \n").bytes());
    }
    let trailer = format!(
        "trailer\n<</Size 2000/Root 1 0 R/Prev {previous}/XRefStm {of_stream}>>\nstartxref\n{start}\n%%EOF\n"
    );
    file.extend(trailer.bytes());
    file
}

/// As [`update_with_root`], with the catalogue that was.
pub fn update(document: &[u8], changes: &[Change]) -> Vec<u8> {
    update_with_root(document, CATALOG, changes)
}

pub fn write(number: u32, body: impl Into<String>) -> Change {
    Change::Write(number, body.into())
}

pub fn stream(dictionary: &str, data: &str) -> String {
    format!(
        "<<{dictionary}/Length {}>>\nstream\n{data}\nendstream",
        data.len()
    )
}

fn last_start(document: &[u8]) -> usize {
    let at = find_last(document, b"startxref").unwrap() + b"startxref".len();
    let digits: String = document[at..]
        .iter()
        .map(|byte| char::from(*byte))
        .skip_while(|c| c.is_whitespace())
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

pub fn find_last(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}

/// The number of the newest object whose body holds `part`, and that body.
pub fn newest(document: &[u8], part: &str) -> (u32, String) {
    let at = find_last(document, part.as_bytes()).unwrap();
    let header = find_last(&document[..at], b" 0 obj").unwrap();
    let digits = document[..header]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let number = std::str::from_utf8(&document[header - digits..header])
        .unwrap()
        .parse()
        .unwrap();
    let body = &document[header + b" 0 obj".len()..];
    let end = body.windows(6).position(|window| window == b"endobj").unwrap();
    (number, String::from_utf8_lossy(&body[..end]).trim().to_owned())
}

/// The CMS of the last signature, without its padding.
pub fn cms(document: &[u8], [start, end]: [usize; 2]) -> Vec<u8> {
    let digits = &document[start + 1..end - 1];
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    Reader::new(&bytes).any().unwrap().raw.to_vec()
}

/// `document` with another CMS between `start` and `end`, padded with zeros.
pub fn with_cms(document: &[u8], [start, end]: [usize; 2], cms: &[u8]) -> Vec<u8> {
    let mut digits: String = cms.iter().map(|byte| format!("{byte:02x}")).collect();
    let room = end - start - 2;
    assert!(digits.len() <= room, "the other CMS does not fit");
    digits.push_str(&"0".repeat(room - digits.len()));
    let mut changed = document.to_vec();
    changed[start + 1..end - 1].copy_from_slice(digits.as_bytes());
    changed
}

/// The elements of the SignedData inside a ContentInfo, DER each.
fn parts(cms: &[u8]) -> Vec<Vec<u8>> {
    let mut info = Reader::new(cms).any().unwrap().inside();
    info.any().unwrap();
    let explicit = info.any().unwrap();
    elements(explicit.inside().any().unwrap().content)
}

fn elements(content: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader::new(content);
    let mut found = Vec::new();
    while !reader.is_empty() {
        found.push(reader.any().unwrap().raw.to_vec());
    }
    found
}

fn content_info(parts: &[Vec<u8>]) -> Vec<u8> {
    let signed_data = ber::element(tag::SEQUENCE, &parts.concat());
    let mut inside = ber::element(tag::OBJECT_IDENTIFIER, hoian_signer::cms::oid::SIGNED_DATA);
    inside.extend(ber::element(0xA0, &signed_data));
    ber::element(tag::SEQUENCE, &inside)
}

/// A CMS with other certificates.
pub fn with_certificates(cms: &[u8], certificates: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts(cms);
    let set = parts.iter_mut().find(|part| part[0] == 0xA0).unwrap();
    *set = ber::element(0xA0, &certificates.concat());
    content_info(&parts)
}

/// A CMS with the unsigned attributes of another one.
pub fn with_unsigned_attributes_of(cms: &[u8], other: &[u8]) -> Vec<u8> {
    let signer = |parts: &[Vec<u8>]| {
        let set = Reader::new(parts.last().unwrap()).any().unwrap();
        elements(set.inside().any().unwrap().content)
    };
    let mut parts_of_one = parts(cms);
    let (mut one, other) = (signer(&parts_of_one), signer(&parts(other)));
    *one.last_mut().unwrap() = other.last().unwrap().clone();
    let info = ber::element(tag::SEQUENCE, &one.concat());
    *parts_of_one.last_mut().unwrap() = ber::element(tag::SET, &info);
    content_info(&parts_of_one)
}

/// A CMS with its signed attributes changed, DER each, signed anew as they stand, without unsigned attributes.
pub fn with_signed_attributes(
    cms: &[u8],
    change: impl FnOnce(&mut Vec<Vec<u8>>),
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let mut parts = parts(cms);
    let set = Reader::new(parts.last().unwrap()).any().unwrap();
    let mut signer = elements(set.inside().any().unwrap().content);
    let place = signer.iter().position(|part| part[0] == 0xA0).unwrap();
    let mut attributes = elements(Reader::new(&signer[place]).any().unwrap().content);
    change(&mut attributes);
    let attributes = attributes.concat();
    let value = sign(&ber::element(tag::SET, &attributes));
    signer[place] = ber::element(0xA0, &attributes);
    signer.truncate(place + 2);
    signer.push(ber::element(tag::OCTET_STRING, &value));
    let info = ber::element(tag::SEQUENCE, &signer.concat());
    *parts.last_mut().unwrap() = ber::element(tag::SET, &info);
    content_info(&parts)
}
