//! The verifier's authority over a file: a strict reader that keeps revisions apart and never repairs.
//!
//! Readers that recover, merge revisions or guess are what attacks on signatures live from; here whatever two readers
//! could see differently is an error. Objects are parsed when asked for, each one within the bytes of the revision
//! that names it.

mod decrypt;
mod document;
mod filter;
mod lexer;
mod revision;
mod xref;

pub use document::{Document, Located, Place, View};
pub use revision::Revision;
