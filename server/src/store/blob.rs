//! Files named by the SHA-256 of their content, written before the row that names them.
//!
//! A blob without a row is harmless and is found by comparing both; a row without a blob cannot come to be, because the
//! content and its folder entry are on disk (fsync) before a transaction may mention it. Stored bytes never change.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use ring::digest;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};

use super::{Tx, entity};
use crate::clock::Timestamp;
use crate::fail_point;

crate::id!(
    /// The SHA-256 of a blob's content, 64 lower-case hexadecimal digits.
    Sha256
);

/// A blob that is on disk and may now be named by a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    pub sha256: Sha256,
    pub size_bytes: u64,
}

/// Why a blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The content is longer than the limit that was given.
    #[error("the content is longer than {limit_bytes} bytes")]
    TooLong { limit_bytes: u64 },
    /// Whoever sent the content stopped half-way.
    #[error("the content broke off: {0}")]
    BrokenOff(String),
    /// The content on disk is not what its name says.
    #[error("blob {0} is damaged on disk")]
    Damaged(Sha256),
    /// The disk or the object store refused.
    #[error("cannot use the blob store: {0}")]
    Store(#[from] object_store::Error),
    /// The object store does not answer, or lets nobody in: nothing was done, and asking again later is right.
    #[error("the object store does not do what it is asked: {0}")]
    Away(object_store::Error),
}

/// The files; cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    files: Arc<dyn ObjectStore>,
    /// Behind a network, which may fail for a while.
    is_remote: bool,
}

impl Blobs {
    /// Opens the blobs in `folder`, making it where it does not exist.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn open(folder: &Path) -> Result<Self, super::Error> {
        std::fs::create_dir_all(folder)?;
        let files = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            files: Arc::new(files),
            is_remote: false,
        })
    }

    /// The blobs in an object store.
    pub(super) fn remote(files: Arc<dyn ObjectStore>) -> Self {
        Self {
            files,
            is_remote: true,
        }
    }

    /// Whether a file can be made at this moment.
    ///
    /// # Errors
    /// Why not.
    pub async fn try_out(&self) -> Result<(), Error> {
        let trial = arriving();
        self.files
            .put(&trial, PutPayload::new())
            .await
            .map_err(|error| self.unwritten(error))?;
        self.files
            .delete(&trial)
            .await
            .map_err(|error| self.unwritten(error))
    }

    /// Stores `content`, which is already in memory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn put(&self, content: impl Into<Bytes>) -> Result<Stored, Error> {
        let content = content.into();
        let size_bytes = content.len() as u64;
        let sha256 = of(&content);
        self.files
            .put(&key(&sha256), PutPayload::from_bytes(content))
            .await
            .map_err(|error| self.unwritten(error))?;
        fail_point::hit("blob.stored");
        Ok(Stored { sha256, size_bytes })
    }

    /// Stores a stream while hashing it; never more than a part of it is in memory.
    ///
    /// # Errors
    /// [`Error::TooLong`] past `limit_bytes`, [`Error::BrokenOff`] when the stream fails; nothing remains then.
    pub async fn put_stream<S, E>(&self, content: S, limit_bytes: u64) -> Result<Stored, Error>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        let stored = self.receive(content, limit_bytes).await;
        let stored = stored.map_err(|error| match error {
            Error::Store(error) => self.unwritten(error),
            error => error,
        })?;
        fail_point::hit("blob.stored");
        Ok(stored)
    }

    async fn receive<S, E>(&self, content: S, limit_bytes: u64) -> Result<Stored, Error>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: std::fmt::Display,
    {
        let arriving = arriving();
        let upload = self.files.put_multipart(&arriving).await?;
        let stored = receive(upload, content, limit_bytes).await?;
        self.files.rename(&arriving, &key(&stored.sha256)).await?;
        Ok(stored)
    }

    /// The whole content of a blob, checked against its name.
    ///
    /// # Errors
    /// When it is missing, damaged or unreadable.
    pub async fn get(&self, sha256: &Sha256) -> Result<Bytes, Error> {
        let read = async || self.files.get(&key(sha256)).await?.bytes().await;
        let content = read().await.map_err(|error| self.unread(error))?;
        if of(&content) != *sha256 {
            return Err(Error::Damaged(sha256.clone()));
        }
        Ok(content)
    }

    /// The content of a blob as a stream, for sending a large one on; it is not checked against its name.
    ///
    /// # Errors
    /// When it is missing or unreadable.
    pub async fn stream(
        &self,
        sha256: &Sha256,
    ) -> Result<impl Stream<Item = Result<Bytes, object_store::Error>> + Send + 'static, Error> {
        let found = self.files.get(&key(sha256)).await;
        Ok(found.map_err(|error| self.unread(error))?.into_stream())
    }

    fn unwritten(&self, error: object_store::Error) -> Error {
        if self.is_remote {
            Error::Away(error)
        } else {
            Error::Store(error)
        }
    }

    fn unread(&self, error: object_store::Error) -> Error {
        match error {
            missing @ object_store::Error::NotFound { .. } => Error::Store(missing),
            error => self.unwritten(error),
        }
    }
}

/// The name of some content.
pub fn of(content: &[u8]) -> Sha256 {
    Sha256(hex::encode(digest::digest(&digest::SHA256, content)))
}

/// The name of what `content` still holds, read a part at a time.
///
/// # Errors
/// When it cannot be read.
pub(super) fn of_reader(content: &mut impl std::io::Read) -> std::io::Result<Sha256> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut part = vec![0; 64 * 1024];
    loop {
        match content.read(&mut part)? {
            0 => return Ok(Sha256(hex::encode(hash.finish()))),
            length => hash.update(part.get(..length).unwrap_or_default()),
        }
    }
}

/// Writes the row that names a stored blob; storing the same content again changes nothing.
///
/// # Errors
/// When the database refuses.
pub async fn record(tx: &Tx, stored: &Stored, now: Timestamp) -> Result<(), sea_orm::DbErr> {
    let row = entity::blob::ActiveModel {
        sha256: Set(stored.sha256.clone()),
        size_bytes: Set(i64::try_from(stored.size_bytes).unwrap_or(i64::MAX)),
        created_at: Set(now),
    };
    entity::blob::Entity::insert(row)
        .on_conflict(
            OnConflict::column(entity::blob::Column::Sha256)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Parts handed to the object store; S3 takes none smaller than 5 MiB, except the last.
const PART_BYTES: usize = 5 * 1024 * 1024;

async fn receive<S, E>(
    mut upload: Box<dyn MultipartUpload>,
    content: S,
    limit_bytes: u64,
) -> Result<Stored, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: std::fmt::Display,
{
    let result = write_parts(&mut upload, content, limit_bytes).await;
    match result {
        Ok(stored) => {
            upload.complete().await?;
            Ok(stored)
        }
        Err(error) => {
            upload.abort().await?;
            Err(error)
        }
    }
}

async fn write_parts<S, E>(
    upload: &mut Box<dyn MultipartUpload>,
    content: S,
    limit_bytes: u64,
) -> Result<Stored, Error>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: std::fmt::Display,
{
    let mut content = std::pin::pin!(content);
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut size_bytes = 0_u64;
    let mut part = Vec::new();
    while let Some(chunk) = content.next().await {
        let chunk = chunk.map_err(|error| Error::BrokenOff(error.to_string()))?;
        size_bytes += chunk.len() as u64;
        if size_bytes > limit_bytes {
            return Err(Error::TooLong { limit_bytes });
        }
        hash.update(&chunk);
        part.extend_from_slice(&chunk);
        if part.len() >= PART_BYTES {
            upload
                .put_part(PutPayload::from(std::mem::take(&mut part)))
                .await?;
        }
    }
    upload.put_part(PutPayload::from(part)).await?;
    Ok(Stored {
        sha256: Sha256(hex::encode(hash.finish())),
        size_bytes,
    })
}

/// A name of its own for what has none yet.
fn arriving() -> Key {
    Key::from(format!("arriving/{}", hex::encode(crate::clock::seed())))
}

/// Two levels of folders keep each small: a million blobs are 65,536 folders of about 15.
fn key(sha256: &Sha256) -> Key {
    let name = &sha256.0;
    Key::from(format!(
        "sha256/{}/{}/{name}",
        name.get(..2).unwrap_or("-"),
        name.get(2..4).unwrap_or("-")
    ))
}
