//! Official papers: Typst templates to PDF/A.
//!
//! A paper is data ([`Official`]) and a template; [`typeset`] joins them in a closed world (`world.rs`): no packages, no
//! paths outside, no clock, the four faces of Liberation Serif, and people's words only as a JSON file which the
//! template reads. Nothing a person wrote is ever parsed as markup.
//!
//! What is filled in after typesetting (number, date, signature, seal) is left blank, and [`Places`] says where.

mod body;
mod compose;
#[cfg(test)]
mod kinds_tests;
pub mod layout;
mod paper;
pub mod raster;
mod register;
mod sample;
mod typesetter;
mod world;

pub use body::Body;
pub use compose::{Facts, Second};
pub use paper::{Block, Column, Heading, Official, SignatureBlock, TextPlace};
pub use register::{RegisterColumn, RegisterSheet};
pub use sample::Sample;
pub use typesetter::{Paper, Places, Typesetter, typeset, typeset_register, typeset_statement};

/// Why a paper was not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The paper's words break a limit or a rule of layout; the sentence is for people.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// Too many papers wait, or this one took too long.
    #[error("refused: typesetting is busy")]
    Busy,
    /// A template is wrong: our bug.
    #[error("misuse: template: {0}")]
    Template(String),
}
