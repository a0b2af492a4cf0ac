//! From what an office knows and a person wrote to a paper that can be set.

use super::layout::{Addressing, Layout};
use super::{Block, Body, Official, SignatureBlock};
use crate::domain::document_metadata::Metadata;
use crate::domain::numbering::{self, Kind};
use crate::domain::organisation::AgencyKind;

/// What is known of the paper besides what was written.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub kind: Kind,
    pub subject: &'a str,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    pub agency: &'a str,
    pub agency_kind: AgencyKind,
    /// The agency above, by its name.
    pub parent: Option<&'a str>,
    /// The agency's group in the symbol.
    pub symbol: &'a str,
    pub place: &'a str,
    pub signer: &'a str,
    pub position: &'a str,
    pub metadata: &'a Metadata,
    /// Who signs second.
    pub second: Option<Second<'a>>,
}

/// A second signatory, whose block stands on the left.
#[derive(Debug, Clone, Copy)]
pub struct Second<'a> {
    pub full_name: &'a str,
    pub position: &'a str,
    /// The agency, where it is another one: then both issue the paper (văn bản liên tịch), and both stand at its head.
    pub agency: Option<&'a str>,
    pub agency_kind: AgencyKind,
}

impl Facts<'_> {
    /// The paper of this kind with `written` as its content. Number, day, month and year are left blank.
    pub fn compose(&self, written: &str) -> Official {
        let layout = Layout::of(self.kind);
        let mut body = Body::read(written);
        if layout.closed {
            body.close();
        }
        let (attached_to, content) = attached(body.content);
        let said = self.metadata;
        Official {
            title: self.subject.to_owned(),
            author: self.agency.to_owned(),
            watermark: None,
            urgency: urgency(self.urgency),
            parent_agency: self.shown_parent(),
            agency: self.issuers(),
            symbol: numbering::notation(self.kind, self.symbol, said.unit.as_deref()),
            place: self.place.to_owned(),
            year: None,
            heading: layout.heading,
            kind: self.kind.name.to_owned(),
            subject: self.subject.to_owned(),
            attached_to,
            issuer: layout.enacts.map(|_| self.decides()),
            enacts: layout.enacts.map(str::to_owned),
            addressing: match layout.addressing {
                Addressing::KinhGui | Addressing::Nobody => "Kính gửi:".to_owned(),
                Addressing::Telegraphs => format!("{} điện:", self.decides().to_uppercase()),
            },
            addressees: self.addressees(),
            bases: body.bases,
            opening: None,
            content,
            signature: match (layout.signs_as, self.presides()) {
                (Some(part), Some(chair)) => named(part, chair.full_name),
                (Some(part), None) => named(part, self.signer),
                (None, _) => self.signature(),
            },
            beside: match (self.second, layout.beside) {
                (Some(_), Some(part)) if self.presides().is_some() => Some(named(part, self.signer)),
                (Some(second), position) => Some(self.second_block(second, position)),
                (None, part) => part.map(|part| named(part, said.beside.as_deref().unwrap_or_default())),
            },
            receivers: self.receivers(),
            filed: said.filed.clone(),
        }
    }

    /// Of minutes that two sign the secretary signs first, on the left; who presided signs second, on the right (mẫu 1.9).
    fn presides(&self) -> Option<Second<'_>> {
        self.second.filter(|_| self.kind.code == Kind::MINUTES)
    }

    /// Box 2: the issuing agency; of a joint paper both, with a dash between.
    fn issuers(&self) -> Vec<String> {
        let mut lines = agency_lines(self.agency);
        if let Some(partner) = self.second.and_then(|second| second.agency) {
            if let Some(last) = lines.last_mut() {
                last.push_str(" -");
            }
            lines.extend(agency_lines(partner));
        }
        lines
    }

    /// The second signatory's block: what the kind calls the one beside (a secretary, a party), or else the position, by the
    /// power that such a position usually has.
    fn second_block(&self, second: Second<'_>, position: Option<&str>) -> SignatureBlock {
        let said = Metadata::default();
        let agency = second.agency.unwrap_or(self.agency);
        let title = said.title(second.agency_kind, agency, second.position);
        match position {
            Some(part) => named(part, second.full_name),
            None => SignatureBlock {
                authority: (!title.lines.is_empty()).then(|| title.lines.join("\n")),
                position: of_agency(title.position, second.agency),
                full_name: second.full_name.to_owned(),
            },
        }
    }

    /// A committee stands under none (annex I, part II.2); a department names the committee above.
    fn shown_parent(&self) -> Option<String> {
        let shown = self.parent.filter(|_| self.agency_kind == AgencyKind::Department);
        shown.map(str::to_owned)
    }

    /// Thẩm quyền ban hành: the collective, or the head by title.
    fn decides(&self) -> String {
        let title = self.metadata.title(self.agency_kind, self.agency, self.position);
        if title.lines.iter().any(|line| line.starts_with("TM. ")) {
            return self.agency.to_owned();
        }
        let head = match title.lines.last().and_then(|line| line.split_once(". ")) {
            Some((_, head)) => head.to_owned(),
            None => self.position.to_owned(),
        };
        format!("{head} {}", self.agency)
    }

    fn addressees(&self) -> Vec<String> {
        match Layout::of(self.kind).addressing {
            Addressing::Nobody => Vec::new(),
            Addressing::KinhGui | Addressing::Telegraphs => self.metadata.addressees.clone(),
        }
    }

    fn signature(&self) -> SignatureBlock {
        let title = self.metadata.title(self.agency_kind, self.agency, self.position);
        SignatureBlock {
            authority: (!title.lines.is_empty()).then(|| title.lines.join("\n")),
            position: of_agency(
                title.position,
                self.second.and_then(|second| second.agency).map(|_| self.agency),
            ),
            full_name: self.signer.to_owned(),
        }
    }

    /// "Như trên" names the addressees first; a decision names its article of execution by itself.
    fn receivers(&self) -> Vec<String> {
        let above = (!self.addressees().is_empty()).then(|| "Như trên".to_owned());
        above
            .into_iter()
            .chain(self.metadata.receivers.iter().cloned())
            .collect()
    }
}

/// A block that says what the signatory is to the paper: "Thư ký".
fn named(part: &str, full_name: &str) -> SignatureBlock {
    SignatureBlock {
        authority: None,
        position: part.to_owned(),
        full_name: full_name.to_owned(),
    }
}

/// On a joint paper a position says of which agency it is, unless the power above it does: "Giám đốc Sở Nội vụ".
fn of_agency(position: String, agency: Option<&str>) -> String {
    match agency {
        Some(agency) if agency.starts_with("Sở") => format!("{position} {agency}"),
        _ => position,
    }
}

/// "Ủy ban nhân dân tỉnh Lam Giang" stands on two lines at the head.
fn agency_lines(name: &str) -> Vec<String> {
    const COMMITTEE: &str = "Ủy ban nhân dân";
    match name
        .strip_prefix(COMMITTEE)
        .map(str::trim)
        .filter(|rest| !rest.is_empty())
    {
        Some(rest) => vec![COMMITTEE.to_owned(), rest.to_owned()],
        None => vec![name.to_owned()],
    }
}

/// A regulation's first line in brackets says with which decision it was issued; it stands under the title.
fn attached(content: Vec<Block>) -> (Option<String>, Vec<Block>) {
    match content.split_first() {
        Some((Block::Paragraph { text }, rest)) if text.starts_with("(Ban hành kèm theo") => {
            (Some(text.clone()), rest.to_vec())
        }
        _ => (None, content),
    }
}

fn urgency(degree: i16) -> Option<String> {
    let mark = match degree {
        1 => "Khẩn",
        2 => "Thượng khẩn",
        3 => "Hỏa tốc",
        _ => return None,
    };
    Some(mark.to_owned())
}
