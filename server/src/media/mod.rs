//! The SFU core, sans-IO: bytes and `now` go in, bytes and events come out.

mod name;

pub use name::{Event, ParticipantId, RoomId, Side, Slot, Source, TrackState};

/// Consent ends after this long without an authenticated packet (RFC 7675 section 5.1).
pub const CONSENT_EXPIRY: std::time::Duration = std::time::Duration::from_secs(30);
