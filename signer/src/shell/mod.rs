//! The only I/O of this crate.
