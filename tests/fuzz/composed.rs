//! A PDF file out of a fuzzer's bytes.
//!
//! The reader is strict, so random bytes never get past its cross-references. Bytes that do not begin as a PDF does are
//! therefore taken as a recipe: objects between lines `--`, revisions between lines `==`. The cross-references, and byte
//! ranges where an object asks for one by [`BYTE_RANGE`], are put in right.
//!
//! An object begins with its number and a space; the number may be left out, and is then one more than the last. `-` for
//! the body makes a free entry. A revision's first object may be `trailer ` and entries for its trailer.

/// Stands for four numbers around the `/Contents<..>` of the same object.
const BYTE_RANGE: &[u8] = b"[.......................................]";

/// The file: the bytes themselves, or what they are a recipe for.
pub fn file(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(b"%PDF") {
        return bytes.to_vec();
    }
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut previous = None;
    let mut size = 1;
    for recipe in split(bytes, b"\n==\n") {
        let mut trailer: &[u8] = b"/Root 1 0 R";
        let mut entries: Vec<(u32, Option<usize>)> = Vec::new();
        let mut ranges = Vec::new();
        for object in split(recipe, b"\n--\n") {
            if let Some(given) = object.strip_prefix(b"trailer ") {
                trailer = given;
                continue;
            }
            let next = entries.last().map_or(1, |(number, _)| number + 1);
            let (number, body) = numbered(object, next);
            size = size.max(number + 1);
            if body == b"-" {
                entries.push((number, None));
                continue;
            }
            entries.push((number, Some(file.len())));
            file.extend(format!("{number} 0 obj\n").bytes());
            ranges.extend(range(file.len(), body));
            file.extend(body);
            file.extend(b"\nendobj\n");
        }
        previous = Some(cross_references(&mut file, &mut entries, trailer, size, previous));
        let end = file.len();
        for (at, before, after) in ranges {
            let numbers = format!("[0 {before} {after} {}", end - after);
            let width = BYTE_RANGE.len() - 1;
            let text = format!("{numbers:<width$}]");
            if text.len() == BYTE_RANGE.len() {
                file[at..at + text.len()].copy_from_slice(text.as_bytes());
            }
        }
    }
    file
}

fn numbered(object: &[u8], next: u32) -> (u32, &[u8]) {
    let digits = object.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&object[..digits])
        .ok()
        .and_then(|digits| digits.parse().ok());
    match (number, object.get(digits)) {
        (Some(number @ 1..=9999), Some(b' ')) => (number, &object[digits + 1..]),
        _ => (next, object),
    }
}

/// Where a byte range is to be written, and the two sides of the gap it leaves.
fn range(start: usize, body: &[u8]) -> Option<(usize, usize, usize)> {
    let at = find(body, BYTE_RANGE)?;
    let open = find(body, b"/Contents<")? + b"/Contents".len();
    let close = open + find(&body[open..], b">")? + 1;
    Some((start + at, start + open, start + close))
}

/// Writes a table, a trailer and the end of a revision; comes back with where the table stands.
fn cross_references(
    file: &mut Vec<u8>,
    entries: &mut Vec<(u32, Option<usize>)>,
    trailer: &[u8],
    size: u32,
    previous: Option<usize>,
) -> usize {
    let start = file.len();
    file.extend(b"xref\n");
    if previous.is_none() {
        file.extend(b"0 1\n0000000000 65535 f \n");
    }
    entries.sort_by_key(|(number, _)| *number);
    entries.dedup_by_key(|(number, _)| *number);
    for (number, offset) in entries {
        match offset {
            Some(offset) => file.extend(format!("{number} 1\n{offset:010} 00000 n \n").bytes()),
            None => file.extend(format!("{number} 1\n0000000000 00001 f \n").bytes()),
        }
    }
    file.extend(format!("trailer\n<</Size {size}").bytes());
    if let Some(previous) = previous {
        file.extend(format!("/Prev {previous}").bytes());
    }
    file.extend(trailer);
    file.extend(format!(">>\nstartxref\n{start}\n%%EOF\n").bytes());
    start
}

fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = find(rest, mark) {
        parts.push(&rest[..at]);
        rest = &rest[at + mark.len()..];
    }
    parts.push(rest);
    parts
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
