//! The document security store (EN 319 142-1 clause 5.4): what it gains is evidence; what it loses is reported, since the
//! level falls with it but no page changes; what it names may not become something else.

use super::{Finding, Walk, keys};
use crate::error::Result;
use crate::pdf::object::{Dictionary, Object};

impl Walk<'_> {
    pub(super) fn security_store(&mut self, old: &Object, new: &Object) -> Result<()> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let empty = Dictionary::default();
        let (before, after) = match (&old, &new) {
            (Object::Null, Object::Null) => return Ok(()),
            (Object::Null, Object::Dictionary(after)) => (&empty, after),
            (Object::Dictionary(before), Object::Dictionary(after)) => (before, after),
            (_, Object::Null) => {
                self.findings.push(Finding::Lost("/DSS".to_owned()));
                return self.explain(&old);
            }
            _ => {
                self.disallow("/DSS is no dictionary");
                return Ok(());
            }
        };
        self.explain(&old)?;
        self.typed(after)?;
        let mut grown = old.is_null();
        let lost_before = self.findings.len();
        for key in keys(before, after) {
            let (old, new) = self.values(before, after, key);
            match key {
                b"Certs" | b"CRLs" | b"OCSPs" => grown |= self.grows(&old, &new)?,
                b"VRI" => grown |= self.validation_information(&old, &new)?,
                _ => grown |= !self.is_same(&old, &new)?,
            }
        }
        if grown {
            self.renewed(lost_before);
            self.evidence("/DSS");
        }
        Ok(())
    }

    /// What is lost from a store that gains others at the same time was collected anew.
    fn renewed(&mut self, from: usize) {
        for finding in &mut self.findings[from..] {
            if let Finding::Lost(what) = finding {
                *finding = Finding::Renewed(std::mem::take(what));
            }
        }
    }

    /// Every old entry must still be there; returns whether others came.
    fn grows(&mut self, old: &Object, new: &Object) -> Result<bool> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let (before, after) = (
            old.as_array().unwrap_or_default(),
            new.as_array().unwrap_or_default(),
        );
        let mut kept = 0;
        for item in before {
            let mut found = false;
            // Equal references first: comparing contents costs more.
            let (near, far): (Vec<&Object>, Vec<&Object>) = after.iter().partition(|other| *other == item);
            for other in near.into_iter().chain(far) {
                if self.is_same(item, other)? {
                    found = true;
                    break;
                }
            }
            if found {
                kept += 1;
            } else {
                self.lost(item, after)?;
            }
        }
        Ok(after.len() > kept)
    }

    /// An entry that is named no longer is lost; one that is named still was overridden.
    fn lost(&mut self, item: &Object, after: &[Object]) -> Result<()> {
        if after.contains(item) {
            self.disallow("an entry of /DSS was overridden");
        } else {
            self.findings.push(Finding::Lost("an entry of /DSS".to_owned()));
        }
        Ok(())
    }

    /// Each signature's entry stays; it may be made anew over data that is still there.
    fn validation_information(&mut self, old: &Object, new: &Object) -> Result<bool> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let empty = Dictionary::default();
        let before = old.as_dictionary().unwrap_or(&empty);
        let after = new.as_dictionary().unwrap_or(&empty);
        for (key, value) in before.iter().filter(|(key, _)| *key != b"Type") {
            let other = after.get(key).cloned().unwrap_or(Object::Null);
            let kept =
                self.new.resolve(&other)?.as_dictionary().is_some() || self.old.resolve(value)?.is_null();
            if !kept {
                self.findings.push(Finding::Lost("an entry of /VRI".to_owned()));
            }
        }
        let mut grown = false;
        for (key, value) in after.iter().filter(|(key, _)| *key != b"Type") {
            let known = before.get(key).cloned().unwrap_or(Object::Null);
            grown |= known.is_null() || !self.covers(&known, value)?;
        }
        Ok(grown)
    }

    /// Whether an entry of `/VRI` names nothing that it did not name before.
    fn covers(&mut self, old: &Object, new: &Object) -> Result<bool> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let (Some(before), Some(after)) = (old.as_dictionary(), new.as_dictionary()) else {
            return Ok(false);
        };
        for key in ["Cert", "CRL", "OCSP"] {
            let (old, new) = (self.old.value(before, key)?, self.new.value(after, key)?);
            let (old, new) = (
                old.as_array().unwrap_or_default(),
                new.as_array().unwrap_or_default(),
            );
            for item in new {
                if !old.contains(item) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Every entry has the type the standard gives it, so that nothing else travels under the store's name.
    fn typed(&mut self, store: &Dictionary) -> Result<()> {
        let known = |dictionary: &Dictionary, names: &[&[u8]]| {
            dictionary
                .iter()
                .all(|(key, value)| names.contains(&key) && !value.is_null())
        };
        let mut fits = known(store, &[b"Type", b"VRI", b"Certs", b"CRLs", b"OCSPs"]);
        for key in ["Certs", "CRLs", "OCSPs"] {
            fits &= self.streams(&self.new.value(store, key)?)?;
        }
        match self.new.value(store, "VRI")? {
            Object::Null => {}
            Object::Dictionary(entries) => {
                for (key, entry) in entries.iter() {
                    // Some writers type the collection as they type its entries.
                    if key == b"Type" && entry.as_name().is_some() {
                        continue;
                    }
                    let Object::Dictionary(entry) = self.new.resolve(entry)? else {
                        fits = false;
                        continue;
                    };
                    fits &= known(&entry, &[b"Type", b"Cert", b"CRL", b"OCSP", b"TU", b"TS"]);
                    for key in ["Cert", "CRL", "OCSP"] {
                        fits &= self.streams(&self.new.value(&entry, key)?)?;
                    }
                }
            }
            _ => fits = false,
        }
        if !fits {
            self.disallow("/DSS holds something else than validation data");
        }
        Ok(())
    }

    fn streams(&self, list: &Object) -> Result<bool> {
        let Object::Array(items) = list else {
            return Ok(list.is_null());
        };
        for item in items {
            if self.new.resolve(item)?.as_stream().is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
