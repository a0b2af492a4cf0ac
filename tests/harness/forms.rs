//! Files as signers meet them: every form of cross-reference, encrypted or not, with fields or without.

use std::path::Path;
use std::process::Command;

/// Arguments by which qpdf writes each form of file (ISO 32000-2, 7.5).
pub const FORMS: [(&str, &[&str]); 4] = [
    (
        "classic table",
        &["--object-streams=disable", "--force-version=1.4"],
    ),
    ("object streams", &["--object-streams=generate"]),
    ("linearised", &["--linearize", "--object-streams=disable"]),
    (
        "linearised with object streams",
        &["--linearize", "--object-streams=generate"],
    ),
];

/// The smallest file with a page.
pub fn blank() -> Vec<u8> {
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE,
    ])
}

/// The same with a stream of that many bytes beside it.
pub fn large(size_bytes: usize) -> Vec<u8> {
    let stream = format!(
        "<</Length {size_bytes}>>\nstream\n{}\nendstream",
        "0".repeat(size_bytes)
    );
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE,
        &stream,
    ])
}

/// A page with an empty signature field that has these entries too.
pub fn with_field(entries: &str) -> Vec<u8> {
    let field =
        format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(ky)/F 132/P 3 0 R/Rect[100 600 250 650]{entries}>>");
    let page = PAGE.replace("/Resources", "/Annots[4 0 R]/Resources");
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        &page,
        &field,
    ])
}

/// A page whose catalogue's outlines stand in an object stream that the table hides (ISO 32000-2, 7.5.8.4).
pub fn hybrid() -> Vec<u8> {
    let mut file = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    let objects = [
        "<</Type/Catalog/Pages 2 0 R/Outlines 5 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        PAGE,
        "<</Type/ObjStm/N 1/First 4/Length 30>>\nstream\n5 0 <</Type/Outlines/Count 0>>\nendstream",
    ];
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let hidden = file.len();
    let mut rows = vec![2, 0, 4, 0];
    rows.extend([1, (hidden >> 8) as u8, hidden as u8, 0]);
    file.extend(b"6 0 obj\n<</Type/XRef/Size 7/W[1 2 1]/Index[5 2]/Root 1 0 R/Length 8>>\nstream\n");
    file.extend(rows);
    file.extend(b"\nendstream\nendobj\n");
    let start = file.len();
    file.extend(b"xref\n0 5\n0000000000 65535 f \n");
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    file.extend(
        format!("trailer\n<</Size 7/Root 1 0 R/XRefStm {hidden}>>\nstartxref\n{start}\n%%EOF\n").bytes(),
    );
    file
}

const PAGE: &str = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>";

pub fn assemble(objects: &[&str]) -> Vec<u8> {
    let mut file = String::from("%PDF-1.7\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (index, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file +=
        &format!("xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

/// A document rewritten by qpdf.
pub fn qpdf(folder: &Path, document: &[u8], arguments: &[&str]) -> Vec<u8> {
    let (from, to) = (folder.join("from.pdf"), folder.join("to.pdf"));
    std::fs::write(&from, document).unwrap();
    run(Command::new("qpdf").arg(&from).args(arguments).arg(&to));
    std::fs::read(to).unwrap()
}

pub fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}: run .ci/install test"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}
