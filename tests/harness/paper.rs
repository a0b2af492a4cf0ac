//! The paper that is signed: the demo's Kế hoạch.

use hoian_server::render::{Places, Sample, typeset};
use time::OffsetDateTime;

/// Typeset anew.
pub fn paper(now: OffsetDateTime) -> Vec<u8> {
    paper_with_places(now).0
}

/// With what the typesetter knows of its blanks.
pub fn paper_with_places(now: OffsetDateTime) -> (Vec<u8>, Places) {
    let plan = Sample::Reform.paper(now.year()).unwrap();
    let paper = typeset(&plan, now).unwrap();
    (paper.pdf, paper.places)
}

/// A page of A4 on which something is drawn and nothing is written, as a scanner without recognition makes it.
pub fn scan() -> Vec<u8> {
    let drawn = "0.9 g 60 60 475 722 re f";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Contents 4 0 R>>".to_owned(),
        format!("<</Length {}>>stream\n{drawn}\nendstream", drawn.len()),
    ];
    let mut file = String::from("%PDF-1.7\n");
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let table = file.len();
    file += "xref\n0 5\n0000000000 65535 f \n";
    for offset in offsets {
        file += &format!("{offset:010} 00000 n \n");
    }
    file += &format!("trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}
