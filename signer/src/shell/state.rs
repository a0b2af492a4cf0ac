//! The stored state of a deferred signature: authenticated with a key that only this shell holds, bound to its document by
//! digest (in [`Prepared`]), and usable once.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::sign::Prepared;

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    /// Random; its use is remembered.
    id: String,
    /// The level to be reached, as the command names it.
    level: String,
    /// [`Prepared`] as JSON: text, so that the bytes authenticated are the bytes read.
    prepared: String,
    /// HMAC-SHA256 over all of the above.
    authenticator: String,
}

/// A state that was opened.
pub struct State {
    pub prepared: Prepared,
    pub level: String,
    /// Its name, for [`Keeper::use_up`].
    pub id: StateId,
}

/// The key that authenticates states, and the memory of those used.
pub struct Keeper {
    key: hmac::Key,
    used: PathBuf,
}

impl Keeper {
    /// Opens the folder that holds key and memory; both are made where there are none.
    ///
    /// # Errors
    /// *Refused*: a folder or key that cannot be read or made.
    pub fn open(folder: &Path) -> Result<Self> {
        let used = folder.join("used");
        fs::create_dir_all(&used).map_err(|e| unusable(folder, &e))?;
        let path = folder.join("state.key");
        let key = match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path)?,
            read => read.map_err(|e| unusable(&path, &e))?,
        };
        if key.len() != KEY_LENGTH {
            return Err(Error::malformed("state key", "it has another length"));
        }
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            used,
        })
    }

    /// The state as text for a file.
    ///
    /// # Errors
    /// *Unsupported*: no random source.
    pub fn store(&self, prepared: &Prepared, level: &str) -> Result<String> {
        let prepared = serde_json::to_string(prepared).map_err(|e| Error::misuse("state", e.to_string()))?;
        let mut stored = Stored {
            version: VERSION,
            id: random(16)?.iter().map(|byte| format!("{byte:02x}")).collect(),
            level: level.to_owned(),
            prepared,
            authenticator: String::new(),
        };
        stored.authenticator = STANDARD.encode(hmac::sign(&self.key, &stored.message()));
        serde_json::to_string(&stored).map_err(|e| Error::misuse("state", e.to_string()))
    }

    /// Reads a state back.
    ///
    /// # Errors
    /// *Malformed* text; *refused*: a state that was not made here, was changed, or is used already.
    pub fn open_state(&self, text: &str) -> Result<State> {
        let stored: Stored =
            serde_json::from_str(text).map_err(|e| Error::malformed("state", e.to_string()))?;
        let authenticator = STANDARD.decode(&stored.authenticator).unwrap_or_default();
        let known = hmac::verify(&self.key, &stored.message(), &authenticator).is_ok();
        if !known || stored.version != VERSION {
            return Err(Error::refused("state", "it was not made here, or was changed"));
        }
        if self.mark(&stored.id).exists() {
            return Err(used());
        }
        let prepared =
            serde_json::from_str(&stored.prepared).map_err(|e| Error::malformed("state", e.to_string()))?;
        Ok(State {
            prepared,
            level: stored.level,
            id: StateId(stored.id),
        })
    }

    /// Uses the state up: of two who try at once, one fails.
    ///
    /// # Errors
    /// *Refused*: it is used already, or the use cannot be remembered.
    pub fn use_up(&self, id: &StateId) -> Result<()> {
        let path = self.mark(&id.0);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mark) => mark
                .sync_all()
                .and_then(|()| sync_folder(&self.used))
                .map_err(|e| unusable(&path, &e)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(used()),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    fn mark(&self, id: &str) -> PathBuf {
        // An id that was authenticated holds hexadecimal digits alone, so it names no other folder.
        self.used.join(id)
    }
}

/// The name of one state.
pub struct StateId(String);

impl Stored {
    /// No two states have the same message: lengths stand before texts.
    fn message(&self) -> Vec<u8> {
        let mut message = self.version.to_be_bytes().to_vec();
        for part in [&self.id, &self.level, &self.prepared] {
            message.extend((part.len() as u64).to_be_bytes());
            message.extend(part.bytes());
        }
        message
    }
}

/// What was used stays used after a loss of power: the mark's name lives in its folder.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    // A folder that may be written and not read cannot be synchronised.
    File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes the key under another name and links it: of two processes that start at once, both come to use the first one's.
fn make_key(path: &Path) -> Result<Vec<u8>> {
    let key = random(KEY_LENGTH)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let write = || -> std::io::Result<Vec<u8>> {
        // What a process of the same number left behind when it ended too early.
        let _ = fs::remove_file(&beside);
        let mut file = new_secret_file(&beside)?;
        file.write_all(&key)?;
        file.sync_all()?;
        match fs::hard_link(&beside, path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::read(path),
        }
    };
    let made = write().map_err(|e| unusable(path, &e));
    let _ = fs::remove_file(&beside);
    made
}

#[cfg(unix)]
fn new_secret_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn new_secret_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn random(length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::unsupported("random source", "it gives nothing"))?;
    Ok(bytes)
}

fn used() -> Error {
    Error::refused("state", "it was used already")
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::refused("file", format!("{}: {error}", path.display()))
}

const KEY_LENGTH: usize = 32;

const VERSION: u32 = 1;
