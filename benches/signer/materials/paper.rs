//! PDF files written plainly, object after object.

use ring::digest;

/// A file under way.
struct File {
    bytes: Vec<u8>,
    offsets: Vec<usize>,
}

impl File {
    fn new() -> Self {
        Self {
            bytes: b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec(),
            offsets: Vec::new(),
        }
    }

    /// The next object, from number 1.
    fn object(&mut self, body: &str) {
        self.stream(body, None);
    }

    fn stream(&mut self, body: &str, data: Option<&[u8]>) {
        self.offsets.push(self.bytes.len());
        self.bytes
            .extend(format!("{} 0 obj\n{body}\n", self.offsets.len()).bytes());
        if let Some(data) = data {
            self.bytes.extend(b"stream\n");
            self.bytes.extend(data);
            self.bytes.extend(b"\nendstream\n");
        }
        self.bytes.extend(b"endobj\n");
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len();
        let size = self.offsets.len() + 1;
        self.bytes
            .extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
        for offset in &self.offsets {
            self.bytes.extend(format!("{offset:010} 00000 n \n").bytes());
        }
        self.bytes
            .extend(format!("trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").bytes());
        self.bytes
    }
}

/// One page with a line of text.
pub fn page(text: &str) -> Vec<u8> {
    let mut file = File::new();
    file.object("<</Type/Catalog/Pages 2 0 R>>");
    file.object("<</Type/Pages/Kids[3 0 R]/Count 1>>");
    file.object(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
    );
    let content = format!("BT /F 14 Tf 72 760 Td ({text}) Tj ET");
    file.stream(
        &format!("<</Length {}>>", content.len()),
        Some(content.as_bytes()),
    );
    file.object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
    file.finish()
}

/// Pages of one scanned picture each, until the file has about `size` bytes.
pub fn images(size: usize) -> Vec<u8> {
    /// Grey, 1800 by 2500 pixels, without compression: what a scanner makes, and nothing that inflates.
    const WIDTH: usize = 1800;
    const HEIGHT: usize = 2500;
    let count = size.div_ceil(WIDTH * HEIGHT);
    let mut file = File::new();
    file.object("<</Type/Catalog/Pages 2 0 R>>");
    let kids: Vec<String> = (0..count).map(|index| format!("{} 0 R", 3 + 3 * index)).collect();
    file.object(&format!("<</Type/Pages/Kids[{}]/Count {count}>>", kids.join(" ")));
    for index in 0..count {
        let page = 3 + 3 * index;
        file.object(&format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {} 0 R/Resources<</XObject<</I {} 0 R>>>>>>",
            page + 1,
            page + 2
        ));
        file.stream("<</Length 28>>", Some(b"595 0 0 842 0 0 cm /I Do    "));
        let data = noise(index, (WIDTH * HEIGHT).min(size - index * WIDTH * HEIGHT));
        let height = data.len() / WIDTH;
        let head = format!(
            "<</Type/XObject/Subtype/Image/Width {WIDTH}/Height {height}/ColorSpace/DeviceGray/BitsPerComponent 8/Length {}>>",
            data.len()
        );
        file.stream(&head, Some(&data));
    }
    file.finish()
}

/// The same on every machine.
fn noise(seed: usize, length: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(length + 64);
    let mut state = digest::digest(&digest::SHA512, &seed.to_be_bytes());
    while data.len() < length {
        data.extend(state.as_ref());
        state = digest::digest(&digest::SHA512, state.as_ref());
    }
    data.truncate(length);
    data
}

/// One more revision with a DSS of one certificate and one list (ISO 32000-2, 12.8.4.3).
pub fn with_security_store(mut file: Vec<u8>, certificate: &[u8], list: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(&file).into_owned();
    let trailer = text.rfind("trailer").map_or("", |at| &text[at..]);
    let number_after = |text: &str, key: &str| -> usize {
        let rest = text
            .rfind(key)
            .map_or("", |at| text[at + key.len()..].trim_start());
        rest.split(|character: char| !character.is_ascii_digit())
            .next()
            .and_then(|digits| digits.parse().ok())
            .unwrap_or_default()
    };
    let (size, previous) = (number_after(trailer, "/Size"), number_after(&text, "startxref"));
    let catalogs = text
        .match_indices("/Type/Catalog")
        .map(|(at, word)| (at, word.len()));
    let newest = catalogs.max_by_key(|(at, _)| *at);
    let (at, length) = newest.unwrap_or_default();
    let end = text[at..].find("endobj").map_or(at, |end| at + end);
    let rest = text[at + length..end]
        .trim_end()
        .trim_end_matches(">>")
        .to_owned();
    let catalog = format!(
        "1 0 obj\n<</Type/Catalog{rest}/DSS<</Certs[{size} 0 R]/CRLs[{} 0 R]>>>>\nendobj\n",
        size + 1
    );
    let mut offsets = vec![(1, file.len())];
    file.extend(catalog.bytes());
    for (number, data) in [(size, certificate), (size + 1, list)] {
        offsets.push((number, file.len()));
        file.extend(format!("{number} 0 obj\n<</Length {}>>\nstream\n", data.len()).bytes());
        file.extend(data);
        file.extend(b"\nendstream\nendobj\n");
    }
    let start = file.len();
    file.extend(b"xref\n");
    for (number, offset) in offsets {
        file.extend(format!("{number} 1\n{offset:010} 00000 n \n").bytes());
    }
    file.extend(
        format!(
            "trailer\n<</Size {}/Root 1 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n",
            size + 2
        )
        .bytes(),
    );
    file
}
