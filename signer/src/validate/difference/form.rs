//! The interactive form: new signature fields, signatures, filled fields.

use std::collections::HashSet;

use super::super::attack::Attack;
use super::super::field::Field;
use super::annotation::corners;
use super::{Finding, Walk, keys, shown};
use crate::error::{Error, Result};
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::pdf::reader::{Place, View};

/// What filling changes in a field or its widget.
const FILLING: [&[u8]; 10] = [b"V", b"AP", b"AS", b"F", b"DA", b"Q", b"Ff", b"M", b"I", b"TI"];
/// How the frame of a widget is drawn: writers that draw a filled field anew write down what they took for it.
const FRAME: [&[u8]; 2] = [b"BS", b"Border"];
/// Back references: the tree itself has been compared.
const UPWARD: [&[u8]; 2] = [b"P", b"Parent"];

impl Walk<'_> {
    pub(super) fn form(&mut self, old: &Object, new: &Object) -> Result<()> {
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let empty = Dictionary::default();
        let (before, after) = match (&old, &new) {
            (Object::Null, Object::Null) => return Ok(()),
            (Object::Null, Object::Dictionary(after)) => (&empty, after),
            (Object::Dictionary(before), Object::Dictionary(after)) => (before, after),
            _ => {
                self.disallow("/AcroForm was removed");
                return Ok(());
            }
        };
        super::field::no_duplicates(after, "AcroForm")?;
        let (old_fields, new_fields) = self.values(before, after, b"Fields");
        let (old_fields, new_fields) = (self.old.resolve(&old_fields)?, self.new.resolve(&new_fields)?);
        self.field_list(
            old_fields.as_array().unwrap_or_default(),
            new_fields.as_array().unwrap_or_default(),
        )?;
        for key in keys(before, after) {
            let (old, new) = self.values(before, after, key);
            match key {
                b"Fields" => {}
                b"SigFlags" => self.signature_flags(&old, &new)?,
                b"DR" => self.resources(&old, &new)?,
                b"DA" | b"Q" if old.is_null() => {}
                b"NeedAppearances" if !matches!(self.new.resolve(&new)?, Object::Boolean(true)) => {}
                _ => self.require_same(old, new, format!("the form's {}", shown(key))),
            }
        }
        Ok(())
    }

    fn signature_flags(&mut self, old: &Object, new: &Object) -> Result<()> {
        let before = self.old.resolve(old)?.as_integer().unwrap_or(0);
        let after = self.new.resolve(new)?.as_integer().unwrap_or(0);
        if before & !after != 0 {
            self.disallow("the form's /SigFlags lost a flag");
        }
        Ok(())
    }

    /// Named resources may be added, never changed; but no variable text is drawn with external objects (12.7.4.3), and
    /// writers name the parts of each visible signature's appearance there, under the same names again.
    fn resources(&mut self, old: &Object, new: &Object) -> Result<()> {
        self.looked_at(old);
        let (old, new) = (self.old.resolve(old)?, self.new.resolve(new)?);
        let (Object::Dictionary(before), Object::Dictionary(after)) = (&old, &new) else {
            if !old.is_null() {
                self.require_same(old, new, "the form's /DR");
            }
            return Ok(());
        };
        for (key, value) in before.iter() {
            let other = after.get(key).cloned().unwrap_or(Object::Null);
            let (kind, other) = (self.old.resolve(value)?, self.new.resolve(&other)?);
            let label = format!("the form's resources {}", shown(key));
            if key == b"XObject" && self.draws_signature && other.as_dictionary().is_some() {
                self.explain(value)?;
            } else if let (Object::Dictionary(kind), Object::Dictionary(other)) = (&kind, &other) {
                self.looked_at(value);
                for (name, value) in kind.iter() {
                    let other = other.get(name).cloned().unwrap_or(Object::Null);
                    self.require_same(value.clone(), other, label.as_str());
                }
            } else {
                self.require_same(kind, other, label.as_str());
            }
        }
        Ok(())
    }

    fn field_list(&mut self, old: &[Object], new: &[Object]) -> Result<()> {
        let old_references: HashSet<Reference> = old.iter().filter_map(Object::as_reference).collect();
        let new_references: HashSet<Reference> = new.iter().filter_map(Object::as_reference).collect();
        for item in old {
            match item.as_reference() {
                Some(reference) if new_references.contains(&reference) => self.field(reference)?,
                Some(reference) if self.old.object(reference)?.object.is_null() => {}
                Some(_) => self.disallow("a form field was removed"),
                None => self.disallow("a form field is no reference"),
            }
        }
        for item in new {
            match item.as_reference() {
                Some(reference) if old_references.contains(&reference) => {}
                Some(reference) => self.new_field(reference)?,
                None => self.disallow("a form field is no reference"),
            }
        }
        Ok(())
    }

    /// Only signature fields may come, each at once under a parent that is there.
    fn new_field(&mut self, reference: Reference) -> Result<()> {
        let Some(field) = self.new_fields.get(&reference).cloned() else {
            return Ok(());
        };
        if self.old.place(reference) != Place::Nowhere {
            self.disallow(format!("the new field {} uses an old object", field.name));
        }
        if self.old_fields.values().any(|old| old.name == field.name) {
            self.disallow(format!("a second field named {}", field.name));
        }
        self.no_action(&field.dictionary, &format!("the new field {}", field.name));
        if field.is_signature {
            let visible = self.is_visible(&field)?;
            // The field of an invisible document time-stamp comes with it (EN 319 142-1 clause 5.4.3): no filling of a form.
            if visible || !self.is_time_stamp(&field)? {
                self.findings.push(Finding::FieldAdded {
                    field: field.name.clone(),
                    visible,
                });
            }
            return self.signature_value(&field);
        }
        self.disallow(format!("the form field {} was added", field.name));
        Ok(())
    }

    fn is_time_stamp(&self, field: &Field) -> Result<bool> {
        let value = self.new.resolve(&field.value)?;
        let signature = value.as_dictionary();
        Ok(signature.is_some_and(|signature| signature.name("Type") == Some(b"DocTimeStamp")))
    }

    fn is_visible(&self, field: &Field) -> Result<bool> {
        for widget in &field.widgets {
            let object = self.new.object(*widget)?;
            let Some(dictionary) = object.object.as_dictionary() else {
                continue;
            };
            if let Some([left, bottom, right, top]) = corners(self.new, dictionary)?
                && (left - right).abs() > 0.0
                && (bottom - top).abs() > 0.0
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a signature field's value is, once it has one.
    fn signature_value(&mut self, field: &Field) -> Result<()> {
        if self.new.resolve(&field.value)?.as_dictionary().is_none() {
            return Ok(());
        }
        if field
            .value
            .as_reference()
            .is_some_and(|value| self.old.place(value) != Place::Nowhere)
        {
            self.refuse(
                Attack::DictionarySpoofing,
                format!("the value of {} is an old object", field.name),
            );
        }
        let is_time_stamp = self.is_time_stamp(field)?;
        let visible = self.is_visible(field)?;
        self.draws_signature |= visible;
        self.findings.push(if is_time_stamp && !visible {
            Finding::DocumentTimeStamp(field.name.clone())
        } else {
            Finding::Signed(field.name.clone())
        });
        Ok(())
    }

    /// One field in both revisions.
    fn field(&mut self, reference: Reference) -> Result<()> {
        let (Some(old), Some(new)) = (
            self.old_fields.get(&reference).cloned(),
            self.new_fields.get(&reference).cloned(),
        ) else {
            self.disallow("a form field was removed");
            return Ok(());
        };
        let states = Filling {
            revalued: !self.is_same(&old.value, &new.value)?,
            signed: old.is_signature && !new.value.is_null(),
        };
        let mut filled = self.compare_widget(&old.dictionary, &new.dictionary, &old, states)?;
        if old.widgets != new.widgets {
            self.disallow(format!("the widgets of {} changed", old.name));
        }
        for widget in old.widgets.iter().filter(|widget| **widget != reference) {
            let (before, after) = (self.old.object(*widget)?, self.new.object(*widget)?);
            match (before.object.as_dictionary(), after.object.as_dictionary()) {
                (Some(before), Some(after)) => filled |= self.compare_widget(before, after, &old, states)?,
                _ => self.disallow(format!("a widget of {} was removed", old.name)),
            }
        }
        self.kids(&old, &new)?;
        match (old.is_signature, old.value.is_null(), new.value.is_null()) {
            (true, true, false) => self.signature_value(&new)?,
            (true, false, _) if filled => self.refuse(
                Attack::DictionarySpoofing,
                format!("the signed field {} was changed", old.name),
            ),
            _ if filled => {
                self.findings.push(Finding::Filled(old.name.clone()));
                if !self.appearances.shows_value(self.new, &new)? {
                    let what = format!("field {} shows something else than its value", old.name);
                    self.findings.push(Finding::ShownOtherwise(what));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn kids(&mut self, old: &Field, new: &Field) -> Result<()> {
        let is_field = |fields: &std::collections::HashMap<Reference, Field>, kid: &Object| {
            kid.as_reference().is_some_and(|kid| fields.contains_key(&kid))
        };
        let before = self.old.value(&old.dictionary, "Kids")?;
        let after = self.new.value(&new.dictionary, "Kids")?;
        let (Object::Array(mut before), Object::Array(mut after)) = (before.clone(), after.clone()) else {
            self.require_same(before, after, format!("/Kids of the field {}", old.name));
            return Ok(());
        };
        let rest = |items: &[Object], fields| {
            items
                .iter()
                .filter(|kid| !is_field(fields, kid))
                .cloned()
                .collect::<Vec<_>>()
        };
        let (old_rest, new_rest) = (rest(&before, &self.old_fields), rest(&after, &self.new_fields));
        self.require_same(
            Object::Array(old_rest),
            Object::Array(new_rest),
            format!("/Kids of the field {}", old.name),
        );
        before.retain(|kid| is_field(&self.old_fields, kid));
        after.retain(|kid| is_field(&self.new_fields, kid));
        // A field that was signed over keeps its family: new ones stand at the root of the form.
        if after.len() > before.len() {
            self.disallow(format!("a field was added under {}", old.name));
        }
        self.field_list(&before, &after)
    }

    /// Whether filling changed something; any other change is a finding.
    fn compare_widget(
        &mut self,
        old: &Dictionary,
        new: &Dictionary,
        field: &Field,
        states: Filling,
    ) -> Result<bool> {
        self.no_new_duplicates(old, new, &format!("the field {}", field.name));
        let mut changed: Vec<&[u8]> = Vec::new();
        for key in keys(old, new) {
            let (before, after) = self.values(old, new, key);
            if FILLING.contains(&key) || (states.revalued && FRAME.contains(&key)) {
                if !self.is_same(&before, &after)? {
                    self.explain(&before)?;
                    if let (b"AP", Some(appearance)) = (key, before.as_reference()) {
                        self.replaced
                            .push((self.old.place(appearance), field.name.clone()));
                    }
                    changed.push(key);
                }
            } else if UPWARD.contains(&key) {
                if before.as_reference() != after.as_reference() {
                    self.disallow(format!("{} of {} changed", shown(key), field.name));
                }
            } else if key == b"Kids" || (key == b"StructParent" && before.is_null()) {
                continue;
            } else {
                self.require_same(
                    before,
                    after,
                    format!("{} of the field {}", shown(key), field.name),
                );
            }
        }
        if !(states.revalued || changed.contains(&b"AS".as_slice())) {
            self.same_look(old, new, field, states, &changed)?;
        }
        Ok(!changed.is_empty())
    }

    /// Under the same value a field looks as it did: another look, or one shown or hidden, is how a shadow is lifted.
    fn same_look(
        &mut self,
        old: &Dictionary,
        new: &Dictionary,
        field: &Field,
        states: Filling,
        changed: &[&[u8]],
    ) -> Result<()> {
        const UNSEEN: i64 = 1 | 1 << 1 | 1 << 5;
        const PUSH_BUTTON: i64 = 1 << 16;
        if states.signed {
            return Ok(());
        }
        let name = &field.name;
        let is_redrawn = changed.contains(&b"AP".as_slice());
        let was_drawn = !self.old.value(old, "AP")?.is_null();
        let never_filled = field.is_signature
            || (self.old.value(&field.dictionary, "FT")?.as_name() == Some(b"Btn")
                && self.old.value(&field.dictionary, "Ff")?.as_integer().unwrap_or(0) & PUSH_BUTTON != 0);
        if is_redrawn && (was_drawn || never_filled) {
            self.disallow(format!("the appearance of {name} changed without its value"));
        }
        let flags =
            |view: View<'_>, widget| Ok::<_, Error>(view.value(widget, "F")?.as_integer().unwrap_or(0));
        if (flags(self.old, old)? ^ flags(self.new, new)?) & UNSEEN != 0 {
            self.disallow(format!(
                "{name} was shown or hidden without a change of its value"
            ));
        }
        Ok(())
    }
}

/// What an update did to a field as a whole.
#[derive(Clone, Copy)]
struct Filling {
    /// Its value, which its widgets share, is another one.
    revalued: bool,
    /// It is a signature field with a value now.
    signed: bool,
}
