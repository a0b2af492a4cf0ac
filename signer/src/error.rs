//! Errors, kept apart by whose fault they are.

use std::borrow::Cow;

/// Why a document, certificate or answer could not be worked on.
///
/// Validation never returns this: it reports. Everything else in the crate does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes received break their own format's rules.
    #[error("malformed {subject}: {reason}")]
    Malformed {
        subject: &'static str,
        reason: Cow<'static, str>,
    },
    /// The bytes may be right, but need something this crate lacks.
    #[error("unsupported {subject}: {reason}")]
    Unsupported {
        subject: &'static str,
        reason: Cow<'static, str>,
    },
    /// A policy or a limit says no.
    #[error("refused {subject}: {reason}")]
    Refused {
        subject: &'static str,
        reason: Cow<'static, str>,
    },
    /// The caller broke a documented rule: a bug on our side.
    #[error("misuse of {subject}: {reason}")]
    Misuse {
        subject: &'static str,
        reason: Cow<'static, str>,
    },
}

impl Error {
    /// Their bytes are wrong.
    pub fn malformed(subject: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed {
            subject,
            reason: reason.into(),
        }
    }

    /// We lack what their bytes need.
    pub fn unsupported(subject: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unsupported {
            subject,
            reason: reason.into(),
        }
    }

    /// Policy or limits.
    pub fn refused(subject: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused {
            subject,
            reason: reason.into(),
        }
    }

    /// Our bug.
    pub fn misuse(subject: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Misuse {
            subject,
            reason: reason.into(),
        }
    }
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
