//! Files that nobody means well, made from one that is signed: cut off, changed, looping, swelling, or no PDF at all.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::attacker;

/// xorshift64*: the same changes in every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        usize::try_from(mixed).unwrap() % below.max(1)
    }
}

/// One to six changes: bytes, digits, pieces doubled, cut out or swapped.
pub fn mutate(document: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = document.to_vec();
    for _ in 0..=random.next(6) {
        let at = random.next(changed.len());
        let length = random.next(64).min(changed.len() - at);
        match random.next(5) {
            0 => changed[at] = u8::try_from(random.next(256)).unwrap(),
            1 => {
                if let Some(digit) = changed[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                    *digit = b'0' + u8::try_from(random.next(10)).unwrap();
                }
            }
            2 => {
                let piece = changed[at..at + length].to_vec();
                changed.splice(at..at, piece);
            }
            3 => drop(changed.drain(at..at + length)),
            _ => changed[at..at + length].reverse(),
        }
        if changed.is_empty() {
            break;
        }
    }
    changed
}

/// One file of each kind, with its name; none of them may pass.
pub fn files(signed: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let paper = attacker::paper();
    let part = |share: usize| signed[..signed.len() * share / 4].to_vec();
    let mut random = Random(0x5EED_0002);
    let noise: Vec<u8> = (0..100_000)
        .map(|_| u8::try_from(random.next(256)).unwrap())
        .collect();
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    vec![
        ("empty", Vec::new()),
        ("text", "Kính gửi: Sở Nội vụ".as_bytes().to_vec()),
        ("zip", [&b"PK\x03\x04"[..], &noise].concat()),
        ("noise", noise.clone()),
        ("noise under a header", [&b"%PDF-1.7\n"[..], &noise].concat()),
        ("a quarter", part(1)),
        ("a half", part(2)),
        ("three quarters", part(3)),
        ("without its last octet", signed[..signed.len() - 1].to_vec()),
        ("a signed octet changed", changed(signed)),
        (
            "a table of four thousand million rows",
            table("0 4000000000", "/Size 4000000000"),
        ),
        (
            "a table that ends nowhere",
            table("0 2147483647", "/Size 2147483647"),
        ),
        ("revisions in a circle", circle()),
        ("lists in lists", with_object(&nested)),
        (
            "pages in a circle",
            with_object("<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"),
        ),
        ("a table that swells", swelling_table()),
        ("a page that swells", swelling_page(&paper)),
    ]
}

/// Within what the first signature covers.
fn changed(signed: &[u8]) -> Vec<u8> {
    let mut file = signed.to_vec();
    let at = file.len() / 10;
    file[at] ^= 1;
    file
}

/// A file whose one cross-reference table says so of itself.
fn table(section: &str, trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n".to_vec();
    let start = file.len();
    let end = format!(
        "xref\n{section}\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<<{trailer}/Root 1 0 R>>\n\
         startxref\n{start}\n%%EOF\n"
    );
    file.extend(end.bytes());
    file
}

fn circle() -> Vec<u8> {
    let start = table("0 2", "/Size 2")
        .windows(4)
        .position(|four| four == b"xref");
    table("0 2", &format!("/Size 2/Prev {}", start.unwrap()))
}

fn with_object(body: &str) -> Vec<u8> {
    let mut bodies = attacker::bodies();
    body.clone_into(&mut bodies[1]);
    attacker::file(&bodies)
}

/// A cross-reference stream of some kilobytes that decodes to a gigabyte.
fn swelling_table() -> Vec<u8> {
    let packed = packed(&zeros());
    let head = format!(
        "%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 100000000/W[1 8 2]/Root 1 0 R/Filter[/FlateDecode/FlateDecode]\
         /Length {}>>\nstream\n",
        packed.len()
    );
    let tail = format!("\nendstream\nendobj\nstartxref\n{}\n%%EOF\n", 9);
    [head.as_bytes(), &packed, tail.as_bytes()].concat()
}

/// The page's content is a stream that decodes to a gigabyte.
fn swelling_page(paper: &[u8]) -> Vec<u8> {
    let packed = packed(&zeros());
    // Hexadecimal, so that it stands in a file that is written as text.
    let text: String = packed.iter().map(|octet| format!("{octet:02x}")).collect();
    let filters = "/Filter[/ASCIIHexDecode/FlateDecode/FlateDecode]";
    let content = attacker::write(attacker::CONTENT, attacker::stream(filters, &format!("{text}>")));
    attacker::update_with_root(paper, attacker::CATALOG, &[content])
}

/// A gigabyte of zeros, packed once.
fn zeros() -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    let piece = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.finish().unwrap()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
