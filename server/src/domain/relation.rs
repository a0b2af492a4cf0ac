//! A paper that mends another: Nghị định 30/2020/NĐ-CP, article 18. A mistake of content is mended by a paper that replaces
//! the old one, a mistake of form or layout by a correction; neither touches the paper that was issued.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::document::State;
use super::id::AgencyId;

/// How a paper stands to an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Relation {
    /// Đính chính.
    Corrects,
    /// Thay thế.
    Replaces,
}

impl Relation {
    /// What the audit chain says of the older paper once the new one is issued.
    pub fn audit(self) -> &'static str {
        match self {
            Relation::Corrects => "document.corrected",
            Relation::Replaces => "document.replaced",
        }
    }
}

/// Why a paper cannot mend another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("only the agency that issued a paper corrects or replaces it")]
    OtherAgency,
    #[error("a paper that was not issued is changed, not corrected or replaced")]
    NotIssued,
    #[error("a paper that was replaced is mended no more: the one that replaced it is")]
    Replaced,
}

/// Whether a paper of `agency` may correct or replace one of `issuer` that stands in `state`.
///
/// A recalled paper may be replaced: that is what receivers wait for.
///
/// # Errors
/// [`Refusal`].
pub fn permit(agency: &AgencyId, issuer: &AgencyId, state: State, replaced: bool) -> Result<(), Refusal> {
    if agency != issuer {
        return Err(Refusal::OtherAgency);
    }
    if !matches!(state, State::Issued | State::Recalled) {
        return Err(Refusal::NotIssued);
    }
    if replaced { Err(Refusal::Replaced) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_agency_itself_has_issued_and_not_replaced_is_mended() {
        let [ours, theirs] = ["a", "b"].map(|id| AgencyId(id.into()));
        for state in State::ALL {
            let issued = matches!(state, State::Issued | State::Recalled);
            assert_eq!(permit(&ours, &ours, state, false).is_ok(), issued, "{state:?}");
            assert_eq!(permit(&ours, &theirs, state, false), Err(Refusal::OtherAgency));
            assert!(permit(&ours, &ours, state, true).is_err(), "{state:?}");
        }
    }
}
