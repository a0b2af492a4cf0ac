//! Of the conference only what reads messages.

#[path = "../../../server/src/conference/protocol.rs"]
pub mod protocol;

#[path = "../../../server/src/conference/refusal.rs"]
pub mod refusal;
