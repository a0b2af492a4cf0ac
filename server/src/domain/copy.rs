//! Certified copies and extracts: Nghị định 30/2020/NĐ-CP, articles 25 to 27, and annex I part III.
//!
//! An electronic original needs no certified copy: it is sent again as it is, and its signatures prove it. So SAO Y is made
//! of a paper original (scanned), SAO LỤC of a paper SAO Y, TRÍCH SAO of a part of either kind. All copies of an agency
//! share one sequence of numbers a year.

use std::collections::BTreeSet;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// Which form of copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = CopyForm)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Form {
    /// Sao y: the whole content of an original.
    SaoY,
    /// Sao lục: the whole content of a sao y.
    SaoLuc,
    /// Trích sao: a part of an original.
    TrichSao,
}

impl Form {
    pub const ALL: [Form; 3] = [Form::SaoY, Form::SaoLuc, Form::TrichSao];

    /// As it stands over the signature.
    pub fn title(self) -> &'static str {
        match self {
            Form::SaoY => "SAO Y",
            Form::SaoLuc => "SAO LỤC",
            Form::TrichSao => "TRÍCH SAO",
        }
    }

    /// Its abbreviation in the symbol: annex III.
    pub fn abbreviation(self) -> &'static str {
        match self {
            Form::SaoY => "SY",
            Form::SaoLuc => "SL",
            Form::TrichSao => "TrS",
        }
    }

    /// The symbol behind the number: `TrS-UBND`.
    pub fn notation(self, agency: &str) -> String {
        format!("{}-{agency}", self.abbreviation())
    }
}

/// The name of the counter of copies; no kind is called so.
pub const COPIES: &str = "copies";

/// What is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// A signed electronic document that this system holds.
    Electronic,
    /// A scan of a paper.
    Paper,
}

/// Why a copy is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("an electronic original is sent again, not copied; only a part of it is extracted")]
    ElectronicWhole,
    #[error("an extract is a part: some pages, but not all")]
    NotAPart,
    #[error("only an extract leaves pages out")]
    NotWhole,
    #[error("the pages are not written as 1, 3-5, or are not there")]
    Pages,
}

/// The pages of the copy, out of `count`.
///
/// # Errors
/// [`Refusal`].
pub fn permit(
    form: Form,
    original: Original,
    pages: Option<&str>,
    count: u32,
) -> Result<BTreeSet<u32>, Refusal> {
    let all: BTreeSet<u32> = (1..=count).collect();
    let wanted = match pages.map(str::trim).filter(|pages| !pages.is_empty()) {
        Some(pages) => listed(pages, count).ok_or(Refusal::Pages)?,
        None => all.clone(),
    };
    match (form, original) {
        (Form::SaoY | Form::SaoLuc, Original::Electronic) => Err(Refusal::ElectronicWhole),
        (Form::SaoY | Form::SaoLuc, Original::Paper) if wanted != all => Err(Refusal::NotWhole),
        (Form::TrichSao, Original::Electronic) if wanted == all => Err(Refusal::NotAPart),
        _ => Ok(wanted),
    }
}

/// `1, 3-5` as pages; `None` where it is written otherwise or names a page that is not there.
fn listed(pages: &str, count: u32) -> Option<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    for part in pages.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first == 0 || first > last || last > count {
            return None;
        }
        found.extend(first..=last);
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_only_the_copies_that_the_law_knows() {
        use Form::*;
        use Original::*;
        let pages = |list: &[u32]| Ok(list.iter().copied().collect());
        let cases = [
            (SaoY, Paper, None, pages(&[1, 2, 3])),
            (SaoLuc, Paper, Some("1-3"), pages(&[1, 2, 3])),
            (SaoY, Paper, Some("1"), Err(Refusal::NotWhole)),
            (SaoY, Electronic, None, Err(Refusal::ElectronicWhole)),
            (SaoLuc, Electronic, Some("1"), Err(Refusal::ElectronicWhole)),
            (TrichSao, Electronic, Some("1, 3"), pages(&[1, 3])),
            (TrichSao, Electronic, Some(" 2 - 3 "), pages(&[2, 3])),
            (TrichSao, Electronic, None, Err(Refusal::NotAPart)),
            (TrichSao, Electronic, Some("1-3"), Err(Refusal::NotAPart)),
            // Whoever scans an extract scans only its pages.
            (TrichSao, Paper, None, pages(&[1, 2, 3])),
        ];
        for (form, original, wanted, expected) in cases {
            assert_eq!(
                permit(form, original, wanted, 3),
                expected,
                "{form:?} {original:?} {wanted:?}"
            );
        }
        for wrong in ["0", "4", "2-1", "a", "1,,2", "1-", "-1", "1;2", "99999999999"] {
            assert_eq!(
                permit(TrichSao, Electronic, Some(wrong), 3),
                Err(Refusal::Pages),
                "{wrong}"
            );
        }
    }

    #[test]
    fn keeps_the_case_of_an_abbreviation() {
        assert_eq!(
            Form::ALL.map(|form| form.notation("UBND")),
            ["SY-UBND", "SL-UBND", "TrS-UBND"]
        );
    }
}
