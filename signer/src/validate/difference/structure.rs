//! The structure tree of tagged documents: it may gain the elements of new signature widgets.

use std::collections::{HashMap, HashSet};

use super::Walk;
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::pdf::reader::View;

impl Walk<'_> {
    pub(super) fn structure_tree(&mut self, old: &Dictionary, new: &Dictionary) -> Result<()> {
        let (before, after) = self.values(old, new, b"StructTreeRoot");
        let (old, new) = (self.old.resolve(&before)?, self.new.resolve(&after)?);
        let (Object::Dictionary(old), Object::Dictionary(new)) = (&old, &new) else {
            self.require_same(before, after, "the structure tree");
            return Ok(());
        };
        self.judged.extend(before.as_reference());
        if before.as_reference() != after.as_reference() {
            self.disallow("the structure tree was replaced");
        }
        let exempt: [&[u8]; 3] = [b"K", b"ParentTree", b"ParentTreeNextKey"];
        self.require_same_but(old, new, &exempt, "the structure tree's");
        self.elements(old, new)?;
        self.parent_tree(old, new)
    }

    fn elements(&mut self, old: &Dictionary, new: &Dictionary) -> Result<()> {
        let mut seen: HashSet<Reference> = self
            .new
            .catalog()?
            .1
            .reference("StructTreeRoot")
            .into_iter()
            .collect();
        let mut open = vec![(old.clone(), new.clone())];
        while let Some((old, new)) = open.pop() {
            if seen.len() > limits::COMPARED_OBJECTS {
                return Err(Error::refused("PDF", "structure tree too large"));
            }
            let (before, after) = (kids(self.old, &old)?, kids(self.new, &new)?);
            let mut rest = after.iter();
            for item in &before {
                let Some(other) = rest.find(|other| item == *other) else {
                    self.disallow("an element of the structure tree was removed");
                    return Ok(());
                };
                let (Some(reference), true) = (item.as_reference(), item == other) else {
                    self.require_same(item.clone(), other.clone(), "the structure tree");
                    continue;
                };
                if !seen.insert(reference) {
                    return Err(Error::malformed("PDF", "the structure tree is no tree"));
                }
                let (one, two) = (self.old.object(reference)?, self.new.object(reference)?);
                let (Some(one), Some(two)) = (one.object.as_dictionary(), two.object.as_dictionary()) else {
                    self.require_same(item.clone(), other.clone(), "the structure tree");
                    continue;
                };
                self.judged.insert(reference);
                self.require_same_but(one, two, &[b"K"], "the structure tree");
                open.push((one.clone(), two.clone()));
            }
            if after.len() > before.len() {
                let known: HashSet<Reference> = before.iter().filter_map(Object::as_reference).collect();
                let is_new = |item: &&Object| item.as_reference().is_none_or(|item| !known.contains(&item));
                for item in after.iter().filter(is_new).filter(|item| !before.contains(item)) {
                    self.new_element(item, 0)?;
                }
            }
        }
        Ok(())
    }

    /// A new element holds nothing but widgets of new signature fields.
    fn new_element(&mut self, item: &Object, depth: usize) -> Result<()> {
        let element = self.new.resolve(item)?;
        let Some(element) = element.as_dictionary().filter(|_| depth < 8) else {
            self.disallow("content was added to the structure tree");
            return Ok(());
        };
        if element.name("Type") == Some(b"OBJR") {
            let widget = element.reference("Obj");
            let known = widget.and_then(|widget| self.new_widgets.get(&widget));
            if !known
                .and_then(|field| self.new_fields.get(field))
                .is_some_and(|field| field.is_signature)
            {
                self.disallow("an element of the structure tree names no signature field");
            }
            return Ok(());
        }
        for kid in kids(self.new, element)? {
            self.new_element(&kid, depth + 1)?;
        }
        Ok(())
    }

    /// Numbers of the parent tree may be added; lists under an old number may not change.
    fn parent_tree(&mut self, old: &Dictionary, new: &Dictionary) -> Result<()> {
        let mut before = Vec::new();
        let mut after = Vec::new();
        let (old, new) = self.values(old, new, b"ParentTree");
        self.numbers(&old, true, 0, &mut before)?;
        self.numbers(&new, false, 0, &mut after)?;
        let after: HashMap<i64, Object> = after.into_iter().collect();
        for (number, value) in before {
            match after.get(&number).cloned() {
                Some(other) => self.require_same(value, other, "the structure's parent tree"),
                None => self.disallow("an entry of the structure's parent tree was removed"),
            }
        }
        Ok(())
    }

    fn numbers(&self, node: &Object, old: bool, depth: usize, found: &mut Vec<(i64, Object)>) -> Result<()> {
        let view = if old { self.old } else { self.new };
        if depth > limits::TREE_DEPTH || found.len() > limits::COMPARED_OBJECTS {
            return Err(Error::malformed("PDF", "the parent tree loops or is too large"));
        }
        let Object::Dictionary(node) = view.resolve(node)? else {
            return Ok(());
        };
        if let Object::Array(pairs) = view.value(&node, "Nums")? {
            for pair in pairs.chunks_exact(2) {
                if let Some(number) = view.resolve(&pair[0])?.as_integer() {
                    found.push((number, pair[1].clone()));
                }
            }
        }
        if let Object::Array(kids) = view.value(&node, "Kids")? {
            for kid in &kids {
                self.numbers(kid, old, depth + 1, found)?;
            }
        }
        Ok(())
    }
}

/// `/K`: one kid or a list of them; a reference may name either.
fn kids(view: View<'_>, element: &Dictionary) -> Result<Vec<Object>> {
    match (element.get("K"), view.value(element, "K")?) {
        (None, _) | (_, Object::Null) => Ok(Vec::new()),
        (_, Object::Array(items)) => Ok(items),
        (Some(single), _) => Ok(vec![single.clone()]),
    }
}
