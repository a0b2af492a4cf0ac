//! The drawn things of the demo: signatures in blue, seals in red, PNG with transparency (Nghị định 30/2020, Annex I).
//!
//! Everything is computed from a name, so the same person always signs alike and no drawing is kept in the repository.

mod seal;
mod signature;

pub use seal::{SEAL_MM, seal};
pub use signature::{SIGNATURE_MM, signature};

use tiny_skia::{Paint, Pixmap};

/// Why a picture was not made: only our own mistakes.
#[derive(Debug, thiserror::Error)]
#[error("misuse: picture: {0}")]
pub struct Error(String);

fn canvas(width: u32, height: u32) -> Result<Pixmap, Error> {
    Pixmap::new(width, height).ok_or_else(|| Error("a canvas without area".to_owned()))
}

fn ink(red: u8, green: u8, blue: u8) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}

fn png(pixmap: &Pixmap) -> Result<Vec<u8>, Error> {
    pixmap.encode_png().map_err(|error| Error(error.to_string()))
}
