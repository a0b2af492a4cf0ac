//! Whose a signing key or an image is.

use std::fmt;

use super::id::{AgencyId, PersonId};

/// A person, or an agency as such: its key is used by its clerk in person, never unattended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Holder {
    Person(PersonId),
    Agency(AgencyId),
}

/// As kept in rows: `person:…`, `agency:…`.
impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Person(id) => write!(formatter, "person:{id}"),
            Holder::Agency(id) => write!(formatter, "agency:{id}"),
        }
    }
}
