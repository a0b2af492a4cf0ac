//! The annotations of a page.

use std::collections::HashSet;

use super::super::attack::Attack;
use super::{Finding, Walk};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::pdf::reader::{Place, View};

/// How many entries of a list name what an earlier one does.
fn repeated(list: &[Object]) -> usize {
    let references = list.iter().filter_map(Object::as_reference);
    let distinct: HashSet<Reference> = references.clone().collect();
    references.count() - distinct.len()
}

/// Kinds that comment on a page (ISO 32000-2, table 257, P = 3); none that could cover it with other text.
const COMMENTS: [&[u8]; 5] = [b"Text", b"Highlight", b"Underline", b"Popup", b"Ink"];

impl Walk<'_> {
    /// Old annotations stay, new ones are widgets of new signature fields or comments.
    pub(super) fn annotations(&mut self, old: &Dictionary, new: &Dictionary, label: &str) -> Result<()> {
        let (before, after) = (self.list(old, true)?, self.list(new, false)?);
        self.drawing_order(&before, &after, label);
        let old_references: HashSet<Reference> = before.iter().filter_map(Object::as_reference).collect();
        let new_references: HashSet<Reference> = after.iter().filter_map(Object::as_reference).collect();
        // Careless writers name some twice before anybody signs; a later revision may name no more so.
        if repeated(&after) > repeated(&before) && after.len() > before.len() {
            self.disallow(format!("{label} names an annotation twice"));
        }
        for reference in before.iter().filter_map(Object::as_reference) {
            if !new_references.contains(&reference) {
                self.removed(reference, label)?;
            } else if !self.old_widgets.contains_key(&reference) {
                let (old, new) = (self.old.object(reference)?, self.new.object(reference)?);
                self.require_same(
                    old.object.clone(),
                    new.object.clone(),
                    format!("an annotation of {label}"),
                );
            }
        }
        let (old_direct, new_direct) = (direct(&before), direct(&after));
        if old_direct.len() != new_direct.len() {
            self.disallow(format!("annotations of {label} were added or removed"));
        }
        for (old, new) in old_direct.into_iter().zip(new_direct) {
            self.require_same(old, new, format!("an annotation of {label}"));
        }
        for reference in after.iter().filter_map(Object::as_reference) {
            if !old_references.contains(&reference) {
                self.added(reference, &before, label)?;
            }
        }
        Ok(())
    }

    /// Annotations are drawn in the order of their list, the later over the earlier.
    fn drawing_order(&mut self, before: &[Object], after: &[Object], label: &str) {
        let common = |items: &[Object], others: &[Object]| {
            let others: HashSet<Reference> = others.iter().filter_map(Object::as_reference).collect();
            let own = items.iter().filter_map(Object::as_reference);
            own.filter(|item| others.contains(item)).collect::<Vec<_>>()
        };
        if common(before, after) != common(after, before) {
            self.disallow(format!("the annotations of {label} stand in another order"));
        }
    }

    pub(super) fn list(&self, page: &Dictionary, old: bool) -> Result<Vec<Object>> {
        let view = if old { self.old } else { self.new };
        match view.value(page, "Annots")? {
            Object::Null => Ok(Vec::new()),
            Object::Array(items) if items.len() <= limits::FIELDS => Ok(items),
            _ => Err(Error::malformed("PDF", "Annots is no list")),
        }
    }

    /// A reference to nothing may go; anything else stays.
    fn removed(&mut self, reference: Reference, label: &str) -> Result<()> {
        if !self.old.object(reference)?.object.is_null() {
            self.disallow(format!("an annotation of {label} was removed"));
        }
        Ok(())
    }

    fn added(&mut self, reference: Reference, before: &[Object], label: &str) -> Result<()> {
        let is_signature = self
            .new_widgets
            .get(&reference)
            .and_then(|field| self.new_fields.get(field))
            .is_some_and(|field| field.is_signature);
        let is_new = self.old.place(reference) == Place::Nowhere;
        let empty_before = self
            .old_widgets
            .get(&reference)
            .and_then(|field| self.old_fields.get(field))
            .is_some_and(|field| field.is_signature && field.value.is_null());
        let object = self.new.object(reference)?;
        let empty = Dictionary::default();
        let annotation = object.object.as_dictionary().unwrap_or(&empty);
        super::field::no_duplicates(annotation, "an annotation")?;
        self.no_action(annotation, &format!("an annotation that was added to {label}"));
        let subtype = self.new.value(annotation, "Subtype")?;
        if is_signature && (is_new || empty_before) {
            if subtype.as_name() != Some(b"Widget") {
                let what = format!("a signature field that is no widget was added to {label}");
                self.refuse(Attack::EvilAnnotation, what);
            }
            return self.overlap(&object.object, before, label);
        }
        match subtype.as_name() {
            Some(subtype) if is_new && COMMENTS.contains(&subtype) => {
                let kind = String::from_utf8_lossy(subtype).into_owned();
                self.comment_look(annotation, label)?;
                self.findings
                    .push(Finding::Annotation(format!("{kind} on {label}")));
            }
            _ => self.refuse(
                Attack::EvilAnnotation,
                format!("an annotation was added to {label}"),
            ),
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// What comes after a signature may not do anything by itself.
    pub(super) fn no_action(&mut self, dictionary: &Dictionary, what: &str) {
        if dictionary.get("A").is_some() || dictionary.get("AA").is_some() {
            self.refuse(Attack::EvilAnnotation, format!("{what} carries an action"));
        }
    }

    /// A widget that comes later may not lie over what stood there: it could show something else in its place. A seal is
    /// the exception the law makes: over a third of the signature that it confirms (Nghị định 30/2020/NĐ-CP, annex I). Over
    /// more than half of a finished signature it hides who signed before, which the report tells; many writers sign at one
    /// and the same place.
    fn overlap(&mut self, widget: &Object, before: &[Object], label: &str) -> Result<()> {
        let Some(new) = widget.as_dictionary().map(|widget| rectangle(self.new, widget)) else {
            return Ok(());
        };
        let Some(new) = new? else { return Ok(()) };
        for item in before {
            let Object::Dictionary(old) = self.old.resolve(item)? else {
                continue;
            };
            let Some(old_place) = rectangle(self.old, &old)? else {
                continue;
            };
            let common = new.common(&old_place);
            if self.is_finished_signature(&old)? {
                if common > 0.5 * old_place.area() {
                    let what = format!("a new signature lies over a finished one of {label}");
                    self.findings.push(Finding::Covered(what));
                }
            } else if common > 0.0 {
                self.refuse(
                    Attack::SneakySignature,
                    format!("a new signature lies over an annotation of {label}"),
                );
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Walk<'_> {
    fn is_finished_signature(&self, widget: &Dictionary) -> Result<bool> {
        let is_signature = widget.name("FT") == Some(b"Sig");
        Ok(is_signature && !self.old.value(widget, "V")?.is_null())
    }
}

struct Rectangle {
    left: f64,
    bottom: f64,
    right: f64,
    top: f64,
}

impl Rectangle {
    fn area(&self) -> f64 {
        (self.right - self.left) * (self.top - self.bottom)
    }

    /// The area that both cover.
    fn common(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.top.min(other.top) - self.bottom.max(other.bottom);
        width.max(0.0) * height.max(0.0)
    }
}

/// `/Rect`, where it has an area and the annotation is shown.
fn rectangle(view: View<'_>, annotation: &Dictionary) -> Result<Option<Rectangle>> {
    const HIDDEN: i64 = 1 << 1;
    const NO_VIEW: i64 = 1 << 5;
    let flags = view.value(annotation, "F")?.as_integer().unwrap_or(0);
    let Some([left, bottom, right, top]) = corners(view, annotation)? else {
        return Ok(None);
    };
    let rectangle = Rectangle {
        left: left.min(right),
        bottom: bottom.min(top),
        right: left.max(right),
        top: bottom.max(top),
    };
    let shown = flags & (HIDDEN | NO_VIEW) == 0;
    let has_area = rectangle.right > rectangle.left && rectangle.top > rectangle.bottom;
    Ok((shown && has_area).then_some(rectangle))
}

/// The numbers of `/Rect`, each of which may be a reference; `None` where there is none.
///
/// # Errors
/// A rectangle that is none, since readers guess what it means.
pub(super) fn corners(view: View<'_>, annotation: &Dictionary) -> Result<Option<[f64; 4]>> {
    let fault = || Error::malformed("PDF", "/Rect is no rectangle");
    let items = match view.value(annotation, "Rect")? {
        Object::Null => return Ok(None),
        Object::Array(items) => items,
        _ => return Err(fault()),
    };
    let mut numbers = Vec::with_capacity(items.len());
    for item in &items {
        numbers.push(view.resolve(item)?.as_number().ok_or_else(fault)?);
    }
    numbers.try_into().map(Some).map_err(|_| fault())
}

fn direct(items: &[Object]) -> Vec<Object> {
    items
        .iter()
        .filter(|item| item.as_reference().is_none())
        .cloned()
        .collect()
}
