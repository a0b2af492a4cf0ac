//! Agencies: the organisations that sign, issue and receive, each with its own seal, clerk, registers and numbers.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::account::line;

/// What sort of agency it is. The tree of agencies is data; the sort only names the level in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AgencyKind {
    /// The People's Committee of the province (UBND tỉnh).
    Province,
    /// A department (sở, ban, ngành).
    Department,
    /// A commune or ward (UBND xã, phường).
    Commune,
}

/// What is wrong with what is said of an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    #[error("an organisation identifier has from 1 to 35 letters, figures, points and hyphens")]
    OrganId,
    #[error("an agency's name has from 1 to 200 characters")]
    Name,
    #[error("an agency's symbol has from 1 to 30 characters")]
    Symbol,
    #[error("a place has from 1 to 100 characters")]
    Place,
    #[error("an agency cannot stand below itself")]
    Circle,
    #[error("a new name holds from a day that is not to come")]
    Day,
}

/// What is said of an agency, each text within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Mã định danh, up to 35 characters, as in `H37.02`.
    pub organ_id: String,
    pub name: String,
    /// Its group in a document's symbol, as in `UBND`.
    pub symbol: String,
    /// The place name in the date line of its documents.
    pub place: String,
}

impl Said {
    /// These texts in composed form, with single blanks.
    ///
    /// # Errors
    /// The first that does not fit.
    pub fn checked(&self) -> Result<Self, Fault> {
        Ok(Self {
            organ_id: organ_id(&self.organ_id)?,
            name: line(&self.name, 200).ok_or(Fault::Name)?,
            symbol: line(&self.symbol, 30).ok_or(Fault::Symbol)?,
            place: line(&self.place, 100).ok_or(Fault::Place)?,
        })
    }
}

/// An organisation identifier.
///
/// # Errors
/// [`Fault::OrganId`].
pub fn organ_id(typed: &str) -> Result<String, Fault> {
    let plain = |text: &String| {
        text.chars()
            .all(|letter| letter.is_alphanumeric() || ".-".contains(letter))
    };
    line(typed, 35).filter(plain).ok_or(Fault::OrganId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_an_agency_stays_within_its_limits() {
        let said = Said {
            organ_id: " H99.02 ".into(),
            name: "Sở  Nội vụ".into(),
            symbol: "SNV".into(),
            place: "Lam Giang".into(),
        };
        let checked = said.checked().unwrap();
        assert_eq!(
            (checked.organ_id.as_str(), checked.name.as_str()),
            ("H99.02", "Sở Nội vụ")
        );
        for organ_id in ["", "H 99", "=H99", &"H".repeat(36)] {
            let wrong = Said {
                organ_id: organ_id.into(),
                ..said.clone()
            };
            assert_eq!(wrong.checked(), Err(Fault::OrganId), "{organ_id}");
        }
        let wrong = Said {
            symbol: String::new(),
            ..said.clone()
        };
        assert_eq!(wrong.checked(), Err(Fault::Symbol));
    }
}
