//! One database (SQLite by default, PostgreSQL by URL), blobs by SHA-256, the audit chain.
//!
//! Reads go through [`Store::read`]; every change through [`Store::write`], which is one transaction. On SQLite there is
//! one writer and its transactions are immediate, so a change never fails because another is under way: it waits.

pub mod archive;
pub mod audit;
pub mod blob;
mod bucket;
mod connect;
pub mod disk;
pub mod entity;
pub mod migration;
pub mod search;
pub mod setting;

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode};
use sea_orm::{TransactionOptions, TransactionTrait};
use tokio::sync::Notify;

use crate::config::Config;
use crate::fail_point;
use crate::tls;

/// The transaction handed to the closure of [`Store::write`]; every query takes it as its connection.
pub type Tx = DatabaseTransaction;

/// Rows, blobs and the audit chain; cheap to clone.
#[derive(Clone)]
pub struct Store {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    blobs: blob::Blobs,
    committed: Arc<Notify>,
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `sqlite:` nor `postgres:`.
    #[error("unsupported database URL, use sqlite:// or postgres://")]
    Unsupported,
    /// The database refused.
    #[error("the database: {0}")]
    Database(#[from] DbErr),
    /// A folder cannot be made or opened.
    #[error("the data folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The folder or the object store of blobs cannot be used.
    #[error("the blobs: {0}")]
    Blobs(#[from] object_store::Error),
    /// The object store cannot be reached over TLS as the settings say.
    #[error("s3.tls_roots: {0}")]
    Tls(#[from] tls::client::Error),
}

impl Store {
    /// Opens the database, brings its schema up to date, and opens the blobs. An object store is not asked yet: whatever needs
    /// no file goes on while it is away.
    ///
    /// # Errors
    /// When the database cannot be reached or migrated, or a folder cannot be used.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        std::fs::create_dir_all(&config.data_folder)?;
        // A disk that can only be read is told by its own words, not by a database's.
        tempfile::tempfile_in(&config.data_folder)?;
        let blobs = match &config.blobs {
            Some(url) => blob::Blobs::remote(bucket::open(url, &config.s3)?),
            None => blob::Blobs::open(&config.data_folder.join("blobs"))?,
        };
        let (reader, writer) = connect::connect(&config.database_url()).await?;
        migration::apply(&writer).await?;
        Ok(Self {
            reader,
            writer,
            blobs,
            committed: Arc::default(),
        })
    }

    /// The connection for queries that change nothing. It refuses to write.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Runs `change` in one transaction: everything it did is durable when this returns `Ok`, nothing of it otherwise.
    ///
    /// Keep slow work (signing, hashing, fetching) outside: on SQLite all other writers wait.
    ///
    /// # Errors
    /// What `change` returned, or the database's refusal to begin or commit.
    pub async fn write<T, E, F>(&self, change: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&Tx) -> Result<T, E>,
        E: From<DbErr>,
    {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.writer.begin_with_options(options).await?;
        // On an early return the transaction is dropped, which rolls it back.
        let value = change(&tx).await?;
        fail_point::hit("write.before_commit");
        tx.commit().await?;
        fail_point::hit("write.after_commit");
        self.committed.notify_waiters();
        Ok(value)
    }

    /// The files named by their SHA-256.
    pub fn blobs(&self) -> &blob::Blobs {
        &self.blobs
    }

    /// Wakes whoever waits, each time a transaction of this process has been committed.
    pub fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.committed)
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Closes the connections once running queries have ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close(self) -> Result<(), DbErr> {
        self.reader.close().await?;
        self.writer.close().await
    }
}
