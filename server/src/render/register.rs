//! A register on paper: the agency's book as it stands at one moment.

use serde::Serialize;

use super::Error;
use crate::domain::register::Column;

/// What the template sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegisterSheet {
    pub title: String,
    pub agency: String,
    pub year: i32,
    /// Of which days, in words: `Năm 2026`.
    pub period: String,
    pub columns: Vec<RegisterColumn>,
    /// One cell a column.
    pub rows: Vec<Vec<String>>,
    /// What it says where it has no line.
    pub empty: String,
    /// When and by whom, at the foot of every sheet.
    pub printed: String,
}

/// A column's heading and its share of the width.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RegisterColumn {
    pub title: String,
    pub share: u32,
}

impl From<&Column> for RegisterColumn {
    fn from(column: &Column) -> Self {
        Self {
            title: column.title.to_owned(),
            share: column.share,
        }
    }
}

/// The most bytes of cells: ten thousand lines of a common length.
const MOST_BYTES: usize = 6_000_000;

impl RegisterSheet {
    /// The sheet as the JSON file which its template reads.
    ///
    /// # Errors
    /// [`Error::Refused`] beyond the limit; [`Error::Template`] where a line has not one cell a column: our bug.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, Error> {
        if self.rows.iter().any(|row| row.len() != self.columns.len()) {
            return Err(Error::Template("a line has not one cell a column".to_owned()));
        }
        let json = serde_json::to_vec(self).map_err(|error| Error::Template(error.to_string()))?;
        if json.len() > MOST_BYTES {
            return Err(Error::Refused("Sổ quá dài để in một lần."));
        }
        Ok(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::register::Register;
    use crate::render::typeset_register;

    const NOW: time::OffsetDateTime = time::macros::datetime!(2026-11-24 08:00 UTC);

    fn sheet(register: Register, lines: usize) -> RegisterSheet {
        let columns: Vec<_> = register.columns().iter().map(RegisterColumn::from).collect();
        let cells = |line: usize| {
            (0..columns.len())
                .map(|cell| format!("Ô {line}.{cell} #panic() *b*"))
                .collect()
        };
        RegisterSheet {
            title: register.title().to_owned(),
            agency: "Ủy ban nhân dân tỉnh Lam Giang".to_owned(),
            year: 2026,
            period: "Năm 2026".to_owned(),
            rows: (0..lines).map(cells).collect(),
            columns,
            empty: "Sổ chưa có văn bản nào.".to_owned(),
            printed: "08:00 ngày 24/11/2026".to_owned(),
        }
    }

    #[test]
    fn every_register_is_an_archival_file_that_shows_every_cell() {
        for register in Register::ALL {
            let pdf = typeset_register(&sheet(register, 60), NOW).unwrap();
            let marker = b"<pdfaid:part>2</pdfaid:part>";
            assert!(
                pdf.windows(marker.len()).any(|window| window == marker),
                "{register:?}"
            );
            let pages = hoian_signer::pdf::text::pages(&pdf).unwrap();
            assert!(pages.len() > 1);
            let runs = pages
                .iter()
                .flat_map(|page| &page.lines)
                .flat_map(|line| &line.runs);
            let text: String = runs
                .map(|run| run.text.replace(char::is_whitespace, ""))
                .collect();
            for cell in 0..register.columns().len() {
                assert!(text.contains(&format!("Ô59.{cell}")), "{register:?} {cell}");
            }
            for column in register.columns() {
                let first = column.title.split_whitespace().next().unwrap();
                assert!(text.contains(first), "{}", column.title);
            }
        }
    }

    #[test]
    fn an_empty_register_says_so_on_one_sheet() {
        let pdf = typeset_register(&sheet(Register::Incoming, 0), NOW).unwrap();
        assert_eq!(hoian_signer::pdf::text::pages(&pdf).unwrap().len(), 1);
    }

    #[test]
    fn a_line_without_all_its_cells_is_refused() {
        let mut sheet = sheet(Register::Outgoing, 1);
        sheet.rows[0].pop();
        assert!(typeset_register(&sheet, NOW).is_err());
    }
}
