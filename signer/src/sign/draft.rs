//! The update with its placeholder, and the digest around it.

use lopdf::{Dictionary, Object, ObjectId};
use serde::{Deserialize, Serialize};

use super::{Digest, dictionary};
use crate::error::{Error, Result};
use crate::pdf::writer::Update;

/// An update that lacks nothing but `/Contents`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Draft {
    document_size_bytes: usize,
    #[serde(with = "super::base64")]
    document_sha256: Vec<u8>,
    /// Up to the `<` of `/Contents`, and from after its `>`.
    #[serde(with = "super::base64")]
    before: Vec<u8>,
    #[serde(with = "super::base64")]
    after: Vec<u8>,
}

impl Draft {
    /// Makes `entries`, with room for a container, the value of `field`, and hashes document and update without the gap;
    /// comes back with that message digest. `id` is the signature's, reserved before.
    pub fn new(
        document: &[u8],
        mut update: Update,
        field: ObjectId,
        id: ObjectId,
        entries: Dictionary,
        digest: Digest,
    ) -> Result<(Self, Vec<u8>)> {
        let entries = update.sealed(id, Object::Dictionary(entries))?;
        let placeholder = dictionary::placeholder(&entries, CAPACITY)?;
        update.set_raw(id, placeholder.bytes);
        update.edit(field)?.set("V", Object::Reference(id));
        let mut section = update.finish()?;
        let body = *section
            .raw_bodies
            .get(&id)
            .ok_or_else(|| Error::misuse("signature", "its object was lost"))?;

        let start = document.len() + body + placeholder.contents.start;
        let end = document.len() + body + placeholder.contents.end;
        let total = document.len() + section.bytes.len();
        let range = body + placeholder.byte_range.start..body + placeholder.byte_range.end;
        section.bytes[range].copy_from_slice(&dictionary::byte_range([0, start, end, total - end]));

        let after = section.bytes.split_off(body + placeholder.contents.end);
        section.bytes.truncate(body + placeholder.contents.start);
        let (document_sha256, message_digest) = digests(digest, document, &section.bytes, &after);
        let draft = Self {
            document_size_bytes: document.len(),
            document_sha256,
            before: section.bytes,
            after,
        };
        Ok((draft, message_digest))
    }

    /// The update with the container in its place, padded with zeros.
    pub fn with_contents(&self, container: &[u8]) -> Result<Vec<u8>> {
        if container.len() > CAPACITY {
            return Err(Error::refused(
                "signature",
                format!("its container of {} bytes is too large", container.len()),
            ));
        }
        let mut update = Vec::with_capacity(self.before.len() + 2 * CAPACITY + 2 + self.after.len());
        update.extend_from_slice(&self.before);
        update.push(b'<');
        for byte in container {
            update.extend([
                HEXADECIMAL[usize::from(byte >> 4)],
                HEXADECIMAL[usize::from(byte & 15)],
            ]);
        }
        update.resize(self.before.len() + 2 * CAPACITY + 1, b'0');
        update.push(b'>');
        update.extend_from_slice(&self.after);
        Ok(update)
    }

    /// Whether this is the document that was prepared.
    pub fn check(&self, document: &[u8]) -> Result<()> {
        let same =
            document.len() == self.document_size_bytes && Digest::Sha256.of(document) == self.document_sha256;
        if same {
            Ok(())
        } else {
            Err(Error::misuse("document", "it is not the one that was prepared"))
        }
    }
}

/// The document's own SHA-256, and the digest that is signed; one pass where both are SHA-256.
fn digests(digest: Digest, document: &[u8], before: &[u8], after: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut own = Digest::Sha256.context();
    own.update(document);
    let mut signed = if digest == Digest::Sha256 {
        own.clone()
    } else {
        let mut context = digest.context();
        context.update(document);
        context
    };
    signed.update(before);
    signed.update(after);
    (own.finish().as_ref().to_vec(), signed.finish().as_ref().to_vec())
}

/// Bytes of a container: a chain of four certificates and a token with its own chain stay well under it.
const CAPACITY: usize = 32 * 1024;

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";
