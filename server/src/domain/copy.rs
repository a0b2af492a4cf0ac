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
    #[error("a chosen part lies outside its page, is too small, or there are more than 40")]
    Regions,
}

/// A part of a page, chosen on its picture, in points of the page's user space.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CopyRegion)]
pub struct Region {
    /// From 1.
    pub page: u32,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Region {
    fn area(&self) -> f64 {
        self.width * self.height
    }

    /// Whether it lies on `page`, but for a hair's breadth.
    fn lies_on(&self, page: &Region) -> bool {
        let numbers = [self.x, self.y, self.width, self.height];
        numbers.into_iter().all(f64::is_finite)
            && self.width >= LEAST_SIDE
            && self.height >= LEAST_SIDE
            && self.x >= page.x - HAIR
            && self.y >= page.y - HAIR
            && self.x + self.width <= page.x + page.width + HAIR
            && self.y + self.height <= page.y + page.height + HAIR
    }
}

/// The least part that can be read: a quarter of an inch, in points.
const LEAST_SIDE: f64 = 18.0;
/// What a screen rounds.
const HAIR: f64 = 1.0;
/// No extract has more parts.
const MOST_REGIONS: usize = 40;
/// Whoever chooses this much of every page has chosen all of it.
const WHOLE: f64 = 0.98;

/// The chosen parts of an extract in the order of their pages, each `pages` being what a page shows.
///
/// # Errors
/// [`Refusal`].
pub fn permit_regions(
    form: Form,
    original: Original,
    mut regions: Vec<Region>,
    pages: &[Region],
) -> Result<Vec<Region>, Refusal> {
    if form != Form::TrichSao {
        return Err(match original {
            Original::Electronic => Refusal::ElectronicWhole,
            Original::Paper => Refusal::NotWhole,
        });
    }
    let page_of = |region: &Region| pages.iter().find(|page| page.page == region.page);
    let lies = |region: &Region| page_of(region).is_some_and(|page| region.lies_on(page));
    if regions.is_empty() || regions.len() > MOST_REGIONS || !regions.iter().all(lies) {
        return Err(Refusal::Regions);
    }
    let whole = |page: &Region| {
        regions
            .iter()
            .any(|region| region.page == page.page && region.area() >= WHOLE * page.area())
    };
    if original == Original::Electronic && pages.iter().all(whole) {
        return Err(Refusal::NotAPart);
    }
    regions.sort_by_key(|region| region.page);
    Ok(regions)
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

    fn region(page: u32, x: f64, y: f64, width: f64, height: f64) -> Region {
        Region {
            page,
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn parts_of_pages_are_for_extracts_lie_on_their_pages_and_are_not_everything() {
        use Form::*;
        use Original::*;
        let pages = [
            region(1, 0.0, 0.0, 595.0, 842.0),
            region(2, 10.0, 10.0, 500.0, 700.0),
        ];
        let (part, whole) = (
            region(1, 50.0, 400.0, 495.0, 60.0),
            region(2, 10.0, 10.0, 500.0, 700.0),
        );
        let permit =
            |form, original, regions: &[Region]| permit_regions(form, original, regions.to_vec(), &pages);
        assert_eq!(
            permit(TrichSao, Electronic, &[whole, part]),
            Ok(vec![part, whole])
        );
        assert_eq!(
            permit(TrichSao, Paper, &[pages[0], whole]),
            Ok(vec![pages[0], whole])
        );
        assert_eq!(
            permit(TrichSao, Electronic, &[pages[0], whole]),
            Err(Refusal::NotAPart)
        );
        assert_eq!(permit(SaoY, Paper, &[part]), Err(Refusal::NotWhole));
        assert_eq!(permit(SaoLuc, Electronic, &[part]), Err(Refusal::ElectronicWhole));
        let wrong = [
            region(3, 50.0, 400.0, 100.0, 60.0),
            region(1, -5.0, 400.0, 100.0, 60.0),
            region(1, 50.0, 800.0, 100.0, 60.0),
            region(1, 50.0, 400.0, 5.0, 60.0),
            region(1, f64::NAN, 400.0, 100.0, 60.0),
            region(1, 50.0, 400.0, f64::INFINITY, 60.0),
        ];
        for one in wrong {
            assert_eq!(
                permit(TrichSao, Electronic, &[part, one]),
                Err(Refusal::Regions),
                "{one:?}"
            );
        }
        assert_eq!(permit(TrichSao, Electronic, &[]), Err(Refusal::Regions));
        assert_eq!(permit(TrichSao, Electronic, &[part; 41]), Err(Refusal::Regions));
    }

    #[test]
    fn keeps_the_case_of_an_abbreviation() {
        assert_eq!(
            Form::ALL.map(|form| form.notation("UBND")),
            ["SY-UBND", "SL-UBND", "TrS-UBND"]
        );
    }
}
