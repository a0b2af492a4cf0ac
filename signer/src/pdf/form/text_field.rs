//! Text fields that read like the print around them: number and date of a paper, given after it was signed.

use lopdf::{Dictionary, Object, ObjectId, dictionary};

use super::{Alignment, field};
use crate::appearance::font::{self, Face};
use crate::error::{Error, Result};
use crate::pdf::place::Place;
use crate::pdf::writer::{Update, text_string};

/// How a field's text is set.
pub(super) struct Style {
    pub face: Face,
    pub font_size: f64,
    pub alignment: Alignment,
}

/// Adds an empty text field.
pub(super) fn add(update: &mut Update, name: &str, place: &Place, style: &Style) -> Result<()> {
    let mut widget = field::widget(update, name, "Tx", Some(place))?;
    let (resource, base_font) = standard_font(style.face);
    let appearance = format!("/{resource} {} Tf 0 g", style.font_size);
    widget.set("DA", Object::string_literal(appearance));
    widget.set(
        "Q",
        match style.alignment {
            Alignment::Left => 0,
            Alignment::Centre => 1,
            Alignment::Right => 2,
        },
    );
    field::add(update, widget)?;
    add_default_resource(update, resource, base_font)
}

/// Sets a field's value and draws it.
pub(super) fn fill(update: &mut Update, id: ObjectId, value: &str) -> Result<()> {
    let widget = update.dictionary(id)?.clone();
    let style = style(update, &widget)?;
    let rect = field::rect(update, &widget)?;
    let rotation = field::widget_rotation(update, &widget);
    let (width, _) = field::upright_size(&rect, rotation);
    let font = font::embed(update, style.face, value)?;
    let natural = font.width(style.font_size);
    // What is too long for its blank is set smaller rather than cut off.
    let size = if natural > width {
        style.font_size * width / natural
    } else {
        style.font_size
    };
    let free = width - font.width(size);
    let x = match style.alignment {
        Alignment::Left => 0.0,
        Alignment::Centre => free / 2.0,
        Alignment::Right => free,
    };
    let y = font::DESCENT * style.font_size;
    let content = format!(
        "/Tx BMC q BT /{} {size:.3} Tf 0 g {x:.3} {y:.3} Td <{}> Tj ET Q EMC",
        font::RESOURCE,
        font.encoded()
    );
    let resources = dictionary! { "Font" => dictionary! { font::RESOURCE => font.id() } };
    let drawn = update.add(field::form_xobject(
        &rect,
        rotation,
        resources,
        content.into_bytes(),
    ));
    let field = update.edit(id)?;
    field.set("V", text_string(font.text()));
    field.set("AP", dictionary! { "N" => drawn });
    // Read-only: given once. A later change would be one more revision for a verifier to question.
    let flags = field.get(b"Ff").and_then(Object::as_i64).unwrap_or(0);
    field.set("Ff", flags | 1);
    Ok(())
}

/// Reads back what [`add`] wrote to `/DA` and `/Q`.
fn style(update: &Update, widget: &Dictionary) -> Result<Style> {
    let appearance = update.value(widget, b"DA").as_str().unwrap_or_default();
    let appearance = String::from_utf8_lossy(appearance);
    let mut words = appearance.split_ascii_whitespace();
    let resource = words.next().and_then(|word| word.strip_prefix('/'));
    let font_size = words
        .next()
        .and_then(|word| word.parse().ok())
        .filter(|size| *size > 0.0);
    let face = FACES
        .into_iter()
        .find(|face| Some(standard_font(*face).0) == resource);
    let (Some(face), Some(font_size)) = (face, font_size) else {
        return Err(Error::unsupported(
            "form",
            "a text field that was not prepared here",
        ));
    };
    let alignment = match update.value(widget, b"Q").as_i64() {
        Ok(1) => Alignment::Centre,
        Ok(2) => Alignment::Right,
        _ => Alignment::Left,
    };
    Ok(Style {
        face,
        font_size,
        alignment,
    })
}

/// The standard font a field's default appearance names. Nothing is ever drawn with it: filling embeds its own subset.
fn standard_font(face: Face) -> (&'static str, &'static str) {
    match face {
        Face::Regular => ("TiRo", "Times-Roman"),
        Face::Bold => ("TiBo", "Times-Bold"),
        Face::Italic => ("TiIt", "Times-Italic"),
        Face::BoldItalic => ("TiBI", "Times-BoldItalic"),
    }
}

const FACES: [Face; 4] = [Face::Regular, Face::Bold, Face::Italic, Face::BoldItalic];

/// Names the font in the form's `/DR`, where `/DA` looks for it (12.7.4.3).
fn add_default_resource(update: &mut Update, resource: &str, base_font: &str) -> Result<()> {
    let form = field::edit_form(update)?.clone();
    let mut resources = update.value(&form, b"DR").as_dict().cloned().unwrap_or_default();
    let mut fonts = update
        .value(&resources, b"Font")
        .as_dict()
        .cloned()
        .unwrap_or_default();
    if fonts.has(resource.as_bytes()) {
        return Ok(());
    }
    let font = update.add(dictionary! {
        "Type" => "Font",
        "Subtype" => "Type1",
        "BaseFont" => base_font,
        "Encoding" => "WinAnsiEncoding",
    });
    fonts.set(resource, font);
    resources.set("Font", fonts);
    field::edit_form(update)?.set("DR", resources);
    Ok(())
}
