//! What the program can find out about itself and its surroundings.

pub mod call;
pub mod health;
mod peer;
mod reports;
mod signalling;
