//! The only I/O of this crate.

pub mod pkcs12;
