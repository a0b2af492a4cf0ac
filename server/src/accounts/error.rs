//! Why an account or an agency is not made, changed or read.

use sea_orm::{DbErr, SqlErr};

use super::passkey::MOST_PASSKEYS;
use crate::domain::account::{Fault, SHORTEST_PASSWORD};
use crate::domain::{organisation, substitution};
use crate::identity::passkeys;
use crate::password::Busy;
use crate::secret;

/// Why an account or an agency is not made, changed or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the password is shorter than {SHORTEST_PASSWORD} characters, or far too long")]
    PasswordLength,
    #[error("the present password is another")]
    WrongPassword,
    #[error(transparent)]
    Passkey(#[from] passkeys::Refusal),
    #[error("there are {MOST_PASSKEYS} passkeys already")]
    TooManyPasskeys,
    #[error("a directory keeps this password")]
    PasswordElsewhere,
    #[error("there is no account {0}")]
    Unknown(String),
    #[error("there is no agency {0}")]
    UnknownAgency(String),
    #[error("the name {0} is taken")]
    Taken(String),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Agency(#[from] organisation::Fault),
    #[error(transparent)]
    Substitution(#[from] substitution::Refusal),
    #[error("an administrator neither locks their own account nor takes their own role away")]
    Oneself,
    #[error("whoever works somewhere has a role there")]
    NoRole,
    #[error("this account or agency is not yours to keep")]
    NotFound,
    #[error("the account {0} needs no one-time code")]
    NoCode(String),
    #[error("the link was used, or its time is over")]
    LinkSpent,
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Secret(#[from] secret::Error),
    #[error("the database: {0}")]
    Database(#[from] DbErr),
}

/// A name that a unique index refuses is somebody else's already.
pub(super) fn taken(error: DbErr, name: &str) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Taken(name.to_owned()),
        _ => Error::Database(error),
    }
}
