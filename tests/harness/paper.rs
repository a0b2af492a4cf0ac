//! The paper that is signed: the demo's Kế hoạch.

use hoian_server::render::{Places, Sample, typeset};
use time::OffsetDateTime;

use crate::attacker;

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
    attacker::file(&[
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Contents 4 0 R>>".to_owned(),
        attacker::stream("", drawn),
    ])
}

/// With PAPERS_FOLDER set, the file is written there, for whoever wants to look at it.
pub fn keep(file: &[u8], name: &str) {
    if let Some(folder) = std::env::var_os("PAPERS_FOLDER") {
        std::fs::write(std::path::Path::new(&folder).join(name), file).expect("the folder is there");
    }
}
