//! What a paper says: the data a template sets. The names of the boxes are those of Nghị định 30/2020/NĐ-CP, Annex I.

use hoian_signer::pdf::place::Place;
use serde::{Deserialize, Serialize};

use super::Error;

/// A paper of an agency, of any of the 29 kinds; what differs between kinds is data ([`super::layout`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Official {
    /// The title and author in the file's metadata; readers show them, paper does not.
    pub title: String,
    pub author: String,
    /// Light words across every page; the demo's papers say that they are illustrations.
    pub watermark: Option<String>,
    /// Box 10: "Khẩn", "Thượng khẩn" or "Hỏa tốc".
    pub urgency: Option<String>,
    /// Box 2: the agency above, where the law wants it (not for a People's Committee).
    pub parent_agency: Option<String>,
    /// Box 2: the issuing agency, broken into lines.
    pub agency: Vec<String>,
    /// Box 3: what follows the number, without the stroke: `KH-UBND`.
    pub symbol: String,
    /// Box 4: the name before the date.
    pub place: String,
    /// Box 4: the year, or nothing to leave it blank too.
    pub year: Option<i32>,
    /// How boxes 5a and 5b are set.
    #[serde(default)]
    pub heading: Heading,
    /// Box 5a.
    pub kind: String,
    #[serde(rename = "abstract")]
    pub subject: String,
    /// Under the abstract: "(Ban hành kèm theo Quyết định số ...)".
    #[serde(default)]
    pub attached_to: Option<String>,
    /// Over the bases of a decision or resolution: who decides ("Thẩm quyền ban hành").
    #[serde(default)]
    pub issuer: Option<String>,
    /// Between the bases and the articles: "Quyết định:".
    #[serde(default)]
    pub enacts: Option<String>,
    /// Box 9a: the words before the addressees ("Kính gửi:", or whoever telegraphs), and the addressees.
    #[serde(default)]
    pub addressing: String,
    #[serde(default)]
    pub addressees: Vec<String>,
    /// Box 6: the legal bases, set in italics, and the sentence that opens the content.
    pub bases: Vec<String>,
    pub opening: Option<String>,
    pub content: Vec<Block>,
    /// Box 7.
    pub signature: SignatureBlock,
    /// Who signs beside, on the left: the secretary of a meeting, the other party of a contract.
    #[serde(default)]
    pub beside: Option<SignatureBlock>,
    /// Box 9b, without dashes and stops; then what follows "Lưu:".
    pub receivers: Vec<String>,
    pub filed: String,
}

/// How a paper is named at its head: mẫu 1.4 and 1.5 of annex III.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heading {
    /// The kind in capitals over the abstract (box 5a).
    #[default]
    Named,
    /// "V/v ..." under the number, without the kind (box 5b).
    About,
    /// The abstract alone, as the title of a letter.
    Bare,
}

/// One piece of the content; numbers and letters are the template's, unless the writer's are given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// `I.`, bold capitals.
    Section {
        #[serde(default)]
        label: Option<String>,
        text: String,
    },
    /// `Chương I` over its title, centred.
    Chapter { label: String, text: String },
    /// `Điều 1.` in bold, with a bold title or with a text.
    Article {
        label: String,
        title: Option<String>,
        text: Option<String>,
    },
    /// `1.`, a bold title, a text, or both.
    Item {
        #[serde(default)]
        label: Option<String>,
        title: Option<String>,
        text: Option<String>,
    },
    /// `a)`
    Point {
        #[serde(default)]
        label: Option<String>,
        text: String,
    },
    /// `-`
    Dash { text: String },
    /// Words without a number.
    Paragraph { text: String },
    /// A table under a repeated head.
    Table {
        columns: Vec<Column>,
        rows: Vec<Vec<String>>,
    },
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub title: String,
    /// Its share of the width, beside the other columns' shares.
    pub share: f64,
    /// Figures are centred, words are not.
    pub figures: bool,
}

/// Boxes 7a and 7b.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureBlock {
    /// "TM. Ủy ban nhân dân", a line each, or nothing where the position signs in its own right.
    pub authority: Option<String>,
    pub position: String,
    pub full_name: String,
}

/// One line of text to be filled in, and the size it is set in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextPlace {
    pub place: Place,
    pub font_size: f64,
}

/// The most text a paper may hold: some 150 pages, which Typst sets in under two seconds.
const MOST_BYTES: usize = 400_000;
/// The most pieces of content, rows of tables counted.
const MOST_BLOCKS: usize = 5_000;
/// The Vietnamese alphabet without đ's neighbours f, j, w, z gives this many points to an item.
const MOST_POINTS: usize = 23;

impl Official {
    /// The paper as the JSON file which its template reads.
    ///
    /// # Errors
    /// [`Error::Refused`] where a limit or a rule of layout is broken.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, Error> {
        self.check()?;
        let json = serde_json::to_vec(self).map_err(|error| Error::Template(error.to_string()))?;
        if json.len() > MOST_BYTES {
            return Err(Error::Refused("Văn bản quá dài."));
        }
        Ok(json)
    }

    fn check(&self) -> Result<(), Error> {
        if self.agency.is_empty() || self.subject.trim().is_empty() || self.content.is_empty() {
            return Err(Error::Refused(
                "Văn bản thiếu tên cơ quan, trích yếu hoặc nội dung.",
            ));
        }
        let size: usize = self.content.iter().map(Block::weight).sum();
        if size > MOST_BLOCKS {
            return Err(Error::Refused("Văn bản có quá nhiều mục."));
        }
        if self.content.iter().any(|block| !block.is_well_formed()) {
            return Err(Error::Refused(
                "Bảng có dòng không đủ ô, hoặc mục không có nội dung.",
            ));
        }
        if longest_run_of_points(&self.content) > MOST_POINTS {
            return Err(Error::Refused(
                "Một mục có quá nhiều điểm; hãy chia thành nhiều mục.",
            ));
        }
        Ok(())
    }
}

impl Block {
    fn weight(&self) -> usize {
        match self {
            Self::Table { rows, .. } => 1 + rows.len(),
            _ => 1,
        }
    }

    fn is_well_formed(&self) -> bool {
        match self {
            Self::Item { title, text, .. } => title.is_some() || text.is_some(),
            Self::Table { columns, rows } => {
                let shares_are_sound = columns
                    .iter()
                    .all(|column| column.share > 0.0 && column.share < 100.0);
                !columns.is_empty() && shares_are_sound && rows.iter().all(|row| row.len() == columns.len())
            }
            _ => true,
        }
    }
}

fn longest_run_of_points(content: &[Block]) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for block in content {
        match block {
            Block::Point { label: None, .. } => run += 1,
            Block::Section { .. } | Block::Item { .. } => run = 0,
            _ => {}
        }
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Sample;

    fn with(content: Vec<Block>) -> Official {
        Official {
            content,
            ..Sample::Reform.paper(2026).unwrap()
        }
    }

    #[test]
    fn refuses_what_cannot_be_laid_out() {
        let point = || Block::Point {
            label: None,
            text: "x".into(),
        };
        let column = |share| Column {
            title: "x".into(),
            share,
            figures: false,
        };
        let table = |columns, row: &[&str]| Block::Table {
            columns,
            rows: vec![row.iter().map(|cell| (*cell).to_owned()).collect()],
        };
        let refused = [
            vec![],
            vec![Block::Item {
                label: None,
                title: None,
                text: None,
            }],
            vec![table(vec![], &[])],
            vec![table(vec![column(1.0)], &["a", "b"])],
            vec![table(vec![column(f64::NAN)], &["a"])],
            vec![table(vec![column(0.0)], &["a"])],
            (0..=MOST_POINTS).map(|_| point()).collect(),
            (0..=MOST_BLOCKS)
                .map(|_| Block::Dash { text: "x".into() })
                .collect(),
            vec![Block::Paragraph {
                text: "x".repeat(MOST_BYTES),
            }],
        ];
        for (index, content) in refused.into_iter().enumerate() {
            assert!(
                matches!(with(content).to_json(), Err(Error::Refused(_))),
                "case {index}"
            );
        }
        let points: Vec<Block> = (0..MOST_POINTS).map(|_| point()).collect();
        assert!(with(points).to_json().is_ok());
    }

    #[test]
    fn refuses_a_paper_without_issuer_or_subject() {
        let paper = || Sample::Conference.paper(2026).unwrap();
        assert!(
            Official {
                agency: Vec::new(),
                ..paper()
            }
            .to_json()
            .is_err()
        );
        assert!(
            Official {
                subject: "  ".into(),
                ..paper()
            }
            .to_json()
            .is_err()
        );
        assert!(paper().to_json().is_ok());
    }
}
