//! The field that is signed: found or made, allowed or not.

use lopdf::{Dictionary, Object, ObjectId, dictionary};

use super::{Certification, Request, seed};
use crate::error::{Error, Result};
use crate::pdf::form::Lock;
use crate::pdf::form::field::{self, Field};
use crate::pdf::writer::Update;

/// A field ready for its value, and what its author decided.
pub(super) struct Target {
    pub id: ObjectId,
    pub lock: Option<Lock>,
    /// `/P` of the lock: what may still change in the whole document (ISO 32000-2, table 236).
    pub permission: Option<i64>,
    pub reason: Option<String>,
    pub certify: Option<Certification>,
}

/// The field of this name.
pub(super) fn find(update: &Update, name: &str) -> Result<Option<ObjectId>> {
    let fields = field::all(update)?;
    Ok(fields
        .into_iter()
        .find(|field| field.name == name)
        .map(|field| field.id))
}

/// Finds the empty field or makes it, checks that the signatures before allow it, and draws its appearance.
pub(super) fn take(update: &mut Update, request: &Request, chain: &[Vec<u8>]) -> Result<Target> {
    let fields = field::all(update)?;
    let signed: Vec<&Field> = fields
        .iter()
        .filter(|field| field.is_signature && field.has_value)
        .collect();
    let is_first = signed.is_empty();
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
    let met = seed::meet(update, id, request, chain)?;
    if met.certify.is_some() && !is_first {
        return Err(Error::refused(
            "signature",
            "only the first signature may certify",
        ));
    }
    draw(update, id, request)?;
    let (mut lock, mut permission) = read_lock(update, id)?;
    if met.locks {
        (lock, permission) = (Some(Lock::All), Some(LOCKED));
        // A field's lock under an earlier signature stays as that signature saw it.
        if is_first {
            set_lock(update, id)?;
        }
    }
    Ok(Target {
        id,
        lock,
        permission,
        reason: met.reason,
        certify: met.certify,
    })
}

fn read_lock(update: &Update, id: ObjectId) -> Result<(Option<Lock>, Option<i64>)> {
    let Ok(lock) = update.value(update.dictionary(id)?, b"Lock").as_dict() else {
        return Ok((None, None));
    };
    let permission = update.value(lock, b"P").as_i64().ok();
    Ok((
        Lock::read(update, lock),
        permission.filter(|level| (1..=3).contains(level)),
    ))
}

/// Locks the whole document with the signature of this field.
fn set_lock(update: &mut Update, id: ObjectId) -> Result<()> {
    let mut lock = dictionary! { "Type" => "SigFieldLock", "P" => LOCKED };
    Lock::All.write(&mut lock);
    let lock = update.add(lock);
    update.edit(id)?.set("Lock", lock);
    Ok(())
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
    if read_lock(update, earlier.id)?.1 == Some(LOCKED) {
        return Err(locked(earlier));
    }
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
            Ok(b"DocMDP") => matches!(update.value(parameters, b"P").as_i64(), Ok(LOCKED)),
            Ok(b"FieldMDP") => {
                matches!(update.value(parameters, b"P").as_i64(), Ok(LOCKED))
                    || Lock::read(update, parameters).is_some_and(|lock| lock.covers(wanted))
            }
            _ => false,
        };
        if forbids {
            return Err(locked(earlier));
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
    let unit = field::user_unit(update, &widget);
    let drawn = appearance.draw(update, &rect, rotation, unit)?;
    update
        .edit(id)?
        .set("AP", dictionary! { "N" => Object::Reference(drawn) });
    Ok(())
}

fn locked(earlier: &Field) -> Error {
    Error::refused(
        "signature",
        format!("the signature in {:?} locks the field", earlier.name),
    )
}

/// Nothing may change (ISO 32000-2, tables 236 and 257).
const LOCKED: i64 = 1;
