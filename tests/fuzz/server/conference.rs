//! Of the conference only what reads messages.

#[path = "../../../server/src/conference/protocol.rs"]
pub mod protocol;
