//! An HSM that a program keeps open: one log-in for the process, a session for each that signs at the same time, and a new
//! beginning where the line to it was lost.
//!
//! A question goes over a session that is at hand. Where that was lost it is asked once more over a new one, and where none can
//! be had the module is begun anew first, since many know a device that came back only then. A question that a new session
//! leaves without an answer is given up: nothing is asked a third time.

use std::collections::HashMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, Pkcs11};
use cryptoki::error::{Error as Cause, RvError};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{chain, choose, encoded, failed, value};
use crate::error::{Error, Result};
use crate::sign::{self, Algorithm, Digest};

/// What errors of this module speak of.
pub const SUBJECT: &str = "HSM";

/// A token of an HSM, and the program's own PIN for it; cheap to clone. Nothing is asked of it before it is needed.
#[derive(Clone)]
pub struct Hsm(Arc<Inner>);

struct Inner {
    module: Arc<Module>,
    token: String,
    pin: Zeroizing<String>,
    /// Set once the device refused the PIN: tried again and again it would lock it.
    pin_refused: Mutex<bool>,
}

/// A private key that the HSM holds.
#[derive(Debug, Clone)]
pub struct Held {
    /// `CKA_ID`, by which it is found.
    pub id: Vec<u8>,
    pub label: String,
    /// DER, its own certificate first; empty where none is at hand.
    pub chain: Vec<Vec<u8>>,
    /// It is sensitive and cannot be extracted, so nobody gets it out (PKCS#11 version 2.40, 4.9).
    pub stays: bool,
}

impl Hsm {
    /// The token of this label or serial number, behind this module. The module runs in this process, so it must be trusted.
    pub fn new(module: &Path, token: &str, pin: Zeroizing<String>) -> Self {
        Self(Arc::new(Inner {
            module: Module::of(module),
            token: token.to_owned(),
            pin,
            pin_refused: Mutex::default(),
        }))
    }

    /// The token's serial number: it is there, and takes our PIN.
    ///
    /// # Errors
    /// *Refused*, with the device's reason.
    pub fn serial(&self) -> Result<String> {
        self.ask(|line| {
            let information = line.device.get_token_info(line.slot)?;
            Ok(information.serial_number().trim_end().to_owned())
        })
    }

    /// The private keys of the token. Certificates that are not on it may be among `given` (DER): the first is then the key's own.
    ///
    /// # Errors
    /// *Refused*, with the device's reason.
    pub fn keys(&self, given: &[Vec<u8>]) -> Result<Vec<Held>> {
        self.ask(|line| {
            let wanted = [Attribute::Class(ObjectClass::PRIVATE_KEY)];
            let keys = line.session.find_objects(&wanted)?;
            keys.into_iter()
                .map(|key| held(&line.session, key, given))
                .collect()
        })
    }

    /// The key of this `CKA_ID`, to sign under this chain: with PSS where the device can and the key is RSA.
    ///
    /// # Errors
    /// *Refused*, with the device's reason; *unsupported*: a device without a mechanism for it.
    pub fn key(&self, id: Vec<u8>, chain: Vec<Vec<u8>>) -> Result<Key> {
        let mechanisms = self.ask(|line| Ok(line.device.get_mechanism_list(line.slot)?))?;
        let own = chain.first();
        let own = own.ok_or_else(|| Error::misuse("key", "it has no certificate"))?;
        let (algorithm, device_hashes) = choose(own, Digest::Sha256, &mechanisms)?;
        Ok(Key {
            hsm: self.clone(),
            id,
            chain,
            algorithm,
            device_hashes,
        })
    }

    /// Asks over a session at hand, else or again over a new one.
    fn ask<T>(&self, question: impl Fn(&Line) -> Result<T, Fault>) -> Result<T> {
        match self.over_one_at_hand(&question) {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(Fault::Failed(error))) => return Err(error),
            Some(Err(_)) | None => {}
        }
        let answer = match self.over_a_new_one(&question) {
            Err(Fault::NoLine { beginning, .. }) => {
                self.0.module.begin(beginning)?;
                self.over_a_new_one(&question)
            }
            answer => answer,
        };
        answer.map_err(|fault| match fault {
            Fault::Failed(error) => error,
            Fault::NoLine { reason, .. } | Fault::Lost(reason) => Error::refused(SUBJECT, reason),
        })
    }

    fn over_one_at_hand<T>(&self, question: &impl Fn(&Line) -> Result<T, Fault>) -> Option<Result<T, Fault>> {
        let state = read(&self.0.module.state);
        let open = state.open.as_ref()?;
        let line = lock(&open.idle).get_mut(&self.0.token)?.pop()?;
        let answer = question(&line);
        match &answer {
            Ok(_) => open.keep(&self.0.token, line),
            Err(Fault::Failed(_)) => drop(line),
            // Whatever ended this one has ended its sisters as well.
            Err(_) => drop((line, lock(&open.idle).remove(&self.0.token))),
        }
        Some(answer)
    }

    fn over_a_new_one<T>(&self, question: &impl Fn(&Line) -> Result<T, Fault>) -> Result<T, Fault> {
        let state = read(&self.0.module.state);
        let beginning = state.beginning;
        let open = state.open.as_ref().ok_or_else(|| Fault::NoLine {
            beginning,
            reason: "its module is not begun".to_owned(),
        })?;
        let line = self.line(&open.device, beginning)?;
        let answer = question(&line)?;
        open.keep(&self.0.token, line);
        Ok(answer)
    }

    /// Finds the token, opens a session and logs in.
    fn line(&self, device: &Pkcs11, beginning: u64) -> Result<Line, Fault> {
        let token = &self.0.token;
        let none = |reason: String| Fault::NoLine { beginning, reason };
        let slots = device.get_slots_with_token();
        let slot = slots
            .map_err(|cause| none(cause.to_string()))?
            .into_iter()
            .find(|slot| {
                let information = device.get_token_info(*slot);
                information.is_ok_and(|one| {
                    one.label().trim_end() == token || one.serial_number().trim_end() == token
                })
            });
        let slot = slot.ok_or_else(|| none(format!("it has no token {token:?}")))?;
        let session = device.open_ro_session(slot);
        let session = session.map_err(|cause| none(cause.to_string()))?;
        let mut refused = lock(&self.0.pin_refused);
        if *refused {
            let reason = "its PIN was refused, and is not tried again before the program starts anew";
            return Err(Fault::Failed(Error::refused(SUBJECT, reason)));
        }
        match session.login(UserType::User, Some(&AuthPin::new((*self.0.pin).clone()))) {
            // By another session of this process.
            Ok(()) | Err(Cause::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Cause::Pkcs11(reason, _)) if is_about_pin(reason) => {
                *refused = true;
                let reason = format!("it refuses the PIN: {reason}");
                return Err(Fault::Failed(Error::refused(SUBJECT, reason)));
            }
            Err(cause) => return Err(none(cause.to_string())),
        }
        Ok(Line {
            session,
            slot,
            device: device.clone(),
        })
    }
}

/// A key of an HSM, open for as long as it is held.
pub struct Key {
    hsm: Hsm,
    id: Vec<u8>,
    chain: Vec<Vec<u8>>,
    algorithm: Algorithm,
    device_hashes: bool,
}

impl sign::Key for Key {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let way = (self.algorithm, self.device_hashes);
        let signed = self.hsm.ask(|line| {
            let key = private_key(&line.session, &self.id)?;
            Ok(value(&line.session, key, way, message)?)
        });
        encoded(self.algorithm, signed?)
    }
}

fn private_key(session: &Session, id: &[u8]) -> Result<ObjectHandle, Fault> {
    let wanted = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Id(id.to_vec()),
    ];
    match session.find_objects(&wanted)?[..] {
        [key] => Ok(key),
        // Also what a session sees whose token is gone.
        [] => Err(Fault::Lost("it holds no such key".to_owned())),
        _ => Err(Fault::Failed(Error::refused(
            SUBJECT,
            "it holds several keys of one id",
        ))),
    }
}

fn held(session: &Session, key: ObjectHandle, given: &[Vec<u8>]) -> Result<Held, Fault> {
    let asked = [
        AttributeType::Id,
        AttributeType::Label,
        AttributeType::Sensitive,
        AttributeType::Extractable,
    ];
    let mut held = Held {
        id: Vec::new(),
        label: String::new(),
        chain: chain(session, key, given).unwrap_or_default(),
        stays: false,
    };
    let (mut is_sensitive, mut is_extractable) = (false, true);
    for attribute in session.get_attributes(key, &asked)? {
        match attribute {
            Attribute::Id(id) => held.id = id,
            Attribute::Label(label) => held.label = String::from_utf8_lossy(&label).into_owned(),
            Attribute::Sensitive(said) => is_sensitive = said,
            Attribute::Extractable(said) => is_extractable = said,
            _ => {}
        }
    }
    held.stays = is_sensitive && !is_extractable;
    Ok(held)
}

/// A session that is logged in.
struct Line {
    session: Session,
    slot: Slot,
    device: Pkcs11,
}

/// Why a question has no answer.
enum Fault {
    /// No session could be opened, so nothing was asked; in which beginning of the module.
    NoLine { beginning: u64, reason: String },
    /// The session ended under the question.
    Lost(String),
    /// The device's word, which another session would not change.
    Failed(Error),
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Pkcs11(reason, _) if is_loss(reason) => Self::Lost(cause.to_string()),
            Cause::Pkcs11(..) => Self::Failed(Error::refused(SUBJECT, cause.to_string())),
            other => Self::Failed(failed(other)),
        }
    }
}

/// What devices say whose session, log-in or line is gone (PKCS#11 version 2.40, 5.1).
fn is_loss(reason: RvError) -> bool {
    matches!(
        reason,
        RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::DeviceRemoved
            | RvError::DeviceError
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::UserNotLoggedIn
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::CryptokiNotInitialized
            | RvError::GeneralError
            | RvError::FunctionFailed
    )
}

fn is_about_pin(reason: RvError) -> bool {
    matches!(
        reason,
        RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinLocked
            | RvError::PinExpired
    )
}

/// A module of this process: initialised once, and begun anew where it has lost its device. While it is, nobody asks it
/// anything; whoever still waits for an answer is waited for.
struct Module {
    path: PathBuf,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// Counts, so that of several who find the device gone one begins anew.
    beginning: u64,
    /// The library stays in memory for good: what it has registered with its own libraries may outlive it.
    is_kept: bool,
    open: Option<Open>,
}

struct Open {
    /// Sessions that nobody uses now, by token.
    idle: Mutex<HashMap<String, Vec<Line>>>,
    device: Pkcs11,
}

impl Open {
    fn keep(&self, token: &str, line: Line) {
        lock(&self.idle).entry(token.to_owned()).or_default().push(line);
    }
}

impl Module {
    fn of(path: &Path) -> Arc<Self> {
        static ALL: LazyLock<Mutex<HashMap<PathBuf, Arc<Module>>>> = LazyLock::new(Mutex::default);
        let mut all = lock(&ALL);
        let module = all.entry(path.to_owned()).or_insert_with(|| {
            Arc::new(Self {
                path: path.to_owned(),
                state: RwLock::default(),
            })
        });
        Arc::clone(module)
    }

    /// Begins the module (anew), unless somebody has since `seen`.
    fn begin(&self, seen: u64) -> Result<()> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.beginning != seen {
            return Ok(());
        }
        // With the last session and the last handle the module is finalised.
        state.open = None;
        let device = self.load()?;
        if !state.is_kept {
            std::mem::forget(self.load()?);
            state.is_kept = true;
        }
        let begun = device.initialize(CInitializeArgs::OsThreads);
        begun.map_err(|cause| Error::refused(SUBJECT, format!("its module does not begin: {cause}")))?;
        state.open = Some(Open {
            idle: Mutex::default(),
            device,
        });
        state.beginning += 1;
        Ok(())
    }

    fn load(&self) -> Result<Pkcs11> {
        let loaded = Pkcs11::new(&self.path);
        loaded.map_err(|cause| Error::refused(SUBJECT, format!("its module does not load: {cause}")))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

// The PIN must not come into a log.
impl Debug for Hsm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Hsm");
        shown.field("token", &self.0.token).finish_non_exhaustive()
    }
}
