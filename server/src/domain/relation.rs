//! A paper that mends another: Nghị định 30/2020/NĐ-CP, article 18. A mistake of content is mended by a paper that replaces
//! the old one, a mistake of form or layout by a correction; neither touches the paper that was issued.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::dispatch::{Recall, Status};
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

/// Whether a paper of `agency` may correct or replace one of `issuer` that stands in `state`. Asked when it is drafted, and again
/// in the transaction that issues it: meanwhile another may have replaced the same paper.
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

/// Whether a receiver still has the paper: it was neither sent back nor given back to the sender. Whoever has it gets what
/// mends it.
pub fn holds(status: Status, recall: Recall) -> bool {
    !matches!(status, Status::Returned | Status::RecallAgreed) && recall != Recall::Agreed
}

#[cfg(test)]
#[path = "relation_tests.rs"]
mod tests;
