//! What a person writes in the page, read as the pieces of a paper.
//!
//! People write the labels that papers bear (`I.`, `1.`, `a)`, `-`, `Điều 1.`, `Chương I`), and what they wrote is what is
//! printed: nothing is numbered anew. A line is one piece; blank lines only divide. Nothing is markup.

use super::{Block, Column};

/// The pieces of a written body.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    /// The legal bases at its beginning.
    pub bases: Vec<String>,
    pub content: Vec<Block>,
}

impl Body {
    /// Reads `text`. Every text is one: a line of no other form is a paragraph.
    pub fn read(text: &str) -> Self {
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let bases = lines.iter().take_while(|line| is_basis(line)).count();
        let mut body = Self {
            bases: lines[..bases].iter().map(|line| (*line).to_owned()).collect(),
            content: Vec::new(),
        };
        let mut at = bases;
        while let Some(line) = lines.get(at) {
            let next = lines.get(at + 1).copied();
            at += body.take(line, next, &lines[at..]);
        }
        body
    }

    /// Closes the last words with `./.`, as a document ends (annex I, part II.6).
    pub fn close(&mut self) {
        let text = self.content.last_mut().and_then(|block| match block {
            Block::Article { text, .. } | Block::Item { text, .. } => text.as_mut(),
            Block::Point { text, .. } | Block::Dash { text } | Block::Paragraph { text } => Some(text),
            Block::Section { .. } | Block::Chapter { .. } | Block::Table { .. } => None,
        });
        if let Some(text) = text
            && !text.ends_with("./.")
        {
            let length = text.trim_end_matches(['.', '/', ' ', ';']).len();
            text.truncate(length);
            text.push_str("./.");
        }
    }

    /// Takes the piece that begins with `line`; comes back as how many lines it has.
    fn take(&mut self, line: &str, next: Option<&str>, rest: &[&str]) -> usize {
        if line.starts_with('|') {
            let rows: Vec<&str> = rest
                .iter()
                .copied()
                .take_while(|line| line.starts_with('|'))
                .collect();
            self.content.push(table(&rows));
            return rows.len();
        }
        if let Some((label, text)) = chapter(line) {
            // The title stands on the line below, as in printed regulations, or after the label.
            let below = next.filter(|next| text.is_empty() && !has_label(next));
            let text = below.unwrap_or(text).to_owned();
            self.content.push(Block::Chapter { label, text });
            return 1 + usize::from(below.is_some());
        }
        self.content.push(piece(line, next));
        1
    }
}

fn piece(line: &str, next: Option<&str>) -> Block {
    if let Some((label, rest)) = article(line) {
        let is_title = !ends_as_sentence(rest) && next.is_some_and(|next| article(next).is_none());
        let (title, text) = titled(rest, is_title);
        return Block::Article { label, title, text };
    }
    if let Some((label, text)) = labelled(line, '.', is_roman) {
        let text = text.to_owned();
        return Block::Section {
            label: Some(label),
            text,
        };
    }
    if let Some((label, rest)) = labelled(line, '.', is_figures) {
        let is_title = !ends_as_sentence(rest) && next.is_some_and(|next| !is_item(next));
        let (title, text) = titled(rest, is_title);
        return Block::Item {
            label: Some(label),
            title,
            text,
        };
    }
    if let Some((label, text)) = labelled(line, ')', is_letter) {
        let text = text.to_owned();
        return Block::Point {
            label: Some(label),
            text,
        };
    }
    let dashed = line.strip_prefix(['-', '–', '+', '•']).map(str::trim_start);
    match dashed.filter(|text| !text.is_empty()) {
        Some(text) => Block::Dash {
            text: text.to_owned(),
        },
        None => Block::Paragraph {
            text: line.to_owned(),
        },
    }
}

fn is_basis(line: &str) -> bool {
    const BEGINNINGS: [&str; 5] = [
        "Căn cứ ",
        "Theo đề nghị ",
        "Xét đề nghị ",
        "Xét Tờ trình ",
        "Xét Đơn ",
    ];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

/// `Chương I`, and what follows on its line.
fn chapter(line: &str) -> Option<(String, &str)> {
    let rest = line.strip_prefix("Chương ")?;
    let end = rest
        .find(|letter: char| !letter.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    let (number, text) = rest.split_at(end);
    let fits = is_roman(number) || is_figures(number);
    fits.then(|| {
        (
            format!("Chương {number}"),
            text.trim_start_matches(['.', ':', ' ']),
        )
    })
}

/// `Điều 1.`, and what follows.
fn article(line: &str) -> Option<(String, &str)> {
    let rest = line.strip_prefix("Điều ")?;
    let (number, text) = rest.split_once(['.', ':'])?;
    is_figures(number).then(|| (format!("Điều {number}."), text.trim()))
}

/// A label that ends in `mark`, and what follows behind a blank.
fn labelled(line: &str, mark: char, is_label: fn(&str) -> bool) -> Option<(String, &str)> {
    let (label, text) = line.split_once(mark)?;
    let fits = is_label(label) && text.starts_with(char::is_whitespace) && !text.trim().is_empty();
    fits.then(|| (format!("{label}{mark}"), text.trim()))
}

fn is_item(line: &str) -> bool {
    labelled(line, '.', is_figures).is_some()
}

fn has_label(line: &str) -> bool {
    article(line).is_some()
        || chapter(line).is_some()
        || labelled(line, '.', is_roman).is_some()
        || is_item(line)
}

fn is_roman(label: &str) -> bool {
    (1..=6).contains(&label.len()) && label.chars().all(|letter| "IVXLC".contains(letter))
}

/// `1` and `2.1`, but no year.
fn is_figures(label: &str) -> bool {
    (1..=3).contains(&label.len()) && label.chars().all(|letter| letter.is_ascii_digit())
}

fn is_letter(label: &str) -> bool {
    let mut letters = label.chars();
    matches!((letters.next(), letters.next()), (Some(letter), None) if letter.is_lowercase())
}

fn ends_as_sentence(text: &str) -> bool {
    text.ends_with(['.', ';', ':', ',', '/'])
}

fn titled(text: &str, is_title: bool) -> (Option<String>, Option<String>) {
    let text = Some(text.to_owned());
    if is_title { (text, None) } else { (None, text) }
}

/// Rows between upright strokes; the first is the head. A row of dashes under it divides only for the eye.
fn table(lines: &[&str]) -> Block {
    let cells = |line: &&str| -> Vec<String> {
        let inner = line.trim_matches('|');
        inner.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let is_rule = |row: &Vec<String>| {
        row.iter()
            .all(|cell| cell.chars().all(|mark| "-: ".contains(mark)))
    };
    let mut rows = lines.iter().map(cells);
    let head = rows.next().unwrap_or_default();
    let mut rows: Vec<Vec<String>> = rows.filter(|row| !is_rule(row)).collect();
    for row in &mut rows {
        row.resize(head.len(), String::new());
    }
    let columns = head
        .into_iter()
        .enumerate()
        .map(|(index, title)| column(index, title, &rows))
        .collect();
    Block::Table { columns, rows }
}

/// A column is as wide as its words ask, within a factor of eight, so that "TT" does not take a fourth of the sheet.
fn column(index: usize, title: String, rows: &[Vec<String>]) -> Column {
    let words = |cell: &String| cell.chars().count();
    let longest = rows
        .iter()
        .filter_map(|row| row.get(index))
        .map(words)
        .max()
        .unwrap_or(0);
    let is_figure = |cell: &String| {
        !cell.is_empty()
            && cell
                .chars()
                .all(|mark| mark.is_ascii_digit() || ".,%".contains(mark))
    };
    Column {
        share: longest.max(words(&title)).clamp(5, 40) as f64,
        figures: !rows.is_empty() && rows.iter().filter_map(|row| row.get(index)).all(is_figure),
        title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::invitation::{Invitation, Item};

    #[test]
    fn reads_a_decision_as_it_is_written() {
        let body = Body::read(
            "Căn cứ Luật A;\nTheo đề nghị của Giám đốc Sở Nội vụ.\n\nĐiều 1. Phê duyệt Đề án.\n\nĐiều 2. Phạm vi\n\
             1. Quyết định này áp dụng:\na) Với sở;\nđ) với xã.\n- Gạch",
        );
        assert_eq!(body.bases.len(), 2);
        let text = |text: &str| Some(text.to_owned());
        let expected = [
            Block::Article {
                label: "Điều 1.".into(),
                title: None,
                text: text("Phê duyệt Đề án."),
            },
            Block::Article {
                label: "Điều 2.".into(),
                title: text("Phạm vi"),
                text: None,
            },
            Block::Item {
                label: text("1."),
                title: None,
                text: text("Quyết định này áp dụng:"),
            },
            Block::Point {
                label: text("a)"),
                text: "Với sở;".into(),
            },
            Block::Point {
                label: text("đ)"),
                text: "với xã.".into(),
            },
            Block::Dash {
                text: "Gạch".into()
            },
        ];
        assert_eq!(body.content, expected);
    }

    #[test]
    fn chapters_take_their_title_from_the_line_below() {
        let body = Body::read("Chương I\nQUY ĐỊNH CHUNG\nĐiều 1. Phạm vi\nQuy chế này quy định...");
        let chapter = Block::Chapter {
            label: "Chương I".into(),
            text: "QUY ĐỊNH CHUNG".into(),
        };
        assert_eq!(body.content[0], chapter);
        assert!(matches!(&body.content[1], Block::Article { title: Some(title), .. } if title == "Phạm vi"));
    }

    #[test]
    fn what_only_looks_like_a_label_is_a_paragraph() {
        for line in [
            "2026 là năm cuối.",
            "15.000 đồng một suất",
            "I.",
            "Điều này rất cần.",
            "Chương trình hành động",
            "-",
            "ab) không phải điểm",
        ] {
            let body = Body::read(line);
            assert_eq!(body.content, [Block::Paragraph { text: line.into() }], "{line}");
        }
    }

    #[test]
    fn tables_have_a_head_and_full_rows() {
        let body = Body::read("| TT | Việc | Số |\n|---|---|---|\n| 1 | Rà soát | 12 |\n| 2 | Họp |\nHết");
        let Block::Table { columns, rows } = &body.content[0] else {
            panic!("{body:?}")
        };
        assert_eq!(
            columns.iter().map(|column| column.figures).collect::<Vec<_>>(),
            [true, false, false]
        );
        assert!(columns[1].share > columns[0].share);
        assert_eq!(rows, &[["1", "Rà soát", "12"], ["2", "Họp", ""]]);
        assert_eq!(body.content.len(), 2);
    }

    #[test]
    fn a_document_ends_with_a_stroke_between_stops_and_only_one() {
        for text in [
            "Thi hành.",
            "Thi hành",
            "Thi hành./.",
            "1. Thi hành;",
            "- Thi hành.",
        ] {
            let mut body = Body::read(text);
            body.close();
            body.close();
            let json = serde_json::to_string(&body.content).unwrap();
            assert!(json.contains("hi hành./.\""), "{json}");
        }
    }

    #[test]
    fn an_invitation_is_read_with_its_agenda_as_a_table() {
        let invitation = Invitation {
            agency: "Ủy ban nhân dân tỉnh Lam Giang".into(),
            title: "Hội nghị".into(),
            asked: vec!["Sở Nội vụ".into()],
            items: vec![Item {
                title: "Báo cáo | thảo luận".into(),
                presenter: String::new(),
                minutes: 15,
            }],
            ..Invitation::default()
        };
        let body = Body::read(&invitation.body());
        let tables = body.content.iter().filter_map(|block| match block {
            Block::Table { columns, rows } => Some((columns.len(), rows.len())),
            _ => None,
        });
        assert_eq!(tables.collect::<Vec<_>>(), [(4, 1)]);
        assert!(body.content.contains(&Block::Dash {
            text: "Sở Nội vụ.".into()
        }));
    }
}
