//! A meeting as it runs: one actor a meeting joins domain rules, media room and signalling.
//!
//! - [`protocol`]: the messages of the socket.
//! - [`roster`]: who is in the room and what of them is seen; pure, `now` is a parameter.
//! - [`prepared`]: the meeting before anybody came: its roll and rules.
//! - [`ledger`]: what happened, durable before anybody is told, and read again after a restart.
//! - [`export`]: that record as a file that proves itself (`RECORD.md`).
//! - [`lines`]: how everyone's line is and was.
//! - [`line_test`]: somebody's line tested, outside of any meeting.
//! - [`ballot_box`]: a secret vote while it is open: its key and its ballots, sealed.
//! - [`board`]: who has signed on, and what each tried out.
//! - [`lobby`]: who waits before the door.
//! - [`steps`]: steps of the procedure taken, and everyone told.
//! - [`recording`]: segments of a recording stored, and their hashes written down.
//! - [`votes`]: votes as each may see them, and closed when their time is over.
//! - [`written`]: votes in writing, without a room.
//! - [`told`]: who is told by a notice that one waits for them, or is over.
//! - [`entry`]: somebody comes in.
//! - [`refusal`]: what is said to who is refused something.
//! - [`command`]: what sockets ask of the actor.
//! - [`actor`]: the one task that owns a meeting's roster and media room, and tells everyone what changed.
//! - [`device`]: a camera or a monitor, which has no page: its offers come over HTTP.
//! - [`talk`]: one participant's side: takes their messages in order, checks rights, speaks with the media.
//! - [`limit`]: how much a socket may say.

mod actor;
mod ballot_box;
pub mod board;
mod command;
mod device;
mod entry;
pub mod export;
mod ledger;
mod limit;
pub mod line_test;
pub mod lines;
mod lobby;
mod media_terms;
mod prepared;
pub mod protocol;
pub mod record;
mod recording;
mod refusal;
mod registry;
mod roster;
mod steps;
mod talk;
mod told;
mod votes;
mod written;

pub use ballot_box::{PREPARED_BYTES, Token};
pub use command::Unwritten;
pub use device::{Attached, Device, Trickled, Unattached};
pub use limit::Limit;
pub use prepared::enclosed;
pub use registry::{Conferences, Hall};
pub use roster::{Entrant, Identity};
pub use talk::{Out, Outbox, Talk, Turn, Visitor};
pub use written::Close;
