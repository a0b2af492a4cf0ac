//! Whether a filled field shows its value: who reads the page sees the appearance, who reads the data takes `/V`, and a viewer
//! may draw the one or the other (ISO 32000-2, 12.7.4.3).
//!
//! What is drawn by a font's own outlines cannot be known without drawing it: a font that names its characters falsely is
//! believed here.

mod budget;
mod font;
mod glyph;

use std::collections::HashMap;
use std::rc::Rc;

use unicode_normalization::UnicodeNormalization as _;

use super::super::field::Field;
use crate::error::Result;
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference, text};
use crate::pdf::reader::{Operation, View, operations};
use budget::Budget;
use font::Font;

/// Forms within forms of one appearance.
const DEPTH: usize = 4;

/// Reads the appearances of one view, within one budget for all of them.
#[derive(Default)]
pub(super) struct Reader {
    budget: Budget,
    /// `None` for one that does not say what it shows.
    fonts: HashMap<Reference, Option<Rc<Font>>>,
}

impl Reader {
    /// Whether every widget of a field that is seen shows its value; one without an appearance is drawn by the viewer from it.
    ///
    /// # Errors
    /// Objects that cannot be read; an appearance that cannot shows nothing.
    pub(super) fn shows_value(&mut self, view: View<'_>, field: &Field) -> Result<bool> {
        let kind = inherited(view, &field.dictionary, "FT")?;
        let flags = inherited(view, &field.dictionary, "Ff")?
            .as_integer()
            .unwrap_or(0);
        let value = view.resolve(&field.value)?;
        for widget in &field.widgets {
            let object = view.object(*widget)?;
            let Some(widget) = object.object.as_dictionary() else {
                continue;
            };
            let shows = match kind.as_name() {
                Some(b"Btn") => shows_state(view, widget, &value)?,
                Some(kind @ (b"Tx" | b"Ch")) if !is_shown_changed(view, field, widget, kind, flags)? => {
                    self.shows_text(view, field, widget, &value)?
                }
                _ => true,
            };
            if !shows {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn shows_text(
        &mut self,
        view: View<'_>,
        field: &Field,
        widget: &Dictionary,
        value: &Object,
    ) -> Result<bool> {
        let appearance = match view.value(widget, "AP")? {
            Object::Dictionary(appearance) => view.value(&appearance, "N")?,
            _ => return Ok(true),
        };
        if is_unseen(view, widget)? {
            return Ok(true);
        }
        let mut drawn = Drawn {
            reader: self,
            text: String::new(),
        };
        // What cannot be read may show anything.
        let is_read = match &appearance {
            Object::Stream(_) => drawn.form(view, &appearance, None, 0).is_ok_and(|read| read),
            _ => false,
        };
        let drawn = plain(&drawn.text);
        let values = values(view, field, value)?;
        Ok(is_read && values.is_none_or(|values| values.iter().any(|value| plain(value) == drawn)))
    }

    /// What `resources` hold under a name, perhaps by reference.
    fn named(&mut self, view: View<'_>, resources: &Dictionary, kind: &str, name: &[u8]) -> Result<Object> {
        let Object::Dictionary(named) = view.value(resources, kind)? else {
            return Ok(Object::Null);
        };
        self.budget.spend(named.len())?;
        Ok(named.get(name).cloned().unwrap_or(Object::Null))
    }

    fn font(&mut self, view: View<'_>, resources: &Dictionary, name: &[u8]) -> Result<Option<Rc<Font>>> {
        let named = self.named(view, resources, "Font", name)?;
        if let Object::Reference(reference) = named
            && let Some(known) = self.fonts.get(&reference)
        {
            return Ok(known.clone());
        }
        let font = Font::read(view, &view.resolve(&named)?, &mut self.budget)?.map(Rc::new);
        if let Object::Reference(reference) = named {
            self.fonts.insert(reference, font.clone());
        }
        Ok(font)
    }
}

/// Fields whose text is not their value by their kind: passwords, names of files, lists with all their entries, and what a
/// script that was signed over formats.
fn is_shown_changed(
    view: View<'_>,
    field: &Field,
    widget: &Dictionary,
    kind: &[u8],
    flags: i64,
) -> Result<bool> {
    const PASSWORD: i64 = 1 << 13;
    const FILE: i64 = 1 << 20;
    const COMBO: i64 = 1 << 17;
    for dictionary in [&field.dictionary, widget] {
        if let Object::Dictionary(actions) = view.value(dictionary, "AA")?
            && actions.get("F").is_some()
        {
            return Ok(true);
        }
    }
    Ok(match kind {
        b"Tx" => flags & (PASSWORD | FILE) != 0,
        _ => flags & COMBO == 0,
    })
}

/// A button whose value names one of its states is in it, and otherwise is off (12.7.5.2.3).
fn shows_state(view: View<'_>, widget: &Dictionary, value: &Object) -> Result<bool> {
    let Some(value) = value.as_name() else {
        return Ok(true);
    };
    let Object::Dictionary(appearance) = view.value(widget, "AP")? else {
        return Ok(true);
    };
    let Object::Dictionary(states) = view.value(&appearance, "N")? else {
        return Ok(true);
    };
    let state = view.value(widget, "AS")?;
    let wanted = if states.get(value).is_some() {
        value
    } else {
        b"Off"
    };
    Ok(state.as_name().unwrap_or(b"Off") == wanted)
}

fn is_unseen(view: View<'_>, widget: &Dictionary) -> Result<bool> {
    const UNSEEN: i64 = 1 << 1 | 1 << 5;
    Ok(view.value(widget, "F")?.as_integer().unwrap_or(0) & UNSEEN != 0)
}

/// The value, and what a choice shows for it; `None` where several are chosen.
fn values(view: View<'_>, field: &Field, value: &Object) -> Result<Option<Vec<String>>> {
    let value = match value {
        Object::Null => String::new(),
        Object::String(value) => text(&value.bytes),
        Object::Stream(stream) => text(&view.decode(stream)?),
        _ => return Ok(None),
    };
    let mut values = vec![value];
    if let Object::Array(options) = inherited(view, &field.dictionary, "Opt")? {
        for option in &options {
            let Object::Array(pair) = view.resolve(option)? else {
                continue;
            };
            if let [export, shown] = &pair[..]
                && let (Object::String(export), Object::String(shown)) =
                    (view.resolve(export)?, view.resolve(shown)?)
                && text(&export.bytes) == values[0]
            {
                values.push(text(&shown.bytes));
            }
        }
    }
    Ok(Some(values))
}

/// The value of a key that parents hand down.
fn inherited(view: View<'_>, field: &Dictionary, key: &str) -> Result<Object> {
    let mut field = field.clone();
    for _ in 0..limits::TREE_DEPTH {
        let value = view.value(&field, key)?;
        if !value.is_null() {
            return Ok(value);
        }
        match view.value(&field, "Parent")? {
            Object::Dictionary(parent) => field = parent,
            _ => break,
        }
    }
    Ok(Object::Null)
}

/// Lines, spaces and the ways of writing one letter are the layout's affair.
fn plain(text: &str) -> String {
    let seen = |letter: &char| !(letter.is_whitespace() || letter.is_control() || *letter == '\u{200B}');
    text.nfc()
        .filter(seen)
        .map(|letter| match letter {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{2010}' | '\u{2011}' | '\u{AD}' => '-',
            other => other,
        })
        .collect()
}

/// The characters that an appearance shows.
struct Drawn<'r> {
    reader: &'r mut Reader,
    text: String,
}

/// The state of the text (9.3) as far as it decides what is read.
#[derive(Clone, Default)]
struct State {
    font: Option<Rc<Font>>,
    is_invisible: bool,
}

impl Drawn<'_> {
    /// Adds what a form draws; false where it draws what cannot be read.
    fn form(
        &mut self,
        view: View<'_>,
        form: &Object,
        outer: Option<&Dictionary>,
        depth: usize,
    ) -> Result<bool> {
        let Object::Stream(form) = form else {
            return Ok(false);
        };
        let own = view.value(&form.dictionary, "Resources")?;
        let resources = own.as_dictionary().or(outer).cloned().unwrap_or_default();
        self.reader.budget.spend(1)?;
        let content = view.decode(form)?;
        self.reader.budget.spend(content.len())?;
        let (mut state, mut kept) = (State::default(), Vec::new());
        let mut is_read = true;
        for Operation { operator, operands } in operations(&content)? {
            match (operator, &operands[..]) {
                (b"q", _) if kept.len() < limits::NESTING => kept.push(state.clone()),
                (b"Q", _) => state = kept.pop().unwrap_or_default(),
                (b"Tr", [Object::Integer(mode)]) => state.is_invisible = matches!(mode, 3 | 7),
                (b"Tf", [Object::Name(name), _]) => {
                    state.font = self.reader.font(view, &resources, name)?;
                }
                (b"Tj" | b"'" | b"\"", [.., Object::String(shown)]) => {
                    is_read &= self.show(&state, &shown.bytes);
                }
                (b"TJ", [Object::Array(parts)]) => {
                    for part in parts.iter().filter_map(Object::as_text) {
                        is_read &= self.show(&state, &part.bytes);
                    }
                }
                (b"Do", [Object::Name(name)]) => {
                    let inner = self.reader.named(view, &resources, "XObject", name)?;
                    let inner = view.resolve(&inner)?;
                    let is_form = inner
                        .as_stream()
                        .is_some_and(|inner| inner.dictionary.name("Subtype") == Some(b"Form"));
                    let deeper = depth < DEPTH;
                    is_read &= is_form && deeper && self.form(view, &inner, Some(&resources), depth + 1)?;
                }
                _ => {}
            }
        }
        Ok(is_read)
    }

    fn show(&mut self, state: &State, codes: &[u8]) -> bool {
        if state.is_invisible {
            return true;
        }
        let read = state.font.as_ref().and_then(|font| font.text(codes));
        self.text.extend(read.iter().flat_map(|text| text.chars()));
        read.is_some() || codes.is_empty()
    }
}
