//! A document that was read to be signed.

use super::{Prepared, Request, Wishes, container, dictionary, field, seed};
use crate::error::{Error, Result};
use crate::pdf::writer::Update;
use crate::sign::draft::Draft;

/// A document read once, before the key is known.
pub struct Opening<'a> {
    document: &'a [u8],
    update: Update,
}

impl<'a> Opening<'a> {
    /// Reads a document that `password` opens.
    ///
    /// # Errors
    /// Malformed or damaged documents; a wrong password is *refused*.
    pub fn of(document: &'a [u8], password: Option<&str>) -> Result<Self> {
        let update = Update::open(document, password)?;
        Ok(Self { document, update })
    }

    /// What the seed values of this field say of digests and time-stamps; nothing where it has none, or is not there yet.
    ///
    /// # Errors
    /// Malformed form fields.
    pub fn wishes(&self, name: &str) -> Result<Wishes> {
        match field::find(&self.update, name)? {
            Some(id) => seed::wishes(&self.update, id),
            None => Ok(Wishes::default()),
        }
    }

    /// As [`super::prepare`].
    ///
    /// # Errors
    /// As [`super::prepare`].
    pub fn prepare(self, request: &Request, chain: &[Vec<u8>]) -> Result<Prepared> {
        let Self { document, mut update } = self;
        let certificate = chain
            .first()
            .ok_or_else(|| Error::misuse("certificate chain", "it is empty"))?;
        if !request.algorithm.fits(certificate)? {
            return Err(Error::misuse(
                "algorithm",
                "it does not fit the certificate's key",
            ));
        }
        let target = field::take(&mut update, request, chain)?;
        let entries = dictionary::entries(request, &target, update.root()?)?;
        let id = update.reserve();
        if target.certify.is_some() {
            field::certify(&mut update, id)?;
        }
        let digest = request.algorithm.digest();
        let (draft, message_digest) = Draft::new(document, update, target.id, id, entries, digest)?;
        let signed_attributes =
            container::signed_attributes(container::DATA, &message_digest, request.algorithm, certificate)?;
        Ok(Prepared {
            draft,
            algorithm: request.algorithm,
            level: request.level,
            chain: chain.to_vec(),
            signed_attributes,
            message_digest,
        })
    }
}
