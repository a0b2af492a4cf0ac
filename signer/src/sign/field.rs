//! The field that is signed: found or made, allowed or not.

use lopdf::{Dictionary, Object, ObjectId, dictionary};

use super::{Request, seed};
use crate::error::{Error, Result};
use crate::pdf::form::Lock;
use crate::pdf::form::field::{self, Field};
use crate::pdf::writer::Update;

/// A field ready for its value.
pub(super) struct Target {
    pub id: ObjectId,
    pub lock: Option<Lock>,
}

/// Finds the empty field or makes it, checks that the signatures before allow it, and draws its appearance.
pub(super) fn take(update: &mut Update, request: &Request, chain: &[Vec<u8>]) -> Result<Target> {
    let fields = field::all(update)?;
    let signed: Vec<&Field> = fields
        .iter()
        .filter(|field| field.is_signature && field.has_value)
        .collect();
    if request.certify.is_some() && !signed.is_empty() {
        return Err(Error::refused(
            "signature",
            "only the first signature may certify",
        ));
    }
    for earlier in signed {
        check_earlier(update, earlier, &request.field)?;
    }
    let id = match fields.iter().find(|field| field.name == request.field) {
        Some(field) if field.is_signature && !field.has_value => field.id,
        Some(_) => {
            return Err(Error::refused(
                "signature",
                format!("the field {:?} is taken", request.field),
            ));
        }
        None => field::add_signature(update, &request.field, request.place.as_ref(), None)?,
    };
    seed::check(update, id, request, chain)?;
    draw(update, id, request)?;
    let widget = update.dictionary(id)?;
    let lock = update
        .value(widget, b"Lock")
        .as_dict()
        .ok()
        .and_then(|lock| Lock::read(update, lock));
    Ok(Target { id, lock })
}

/// Names the signature as the one that certifies (ISO 32000-2, 12.8.6).
pub(super) fn certify(update: &mut Update, signature: ObjectId) -> Result<()> {
    let root = update.root()?;
    let catalogue = update.dictionary(root)?;
    // Other permissions stay what they were.
    let mut permissions = update
        .value(catalogue, b"Perms")
        .as_dict()
        .cloned()
        .unwrap_or_default();
    permissions.set("DocMDP", signature);
    update.edit(root)?.set("Perms", permissions);
    Ok(())
}

/// Refuses what an earlier certification or field lock forbids: a verifier would call the new signature a forbidden change.
fn check_earlier(update: &Update, earlier: &Field, wanted: &str) -> Result<()> {
    let field = update.dictionary(earlier.id)?;
    let Ok(signature) = update.value(field, b"V").as_dict() else {
        return Ok(());
    };
    for reference in update
        .value(signature, b"Reference")
        .as_array()
        .into_iter()
        .flatten()
    {
        let Ok(reference) = update.resolve(reference).as_dict() else {
            continue;
        };
        let Ok(parameters) = update.value(reference, b"TransformParams").as_dict() else {
            continue;
        };
        let forbids = match update.value(reference, b"TransformMethod").as_name() {
            Ok(b"DocMDP") => matches!(update.value(parameters, b"P").as_i64(), Ok(1)),
            Ok(b"FieldMDP") => Lock::read(update, parameters).is_some_and(|lock| lock.covers(wanted)),
            _ => false,
        };
        if forbids {
            return Err(Error::refused(
                "signature",
                format!("the signature in {:?} locks the field", earlier.name),
            ));
        }
    }
    Ok(())
}

fn draw(update: &mut Update, id: ObjectId, request: &Request) -> Result<()> {
    let Some(appearance) = &request.appearance else {
        return Ok(());
    };
    let widget: Dictionary = update.dictionary(id)?.clone();
    let rect = field::rect(update, &widget)?;
    if rect.width <= 0.0 || rect.height <= 0.0 {
        return Err(Error::misuse("appearance", "the field has no room for it"));
    }
    let rotation = field::widget_rotation(update, &widget);
    let drawn = appearance.draw(update, &rect, rotation)?;
    update
        .edit(id)?
        .set("AP", dictionary! { "N" => Object::Reference(drawn) });
    Ok(())
}
