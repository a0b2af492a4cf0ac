//! Passwords kept by a directory: each is checked by a simple bind (RFC 4513 section 5.1.3) under the person's own entry.

use std::sync::Arc;
use std::time::Duration;

use ldap3::{Ldap as Line, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry};
use ldap3::{dn_escape, ldap_escape};
use rustls::ClientConfig;
use tokio::sync::Semaphore;
use tracing::warn;
use zeroize::Zeroizing;

use crate::config::Ldap;
use crate::domain::account::user_name_key;
use crate::tls::client;

/// How long the directory may take for one log-in, waiting for a turn included.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines to the directory at the same time.
const LINES: usize = 32;

/// The directory; cheap to clone.
#[derive(Clone)]
pub struct Directory {
    settings: Arc<Ldap>,
    tls: Arc<ClientConfig>,
    turns: Arc<Semaphore>,
}

/// The directory gives no clear answer. Nobody is let in then.
#[derive(Debug, thiserror::Error)]
pub enum Away {
    #[error("the directory does not answer in time")]
    Late,
    #[error("the directory: {0}")]
    Ldap(#[from] LdapError),
}

impl Directory {
    /// The directory of these settings. It is not asked yet.
    ///
    /// # Errors
    /// When the file of roots cannot be used.
    pub fn new(settings: &Ldap) -> Result<Self, client::Error> {
        Ok(Self {
            settings: Arc::new(settings.clone()),
            tls: Arc::new(client::config(settings.tls_roots.as_deref())?),
            turns: Arc::new(Semaphore::new(LINES)),
        })
    }

    /// Whether it keeps the password of `user_name`, in the form of [`user_name_key`].
    pub fn keeps(&self, user_name: &str) -> bool {
        let mut own = self.settings.own_passwords.iter();
        !own.any(|name| user_name_key(name) == user_name)
    }

    /// Whether `password` is that of `user_name`. A name that the directory does not know has none.
    ///
    /// # Errors
    /// [`Away`] where it gives no clear answer.
    pub async fn verify(&self, user_name: &str, password: Zeroizing<String>) -> Result<bool, Away> {
        // A bind without a password succeeds for anybody (RFC 4513 section 5.1.2).
        if password.is_empty() {
            return Ok(false);
        }
        let answer = tokio::time::timeout(PATIENCE, self.ask(user_name, &password)).await;
        answer.unwrap_or(Err(Away::Late))
    }

    async fn ask(&self, user_name: &str, password: &str) -> Result<bool, Away> {
        let _turn = self.turns.acquire().await.map_err(|_| Away::Late)?;
        let settings = LdapConnSettings::new()
            .set_config(Arc::clone(&self.tls))
            .set_starttls(self.settings.starttls);
        let (line, mut directory) = LdapConnAsync::with_settings(settings, &self.settings.url).await?;
        ldap3::drive!(line);
        let entry = match &self.settings.user_dn {
            Some(template) => Some(template.replace("{}", &dn_escape(user_name))),
            None => self.find(&mut directory, user_name).await?,
        };
        let Some(entry) = entry else {
            return Ok(false);
        };
        let bound = directory.simple_bind(&entry, password).await?;
        let is_right = match bound.rc {
            SUCCESS => true,
            code if WRONG.contains(&code) => false,
            _ => return Err(LdapError::from(bound).into()),
        };
        // The line is closed by what follows; the answer stands without it.
        let _ = directory.unbind().await;
        Ok(is_right)
    }

    /// The one entry that the filter finds; none where there are several, since it is not known whose password is meant.
    async fn find(&self, directory: &mut Line, user_name: &str) -> Result<Option<String>, Away> {
        let settings = &self.settings;
        if let Some(name) = &settings.bind_dn {
            let password = settings.bind_password.as_deref().unwrap_or_default();
            directory.simple_bind(name, password).await?.success()?;
        }
        let base = settings.base.as_deref().unwrap_or_default();
        let filter = settings.filter.as_deref().unwrap_or_default();
        let filter = filter.replace("{}", &ldap_escape(user_name));
        let found = directory.search(base, Scope::Subtree, &filter, ["1.1"]).await?;
        let (found, _) = found.success()?;
        // Who is referred elsewhere is not here.
        let mut entries = found.into_iter().filter(|entry| !entry.is_ref());
        match (entries.next(), entries.next()) {
            (Some(entry), None) => Ok(Some(SearchEntry::construct(entry).dn)),
            (Some(_), Some(_)) => {
                warn!("the directory's filter finds several entries for one user name; nobody is let in");
                Ok(None)
            }
            (None, _) => Ok(None),
        }
    }
}

/// RFC 4511 section 4.1.9.
const SUCCESS: u32 = 0;
/// Codes that say "not with this name and password": noSuchObject, invalidDNSyntax, inappropriateAuthentication,
/// invalidCredentials.
const WRONG: [u32; 4] = [32, 34, 48, 49];
