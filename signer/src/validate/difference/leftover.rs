//! Objects of an update that no rule has met: they wait for something later to show or hide them.

use std::collections::HashSet;

use super::{Finding, Walk};
use crate::error::Result;
use crate::pdf::object::{Object, Reference};
use crate::pdf::reader::Place;

impl Walk<'_> {
    /// Every object that the update writes or frees must have been explained on the way, or be part of what was.
    pub(super) fn leftovers(&mut self) -> Result<()> {
        let update = &self.new.document().revisions()[self.new.revision()];
        let numbers: Vec<u32> = update.numbers().collect();
        let used = self.used(&numbers)?;
        for number in numbers {
            match (self.old.reference_to(number), self.new.reference_to(number)) {
                (None, Some(new)) => self.added_object(new, &used)?,
                (Some(old), None) => self.freed(old)?,
                (Some(old), Some(_)) => self.overridden(old),
                (None, None) => {}
            }
        }
        self.shared_appearances();
        Ok(())
    }

    /// An appearance that something else shows too is no affair of its field alone: whoever fills the field would change what
    /// the other shows (12.8.2.2.2 lets a form be filled, nothing more). pyHanko asks the same of every object a filling
    /// overrides: that no other path leads to it.
    fn shared_appearances(&mut self) {
        for (place, field) in std::mem::take(&mut self.replaced) {
            if self.compared.iter().any(|(old, _)| *old == place) {
                self.disallow(format!("the appearance of {field} is used elsewhere too"));
            }
        }
    }

    fn is_explained(&self, old: Reference) -> bool {
        self.judged.contains(&old) || self.explained.contains(&self.old.place(old))
    }

    fn overridden(&mut self, reference: Reference) {
        let (before, after) = (self.old.place(reference), self.new.place(reference));
        if before == after || self.is_explained(reference) {
            return;
        }
        let same = after != Place::Nowhere
            && matches!((self.old.object(reference), self.new.object(reference)),
                (Ok(old), Ok(new)) if old.object == new.object);
        if !same {
            self.disallow(format!(
                "object {reference} was overridden, which nothing explains"
            ));
        }
    }

    /// Freeing what nobody used shows nothing by itself, but a freed number may come again with another content, and no writer
    /// that only fills or signs frees anything: pyHanko refuses every freeing, here one that a rule explains may stand.
    fn freed(&mut self, reference: Reference) -> Result<()> {
        if !self.is_explained(reference) && !self.old.object(reference)?.object.is_null() {
            self.disallow(format!("object {reference} was freed, which nothing explains"));
        }
        Ok(())
    }

    /// An object that nothing leads to is no change of the document (12.8.2.2.2 speaks of changes to it), and many writers
    /// leave some, as pyHanko takes them too; where P = 1 permits no change at all only an update of evidence may come, and
    /// that has no use for one.
    fn added_object(&mut self, reference: Reference, used: &HashSet<u32>) -> Result<()> {
        if used.contains(&reference.number) {
            return Ok(());
        }
        let object = self.new.object(reference)?;
        let is_container = object
            .object
            .as_stream()
            .is_some_and(|stream| matches!(stream.dictionary.name("Type"), Some(b"XRef" | b"ObjStm")));
        if !is_container && !object.object.is_null() {
            let what = format!("object {reference} was added, and nothing uses it");
            self.findings.push(Finding::Unused(what));
        }
        Ok(())
    }

    /// Numbers of the update that its trailer or its old objects lead to. What was signed cannot name a new object without
    /// having been compared.
    fn used(&self, numbers: &[u32]) -> Result<HashSet<u32>> {
        let own: HashSet<u32> = numbers.iter().copied().collect();
        let mut open: Vec<Object> = self
            .new
            .trailer()
            .iter()
            .map(|(_, value)| value.clone())
            .collect();
        for number in numbers {
            let is_old = self.old.reference_to(*number).is_some();
            if let Some(reference) = self.new.reference_to(*number).filter(|_| is_old) {
                open.push(Object::Reference(reference));
            }
        }
        let mut used = HashSet::new();
        while let Some(object) = open.pop() {
            match object {
                Object::Reference(reference)
                    if own.contains(&reference.number) && used.insert(reference.number) =>
                {
                    open.push(self.new.object(reference)?.object.clone());
                }
                Object::Array(items) => open.extend(items),
                Object::Dictionary(dictionary) => {
                    open.extend(dictionary.iter().map(|(_, value)| value.clone()));
                }
                Object::Stream(stream) => {
                    open.extend(stream.dictionary.iter().map(|(_, value)| value.clone()));
                }
                _ => {}
            }
        }
        Ok(used)
    }
}
