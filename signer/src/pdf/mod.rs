//! Strict reader of revisions, incremental writer, byte ranges, form fields, text positions.

pub mod form;
pub mod place;
pub mod text;
pub mod object;
pub mod reader;
