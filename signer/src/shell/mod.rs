//! The only I/O of this crate: keys, fetching, memory maps, the clock, the command, the host for tokens.

pub mod certificates;
pub mod clock;
pub mod command;
pub mod fetch;
pub mod pkcs11;
pub mod pkcs12;
pub mod raise;
pub mod state;
pub mod token_host;
