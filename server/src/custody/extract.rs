//! A part of a signed document as a file of its own: its pages as they are seen, without the fields that no longer hold.
//!
//! A signature covers the whole file, so it cannot live on in a part. What its widget shows (signature, seal, number, date)
//! becomes plain content of the page, and the form is left out: the extract claims nothing but what the copying agency signs.

use std::collections::BTreeSet;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use hoian_signer::pdf::place::Rect;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::error::{Error, Result};
use super::intake;
use crate::domain::copy::Region;
use crate::render::raster::{self, Cut, Cutting};

/// The pages `wanted` of `document`, from 1, as a new file.
///
/// # Errors
/// [`Error::Upload`] where the file cannot be taken apart.
pub(super) fn pages(document: &[u8], wanted: &BTreeSet<u32>) -> Result<Vec<u8>> {
    part(document, |page| wanted.contains(&page))
}

/// The whole of `document` as it is seen, without its signatures and its form: a view, never a copy of value.
///
/// # Errors
/// As [`pages`].
pub(super) fn unsigned(document: &[u8]) -> Result<Vec<u8>> {
    part(document, |_| true)
}

fn part(document: &[u8], is_wanted: impl Fn(u32) -> bool) -> Result<Vec<u8>> {
    let mut part = Document::load_mem(document).map_err(broken)?;
    let others: Vec<u32> = part
        .get_pages()
        .into_keys()
        .filter(|page| !is_wanted(*page))
        .collect();
    part.delete_pages(&others);
    for page in part.get_pages().into_values().collect::<Vec<_>>() {
        flatten(&mut part, page).map_err(broken)?;
    }
    let catalog = part.catalog_mut().map_err(broken)?;
    // Bookmarks, names, metadata and the tree of tags speak of pages that are not here.
    let kept: Dictionary = KEPT_OF_CATALOGUE
        .iter()
        .filter_map(|key| Some((key.to_vec(), catalog.get(key).ok()?.clone())))
        .collect();
    *catalog = kept;
    part.trailer.remove(b"Info");
    part.prune_objects();
    part.renumber_objects();
    let mut file = Vec::new();
    part.save_to(&mut file)
        .map_err(|error| broken(lopdf::Error::IO(error)))?;
    Ok(file)
}

/// The parts of pages as a new file of pictures: each page has the size of its original, and the parts stand where they stood.
/// Nothing else of the original is in it.
///
/// # Errors
/// As [`pages`]; *unsupported* where a page is too large for a picture.
pub(super) fn regions(document: &[u8], regions: &[Region]) -> Result<Vec<u8>> {
    let numbers: BTreeSet<u32> = regions.iter().map(|region| region.page).collect();
    // With the widgets drawn into the pages: signature, seal, number and date are seen.
    let flat = unsigned(document)?;
    let mut part = Document::with_version("1.7");
    let tree = part.new_object_id();
    let mut kids = Vec::new();
    for number in numbers {
        let of_page = regions.iter().filter(|region| region.page == number);
        let rects: Vec<Rect> = of_page
            .map(|region| Rect {
                x: region.x,
                y: region.y,
                width: region.width,
                height: region.height,
            })
            .collect();
        let cut = raster::cut(&flat, number, &rects)
            .ok_or_else(|| Error::Upload(intake::Refusal::Unsupported("the size of a page".to_owned())))?;
        kids.push(Object::Reference(sheet(&mut part, tree, &cut)?));
    }
    let count = i64::try_from(kids.len()).unwrap_or(i64::MAX);
    part.set_object(
        tree,
        dictionary! { "Type" => "Pages", "Count" => count, "Kids" => kids },
    );
    let catalogue = part.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    part.trailer.set("Root", catalogue);
    let mut file = Vec::new();
    part.save_to(&mut file)
        .map_err(|error| broken(lopdf::Error::IO(error)))?;
    Ok(file)
}

/// A page with the cuttings as its only content.
fn sheet(part: &mut Document, tree: ObjectId, cut: &Cut) -> Result<ObjectId> {
    let (mut pictures, mut content) = (Dictionary::new(), String::new());
    for (at, cutting) in cut.cuttings.iter().enumerate() {
        let Rect { x, y, width, height } = cutting.rect;
        let name = format!("Part{at}");
        content += &format!("q {width:.4} 0 0 {height:.4} {x:.4} {y:.4} cm /{name} Do Q\n");
        pictures.set(name, part.add_object(picture(cutting)?));
    }
    let content = part.add_object(Stream::new(Dictionary::new(), content.into_bytes()));
    Ok(part.add_object(dictionary! {
        "Type" => "Page",
        "Parent" => tree,
        "MediaBox" => [0.0, 0.0, cut.width, cut.height].map(real).to_vec(),
        "Resources" => dictionary! { "XObject" => pictures },
        "Contents" => content,
    }))
}

fn picture(cutting: &Cutting) -> Result<Stream> {
    let failed = |error| broken(lopdf::Error::IO(error));
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&cutting.rgb).map_err(failed)?;
    let entries = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Image",
        "Width" => i64::from(cutting.width_pixels),
        "Height" => i64::from(cutting.height_pixels),
        "ColorSpace" => "DeviceRGB",
        "BitsPerComponent" => 8,
        "Filter" => "FlateDecode",
    };
    Ok(Stream::new(entries, packed.finish().map_err(failed)?))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the size of a page is far within f32"
)]
fn real(value: f64) -> Object {
    Object::Real(value as f32)
}

/// What a part keeps of its original's catalogue: how its pages are shown.
const KEPT_OF_CATALOGUE: &[&[u8]] = &[
    b"Type",
    b"Pages",
    b"Version",
    b"Lang",
    b"ViewerPreferences",
    b"OCProperties",
    b"OutputIntents",
];
/// What a page says of itself beyond what it shows.
const ASIDES: &[&[u8]] = &[b"Metadata", b"PieceInfo", b"Thumb", b"AA", b"StructParents", b"B"];

fn broken(error: lopdf::Error) -> Error {
    Error::Upload(intake::Refusal::Broken(error.to_string()))
}

/// Draws what each widget of the page shows into the page, and takes the widget away.
fn flatten(part: &mut Document, page: ObjectId) -> lopdf::Result<()> {
    let annotations = match part.get_dictionary(page)?.get(b"Annots") {
        Ok(annotations) => part.dereference(annotations)?.1.as_array()?.clone(),
        Err(_) => return Ok(()),
    };
    let (mut kept, mut drawn) = (Vec::new(), Vec::new());
    for annotation in annotations {
        let dictionary = part.dereference(&annotation)?.1.as_dict()?.clone();
        if dictionary.get(b"Subtype").and_then(Object::as_name).ok() != Some(b"Widget") {
            kept.push(annotation);
        } else if let Some(shown) = appearance(part, &dictionary) {
            drawn.push(shown);
        }
    }
    let mut content = String::from("Q\n");
    for (index, (form, [a, d, e, f])) in drawn.iter().enumerate() {
        let name = format!("Flat{index}");
        part.add_xobject(page, name.as_bytes(), *form)?;
        content += &format!("q {a:.5} 0 0 {d:.5} {e:.3} {f:.3} cm /{name} Do Q\n");
    }
    let before = contents(part, page)?;
    let open = part.add_object(Stream::new(Dictionary::new(), b"q\n".to_vec()));
    let close = part.add_object(Stream::new(Dictionary::new(), content.into_bytes()));
    let all = [
        vec![Object::Reference(open)],
        before,
        vec![Object::Reference(close)],
    ]
    .concat();
    let dictionary = part.get_object_mut(page)?.as_dict_mut()?;
    dictionary.set("Contents", all);
    dictionary.set("Annots", kept);
    for aside in ASIDES {
        dictionary.remove(aside);
    }
    Ok(())
}

/// The streams of a page, as references.
fn contents(part: &Document, page: ObjectId) -> lopdf::Result<Vec<Object>> {
    let contents = match part.get_dictionary(page)?.get(b"Contents") {
        Ok(contents) => contents.clone(),
        Err(_) => return Ok(Vec::new()),
    };
    Ok(match part.dereference(&contents)?.1 {
        Object::Array(streams) => streams.clone(),
        _ => vec![contents],
    })
}

/// The normal appearance of a widget and the matrix that fits it to its rectangle (ISO 32000-2, 12.5.5, algorithm 8).
fn appearance(part: &Document, widget: &Dictionary) -> Option<(ObjectId, [f64; 4])> {
    let appearances = part.dereference(widget.get(b"AP").ok()?).ok()?.1.as_dict().ok()?;
    let form = appearances.get(b"N").ok()?.as_reference().ok()?;
    let stream = part.get_object(form).ok()?.as_stream().ok()?;
    let numbers = |object: &Object| -> Option<Vec<f64>> {
        let array = part.dereference(object).ok()?.1.as_array().ok()?;
        array
            .iter()
            .map(|number| number.as_float().ok().map(f64::from))
            .collect()
    };
    let rect = numbers(widget.get(b"Rect").ok()?)?;
    let bounds = numbers(stream.dict.get(b"BBox").ok()?)?;
    let matrix = stream.dict.get(b"Matrix").ok().and_then(numbers);
    let matrix = matrix.unwrap_or_else(|| vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let ([left, bottom, right, top], [x0, y0, x1, y1]) =
        (rect[..].try_into().ok()?, bounds[..].try_into().ok()?);
    let [a, b, c, d, e, f]: [f64; 6] = matrix[..].try_into().ok()?;
    let corners = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)]
        .map(|(x, y): (f64, f64)| (a * x + c * y + e, b * x + d * y + f));
    let least = |values: [f64; 4]| values.into_iter().fold(f64::INFINITY, f64::min);
    let most = |values: [f64; 4]| values.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let (xs, ys) = (corners.map(|corner| corner.0), corners.map(|corner| corner.1));
    let (width, height): (f64, f64) = (most(xs) - least(xs), most(ys) - least(ys));
    let (wide, high): (f64, f64) = (right - left, top - bottom);
    if width <= 0.0 || height <= 0.0 || !(wide.is_finite() && high.is_finite()) || wide <= 0.0 || high <= 0.0
    {
        return None;
    }
    let (sx, sy) = (wide / width, high / height);
    Some((form, [sx, sy, left - sx * least(xs), bottom - sy * least(ys)]))
}
