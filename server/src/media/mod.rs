//! The SFU core, sans-IO: bytes and `now` go in, bytes and events come out.
//!
//! A packet's way: [`sfu`] finds the connection by its address, [`transport`] opens SRTP in place, the
//! [`room`] knows whose slots show the stream, [`forward`] rewrites it for each of them, and the sealed
//! copies lie in the outbox for one batched send. Feedback goes the same way round: a viewer's NACK is
//! answered from the publisher's cache ([`retransmit`]), a PLI goes to the publisher through
//! [`keyframe`].
//!
//! The protocols come from webrtc-rs, crate by crate (`rtc-stun`, `rtc-dtls`, `rtc-sdp`); the packet path
//! is ours and neither allocates nor locks.

pub mod bandwidth;
pub mod codec;
pub mod forward;
pub mod framing;
pub mod keyframe;
pub mod layer;
pub mod meter;
pub mod mixing;
mod name;
pub mod reception;
pub mod recording;
pub mod relay;
pub mod retransmit;
pub mod room;
pub mod rtcp;
pub mod rtp;
pub mod scale;
pub mod sdp;
pub mod sfu;
pub mod sound;
pub mod speaker;
pub mod stats;
pub mod transport;
pub mod turn;
pub mod window;

pub use layer::Viewport;
pub use name::{Event, MixedSound, ParticipantId, RoomId, Side, Slot, Source, TrackState, Watch};

/// Consent ends after this long without an authenticated packet (RFC 7675 section 5.1).
pub const CONSENT_EXPIRY: std::time::Duration = std::time::Duration::from_secs(30);
