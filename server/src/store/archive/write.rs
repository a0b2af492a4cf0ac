//! Making an archive, while the program works.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sea_orm::{AccessMode, DbBackend, EntityTrait, IsolationLevel, QuerySelect};
use sea_orm::{TransactionOptions, TransactionTrait};

use super::{Error, FORMAT, MANIFEST, Manifest, Table, file, table};
use crate::clock::Timestamp;
use crate::store::blob::{self, Sha256};
use crate::store::{Store, Tx, entity, migration};

/// Writes everything that `store` keeps at one moment to a new file at `path`, readable by its owner alone.
///
/// The file has its name once it is whole and on disk; what broke off is named `path.part`.
///
/// # Errors
/// When the file exists or cannot be written, the database refuses, or a blob is missing or damaged.
pub async fn backup(store: &Store, now: Timestamp, path: &Path) -> Result<Manifest, Error> {
    let part = path.with_added_extension("part");
    // Taken first, so that two at once do not write over each other.
    let claimed = private(path).map_err(file(path))?;
    let written = match private(&part).map_err(file(&part)) {
        Ok(out) => write(store, now, out).await,
        Err(error) => Err(error),
    };
    drop(claimed);
    if written.is_err() {
        std::fs::remove_file(path).map_err(file(path))?;
    }
    let manifest = written?;
    std::fs::rename(&part, path).map_err(file(path))?;
    sync_folder(path)?;
    Ok(manifest)
}

async fn write(store: &Store, now: Timestamp, out: File) -> Result<Manifest, Error> {
    let snapshot = snapshot(store).await?;
    let mut spooled = Vec::new();
    for name in table::NAMES {
        spooled.push(spool(&snapshot, name).await?);
    }
    let blobs = blobs(&snapshot).await?;
    let migrations = migration::applied(&snapshot).await?;
    // The rows are on this side now; blobs never change.
    snapshot.rollback().await?;

    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: now,
        migrations,
        blobs: blobs.len() as u64,
        tables: spooled.iter().map(|(table, _)| table.clone()).collect(),
    };
    let mut archive = Archive::new(out);
    let text = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::from)?;
    archive.add(MANIFEST, text.len() as u64, text.as_slice())?;
    for sha256 in blobs {
        let content = store.blobs().get(&sha256).await;
        let content = content.map_err(|source| Error::Blob {
            sha256: sha256.clone(),
            source,
        })?;
        archive.add(&format!("blobs/{}", sha256.0), content.len() as u64, &*content)?;
    }
    for (table, rows) in spooled {
        let length = rows.metadata()?.len();
        archive.add(&format!("rows/{}.jsonl.gz", table.name), length, rows)?;
    }
    archive.finish()?;
    Ok(manifest)
}

/// A transaction in which every query sees the same moment.
async fn snapshot(store: &Store) -> Result<Tx, Error> {
    // SQLite's transactions are so by themselves.
    let is_postgres = store.backend() == DbBackend::Postgres;
    let options = TransactionOptions {
        isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
        access_mode: is_postgres.then_some(AccessMode::ReadOnly),
        ..TransactionOptions::default()
    };
    Ok(store.read().begin_with_options(options).await?)
}

/// The rows of one table in a file without a name, at its begin.
async fn spool(snapshot: &Tx, name: &str) -> Result<(Table, File), Error> {
    let file = tempfile::tempfile()?;
    let mut sink = GzEncoder::new(BufWriter::new(file), Compression::fast());
    let rows = table::dump(name, snapshot, &mut sink).await?;
    let mut file = sink
        .finish()?
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.rewind()?;
    let sha256 = blob::of_reader(&mut file)?;
    file.rewind()?;
    let table = Table {
        name: name.to_owned(),
        rows,
        sha256,
    };
    Ok((table, file))
}

async fn blobs(snapshot: &Tx) -> Result<Vec<Sha256>, Error> {
    let names = entity::blob::Entity::find()
        .select_only()
        .column(entity::blob::Column::Sha256)
        .into_tuple()
        .all(snapshot);
    Ok(names.await?)
}

/// The tar, its entries without owner or time: the same data make the same bytes.
struct Archive(tar::Builder<BufWriter<File>>);

impl Archive {
    fn new(out: File) -> Self {
        Self(tar::Builder::new(BufWriter::new(out)))
    }

    fn add(&mut self, name: &str, length: u64, content: impl std::io::Read) -> Result<(), Error> {
        let mut header = tar::Header::new_ustar();
        header.set_size(length);
        header.set_mode(0o600);
        Ok(self.0.append_data(&mut header, name, content)?)
    }

    fn finish(self) -> Result<(), Error> {
        let mut out = self.0.into_inner()?;
        out.flush()?;
        Ok(out.get_ref().sync_all()?)
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file(folder))
}
