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
