//! The only I/O of this crate: keys, fetching, memory maps, the command.

pub mod clock;
pub mod command;
pub mod fetch;
pub mod pkcs12;
