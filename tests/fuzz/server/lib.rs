//! The modules of `server/src` that are fuzzed, and those they stand on, under the paths they have there.

#[path = "../../../server/src/clock.rs"]
pub mod clock;

#[path = "../../../server/src/domain/mod.rs"]
pub mod domain;

#[path = "../../../server/src/media/mod.rs"]
pub mod media;

pub mod conference;
