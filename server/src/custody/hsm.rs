//! Keys of agencies in an HSM (PKCS#11): they never leave it, and sign only for a clerk who is there and gives their own PIN.
//!
//! Two PINs stand before such a key. The program's opens the token, and is in a file of the settings. The clerk's is theirs as it
//! is with a key that is kept here: the row holds the key's id wrapped under it, with the same five tries.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use hoian_signer::error::Error as SignerError;
use hoian_signer::shell::pkcs11::hsm;
pub use hoian_signer::shell::pkcs11::hsm::Held;
use hoian_signer::sign::{self, Key as _};
use zeroize::Zeroizing;

use super::certificate::Facts;
use super::error::{Error, Result};
use super::wrap::Contents;
use super::{Custody, enrol};
use crate::config;
use crate::domain::holder::Holder;
use crate::domain::id::AgencyId;
use crate::pool::Pool;
use crate::store::audit::Actor;

/// The HSM of the settings; cheap to clone. A slow one makes those wait who seal, and nobody else.
#[derive(Clone)]
pub struct Hsm {
    device: Arc<hsm::Hsm>,
    calls: Pool,
}

impl Hsm {
    /// The HSM that the settings name, if they name one; it is not asked yet, and may be away.
    ///
    /// # Errors
    /// The file of the PIN cannot be read.
    pub fn open(settings: Option<&config::Hsm>) -> Result<Option<Self>, SignerError> {
        let Some(settings) = settings else {
            return Ok(None);
        };
        let file = fs::read_to_string(&settings.pin_file).map(Zeroizing::new);
        let file = file.map_err(|error| {
            SignerError::refused(
                "hsm.pin_file",
                format!("{}: {error}", settings.pin_file.display()),
            )
        })?;
        let pin = Zeroizing::new(file.lines().next().unwrap_or_default().to_owned());
        Ok(Some(Self {
            device: Arc::new(hsm::Hsm::new(&settings.module, &settings.token, pin)),
            calls: Pool::new("hsm", settings.sessions),
        }))
    }

    /// The key of this `CKA_ID`, which signs under this chain.
    pub(super) async fn key(&self, id: Vec<u8>, chain: Vec<Vec<u8>>) -> Result<hsm::Key> {
        let device = Arc::clone(&self.device);
        self.run(move || Ok(device.key(id, chain)?)).await
    }

    /// Does what the device is needed for: so much at a time as the settings say, each for as long as a person waits.
    ///
    /// # Errors
    /// The work's; [`Error::Hsm`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = tokio::time::timeout(PATIENCE, self.calls.run(work)).await;
        let done = done.map_err(|_| Error::Hsm("no answer in time".to_owned()))?;
        match done.map_err(|_| Error::Pool)? {
            Err(Error::Signer(error)) if is_of_device(&error) => Err(Error::Hsm(error.to_string())),
            done => done,
        }
    }
}

impl Custody {
    /// Whether the HSM is there and takes our PIN; none where the settings name none.
    pub async fn hsm_answers(&self) -> Option<bool> {
        let hsm = self.hsm.as_ref()?;
        let device = Arc::clone(&hsm.device);
        let serial = hsm.run(move || Ok(device.serial()?)).await;
        if let Err(error) = &serial {
            tracing::warn!(%error, "the HSM does not answer");
        }
        Some(serial.is_ok())
    }

    /// The serial number of the HSM's token, and the keys in it.
    ///
    /// # Errors
    /// [`Error::HsmMissing`], [`Error::Hsm`].
    pub async fn hsm_keys(&self) -> Result<(String, Vec<Held>)> {
        self.held(Vec::new()).await
    }

    async fn held(&self, certificates: Vec<Vec<u8>>) -> Result<(String, Vec<Held>)> {
        let hsm = self.hsm.as_ref().ok_or(Error::HsmMissing)?;
        let device = Arc::clone(&hsm.device);
        hsm.run(move || Ok((device.serial()?, device.keys(&certificates)?)))
            .await
    }

    /// Makes a key of the HSM the key of an agency, under the clerk's `pin`; an earlier key of the agency is retired. `given` is
    /// the key's certificate and those above it in DER, where they are not in the HSM.
    ///
    /// The HSM must hold the key so that it stays there. Its certificate must lead to a trusted root, be meant for signatures, be
    /// in force, not revoked, and name the agency as it is called or was; the key must be that certificate's. Comes back as the
    /// row's id.
    ///
    /// # Errors
    /// The PIN's length; [`Error::HsmKeyMissing`], [`Error::HsmKeyLeaves`]; the certificate's; [`Error::Hsm`].
    pub async fn enrol_hsm_key(
        &self,
        actor: &Actor,
        agency_id: &AgencyId,
        key_id: &[u8],
        given: Vec<Vec<u8>>,
        pin: &str,
    ) -> Result<String> {
        enrol::check_length(pin)?;
        let missing = || Error::HsmKeyMissing(hex::encode(key_id));
        let (_, keys) = self.held(given).await?;
        let held = keys
            .into_iter()
            .find(|key| key.id == key_id)
            .ok_or_else(missing)?;
        if !held.stays {
            return Err(Error::HsmKeyLeaves);
        }
        let holder = Holder::Agency(agency_id.clone());
        let chain = self.judged(&holder, held.chain).await?;
        let own = chain.first().ok_or(Error::Row("signing_key.chain"))?;
        let facts = Facts::of(own)?;
        self.prove_key(key_id.to_vec(), chain.clone()).await?;
        let id = self.clock.new_id();
        let contents = Contents {
            key: Zeroizing::new(key_id.to_vec()),
            password: Zeroizing::default(),
        };
        let mut row = self.key_row(&id, &holder, &chain, &facts, contents, pin).await?;
        row.hsm_key = Some(hex::encode(key_id));
        let now = self.clock.now();
        let written = self
            .store
            .write(async |tx| enrol::insert(tx, now, actor, row).await);
        written.await.map_err(enrol::taken)?;
        Ok(id)
    }

    /// Has the key sign words that nobody can foresee, and looks whether they are signed under its certificate.
    async fn prove_key(&self, key_id: Vec<u8>, chain: Vec<Vec<u8>>) -> Result<()> {
        let hsm = self.hsm.clone().ok_or(Error::HsmMissing)?;
        let key = hsm.key(key_id, chain).await?;
        let words = format!("Hội Ấn: {}", hex::encode(self.clock.random_bytes::<16>()));
        let proof = hsm.run(move || {
            let unsigned = sign::unsigned_statement(words.as_bytes(), key.algorithm(), &key.chain()[0])?;
            let value = key.sign(&unsigned.signed_attributes)?;
            sign::statement_container(words.as_bytes(), key.algorithm(), key.chain(), &value)
                .map_err(Error::SignatureUnfit)
        });
        proof.await.map(drop)
    }
}

/// Whether the device said so, or the way to it.
fn is_of_device(error: &SignerError) -> bool {
    let (SignerError::Refused { subject, .. } | SignerError::Unsupported { subject, .. }) = error else {
        return false;
    };
    *subject == hsm::SUBJECT || *subject == "token"
}

/// Somebody waits before a page. An HSM over the network signs within a second.
const PATIENCE: Duration = Duration::from_secs(15);
