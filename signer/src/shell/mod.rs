//! The only I/O of this crate: keys, fetching, memory maps, the command.

pub mod clock;
pub mod command;
pub mod pkcs12;
