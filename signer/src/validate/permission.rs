//! What a signature lets later revisions do: DocMDP, FieldMDP and field locks (ISO 32000-2, 12.8.2 and 12.7.5.5).

use super::field::{Field, fields};
use crate::error::Result;
use crate::pdf::object::{Dictionary, Object, text};
use crate::pdf::reader::View;

/// The permissions in force after a signature.
#[derive(Debug, Clone, Default)]
pub(super) struct Permission {
    /// 1 nothing, 2 form filling, 3 annotations too; `None` without a DocMDP.
    pub(super) level: Option<i64>,
    locks: Vec<Lock>,
    /// Set by a certification signature.
    pub(super) certified: bool,
}

#[derive(Debug, Clone)]
enum Lock {
    All,
    Include(Vec<String>),
    Exclude(Vec<String>),
}

impl Permission {
    /// Adds what the signature in `field` says.
    pub(super) fn add(&mut self, view: View<'_>, field: &Field, signature: &Dictionary) -> Result<()> {
        if let Object::Array(references) = view.value(signature, "Reference")? {
            for reference in &references {
                if let Object::Dictionary(reference) = view.resolve(reference)? {
                    self.transform(view, &reference)?;
                }
            }
        }
        if let Object::Dictionary(lock) = view.value(&field.dictionary, "Lock")? {
            self.lock(view, &lock)?;
            self.restrict(view.value(&lock, "P")?.as_integer());
        }
        Ok(())
    }

    fn transform(&mut self, view: View<'_>, reference: &Dictionary) -> Result<()> {
        let parameters = match view.value(reference, "TransformParams")? {
            Object::Dictionary(parameters) => parameters,
            _ => Dictionary::default(),
        };
        match view.value(reference, "TransformMethod")?.as_name() {
            Some(b"DocMDP") => {
                self.certified = true;
                self.restrict(Some(view.value(&parameters, "P")?.as_integer().unwrap_or(2)));
            }
            Some(b"FieldMDP") => {
                self.lock(view, &parameters)?;
                // Acrobat repeats the field lock's /P here.
                self.restrict(view.value(&parameters, "P")?.as_integer());
            }
            _ => {}
        }
        Ok(())
    }

    fn restrict(&mut self, level: Option<i64>) {
        if let Some(level) = level {
            self.level = Some(self.level.map_or(level, |old| old.min(level)));
        }
    }

    fn lock(&mut self, view: View<'_>, dictionary: &Dictionary) -> Result<()> {
        let mut names = Vec::new();
        if let Object::Array(items) = view.value(dictionary, "Fields")? {
            for item in &items {
                names.extend(view.resolve(item)?.as_text().map(|name| text(&name.bytes)));
            }
        }
        match view.value(dictionary, "Action")?.as_name() {
            Some(b"Include") => self.locks.push(Lock::Include(names)),
            Some(b"Exclude") => self.locks.push(Lock::Exclude(names)),
            // Whatever is no known action locks everything: the careful reading.
            _ => self.locks.push(Lock::All),
        }
        Ok(())
    }

    pub(super) fn is_locked(&self, field: &str) -> bool {
        let named = |names: &[String]| {
            names.iter().any(|name| {
                field == name
                    || field
                        .strip_prefix(name.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            })
        };
        self.locks.iter().any(|lock| match lock {
            Lock::All => true,
            Lock::Include(names) => named(names),
            Lock::Exclude(names) => !named(names),
        })
    }
}

/// Whether an encrypted file lets its users make the update that signed `field` in `view`'s revision (ISO 32000-2, table
/// 22): bit 6 or 9 to fill a signature field that is there, bits 4 and 6 to add one. Its owner may do both, and nobody can
/// see afterwards who opened the file: so the signature stands, and is warned of. What a file held when it was made is no
/// update.
pub(super) fn lets_users_sign(view: View<'_>, field: &str) -> Result<bool> {
    let document = view.document();
    let (Some(permissions), Some(before)) = (document.permissions(), view.revision().checked_sub(1)) else {
        return Ok(true);
    };
    let may = |bit: u32| permissions & (1 << (bit - 1)) != 0;
    let was_there = fields(document.view(before))?.iter().any(|one| one.name == field);
    Ok(if was_there {
        may(6) || may(9)
    } else {
        may(4) && may(6)
    })
}
