//! TURN (RFC 8656) over TCP and TLS, for those whose network lets nothing else through.
//!
//! It relays to nowhere but our own media ports, so there are no sockets behind an allocation: what a client sends to a peer
//! goes to that shard as if it came from the relayed address. Nobody can reach anything else through it, with whatever
//! credentials. Those are made for one seat of one meeting, end soon, and open the connections of that seat alone.
//!
//! Like all of the core it performs no input or output: a [`Session`] takes the messages of one connection and says what
//! is to be done.

mod credential;
mod message;
mod relays;
mod session;

pub use credential::{Credential, Seat, Secret};
pub use relays::{Refusal, Relays};
pub use session::{Ground, Outcome, Session};
