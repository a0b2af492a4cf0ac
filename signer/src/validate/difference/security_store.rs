//! The document security store: it may only grow (EN 319 142-1 clause 5.4).

use super::{Walk, keys};
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
            _ => {
                self.disallow("validation data was removed (/DSS)");
                return Ok(());
            }
        };
        let mut grown = old.is_null();
        for key in keys(before, after) {
            let (old, new) = self.values(before, after, key);
            match key {
                b"Certs" | b"CRLs" | b"OCSPs" => grown |= self.grows(&old, &new)?,
                b"VRI" => grown |= self.validation_information(&old, &new)?,
                _ => grown |= !self.is_same(&old, &new)?,
            }
        }
        if grown {
            self.evidence("/DSS");
        }
        Ok(())
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
                self.disallow("validation data was removed (an entry of /DSS)");
            }
        }
        Ok(after.len() != kept)
    }

    /// Each signature's entry stays; it may be made anew over data that is still there.
    fn validation_information(&mut self, old: &Object, new: &Object) -> Result<bool> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let empty = Dictionary::default();
        let before = old.as_dictionary().unwrap_or(&empty);
        let after = new.as_dictionary().unwrap_or(&empty);
        for (key, value) in before.iter() {
            let other = after.get(key).cloned().unwrap_or(Object::Null);
            let kept =
                self.new.resolve(&other)?.as_dictionary().is_some() || self.old.resolve(value)?.is_null();
            if !kept {
                self.disallow("validation data was removed (an entry of /VRI)");
            }
        }
        Ok(!self.is_same(&old, &new)?)
    }
}
