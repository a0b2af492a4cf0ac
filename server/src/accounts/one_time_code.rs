//! One-time codes by time (RFC 6238): SHA-1, six digits, 30 seconds, as every authenticator application has them.

use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::clock::{Clock, Timestamp};
use crate::secret::{self, ServerSecret};

/// What the server secret is used for here.
const PURPOSE: &str = "one-time code";
/// 160 bits, as RFC 4226 section 4 recommends.
const SECRET_BYTES: usize = 20;
/// Steps before and after the present one whose code is accepted (RFC 6238 section 5.2 recommends one).
const SKEW: u16 = 1;

/// The secret that a person's authenticator shares with the program.
pub struct OneTimeCode {
    secret: Zeroizing<Vec<u8>>,
    totp: Totp,
}

impl OneTimeCode {
    /// A new secret for the account `user_name`.
    pub fn new(user_name: &str, clock: &Clock) -> Self {
        Self::of(clock.random_bytes::<SECRET_BYTES>().to_vec().into(), user_name)
    }

    /// The secret of an account, as it was kept by [`OneTimeCode::sealed`].
    ///
    /// # Errors
    /// When it was sealed under another server secret.
    pub fn open(sealed: &[u8], user_name: &str, secret: &ServerSecret) -> Result<Self, secret::Error> {
        Ok(Self::of(secret.open(PURPOSE, sealed)?, user_name))
    }

    fn of(secret: Zeroizing<Vec<u8>>, user_name: &str) -> Self {
        let totp = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(SKEW)
            .with_step_duration(30)
            .with_secret(Secret::from(secret.to_vec()))
            .with_account_name(user_name)
            .with_issuer(Some("Hội Ấn"))
            .build_noncompliant();
        Self { secret, totp }
    }

    /// This secret as it is kept in the database.
    pub fn sealed(&self, secret: &ServerSecret, clock: &Clock) -> Vec<u8> {
        secret.seal(PURPOSE, &self.secret, clock)
    }

    /// The step that `code` belongs to, if it is right at `now`. The caller accepts each step once only.
    pub fn step(&self, code: &str, now: Timestamp) -> Option<u64> {
        self.totp.check(code.trim(), now.unix_seconds())
    }

    /// The code of the present step.
    pub fn code(&self, now: Timestamp) -> String {
        self.totp.generate(now.unix_seconds()).to_string()
    }

    /// The secret in base 32, for typing it into an authenticator.
    pub fn base32(&self) -> String {
        self.totp.secret().to_base32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_steps_around_now_and_no_others() {
        let clock = Clock::manual(Timestamp(1_764_000_000_000));
        let code = OneTimeCode::new("vanthu", &clock);
        let now = clock.now();
        let at = |seconds: i64| code.code(Timestamp(now.0 + seconds * 1000));
        let step = now.unix_seconds() / 30;
        assert_eq!(code.step(&at(0), now), Some(step));
        assert_eq!(code.step(&at(-30), now), Some(step - 1));
        assert_eq!(code.step(&at(30), now), Some(step + 1));
        assert_eq!(code.step(&at(-60), now), None);
        for wrong in ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"] {
            assert_eq!(code.step(wrong, now), None, "{wrong}");
        }
    }
}
