//! What the program can find out about itself and its surroundings.

pub mod call;
mod peer;
mod reports;
mod signalling;
