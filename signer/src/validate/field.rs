//! The form fields of one revision (ISO 32000-2, 12.7.4).

use std::collections::HashSet;

use super::attack::Attack;
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference, text};
use crate::pdf::reader::View;

/// A terminal or inner field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    /// `None` for a field written directly into its parent.
    pub(super) reference: Option<Reference>,
    pub(super) dictionary: Dictionary,
    pub(super) is_signature: bool,
    /// `/V` as it stands: a reference, a direct object, or null.
    pub(super) value: Object,
    /// Widgets of this field, itself where it is one.
    pub(super) widgets: Vec<Reference>,
}

/// The interactive form's dictionary; `None` where the document has none.
pub(super) fn form(view: View<'_>) -> Result<Option<Dictionary>> {
    let (_, catalog) = view.catalog()?;
    no_duplicates(&catalog, "Catalog")?;
    match view.value(&catalog, "AcroForm")? {
        Object::Dictionary(form) => {
            no_duplicates(&form, "AcroForm")?;
            Ok(Some(form))
        }
        Object::Null => Ok(None),
        _ => Err(Error::malformed("PDF", "AcroForm is no dictionary")),
    }
}

/// Every field that has a name of its own, in the order of the tree.
pub(super) fn fields(view: View<'_>) -> Result<Vec<Field>> {
    let Some(form) = form(view)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    if let Object::Array(items) = view.value(&form, "Fields")? {
        for item in &items {
            collect(view, item, &Inherited::default(), 0, &mut seen, &mut found)?;
        }
    }
    Ok(found)
}

#[derive(Debug, Clone, Default)]
struct Inherited {
    name: String,
    kind: Option<Vec<u8>>,
    /// `/V` is inheritable.
    value: Option<Object>,
}

fn collect(
    view: View<'_>,
    item: &Object,
    inherited: &Inherited,
    depth: usize,
    seen: &mut HashSet<Reference>,
    found: &mut Vec<Field>,
) -> Result<()> {
    if depth > limits::TREE_DEPTH || found.len() > limits::FIELDS {
        return Err(Error::refused("PDF", "too many form fields"));
    }
    let reference = item.as_reference();
    if reference.is_some_and(|reference| !seen.insert(reference)) {
        return Err(Error::malformed("PDF", "a form field stands twice in its tree"));
    }
    let Object::Dictionary(dictionary) = view.resolve(item)? else {
        return Ok(());
    };
    let own_kind = view.value(&dictionary, "FT")?.as_name().map(<[u8]>::to_vec);
    let partial = view.value(&dictionary, "T")?;
    let inside = Inherited {
        name: match partial.as_text() {
            Some(partial) if inherited.name.is_empty() => text(&partial.bytes),
            Some(partial) => format!("{}.{}", inherited.name, text(&partial.bytes)),
            None => inherited.name.clone(),
        },
        kind: own_kind.or_else(|| inherited.kind.clone()),
        value: dictionary.get("V").cloned().or_else(|| inherited.value.clone()),
    };
    let kids = match view.value(&dictionary, "Kids")? {
        Object::Array(kids) => kids,
        _ => Vec::new(),
    };
    let (mut widgets, mut inner) = (Vec::new(), Vec::new());
    for kid in &kids {
        match view.resolve(kid)? {
            Object::Dictionary(one) if one.get("T").is_some() => inner.push(kid.clone()),
            Object::Dictionary(_) => widgets.extend(kid.as_reference()),
            _ => {}
        }
    }
    if kids.is_empty() || (widgets.is_empty() && inner.is_empty()) {
        widgets.extend(reference);
    }
    let is_signature = inside.kind.as_deref() == Some(b"Sig");
    if is_signature {
        no_duplicates(&dictionary, "a signature field")?;
    }
    found.push(Field {
        name: inside.name.clone(),
        reference,
        is_signature: is_signature && inner.is_empty(),
        value: inside.value.clone().unwrap_or(Object::Null),
        dictionary,
        widgets,
    });
    for kid in &inner {
        collect(view, kid, &inside, depth + 1, seen, found)?;
    }
    Ok(())
}

/// Readers differ on which of two equal keys counts, so none may stand where a verdict depends on it.
pub(super) fn no_duplicates(dictionary: &Dictionary, what: &'static str) -> Result<()> {
    match dictionary.duplicate_key() {
        None => Ok(()),
        Some(key) => Err(Error::malformed(
            "PDF",
            Attack::DuplicateKey.reason(format!(
                "/{} stands twice in {what}",
                String::from_utf8_lossy(key)
            )),
        )),
    }
}
