//! The media shell: shard threads, batched UDP, demux, mailboxes.
//!
//! [`Media`] is the cheap handle through which a conference reaches the shard that owns its room:
//!
//! ```text
//! let media = Media::start(config)?;                       // once a process
//! let (room, mut events) = media.open(room_id).await?;     // once a meeting
//! let seat = room.join(participant_id).await?;             // once a person
//! let answer = seat.publish(offer, tracks).await?;         // the client offers what it sends
//! let offer = seat.subscribe(slots).await?;                // the server offers what can be watched
//! seat.accept(answer).await?;
//! while let Some(event) = events.recv().await { … }
//! ```
//!
//! Every call is a message to the shard's thread and comes back when the shard has done it; none of
//! them waits for the network. Nothing here is touched by the packet path.

mod aside;
mod handle;
mod interfaces;
mod links;
mod mixer;
pub mod own_ports;
mod plane;
mod recorder;
pub mod ring;
mod room;
mod shard;
pub mod socket;
pub mod streams;
pub mod tcp;

pub use handle::{Error, Events, MAXIMUM_SEATS, PublishedTrack, Renewal, Seat, SlotPool};
pub use interfaces::addresses;
pub use plane::{Config, IceServer, Media, StartError, Turn};
pub use recorder::{Segments, Taping};
pub use room::Room;
