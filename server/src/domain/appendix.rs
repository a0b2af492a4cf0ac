//! Appendices in files of their own: Nghị định 30/2020/NĐ-CP, annex I part IV. The agency signs each, and the paper is sealed
//! only when all of them are: nothing is issued with an appendix that nobody answers for.

/// Where an appendix stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it was brought.
    Brought,
    /// The agency's key has signed it; it waits for its time-stamp.
    Signed,
    /// It bears the agency's signature.
    Sealed,
}

/// Whether every appendix bears the agency's signature: what a paper needs before its own seal is kept, and again before it
/// is issued.
pub fn all_sealed(appendices: impl IntoIterator<Item = Standing>) -> bool {
    appendices
        .into_iter()
        .all(|standing| standing == Standing::Sealed)
}

#[cfg(test)]
#[path = "appendix_tests.rs"]
mod tests;
