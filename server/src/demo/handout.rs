//! What the demo hands out: one password and one PIN for everybody, made at random on the first start and kept beside
//! the database, so that every start can print them again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Error, whole_file};
use crate::accounts::{first_password, random_digits};
use crate::clock::Clock;

/// Password and PIN.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handout {
    pub password: String,
    pub pin: String,
}

impl Handout {
    /// Reads the handout in `folder`, or makes one.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not ours.
    pub(super) fn open_or_create(folder: &Path, clock: &Clock) -> Result<Self, Error> {
        let path = folder.join("handout.json");
        match std::fs::read(&path) {
            Ok(text) => {
                serde_json::from_slice(&text).map_err(|error| Error::Malformed(path, error.to_string()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let handout = Self::random(clock);
                handout.save(&path)?;
                Ok(handout)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same handout with a new password, kept in `folder`. The PIN stays: keys are wrapped under it.
    pub(super) fn renewed(self, folder: &Path, clock: &Clock) -> Result<Self, Error> {
        let handout = Self {
            password: first_password(clock),
            pin: self.pin,
        };
        handout.save(&folder.join("handout.json"))?;
        Ok(handout)
    }

    fn random(clock: &Clock) -> Self {
        Self {
            password: first_password(clock),
            pin: random_digits(clock, 6),
        }
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        let text =
            serde_json::to_vec(self).map_err(|error| Error::Malformed(path.to_owned(), error.to_string()))?;
        Ok(whole_file::write(path, &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let first = Handout::open_or_create(folder.path(), &clock).unwrap();
        assert!(first == Handout::open_or_create(folder.path(), &clock).unwrap());
        assert!(first.password.len() >= crate::domain::account::SHORTEST_PASSWORD);
        assert!(first.pin.len() == 6 && first.pin.bytes().all(|digit| digit.is_ascii_digit()));

        let elsewhere = tempfile::tempdir().unwrap();
        assert!(first != Handout::open_or_create(elsewhere.path(), &clock).unwrap());
    }

    #[test]
    fn a_file_of_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("handout.json"), "{}").unwrap();
        let opened = Handout::open_or_create(folder.path(), &Clock::system());
        assert!(matches!(opened, Err(Error::Malformed(..))));
    }
}
