//! Lost packets, both ways: what a publisher sent is kept for viewers who ask again, and what did not
//! arrive from a publisher is asked for.

pub mod cache;
pub mod copies;
pub mod gaps;
pub mod recent;
