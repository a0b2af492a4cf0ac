//! Strict reader of revisions, incremental writer, byte ranges, form fields, text positions.

pub mod form;
pub mod object;
pub mod place;
pub mod reader;
pub mod text;
pub(crate) mod writer;
