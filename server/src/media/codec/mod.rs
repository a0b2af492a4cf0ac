//! What forwarding must know of a codec: where a picture can be entered, and which counters must stay
//! continuous when a slot changes its stream.

pub mod red;
pub mod vp8;
