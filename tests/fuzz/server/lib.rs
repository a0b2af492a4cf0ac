//! The modules of `server/src` that are fuzzed, under the paths they have there.

#[path = "../../../server/src/media/mod.rs"]
pub mod media;

#[path = "../../../server/src/domain/id.rs"]
mod id_of;

#[path = "../../../server/src/domain/meeting.rs"]
mod meeting_of;

#[path = "../../../server/src/conference/protocol.rs"]
mod protocol_of;

pub mod domain {
    pub use crate::id_of as id;
    pub use crate::meeting_of as meeting;
}

pub mod conference {
    pub use crate::protocol_of as protocol;
}
