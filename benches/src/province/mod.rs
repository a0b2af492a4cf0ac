//! A province with its papers, put straight into the tables.

pub mod papers;
mod words;
