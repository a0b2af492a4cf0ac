//! What differs between the 29 kinds of paper: mẫu 1.1 to 1.10 of annex III, Nghị định 30/2020/NĐ-CP.

use super::Heading;
use crate::domain::numbering::{KINDS, Kind};

/// How a kind of paper is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub heading: Heading,
    /// Who decides stands over the bases, and this word between them and the articles.
    pub enacts: Option<&'static str>,
    /// What stands before the addressees.
    pub addressing: Addressing,
    /// The signer's part in the paper, where it is that and not the position which stands over the signature (mẫu 1.9).
    pub signs_as: Option<&'static str>,
    /// Who signs beside, on the left.
    pub beside: Option<&'static str>,
    /// The content ends with `./.`; agreements between parties do not.
    pub closed: bool,
}

/// What stands before the addressees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// Nobody is addressed unless the writer names someone.
    KinhGui,
    /// The form of this kind addresses nobody: it decides, rules, records or certifies.
    Nobody,
    /// "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH điện:" (mẫu 1.6).
    Telegraphs,
}

const NAMED: Layout = Layout {
    heading: Heading::Named,
    enacts: None,
    addressing: Addressing::KinhGui,
    signs_as: None,
    beside: None,
    closed: true,
};

const UNADDRESSED: Layout = Layout {
    addressing: Addressing::Nobody,
    ..NAMED
};

impl Layout {
    /// The layout of a kind.
    pub fn of(kind: Kind) -> Self {
        match kind.code {
            "NQ" => Self {
                enacts: Some("Quyết nghị:"),
                ..UNADDRESSED
            },
            "QĐ" => Self {
                enacts: Some("Quyết định:"),
                ..UNADDRESSED
            },
            "QC" | "QyĐ" | "GGT" | "GNP" => UNADDRESSED,
            "CV" => Self {
                heading: Heading::About,
                ..NAMED
            },
            "ThC" => Self {
                heading: Heading::Bare,
                ..NAMED
            },
            "CĐ" => Self {
                addressing: Addressing::Telegraphs,
                ..NAMED
            },
            "BB" => Self {
                beside: Some("Thư ký"),
                signs_as: Some("Chủ tọa"),
                ..UNADDRESSED
            },
            "HĐ" | "BGN" | "BTT" => Self {
                beside: Some("Đại diện Bên B"),
                signs_as: Some("Đại diện Bên A"),
                closed: false,
                ..UNADDRESSED
            },
            "GUQ" => Self {
                beside: Some("Người được ủy quyền"),
                signs_as: Some("Người ủy quyền"),
                ..UNADDRESSED
            },
            _ => NAMED,
        }
    }
}

/// What a writer begins with: the words that the form of this kind has, with dots for what is to be filled in.
pub fn outline(kind: Kind) -> &'static str {
    let begins = |part: &&str| part.split_once('\n').is_some_and(|(code, _)| code == kind.code);
    let part = OUTLINES
        .split("== ")
        .find(begins)
        .and_then(|part| part.split_once('\n'));
    part.map_or("", |(_, text)| text.trim())
}

/// One outline a kind, behind `== CODE`.
const OUTLINES: &str = include_str!("templates/outlines.txt");

/// Every kind with its layout and outline, in the law's order.
pub fn all() -> impl Iterator<Item = (Kind, Layout, &'static str)> {
    KINDS
        .into_iter()
        .map(|kind| (kind, Layout::of(kind), outline(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Body;

    #[test]
    fn every_kind_has_an_outline_that_reads_as_content() {
        for (kind, layout, outline) in all() {
            let body = Body::read(outline);
            assert!(!body.content.is_empty(), "{}", kind.name);
            if layout.enacts.is_some() {
                assert!(
                    !body.bases.is_empty(),
                    "{}: bases come before articles",
                    kind.name
                );
            }
        }
    }
}
