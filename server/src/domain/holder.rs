//! Whose a signing key or an image is.

use std::fmt;
use std::str::FromStr;

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

impl FromStr for Holder {
    type Err = ();

    fn from_str(kept: &str) -> Result<Self, ()> {
        match kept.split_once(':') {
            Some(("person", id)) => Ok(Holder::Person(PersonId(id.to_owned()))),
            Some(("agency", id)) => Ok(Holder::Agency(AgencyId(id.to_owned()))),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_was_kept() {
        for holder in [
            Holder::Person(PersonId("a:b".into())),
            Holder::Agency(AgencyId("c".into())),
        ] {
            assert_eq!(holder.to_string().parse(), Ok(holder));
        }
        assert_eq!("x:c".parse::<Holder>(), Err(()));
    }
}
