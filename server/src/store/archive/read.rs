//! Reading an archive: to check it, or to fill an empty house with it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use super::{ENTRY_LIMIT_BYTES, Error, FORMAT, MANIFEST, Manifest, Table, file, table};
use crate::clock::Timestamp;
use crate::store::audit::{self, Actor, Verdict};
use crate::store::blob::{self, Sha256};
use crate::store::{Store, Tx, entity, migration};

/// Reads the whole archive at `path` and compares every entry with its digest.
///
/// # Errors
/// When anything is missing, changed, or more than the manifest says.
pub fn check(path: &Path) -> Result<Manifest, Error> {
    let mut tar = open(path)?;
    let mut archive = Entries::of(&mut tar)?;
    while archive.next()?.is_some() {}
    archive.end()
}

/// Fills the empty `store` with the archive at `path`, its rows in one transaction.
///
/// Whatever ends it half-way, it can be done again: until the transaction, only blobs were added.
///
/// # Errors
/// When data are there already, the archive is of another version or damaged, or its audit chain is not whole.
pub async fn restore(store: &Store, now: Timestamp, path: &Path) -> Result<Manifest, Error> {
    must_be_empty(store).await?;
    check(path)?;
    let mut tar = open(path)?;
    let mut archive = Entries::of(&mut tar)?;
    let ours = migration::applied(store.read()).await?;
    must_be_ours(&archive.manifest, &ours)?;
    while let Some(entry) = archive.next()? {
        if let Entry::Blob(sha256, content) = entry {
            let put = store.blobs().put(content).await;
            put.map_err(|source| Error::Blob { sha256, source })?;
        }
    }
    let manifest = archive.end()?;
    store
        .write(async |tx| {
            load(tx, path).await?;
            finish(tx, now, &manifest).await
        })
        .await?;
    Ok(manifest)
}

async fn load(tx: &Tx, path: &Path) -> Result<(), Error> {
    table::clear(tx).await?;
    let mut tar = open(path)?;
    let mut archive = Entries::of(&mut tar)?;
    while let Some(entry) = archive.next()? {
        if let Entry::Rows(table, content) = entry {
            let content = BufReader::new(GzDecoder::new(content.as_slice()));
            let count = table::load(&table.name, tx, content).await?;
            if count != table.rows {
                return Err(Error::Damaged(format!("{} has {count} rows", table.name)));
            }
        }
    }
    archive.end().map(drop)
}

async fn finish(tx: &Tx, now: Timestamp, manifest: &Manifest) -> Result<(), Error> {
    match audit::verify(tx).await? {
        Verdict::Whole { .. } => {}
        broken => return Err(Error::Damaged(format!("its audit chain: {broken:?}"))),
    }
    let detail = json!({ "made_at": manifest.made_at, "program": manifest.program, "rows": manifest.rows() });
    audit::append(tx, now, &Actor::System, "house.restored", "house", detail).await?;
    Ok(())
}

async fn must_be_empty(store: &Store) -> Result<(), Error> {
    let people = entity::person::Entity::find().count(store.read()).await?;
    let done = entity::audit_entry::Entity::find().count(store.read()).await?;
    match (people, done) {
        (0, 0) => Ok(()),
        _ => Err(Error::NotEmpty),
    }
}

fn must_be_ours(manifest: &Manifest, ours: &[String]) -> Result<(), Error> {
    let last = |names: &[String]| names.last().cloned().unwrap_or_default();
    if manifest.migrations == ours {
        return Ok(());
    }
    Err(Error::OtherVersion {
        program: manifest.program.clone(),
        theirs: last(&manifest.migrations),
        ours: last(ours),
    })
}

fn open(path: &Path) -> Result<tar::Archive<BufReader<File>>, Error> {
    let opened = File::open(path).map_err(file(path))?;
    Ok(tar::Archive::new(BufReader::new(opened)))
}

/// One file of the archive, which is what its digest says.
enum Entry {
    Blob(Sha256, Vec<u8>),
    Rows(Table, Vec<u8>),
}

/// The entries in their order: the manifest, the blobs, the tables.
struct Entries<'a> {
    manifest: Manifest,
    tar: tar::Entries<'a, BufReader<File>>,
    blobs: u64,
    tables: usize,
}

impl<'a> Entries<'a> {
    fn of(tar: &'a mut tar::Archive<BufReader<File>>) -> Result<Self, Error> {
        let mut tar = tar.entries()?;
        let first = next(&mut tar)?.filter(|(name, _)| name == MANIFEST);
        let (_, text) = first.ok_or_else(|| damaged("it does not begin with its manifest"))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| damaged(&format!("its manifest: {error}")))?;
        if manifest.format != FORMAT {
            return Err(damaged("its format is not known"));
        }
        Ok(Self {
            manifest,
            tar,
            blobs: 0,
            tables: 0,
        })
    }

    fn next(&mut self) -> Result<Option<Entry>, Error> {
        let Some((name, content)) = next(&mut self.tar)? else {
            return Ok(None);
        };
        let sha256 = blob::of(&content);
        if let Some(named) = name.strip_prefix("blobs/") {
            if named != sha256.0 {
                return Err(damaged(&format!("{name} was changed")));
            }
            self.blobs += 1;
            return Ok(Some(Entry::Blob(sha256, content)));
        }
        let table = self.manifest.tables.get(self.tables);
        let table = table.filter(|table| name == format!("rows/{}.jsonl.gz", table.name));
        let table = table.ok_or_else(|| damaged(&format!("{name} has no place in it")))?;
        if table.sha256 != sha256 {
            return Err(damaged(&format!("{name} was changed")));
        }
        self.tables += 1;
        Ok(Some(Entry::Rows(table.clone(), content)))
    }

    /// The manifest, once everything that it promises has come.
    fn end(self) -> Result<Manifest, Error> {
        let Self { manifest, .. } = self;
        if self.tables != manifest.tables.len() || self.blobs != manifest.blobs {
            return Err(damaged("it breaks off"));
        }
        Ok(manifest)
    }
}

fn next(tar: &mut tar::Entries<'_, BufReader<File>>) -> Result<Option<(String, Vec<u8>)>, Error> {
    let Some(entry) = tar.next() else {
        return Ok(None);
    };
    let mut entry = entry?;
    let name = entry.path()?.to_string_lossy().into_owned();
    if entry.size() > ENTRY_LIMIT_BYTES {
        return Err(damaged(&format!("{name} is too long")));
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(Some((name, content)))
}

fn damaged(what: &str) -> Error {
    Error::Damaged(what.to_owned())
}
