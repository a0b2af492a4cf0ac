//! The rule for everything without a rule of its own: it must be the same.

use std::collections::HashSet;

use super::super::attack::Attack;
use super::{Label, Walk, keys, shown};
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Stream};
use crate::pdf::reader::Place;

/// Pairs still to be compared below two values.
type Below = Vec<(Object, Object)>;

impl Walk<'_> {
    /// Works the queue off; every difference is a finding.
    pub(super) fn compare_pending(&mut self) -> Result<()> {
        while let Some((old, new, label)) = self.pending.pop_front() {
            let mut below = Vec::new();
            if !self.compare(&old, &new, &mut below, false)? {
                self.disallow(format!("{label} changed"));
                continue;
            }
            for (old, new) in below {
                self.pending.push_back((old, new, Label::clone(&label)));
            }
        }
        Ok(())
    }

    /// Whether two values are the same all the way down, without making findings.
    pub(super) fn is_same(&mut self, old: &Object, new: &Object) -> Result<bool> {
        // A difference found here may be allowed, so what was passed on the way is not remembered as compared.
        let remembered = std::mem::take(&mut self.compared);
        let mut below = vec![(old.clone(), new.clone())];
        let mut same = true;
        let mut top = true;
        while let Some((old, new)) = below.pop() {
            if !self.compare(&old, &new, &mut below, std::mem::take(&mut top))? {
                same = false;
                break;
            }
        }
        self.compared = remembered;
        Ok(same)
    }

    /// Marks everything below an old value as looked at, where a rule lets it change as a whole.
    pub(super) fn explain(&mut self, old: &Object) -> Result<()> {
        let mut below = vec![old.clone()];
        while let Some(value) = below.pop() {
            match value {
                Object::Reference(reference)
                    if !self.judged.contains(&reference)
                        && self.explained.insert(self.old.place(reference)) =>
                {
                    below.push(self.old.object(reference)?.object.clone());
                }
                Object::Array(items) => below.extend(items),
                Object::Dictionary(dictionary) | Object::Stream(Stream { dictionary, .. }) => {
                    below.extend(dictionary.iter().map(|(_, value)| value.clone()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn compare(&mut self, old: &Object, new: &Object, below: &mut Below, strict: bool) -> Result<bool> {
        let (old_reference, new_reference) = (old.as_reference(), new.as_reference());
        if old_reference.is_none() && new_reference.is_none() {
            return self.compare_direct(old, new, below);
        }
        if old_reference == new_reference
            && !strict
            && old_reference.is_some_and(|reference| self.judged.contains(&reference))
        {
            return Ok(true);
        }
        let places = (
            old_reference.map_or(Place::Nowhere, |reference| self.old.place(reference)),
            new_reference.map_or(Place::Nowhere, |reference| self.new.place(reference)),
        );
        // A direct value has no place, so a pair with one says nothing about the next pair with another.
        let both_stand = places.0 != Place::Nowhere && places.1 != Place::Nowhere;
        if both_stand && !self.compared.insert(places) {
            return Ok(true);
        }
        self.explained.insert(places.0);
        if self.compared.len() > limits::COMPARED_OBJECTS {
            return Err(Error::refused("PDF", "too many objects to compare"));
        }
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        self.compare_direct(&old, &new, below)
    }

    fn compare_direct(&self, old: &Object, new: &Object, below: &mut Below) -> Result<bool> {
        match (old, new) {
            (Object::Array(old), Object::Array(new)) => {
                if old.len() != new.len() {
                    return Ok(false);
                }
                for (old, new) in old.iter().zip(new) {
                    self.compare_item(old, new, below);
                }
                Ok(true)
            }
            (Object::Dictionary(old), Object::Dictionary(new)) => {
                Ok(self.compare_dictionaries(old, new, below))
            }
            (Object::Stream(old), Object::Stream(new)) => {
                let bytes = self.old.document().bytes();
                Ok(self.compare_dictionaries(&old.dictionary, &new.dictionary, below)
                    && (old.data == new.data || bytes[old.data.clone()] == bytes[new.data.clone()]))
            }
            (Object::Real(_), Object::Integer(_) | Object::Real(_))
            | (Object::Integer(_), Object::Real(_)) => Ok(is_same_real(old.as_number(), new.as_number())),
            _ => Ok(old == new),
        }
    }

    fn compare_dictionaries(&self, old: &Dictionary, new: &Dictionary, below: &mut Below) -> bool {
        for key in keys(old, new) {
            let (old, new) = self.values(old, new, key);
            self.compare_item(&old, &new, below);
        }
        // Another reader may take the second of two equal keys.
        let (before, after) = (old.repeated(), new.repeated());
        for ((_, old), (_, new)) in before.iter().zip(after) {
            self.compare_item(old, new, below);
        }
        let keys =
            |entries: &[(Vec<u8>, Object)]| entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        keys(before) == keys(after)
    }

    /// Equal values without a reference inside need no second look.
    fn compare_item(&self, old: &Object, new: &Object, below: &mut Below) {
        let plain = !matches!(
            old,
            Object::Reference(_) | Object::Array(_) | Object::Dictionary(_)
        );
        if !(plain && old == new) {
            below.push((old.clone(), new.clone()));
        }
    }

    /// Every key but those in `exempt` must be the same.
    pub(super) fn require_same_but(
        &mut self,
        old: &Dictionary,
        new: &Dictionary,
        exempt: &[&[u8]],
        label: &str,
    ) {
        self.no_new_duplicates(old, new, label);
        let exempt: HashSet<&[u8]> = exempt.iter().copied().collect();
        for key in keys(old, new).into_iter().filter(|key| !exempt.contains(key)) {
            let (old, new) = self.values(old, new, key);
            self.require_same(old, new, format!("{label} {}", shown(key)));
        }
    }

    /// A dictionary that is not as it was may hold no key twice.
    pub(super) fn no_new_duplicates(&mut self, old: &Dictionary, new: &Dictionary, label: &str) {
        if let Some(key) = new.duplicate_key().filter(|_| old != new) {
            let what = format!("{} stands twice in {label}", shown(key));
            self.refuse(Attack::DuplicateKey, what);
        }
    }
}

/// Writers with 32-bit reals print the last digit otherwise than they found it; nobody sees a millionth.
fn is_same_real(old: Option<f64>, new: Option<f64>) -> bool {
    old.zip(new)
        .is_some_and(|(old, new)| (old - new).abs() <= 1e-6 * old.abs().max(new.abs()).max(1.0))
}
