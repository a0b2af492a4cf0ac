//! PNG images of signatures and seals.

use lopdf::{Dictionary, Object, ObjectId, Stream, dictionary};

use crate::error::{Error, Result};
use crate::pdf::writer::Update;

/// What a PNG says of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
    /// Printed width from its `pHYs` chunk, where it has one.
    pub width_mm: Option<f64>,
}

impl Size {
    /// Width over height.
    pub fn aspect(&self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }
}

/// Reads the size of a PNG, without decoding its pixels.
///
/// # Errors
/// Not a PNG, or beyond the limit of 4096 by 4096 pixels.
pub fn size(png: &[u8]) -> Result<Size> {
    let reader = reader(png)?;
    let info = reader.info();
    let width_mm = info.pixel_dims.and_then(|dims| {
        let metric = matches!(dims.unit, png::Unit::Meter) && dims.xppu > 0;
        metric.then(|| f64::from(info.width) * 1000.0 / f64::from(dims.xppu))
    });
    Ok(Size {
        width: info.width,
        height: info.height,
        width_mm,
    })
}

pub(crate) struct Embedded {
    pub id: ObjectId,
    /// Width over height.
    pub aspect: f64,
}

/// Embeds a PNG as an image XObject, its transparency as a soft mask (ISO 32000-2, 11.6.5.2).
pub(crate) fn embed(update: &mut Update, png: &[u8]) -> Result<Embedded> {
    let pixels = decode(png)?;
    let mut image = image_dictionary(&pixels, "DeviceRGB");
    if let Some(alpha) = pixels.alpha.clone() {
        let mask = stream(image_dictionary(&pixels, "DeviceGray"), alpha)?;
        image.set("SMask", update.add(mask));
    }
    let aspect = f64::from(pixels.width) / f64::from(pixels.height);
    let id = update.add(stream(image, pixels.colour)?);
    Ok(Embedded { id, aspect })
}

struct Pixels {
    width: u32,
    height: u32,
    /// Three bytes a pixel.
    colour: Vec<u8>,
    /// One byte a pixel, where the image has transparency.
    alpha: Option<Vec<u8>>,
}

fn reader(png: &[u8]) -> Result<png::Reader<std::io::Cursor<&[u8]>>> {
    let mut decoder =
        png::Decoder::new_with_limits(std::io::Cursor::new(png), png::Limits { bytes: MEMORY_LIMIT });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let reader = decoder
        .read_info()
        .map_err(|e| Error::malformed("image", e.to_string()))?;
    let info = reader.info();
    if info.width > SIDE_LIMIT || info.height > SIDE_LIMIT {
        return Err(Error::refused(
            "image",
            format!("{} by {} pixels", info.width, info.height),
        ));
    }
    Ok(reader)
}

fn decode(png: &[u8]) -> Result<Pixels> {
    let mut reader = reader(png)?;
    let size = reader
        .output_buffer_size()
        .ok_or_else(|| Error::refused("image", "too large"))?;
    let mut samples = vec![0; size];
    let frame = reader
        .next_frame(&mut samples)
        .map_err(|e| Error::malformed("image", e.to_string()))?;
    samples.truncate(frame.buffer_size());
    let (colours, has_alpha) = match frame.color_type {
        png::ColorType::Grayscale => (1, false),
        png::ColorType::GrayscaleAlpha => (1, true),
        png::ColorType::Rgb => (3, false),
        png::ColorType::Rgba => (3, true),
        png::ColorType::Indexed => return Err(Error::unsupported("image", "an unexpanded palette")),
    };
    let pixels = samples.chunks_exact(colours + usize::from(has_alpha));
    let colour = pixels.clone().flat_map(|pixel| {
        if colours == 1 {
            [pixel[0]; 3]
        } else {
            [pixel[0], pixel[1], pixel[2]]
        }
    });
    Ok(Pixels {
        width: frame.width,
        height: frame.height,
        colour: colour.collect(),
        alpha: has_alpha.then(|| pixels.map(|pixel| pixel[colours]).collect()),
    })
}

fn image_dictionary(pixels: &Pixels, colour_space: &str) -> Dictionary {
    dictionary! {
        "Type" => "XObject",
        "Subtype" => "Image",
        "Width" => pixels.width,
        "Height" => pixels.height,
        "ColorSpace" => Object::from(colour_space),
        "BitsPerComponent" => 8,
    }
}

fn stream(dictionary: Dictionary, content: Vec<u8>) -> Result<Stream> {
    let mut stream = Stream::new(dictionary, content);
    stream
        .compress()
        .map_err(|e| Error::misuse("image", e.to_string()))?;
    Ok(stream)
}

/// A signature scanned at 600 dpi is about 1,300 pixels wide.
const SIDE_LIMIT: u32 = 4096;

/// Four bytes for each pixel of the largest image.
const MEMORY_LIMIT: usize = 4 * 4096 * 4096;
