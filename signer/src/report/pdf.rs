//! The report as a PDF/A-2u file: A4, Liberation Serif, drawn line by line.

mod layout;
mod line;

use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::metadata::{DateTime, Metadata};
use krilla::{Document, SerializeSettings};

use self::layout::Sheet;
use super::outline::{Outline, Standing};
use super::{Language, Subject};
use crate::error::{Error, Result};
use crate::validate::Report;

/// The file's bytes. The same report gives the same file.
///
/// # Errors
/// *Misuse*: the export does not meet PDF/A-2u, which is a bug here.
pub fn pdf(report: &Report, subject: &Subject<'_>, language: Language) -> Result<Vec<u8>> {
    let outline = Outline::new(report, subject, language);
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|error| bug(&error))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(
        Metadata::new()
            .title(format!("{}: {}", outline.title, subject.file_name))
            .language(language.tag().to_owned())
            .creator("Hội Ấn".to_owned())
            .creation_date(created(subject)),
    );
    let mut sheet = Sheet::new()?;
    draw(&outline, &mut sheet);
    sheet.into_pages(&mut document, language)?;
    document.finish().map_err(|error| bug(&error))
}

fn bug(error: &dyn std::fmt::Debug) -> Error {
    Error::misuse("report", format!("PDF/A export: {error:?}"))
}

fn created(subject: &Subject<'_>) -> DateTime {
    let at = subject.judged_at.to_offset(time::UtcOffset::UTC);
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(at.month().into())
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn draw(outline: &Outline, sheet: &mut Sheet) {
    sheet.small(&outline.title);
    sheet.heading(&outline.sentence, 18.0, ink(outline.standing));
    sheet.facts(&outline.facts);
    for section in &outline.sections {
        sheet.gap(14.0);
        sheet.heading(&section.heading, 13.0, INK);
        sheet.heading(&section.sentence, 11.0, ink(section.standing));
        sheet.facts(&section.facts);
        for (heading, lines) in &section.remarks {
            sheet.gap(4.0);
            sheet.heading(heading, 10.0, INK);
            lines.iter().for_each(|line| sheet.item(line));
        }
    }
    sheet.gap(10.0);
    sheet.small(&outline.note);
}

type Ink = (u8, u8, u8);

/// The look's `--ink`.
const INK: Ink = (0x17, 0x21, 0x1D);

/// The verdicts' colours; the sentence says the same in words.
fn ink(standing: Standing) -> Ink {
    match standing {
        Standing::Valid => (0x17, 0x60, 0x3A),
        Standing::Invalid => (0xB3, 0x18, 0x0F),
        Standing::Undecided => (0x8A, 0x4B, 0x08),
        Standing::Unsigned => (0x5A, 0x67, 0x60),
    }
}
