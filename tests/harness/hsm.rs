//! The HSM of the house: SoftHSM2 stands for devices that cannot be had here, behind the same PKCS#11. Its module is loaded into
//! the process of the test, as it is into the program's.

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use hoian_server::config;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::token::{
    Imported, MODULE, SETTINGS, TOKEN_PIN, import, import_extractable, import_under, init, settings,
};

/// An HSM with a token. One test in a process has it at a time, since the module is one and reads one place.
pub struct Hsm {
    folder: PathBuf,
    /// Another each time: the module knows the last one's token until it is begun anew.
    label: String,
    _turn: OwnedMutexGuard<()>,
}

impl Hsm {
    /// One with an empty token, as soon as no other test has one.
    pub async fn begin() -> Self {
        static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let turn = Arc::clone(&TURN).lock_owned().await;
        let folder = std::env::temp_dir().join(format!("hoian-hsm-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        settings(&folder);
        // SAFETY: the value is the same each time, and nothing in a test's process keeps a pointer into the environment.
        unsafe { std::env::set_var("SOFTHSM2_CONF", folder.join(SETTINGS)) };
        let hsm = Self {
            folder,
            label: format!("hoian {}", COUNT.fetch_add(1, Ordering::SeqCst)),
            _turn: turn,
        };
        std::fs::write(hsm.pin_file(), format!("{TOKEN_PIN}\n")).expect("a file");
        init(&hsm.folder, &hsm.label).await;
        hsm
    }

    /// The settings of a program that uses it.
    pub fn settings(&self) -> config::Hsm {
        config::Hsm {
            module: MODULE.into(),
            token: self.label.clone(),
            pin_file: self.pin_file(),
            sessions: 4,
        }
    }

    /// The same, as the environment of a child process says them.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("HOIAN_HSM__MODULE", MODULE.to_owned()),
            ("HOIAN_HSM__TOKEN", self.label.clone()),
            ("HOIAN_HSM__PIN_FILE", self.pin_file().display().to_string()),
            ("SOFTHSM2_CONF", self.folder.join(SETTINGS).display().to_string()),
        ]
    }

    /// Puts the key of a PKCS#12 into it, under this id.
    pub async fn import(&self, id: &str, package: &[u8], password: &str) {
        import(&self.folder, &self.imported(id, package, password)).await;
    }

    /// The same, so that it can be taken out again.
    pub async fn import_extractable(&self, id: &str, package: &[u8], password: &str) {
        import_extractable(&self.folder, &self.imported(id, package, password)).await;
    }

    /// Puts a key into it under the certificate of another.
    pub async fn import_under_another(&self, id: &str, package: &[u8], another: &[u8], password: &str) {
        let key = self.imported(id, package, password);
        import_under(&self.folder, &key, &self.imported(id, another, password)).await;
    }

    /// Whether whoever is logged in gets nothing of the private key: neither as an attribute nor wrapped under a key of theirs.
    pub fn gives_nothing_of(&self, id: &[u8]) -> bool {
        let module = ManuallyDrop::new(Pkcs11::new(MODULE).expect("the module"));
        let session = module.open_rw_session(self.slot(&module)).expect("a session");
        // The program is logged in already, or nobody is.
        let _ = session.login(UserType::User, Some(&AuthPin::new(TOKEN_PIN.to_owned())));
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Id(id.to_vec()),
        ];
        let key = session.find_objects(&wanted).expect("it is logged in")[0];
        let shown = session.get_attributes(key, &[AttributeType::Value, AttributeType::Class]);
        let shows_value = shown
            .expect("attributes")
            .iter()
            .any(|one| matches!(one, Attribute::Value(_)));
        let wrapping = [
            Attribute::Wrap(true),
            Attribute::ValueLen(32.into()),
            Attribute::Token(false),
        ];
        let wrapping = session
            .generate_key(&Mechanism::AesKeyGen, &wrapping)
            .expect("a key of theirs");
        !shows_value
            && session
                .wrap_key(&Mechanism::AesKeyWrapPad, wrapping, key)
                .is_err()
    }

    /// Ends every session of this process with the token, as a device does that begins anew.
    pub fn drop_sessions(&self) {
        let module = ManuallyDrop::new(Pkcs11::new(MODULE).expect("the module"));
        let slot = self.slot(&module).id();
        // SAFETY: the library is loaded already, and the call takes a number.
        let ended = unsafe {
            let library = cryptoki_sys::Pkcs11::new(MODULE).expect("the module");
            library.C_CloseAllSessions(slot)
        };
        assert_eq!(ended, cryptoki_sys::CKR_OK);
    }

    /// Where the module that the program has begun sees the token. Whoever drops `module` would finalise it for the program too.
    fn slot(&self, module: &Pkcs11) -> Slot {
        let slots = module.get_slots_with_token().expect("the program has begun it");
        let mut slots = slots.into_iter();
        let is_ours = |slot: &Slot| {
            let information = module.get_token_info(*slot);
            information.is_ok_and(|one| one.label().trim_end() == self.label)
        };
        slots.find(is_ours).expect("the token")
    }

    /// Takes it away: its tokens go elsewhere. Comes back as what brings them back.
    pub fn take_away(&self) -> impl FnOnce() + use<> {
        let (at, away) = (self.folder.join("tokens"), self.folder.join("away"));
        std::fs::rename(&at, &away).expect("a folder");
        move || std::fs::rename(&away, &at).expect("a folder")
    }

    /// The file of the program's PIN.
    pub fn pin_file(&self) -> PathBuf {
        self.folder.join("pin")
    }

    fn imported<'a>(&'a self, id: &'a str, package: &'a [u8], password: &'a str) -> Imported<'a> {
        Imported {
            token: &self.label,
            id,
            package,
            password,
        }
    }
}

impl Drop for Hsm {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
