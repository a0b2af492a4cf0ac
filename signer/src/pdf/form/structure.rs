//! The structure element of a new widget in a tagged document (ISO 32000-2, 14.7.5 and table 368, type Form): a reader of
//! the tags finds the field. Only before the first signature: some verifiers take any later change of the tree for an attack.

use lopdf::{Dictionary, Object, ObjectId, dictionary};

use super::field;
use crate::error::Result;
use crate::pdf::writer::Update;

/// Adds the element for a widget that is seen, and names the widget in the tree's index.
pub(super) fn tag(update: &mut Update, widget: ObjectId, page: ObjectId) -> Result<()> {
    let Some(tree) = tree(update)? else {
        return Ok(());
    };
    let mut fields = field::all(update)?.into_iter();
    if fields.any(|field| field.is_signature && field.has_value) {
        return Ok(());
    }
    let parent = document_element(update, tree).unwrap_or(tree);
    let element = update.add(dictionary! {
        "Type" => "StructElem",
        "S" => "Form",
        "P" => parent,
        "Pg" => page,
        "K" => dictionary! { "Type" => "OBJR", "Obj" => widget, "Pg" => page },
    });
    add_kid(update, parent, element)?;
    let key = add_to_index(update, tree, element)?;
    // The keyboard goes through the page's fields in the order of the tags (ISO 14289-1, 7.18.3).
    if !update.dictionary(page)?.has(b"Tabs") {
        update.edit(page)?.set("Tabs", "S");
    }
    let name = update.dictionary(widget)?.get(b"T").cloned();
    let widget = update.edit(widget)?;
    widget.set("StructParent", key);
    if let Ok(name) = name {
        // What is read aloud (ISO 14289-1, 7.18.1).
        widget.set("TU", name);
    }
    Ok(())
}

/// The root of the tree where the document says that it is tagged.
fn tree(update: &Update) -> Result<Option<ObjectId>> {
    let root = update.dictionary(update.root()?)?;
    let marked = update.value(root, b"MarkInfo").as_dict();
    let marked = marked.is_ok_and(|mark| matches!(update.value(mark, b"Marked"), Object::Boolean(true)));
    let tree = root.get(b"StructTreeRoot").and_then(Object::as_reference).ok();
    Ok(tree.filter(|tree| marked && update.dictionary(*tree).is_ok()))
}

/// The one element under the root, in which all others stand (14.8.4.3).
fn document_element(update: &Update, tree: ObjectId) -> Option<ObjectId> {
    let kids = update.dictionary(tree).ok()?.get(b"K").ok()?;
    let only = match update.resolve(kids) {
        Object::Array(kids) if kids.len() == 1 => kids[0].as_reference().ok()?,
        Object::Dictionary(_) => kids.as_reference().ok()?,
        _ => return None,
    };
    update.dictionary(only).ok().map(|_| only)
}

fn add_kid(update: &mut Update, parent: ObjectId, element: ObjectId) -> Result<()> {
    let kids = update.dictionary(parent)?.get(b"K").cloned();
    let single = match &kids {
        Ok(kids) => !matches!(update.resolve(kids), Object::Array(_) | Object::Null),
        Err(_) => false,
    };
    match kids {
        Ok(kid) if single => {
            update.edit(parent)?.set("K", vec![kid, element.into()]);
            Ok(())
        }
        _ => update.push(parent, b"K", element.into()),
    }
}

/// Puts the element under a new, greatest number of `/ParentTree`; comes back with that number.
fn add_to_index(update: &mut Update, tree: ObjectId, element: ObjectId) -> Result<i64> {
    let node = update.dictionary(tree)?.clone();
    let index = update
        .value(&node, b"ParentTree")
        .as_dict()
        .cloned()
        .unwrap_or_default();
    let next = update.value(&node, b"ParentTreeNextKey").as_i64().unwrap_or(0);
    let key = next.max(greatest(update, &index, 0) + 1);
    match node.get(b"ParentTree").and_then(Object::as_reference) {
        Ok(id) => {
            let grown = grow(update, index, key, element, 0)?;
            *update.edit(id)? = grown;
        }
        Err(_) => {
            let grown = grow(update, index, key, element, 0)?;
            update.edit(tree)?.set("ParentTree", grown);
        }
    }
    update.edit(tree)?.set("ParentTreeNextKey", key + 1);
    Ok(key)
}

/// The greatest number of a number tree (7.9.7): the last of its last leaf; -1 for none.
fn greatest(update: &Update, node: &Dictionary, depth: usize) -> i64 {
    let numbers = update.value(node, b"Nums").as_array();
    let own = numbers.into_iter().flatten().step_by(2);
    let own = own
        .filter_map(|number| update.resolve(number).as_i64().ok())
        .max();
    let below = update.value(node, b"Kids").as_array().ok().and_then(|kids| {
        let last = update.resolve(kids.last()?).as_dict().ok()?;
        (depth < DEPTH).then(|| greatest(update, last, depth + 1))
    });
    own.max(below).unwrap_or(-1)
}

/// The node with the new number behind all others.
fn grow(
    update: &mut Update,
    mut node: Dictionary,
    key: i64,
    element: ObjectId,
    depth: usize,
) -> Result<Dictionary> {
    let last = match update.value(&node, b"Kids") {
        Object::Array(kids) => kids.last().and_then(|kid| kid.as_reference().ok()),
        _ => None,
    };
    match last.filter(|_| depth < DEPTH) {
        Some(last) => {
            let below = update.dictionary(last)?.clone();
            let grown = grow(update, below, key, element, depth + 1)?;
            *update.edit(last)? = grown;
        }
        None => {
            let mut numbers = update
                .value(&node, b"Nums")
                .as_array()
                .cloned()
                .unwrap_or_default();
            numbers.extend([Object::Integer(key), element.into()]);
            node.set("Nums", numbers);
        }
    }
    if let Ok([least, _]) = update.value(&node, b"Limits").as_array().map(Vec::as_slice) {
        node.set("Limits", vec![least.clone(), key.into()]);
    }
    Ok(node)
}

/// Deeper number trees are circles.
const DEPTH: usize = 16;
