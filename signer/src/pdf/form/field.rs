//! The form's tree of fields: walking it, and adding to it.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId, Stream, dictionary};

use super::{Lock, structure};
use crate::error::{Error, Result};
use crate::pdf::place::{Place, Rect};
use crate::pdf::writer::{Update, number, text_string};

/// A terminal field.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub id: ObjectId,
    /// Fully qualified (ISO 32000-2, 12.7.4.2).
    pub name: String,
    pub is_signature: bool,
    pub has_value: bool,
}

/// Every terminal field.
pub(crate) fn all(update: &Update) -> Result<Vec<Field>> {
    let root = update.dictionary(update.root()?)?;
    let Ok(form) = update.value(root, b"AcroForm").as_dict() else {
        return Ok(Vec::new());
    };
    let mut walk = Walk {
        update,
        seen: HashSet::new(),
        found: Vec::new(),
    };
    walk.kids(update.value(form, b"Fields"), "", None)?;
    Ok(walk.found)
}

/// Adds an empty signature field; without a place it is invisible, on the first page.
pub(crate) fn add_signature(
    update: &mut Update,
    name: &str,
    place: Option<&Place>,
    lock: Option<&Lock>,
) -> Result<ObjectId> {
    let mut widget = widget(update, name, "Sig", place)?;
    if let Some(lock) = lock {
        let mut entries = dictionary! { "Type" => "SigFieldLock" };
        lock.write(&mut entries);
        widget.set("Lock", Object::Reference(update.add(entries)));
    }
    // Print and Locked: a signature is neither hidden on paper nor moved.
    widget.set("F", 4 | 128);
    let id = add(update, widget)?;
    let form = edit_form(update)?;
    // SignaturesExist and AppendOnly (table 225), set before the first signature so that signing need not.
    form.set("SigFlags", 3);
    Ok(id)
}

/// The entries that every new field merged with its widget has.
pub(super) fn widget(
    update: &mut Update,
    name: &str,
    kind: &str,
    place: Option<&Place>,
) -> Result<Dictionary> {
    if name.is_empty() || name.contains('.') {
        return Err(Error::misuse(
            "form",
            format!("{name:?} is not a partial field name"),
        ));
    }
    if all(update)?.iter().any(|field| field.name == name) {
        return Err(Error::refused("form", format!("the field {name:?} exists")));
    }
    let page = update.page(place.map_or(1, |place| place.page))?;
    let rect = place.map_or(
        Rect {
            x: 0.0,
            y: 0.0,
            width: 0.0,
            height: 0.0,
        },
        |place| place.rect,
    );
    if !(0.0..=PAGE_LIMIT).contains(&rect.width) || !(0.0..=PAGE_LIMIT).contains(&rect.height) {
        return Err(Error::misuse("place", "a rectangle without a sensible size"));
    }
    let rotation = rotation(update, page)?;
    let corners = [rect.x, rect.y, rect.right(), rect.top()];
    let mut widget = dictionary! {
        "Type" => "Annot",
        "Subtype" => "Widget",
        "FT" => kind,
        "T" => text_string(name),
        "F" => 4,
        "P" => page,
        "Rect" => corners.map(number).to_vec(),
    };
    if rotation != 0 {
        widget.set("MK", dictionary! { "R" => rotation });
    }
    if rect.width > 0.0 {
        // PDF/A and PDF 2.0 want an appearance on every widget that shows.
        let empty = form_xobject(&rect, rotation, Dictionary::new(), Vec::new());
        widget.set("AP", dictionary! { "N" => update.add(empty) });
    }
    Ok(widget)
}

/// Puts a field merged with its widget into form and page.
pub(super) fn add(update: &mut Update, widget: Dictionary) -> Result<ObjectId> {
    let page = widget.get(b"P").and_then(Object::as_reference);
    let page = page.map_err(|_| Error::misuse("form", "a widget without its page"))?;
    let is_seen = rect(update, &widget)?.width > 0.0;
    let id = update.add(widget);
    if is_seen {
        structure::tag(update, id, page)?;
    }
    let form = form_holder(update)?;
    match form {
        Holder::Indirect(form) => update.push(form, b"Fields", id.into())?,
        Holder::InCatalogue => match edit_form(update)?.get_mut(b"Fields") {
            Ok(Object::Array(items)) => items.push(id.into()),
            Ok(Object::Reference(array)) => {
                let array = *array;
                update.push_to_array(array, id.into())?;
            }
            _ => edit_form(update)?.set("Fields", vec![id.into()]),
        },
    }
    update.push(page, b"Annots", id.into())?;
    Ok(id)
}

/// The interactive form to be changed; made where there is none.
pub(super) fn edit_form(update: &mut Update) -> Result<&mut Dictionary> {
    match form_holder(update)? {
        Holder::Indirect(form) => update.edit(form),
        Holder::InCatalogue => {
            let root = update.root()?;
            let form = update
                .edit(root)?
                .get_mut(b"AcroForm")
                .and_then(Object::as_dict_mut);
            form.map_err(|_| Error::malformed("form", "it is not a dictionary"))
        }
    }
}

/// A form XObject that fills `rect` and stands upright on a page turned by `rotation`.
pub(crate) fn form_xobject(rect: &Rect, rotation: i64, resources: Dictionary, content: Vec<u8>) -> Stream {
    let (width, height) = upright_size(rect, rotation);
    let mut dictionary = dictionary! {
        "Type" => "XObject",
        "Subtype" => "Form",
        "BBox" => [0.0, 0.0, width, height].map(number).to_vec(),
        "Resources" => resources,
    };
    // Counter-clockwise by as much as the page is turned clockwise; readers then fit the result to the rectangle (12.5.5).
    let matrix = match rotation {
        90 => [0, 1, -1, 0, 0, 0],
        180 => [-1, 0, 0, -1, 0, 0],
        270 => [0, -1, 1, 0, 0, 0],
        _ => return Stream::new(dictionary, content),
    };
    dictionary.set("Matrix", matrix.map(Object::from).to_vec());
    Stream::new(dictionary, content)
}

/// Width and height of `rect` as the reader of a turned page sees it.
pub(crate) fn upright_size(rect: &Rect, rotation: i64) -> (f64, f64) {
    if rotation % 180 == 0 {
        (rect.width, rect.height)
    } else {
        (rect.height, rect.width)
    }
}

/// The widget's rectangle.
pub(crate) fn rect(update: &Update, widget: &Dictionary) -> Result<Rect> {
    let corners = update.value(widget, b"Rect").as_array().ok();
    let corners = corners.and_then(|items| {
        items
            .iter()
            .map(|item| update.resolve(item).as_float().ok().map(f64::from))
            .collect::<Option<Vec<f64>>>()
    });
    let Some([x1, y1, x2, y2]) = corners.as_deref() else {
        return Err(Error::malformed("form", "a field without a rectangle"));
    };
    Ok(Rect {
        x: x1.min(*x2),
        y: y1.min(*y2),
        width: (x2 - x1).abs(),
        height: (y2 - y1).abs(),
    })
}

/// Where a field merged with its widget stands; `None` for one that is not seen.
pub(super) fn place(update: &Update, field: ObjectId) -> Result<Option<Place>> {
    let widget = update.dictionary(field)?;
    let rect = rect(update, widget)?;
    let page = widget.get(b"P").and_then(Object::as_reference).ok();
    let number = page.and_then(|page| update.page_number(page));
    Ok(number
        .filter(|_| rect.width > 0.0 && rect.height > 0.0)
        .map(|page| Place { page, rect }))
}

/// The turn of a widget's page, as its `/MK` says.
pub(crate) fn widget_rotation(update: &Update, widget: &Dictionary) -> i64 {
    let characteristics = update.value(widget, b"MK").as_dict().ok();
    characteristics.map_or(0, |mk| {
        update.value(mk, b"R").as_i64().unwrap_or(0).rem_euclid(360)
    })
}

/// `/UserUnit` of a widget's page: points of paper in a unit (ISO 32000-2, table 31).
pub(crate) fn user_unit(update: &Update, widget: &Dictionary) -> f64 {
    let page = update.value(widget, b"P").as_dict().ok();
    page.map_or(1.0, |page| unit_in(update, page))
}

/// `/UserUnit` of a page.
pub(crate) fn unit_of(update: &Update, page: ObjectId) -> Result<f64> {
    Ok(unit_in(update, update.dictionary(page)?))
}

fn unit_in(update: &Update, page: &Dictionary) -> f64 {
    let unit = update.value(page, b"UserUnit").as_float().ok();
    unit.map(f64::from).filter(|unit| *unit > 0.0).unwrap_or(1.0)
}

enum Holder {
    Indirect(ObjectId),
    InCatalogue,
}

fn form_holder(update: &mut Update) -> Result<Holder> {
    let root = update.root()?;
    match update.dictionary(root)?.get(b"AcroForm") {
        Ok(Object::Reference(id)) if update.dictionary(*id).is_ok() => Ok(Holder::Indirect(*id)),
        Ok(Object::Dictionary(_)) => Ok(Holder::InCatalogue),
        _ => {
            let form = update.add(dictionary! { "Fields" => Vec::<Object>::new() });
            update.edit(root)?.set("AcroForm", form);
            Ok(Holder::Indirect(form))
        }
    }
}

/// `/Rotate` of a page, inherited (table 31).
pub(crate) fn rotation(update: &Update, page: ObjectId) -> Result<i64> {
    let turn = inherited(update, update.dictionary(page)?, b"Rotate", |value| {
        value.as_i64().ok()
    });
    Ok(turn.unwrap_or(0).rem_euclid(360))
}

/// The first value that `read` takes under a key of a page or of the nodes above it (ISO 32000-2, 7.7.3.4).
pub(crate) fn inherited<'a, T>(
    update: &'a Update,
    page: &'a Dictionary,
    key: &[u8],
    read: impl Fn(&'a Object) -> Option<T>,
) -> Option<T> {
    let parent = |node: &&'a Dictionary| update.value(node, b"Parent").as_dict().ok();
    std::iter::successors(Some(page), parent)
        .take(TREE_DEPTH)
        .find_map(|node| read(update.value(node, key)))
}

struct Walk<'a> {
    update: &'a Update,
    seen: HashSet<ObjectId>,
    found: Vec<Field>,
}

impl Walk<'_> {
    fn kids(&mut self, kids: &Object, prefix: &str, kind: Option<&[u8]>) -> Result<()> {
        let update = self.update;
        for id in kids
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|kid| kid.as_reference().ok())
        {
            if !self.seen.insert(id) || self.seen.len() > FIELD_LIMIT {
                return Err(Error::malformed("form", "its fields do not make a tree"));
            }
            let Ok(dictionary) = update.dictionary(id) else {
                continue;
            };
            self.node(id, dictionary.clone(), prefix, kind)?;
        }
        Ok(())
    }

    fn node(&mut self, id: ObjectId, node: Dictionary, prefix: &str, kind: Option<&[u8]>) -> Result<()> {
        let update = self.update;
        let partial = update.value(&node, b"T");
        let partial = if partial.is_null() {
            None
        } else {
            lopdf::decode_text_string(partial).ok()
        };
        let name = match (&partial, prefix) {
            (None, prefix) => prefix.to_owned(),
            (Some(partial), "") => partial.clone(),
            (Some(partial), prefix) => format!("{prefix}.{partial}"),
        };
        let kind = update
            .value(&node, b"FT")
            .as_name()
            .ok()
            .or(kind)
            .map(<[u8]>::to_vec);
        let kids = update.value(&node, b"Kids");
        // Kids without a name are only the field's widgets (12.7.4.2).
        let has_child_fields = kids
            .as_array()
            .into_iter()
            .flatten()
            .any(|kid| update.resolve(kid).as_dict().is_ok_and(|kid| kid.has(b"T")));
        if has_child_fields {
            return self.kids(kids, &name, kind.as_deref());
        }
        self.found.push(Field {
            id,
            name,
            is_signature: kind.as_deref() == Some(b"Sig"),
            has_value: !update.value(&node, b"V").is_null(),
        });
        Ok(())
    }
}

/// The largest page a reader must take, in points (ISO 32000-2, annex C).
const PAGE_LIMIT: f64 = 14_400.0;

/// Deeper page trees are circles.
const TREE_DEPTH: usize = 64;

/// Far above any real form.
const FIELD_LIMIT: usize = 100_000;
