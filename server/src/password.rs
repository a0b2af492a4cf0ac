//! Passwords: Argon2id on a bounded pool.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::pool::Pool;

/// Memory of one hash in KiB, rounds and lanes: the second choice of OWASP's Password Storage Cheat Sheet (19 MiB, 2, 1).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// How long a log-in waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes and verifies passwords, only a few at a time; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    pool: Pool,
    clock: Clock,
    /// The hash of a password nobody knows: unknown users are compared with it, to take as long as known ones.
    nobody: Arc<str>,
}

/// Too many people log in at this moment.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many log-ins at once")]
pub struct Busy;

impl Passwords {
    /// Makes the pool: half the machine's cores, so that the other half always serves calls and papers.
    pub fn new(clock: &Clock) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let nobody = hash(&clock.random_bytes::<32>(), &clock.random_bytes());
        Self {
            pool: Pool::new("password", (cores / 2).max(1)),
            clock: clock.clone(),
            nobody: nobody.into(),
        }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Busy`] when no turn comes in time.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, Busy> {
        let salt = self.clock.random_bytes();
        self.run(move || hash(password.as_bytes(), &salt)).await
    }

    /// Whether `password` belongs to the PHC string; takes as long where there is none.
    ///
    /// # Errors
    /// [`Busy`] when no turn comes in time.
    pub async fn verify(&self, password: Zeroizing<String>, phc: Option<String>) -> Result<bool, Busy> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.to_string());
        Ok(self.run(move || verify(password.as_bytes(), &phc)).await? && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let done = tokio::time::timeout(PATIENCE, self.pool.run(work)).await;
        done.map_err(|_| Busy)?.map_err(|_| Busy)
    }
}

#[expect(
    clippy::expect_used,
    reason = "the cost is a constant within Argon2's bounds, and the salt has 16 bytes"
)]
fn hash(password: &[u8], salt: &[u8; 16]) -> String {
    let (memory, rounds, lanes) = COST;
    let params = Params::new(memory, rounds, lanes, None).expect("the cost is valid");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: argon2::password_hash::phc::PasswordHash = argon2
        .hash_password_with_salt(password, salt)
        .expect("the password is short");
    hash.to_string()
}

fn verify(password: &[u8], phc: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[tokio::test]
    async fn accepts_the_password_and_nothing_else() {
        let passwords = Passwords::new(&Clock::manual(Timestamp(0)));
        let phc = passwords
            .hash(Zeroizing::new("mật khẩu".to_owned()))
            .await
            .unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        for (password, phc, expected) in [
            ("mật khẩu", Some(phc.clone()), true),
            ("mat khau", Some(phc), false),
            ("mật khẩu", None, false),
            ("mật khẩu", Some("not a PHC string".to_owned()), false),
        ] {
            let password = Zeroizing::new(password.to_owned());
            assert_eq!(passwords.verify(password, phc).await.unwrap(), expected);
        }
    }
}
