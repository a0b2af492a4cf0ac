//! What one revision changed, judged by a whitelist: whatever is not explained is disallowed.
//!
//! Two revisions are walked side by side from their trailers. Pages, form fields, annotations, the structure tree and the
//! document security store each have their own rules; everything else must be the same, however it is reached. So an
//! object that is overridden is judged along every path of its use, and an object nobody reaches changes nothing.

mod annotation;
mod appearance;
mod catalog;
mod comment;
mod form;
mod leftover;
mod output_intent;
mod same;
mod security_store;
mod structure;
mod unlisted;

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use super::attack::Attack;
use super::field::{self, Field};
use crate::error::Result;
use crate::limits;
use crate::pdf::object::{Dictionary, Object, Reference};
use crate::pdf::reader::{Document, Place, View};

/// One explained change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// Validation data, document information, metadata: nothing a reader sees.
    Evidence(String),
    /// Validation data that is no longer there: a fault for those whose revision held it.
    Lost(String),
    /// A document security store made anew: it lost entries and gained others.
    Renewed(String),
    DocumentTimeStamp(String),
    FieldAdded {
        field: String,
        visible: bool,
    },
    Signed(String),
    Filled(String),
    /// A field was filled, and its widgets do not show its value.
    ShownOtherwise(String),
    Annotation(String),
    /// A new signature stands over most of a finished one.
    Covered(String),
    /// An object that nothing leads to: many writers leave some, and where no change at all is permitted none may come.
    Unused(String),
    /// What was changed against the whitelist.
    Disallowed(String),
}

/// What revision `newer` (counted from 0, at least 1) changed against the one before.
pub(super) fn step(document: &Document<'_>, newer: usize) -> Vec<Finding> {
    // Covered to the end by a signature the table's word is enough; with more behind it readers see different files.
    if document.revisions()[newer - 1..=newer]
        .iter()
        .any(|revision| revision.is_ambiguous)
    {
        let what =
            "the hybrid cross-references of a revision disagree, so that readers see different objects";
        return vec![Finding::Disallowed(Attack::ParserDifferential.reason(what))];
    }
    let judged = unlisted::none(document, newer)
        .and_then(|()| Walk::new(document.view(newer - 1), document.view(newer)))
        .and_then(Walk::run);
    match judged {
        Ok(findings) => findings,
        Err(error) => vec![Finding::Disallowed(error.to_string())],
    }
}

type Label = Rc<str>;

struct Walk<'d> {
    old: View<'d>,
    new: View<'d>,
    old_fields: HashMap<Reference, Field>,
    new_fields: HashMap<Reference, Field>,
    /// Widgets of old fields and of new ones, with their field's reference.
    old_widgets: HashMap<Reference, Reference>,
    new_widgets: HashMap<Reference, Reference>,
    /// Objects with a rule of their own: met elsewhere under the same name, they are not compared again.
    judged: HashSet<Reference>,
    /// Pairs that must be the same.
    pending: VecDeque<(Object, Object, Label)>,
    compared: HashSet<(Place, Place)>,
    /// Old objects that were looked at on any path.
    explained: HashSet<Place>,
    /// Appearances that were replaced, with their field.
    replaced: Vec<(Place, String)>,
    /// Whether the update signs a field that is seen.
    draws_signature: bool,
    appearances: appearance::Reader,
    findings: Vec<Finding>,
    refusals: usize,
}

impl<'d> Walk<'d> {
    fn new(old: View<'d>, new: View<'d>) -> Result<Self> {
        let (old_fields, old_widgets) = index(field::fields(old)?);
        let (new_fields, new_widgets) = index(field::fields(new)?);
        let mut judged: HashSet<Reference> = old_fields.keys().copied().collect();
        judged.extend(old_widgets.keys());
        Ok(Self {
            old,
            new,
            old_fields,
            new_fields,
            old_widgets,
            new_widgets,
            judged,
            pending: VecDeque::new(),
            compared: HashSet::new(),
            explained: HashSet::new(),
            replaced: Vec::new(),
            draws_signature: false,
            appearances: appearance::Reader::default(),
            findings: Vec::new(),
            refusals: 0,
        })
    }

    fn run(mut self) -> Result<Vec<Finding>> {
        self.trailer()?;
        self.catalog()?;
        self.compare_pending()?;
        self.leftovers()?;
        Ok(self.findings)
    }

    /// What no rule explains is taken for a shadow: something is shown or hidden that was not so when it was signed.
    fn disallow(&mut self, what: impl Into<String>) {
        self.refuse(Attack::Shadow, what);
    }

    fn refuse(&mut self, attack: Attack, what: impl Into<String>) {
        // One decisive reason and a few more tell enough; what is allowed takes no refusal's room.
        if self.refusals < limits::SIGNATURES {
            self.refusals += 1;
            self.findings
                .push(Finding::Disallowed(attack.reason(what.into())));
        }
    }

    fn evidence(&mut self, what: &str) {
        self.findings.push(Finding::Evidence(what.to_owned()));
    }

    /// Notes that an old object was looked at by a rule of its own; met elsewhere it is still compared.
    fn looked_at(&mut self, old: &Object) {
        if let Some(reference) = old.as_reference() {
            self.explained.insert(self.old.place(reference));
        }
    }

    /// Both values of a key; null where absent.
    fn values(&self, old: &Dictionary, new: &Dictionary, key: &[u8]) -> (Object, Object) {
        let value = |dictionary: &Dictionary| dictionary.get(key).cloned().unwrap_or(Object::Null);
        (value(old), value(new))
    }

    /// Asks for two values to be the same.
    fn require_same(&mut self, old: Object, new: Object, label: impl Into<Label>) {
        self.pending.push_back((old, new, label.into()));
    }
}

fn index(fields: Vec<Field>) -> (HashMap<Reference, Field>, HashMap<Reference, Reference>) {
    let mut widgets = HashMap::new();
    let mut by_reference = HashMap::new();
    for field in fields {
        let Some(reference) = field.reference else {
            continue;
        };
        for widget in &field.widgets {
            widgets.insert(*widget, reference);
        }
        by_reference.insert(reference, field);
    }
    (by_reference, widgets)
}

/// The keys of two dictionaries, each once.
fn keys<'a>(old: &'a Dictionary, new: &'a Dictionary) -> Vec<&'a [u8]> {
    let added = new
        .iter()
        .map(|(key, _)| key)
        .filter(|key| old.get(key).is_none());
    old.iter().map(|(key, _)| key).chain(added).collect()
}

/// A key as people read it in a reason.
fn shown(key: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(key))
}
