//! Document time-stamps (EN 319 142-1, 5.4.3): what gives a stored signature its level B-T, what closes B-LTA, and what
//! renews it.

use lopdf::ObjectId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::draft::Draft;
use super::{TIME_STAMP_DIGEST, base64, dictionary};
use crate::error::Result;
use crate::pdf::form::field;
use crate::pdf::writer::Update;
use crate::tsp;

/// A document made ready for its time-stamp; may be stored while the authority is slow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DocumentTimeStamp {
    draft: Draft,
    #[serde(with = "base64")]
    message_digest: Vec<u8>,
}

impl DocumentTimeStamp {
    /// Prepares an invisible time-stamp over the whole `document`, in a field of its own.
    ///
    /// # Errors
    /// Malformed or damaged documents; a wrong password is *refused*.
    pub fn prepare(document: &[u8], password: Option<&str>) -> Result<Self> {
        let mut update = Update::open(document, password)?;
        let field = add_field(&mut update)?;
        let id = update.reserve();
        let entries = dictionary::time_stamp_entries();
        let (draft, message_digest) = Draft::new(document, update, field, id, entries, TIME_STAMP_DIGEST)?;
        Ok(Self {
            draft,
            message_digest,
        })
    }

    /// The `TimeStampReq`; `nonce` is chosen at random by the caller, who keeps it.
    pub fn request(&self, nonce: u64) -> Vec<u8> {
        tsp::request(TIME_STAMP_DIGEST, &self.message_digest, nonce)
    }

    /// Takes the `TimeStampResp`, after checking status, imprint, nonce and that its time is near `now`; comes back with
    /// the bytes to be appended to the document.
    ///
    /// # Errors
    /// A response that is malformed, refuses, or answers another request.
    pub fn update(&self, response: &[u8], nonce: u64, now: OffsetDateTime) -> Result<Vec<u8>> {
        let token = tsp::token(response)?;
        token.answers(TIME_STAMP_DIGEST, &self.message_digest, nonce, now)?;
        self.draft.with_contents(&token.into_der())
    }

    /// Whether `document` is the one that was prepared.
    ///
    /// # Errors
    /// *Misuse*: it is another.
    pub fn check(&self, document: &[u8]) -> Result<()> {
        self.draft.check(document)
    }
}

/// The first free name of the usual kind.
fn add_field(update: &mut Update) -> Result<ObjectId> {
    let names: Vec<String> = field::all(update)?.into_iter().map(|field| field.name).collect();
    let mut number = 1;
    while names.contains(&format!("DocTimeStamp{number}")) {
        number += 1;
    }
    field::add_signature(update, &format!("DocTimeStamp{number}"), None, None)
}
