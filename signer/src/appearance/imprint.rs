//! Prints an appearance into the page itself, as ink does: on a scan, or on a view of a file that is never stored.

use lopdf::{Dictionary, Object, Stream};

use super::Appearance;
use crate::error::{Error, Result};
use crate::pdf::form::field;
use crate::pdf::place::Place;
use crate::pdf::writer::Update;

/// Appends one incremental update after which `appearance` is part of what the page shows.
///
/// Comes back as the whole new file, whose prefix is `document`.
///
/// # Errors
/// Malformed, encrypted or damaged documents; a page that is not there; a document that bears a signature is *refused*,
/// because changed content would break it.
pub fn imprint(document: &[u8], place: &Place, appearance: &Appearance) -> Result<Vec<u8>> {
    let mut update = Update::open(document, None)?;
    if field::all(&update)?
        .iter()
        .any(|field| field.is_signature && field.has_value)
    {
        return Err(Error::refused("page", "the document is signed"));
    }
    let page = update.page(place.page)?;
    let rotation = field::rotation(&update, page)?;
    let unit = field::unit_of(&update, page)?;
    let form = appearance.draw(&mut update, &place.rect, rotation, unit)?;

    let dictionary = update.dictionary(page)?.clone();
    let resources = field::inherited(&update, &dictionary, b"Resources", |value| value.as_dict().ok());
    let mut resources = resources.cloned().unwrap_or_default();
    let mut drawn = update
        .value(&resources, b"XObject")
        .as_dict()
        .cloned()
        .unwrap_or_default();
    let name = (0..)
        .map(|at| format!("Imprint{at}"))
        .find(|name| !drawn.has(name.as_bytes()));
    let name = name.unwrap_or_default();
    drawn.set(name.as_str(), form);
    resources.set("XObject", drawn);

    // What the page left in its graphics state must not move the imprint.
    let open = update.add(Stream::new(Dictionary::new(), b"q\n".to_vec()));
    let content = format!("\nQ {} /{name} Do Q\n", placed(place, rotation, unit));
    let close = update.add(Stream::new(Dictionary::new(), content.into_bytes()));
    let contents = [
        vec![Object::Reference(open)],
        contents(&update, &dictionary),
        vec![Object::Reference(close)],
    ]
    .concat();
    let edited = update.edit(page)?;
    edited.set("Resources", resources);
    edited.set("Contents", contents);
    let section = update.finish()?;
    Ok([document, &section.bytes].concat())
}

/// Moves the drawing, which stands upright at the origin before its page is turned, into its rectangle.
fn placed(place: &Place, rotation: i64, unit: f64) -> String {
    let rect = place.rect;
    let (left, bottom) = match rotation {
        90 => (rect.right(), rect.y),
        180 => (rect.right(), rect.top()),
        270 => (rect.x, rect.top()),
        _ => (rect.x, rect.y),
    };
    let scale = 1.0 / unit;
    format!("q {scale:.5} 0 0 {scale:.5} {left:.3} {bottom:.3} cm")
}

fn contents(update: &Update, page: &Dictionary) -> Vec<Object> {
    match page.get(b"Contents") {
        Ok(Object::Array(streams)) => streams.clone(),
        Ok(Object::Reference(id)) => match update.get(*id).and_then(|object| object.as_array().ok()) {
            Some(streams) => streams.clone(),
            None => vec![Object::Reference(*id)],
        },
        _ => Vec::new(),
    }
}
