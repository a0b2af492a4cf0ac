//! From data and template to a file: compile, export as PDF/A, read off the blanks.

use std::collections::HashMap;
use std::time::Duration;

use hoian_signer::pdf::place::{Place, Rect};
use serde::Deserialize;
use time::OffsetDateTime;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Label, Selector, Smart};
use typst::introspection::MetadataElem;
use typst::utils::PicoStr;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::world::ClosedWorld;
use super::{Error, Official, RegisterSheet, TextPlace};
use crate::pool::Pool;

/// A typeset paper, still without number, date, signature and seal.
#[derive(Debug, Clone)]
pub struct Paper {
    /// PDF/A-2u with embedded fonts.
    pub pdf: Vec<u8>,
    /// Where the missing things go.
    pub places: Places,
}

/// The blanks of a paper. A text place is exactly one line of Liberation Serif: its lower edge lies 0.216 em under the
/// printed baseline, so that a form field's text stands on the printed line.
#[derive(Debug, Clone, PartialEq)]
pub struct Places {
    pub number: TextPlace,
    pub day: TextPlace,
    pub month: TextPlace,
    /// Only where the paper leaves the year open.
    pub year: Option<TextPlace>,
    /// Between position and full name.
    pub signature: Place,
    /// Over the left third of the signature, in the seal's true size.
    pub seal: Place,
}

/// Typesets a paper. Takes tens of milliseconds and tens of megabytes for a few pages; bounded by the limits of
/// [`Official`]. On a server use [`Typesetter`], which bounds how many run at once.
///
/// `now` becomes the file's creation date and nothing else.
///
/// # Errors
/// [`Error::Refused`] for data beyond the limits, [`Error::Template`] for a template that does not compile.
pub fn typeset(paper: &Official, now: OffsetDateTime) -> Result<Paper, Error> {
    let (document, pdf) = set("/official.typ", paper.to_json()?, now)?;
    let places = places(&document)?;
    Ok(Paper { pdf, places })
}

/// Typesets a register: PDF/A-2u. Takes about a millisecond a line.
///
/// # Errors
/// As [`typeset`].
pub fn typeset_register(sheet: &RegisterSheet, now: OffsetDateTime) -> Result<Vec<u8>, Error> {
    Ok(set("/register.typ", sheet.to_json()?, now)?.1)
}

/// Typesets a sentence under a title, on a page of its own: PDF/A-2u.
///
/// # Errors
/// [`Error::Template`].
pub fn typeset_statement(title: &str, words: &str, now: OffsetDateTime) -> Result<Vec<u8>, Error> {
    let data = serde_json::json!({ "title": title, "words": words });
    Ok(set("/statement.typ", data.to_string().into_bytes(), now)?.1)
}

fn set(template: &str, data: Vec<u8>, now: OffsetDateTime) -> Result<(PagedDocument, Vec<u8>), Error> {
    let world = ClosedWorld::new(template, data)?;
    let document = typst::compile::<PagedDocument>(&world)
        .output
        .map_err(template_error)?;
    let pdf = typst_pdf::pdf(&document, &pdf_options(now)?).map_err(template_error)?;
    // The compiler memoises across papers; what it kept of this one is of no use to the next.
    typst::comemo::evict(0);
    Ok((document, pdf))
}

/// A bounded pool for typesetting: heavy work must not starve calls and meetings.
#[derive(Debug, Clone)]
pub struct Typesetter {
    pool: Pool,
}

impl Typesetter {
    /// A pool in which `at_once` papers are set at a time.
    pub fn new(at_once: usize) -> Self {
        Self {
            pool: Pool::new("typesetter", at_once),
        }
    }

    /// Typesets a paper in the pool.
    ///
    /// # Errors
    /// As [`typeset`], and [`Error::Busy`] after [`PATIENCE`]; the abandoned run keeps its place until it ends, so
    /// that waiting people cannot multiply the work.
    pub async fn official(&self, paper: Official, now: OffsetDateTime) -> Result<Paper, Error> {
        self.run(move || typeset(&paper, now)).await
    }

    /// Typesets a register in the pool.
    ///
    /// # Errors
    /// As [`Typesetter::plan`].
    pub async fn register(&self, sheet: RegisterSheet, now: OffsetDateTime) -> Result<Vec<u8>, Error> {
        self.run(move || typeset_register(&sheet, now)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let made = tokio::time::timeout(PATIENCE, self.pool.run(work)).await;
        let made = made.map_err(|_| Error::Busy)?;
        made.map_err(|undone| Error::Template(undone.to_string()))?
    }
}

/// The longest a person waits for a paper; the largest allowed takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(20);

fn pdf_options(now: OffsetDateTime) -> Result<PdfOptions, Error> {
    // 2u: long-term readable, and every glyph maps to Unicode, so that the text can be searched. Level a is out of
    // reach once signature widgets are added by later updates, which no structure tree describes.
    let standards = PdfStandards::new(&[PdfStandard::A_2u])
        .map_err(|error| Error::Template(error.message().to_string()))?;
    let utc = now.to_offset(time::UtcOffset::UTC);
    let timestamp = Datetime::from_ymd_hms(
        utc.year(),
        utc.month().into(),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second(),
    );
    Ok(PdfOptions {
        creator: Smart::Custom(Some("Hội Ấn".to_owned())),
        timestamp: timestamp.map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    })
}

/// What `blank.typ` says of a blank, in points from the top left.
#[derive(Deserialize)]
struct Blank {
    name: String,
    width: f64,
    height: f64,
    font_size: f64,
}

fn places(document: &PagedDocument) -> Result<Places, Error> {
    let blanks = blanks(document)?;
    let one = |name: &str| {
        blanks
            .get(name)
            .copied()
            .ok_or_else(|| Error::Template(format!("the template leaves no blank {name}")))
    };
    Ok(Places {
        number: one("number")?,
        day: one("day")?,
        month: one("month")?,
        year: blanks.get("year").copied(),
        signature: one("signature")?.place,
        seal: one("seal")?.place,
    })
}

fn blanks(document: &PagedDocument) -> Result<HashMap<String, TextPlace>, Error> {
    let label = Label::new(PicoStr::constant("blank"))
        .ok_or_else(|| Error::Template("the label of blanks is empty".to_owned()))?;
    let introspector = document.introspector();
    let mut found = HashMap::new();
    for element in introspector.elements().query(&Selector::Label(label)) {
        let position = element
            .location()
            .and_then(|location| introspector.position(location));
        let (Some(metadata), Some(position)) = (element.to_packed::<MetadataElem>(), position) else {
            return Err(Error::Template("a blank without a position".to_owned()));
        };
        let blank: Blank = serde_json::to_value(&metadata.value)
            .and_then(serde_json::from_value)
            .map_err(|error| Error::Template(error.to_string()))?;
        let page = document.pages().get(position.page.get() - 1);
        let page_height = page.map_or(0.0, |page| page.frame.height().to_pt());
        let rect = Rect {
            x: position.point.x.to_pt(),
            y: page_height - position.point.y.to_pt() - blank.height,
            width: blank.width,
            height: blank.height,
        };
        let page = u32::try_from(position.page.get()).unwrap_or(u32::MAX);
        let place = TextPlace {
            place: Place { page, rect },
            font_size: blank.font_size,
        };
        found.insert(blank.name, place);
    }
    Ok(found)
}

fn template_error(diagnostics: impl IntoIterator<Item = SourceDiagnostic>) -> Error {
    let messages: Vec<String> = diagnostics
        .into_iter()
        .map(|diagnostic| diagnostic.message.to_string())
        .collect();
    Error::Template(messages.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Block, Sample};

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-23 08:00 UTC);
    /// A4 in points.
    const SHEET: (f64, f64) = (595.28, 841.89);

    fn holds(pdf: &[u8], wanted: &str) -> bool {
        pdf.windows(wanted.len())
            .any(|window| window == wanted.as_bytes())
    }

    #[test]
    fn samples_are_archival_files_that_leave_their_blanks_on_the_sheet() {
        for sample in Sample::ALL {
            let paper = typeset(&sample.paper(2026).unwrap(), NOW).unwrap();
            assert!(holds(&paper.pdf, "<pdfaid:part>2</pdfaid:part>"), "{sample:?}");
            assert!(
                holds(&paper.pdf, "<pdfaid:conformance>U</pdfaid:conformance>"),
                "{sample:?}"
            );
            let places = paper.places;
            assert_eq!(places.year, None);
            for text in [places.number, places.day, places.month] {
                assert_eq!(text.place.page, 1, "the head stands on the first page");
                assert!((text.place.rect.height - 1.107 * text.font_size).abs() < 0.01);
            }
            for place in [
                places.number.place,
                places.day.place,
                places.signature,
                places.seal,
            ] {
                let rect = place.rect;
                assert!(rect.x > 40.0 && rect.y > 40.0, "{sample:?} {rect:?}");
                assert!(
                    rect.right() < SHEET.0 - 40.0 && rect.top() < SHEET.1 - 40.0,
                    "{sample:?} {rect:?}"
                );
            }
        }
    }

    #[test]
    fn seal_covers_the_left_third_of_the_signature() {
        let places = typeset(&Sample::Recruitment.paper(2026).unwrap(), NOW)
            .unwrap()
            .places;
        let (signature, seal) = (places.signature.rect, places.seal.rect);
        assert_eq!(places.signature.page, places.seal.page);
        assert!((seal.right() - (signature.x + signature.width / 3.0)).abs() < 0.01);
        assert!((seal.width - 36.0 * 72.0 / 25.4).abs() < 0.01);
        let middle = |rect: Rect| rect.y + rect.height / 2.0;
        assert!((middle(seal) - middle(signature)).abs() < 0.01);
    }

    #[test]
    fn a_year_that_is_not_known_is_a_blank() {
        let mut paper = Sample::Recruitment.paper(2026).unwrap();
        paper.year = None;
        let places = typeset(&paper, NOW).unwrap().places;
        let (month, year) = (places.month.place.rect, places.year.unwrap().place.rect);
        assert!(year.x > month.right() && (year.y - month.y).abs() < 0.01);
    }

    #[test]
    fn same_paper_at_the_same_moment_is_the_same_file() {
        let paper = Sample::Conference.paper(2026).unwrap();
        assert_eq!(
            typeset(&paper, NOW).unwrap().pdf,
            typeset(&paper, NOW).unwrap().pdf
        );
    }

    #[test]
    fn words_are_never_markup() {
        let hostile =
            "#import \"@preview/x:0.1.0\" #read(\"/etc/passwd\") $x$ *b* _i_ = h \n\n- l #panic() <blank> \\";
        let mut paper = Sample::Recruitment.paper(2026).unwrap();
        paper.subject = hostile.into();
        paper.agency = vec![hostile.into()];
        paper.symbol = hostile.into();
        paper.bases = vec![hostile.into()];
        paper.signature.full_name = hostile.into();
        paper.receivers = vec![hostile.into()];
        let text = || Some(hostile.to_owned());
        paper.content = vec![
            Block::Section {
                label: None,
                text: hostile.into(),
            },
            Block::Item {
                label: text(),
                title: text(),
                text: text(),
            },
            Block::Point {
                label: None,
                text: hostile.into(),
            },
            Block::Paragraph { text: hostile.into() },
        ];
        let paper = typeset(&paper, NOW).unwrap();
        assert!(!holds(&paper.pdf, "root:"));
        assert_eq!(paper.places.number.font_size, 13.0);
    }

    #[test]
    fn words_that_the_font_lacks_are_refused_not_left_out() {
        let mut paper = Sample::Recruitment.paper(2026).unwrap();
        paper.subject = "漢字".into();
        assert!(typeset(&paper, NOW).is_err());
    }

    #[tokio::test]
    async fn the_pool_sets_one_paper_after_another() {
        let typesetter = Typesetter::new(1);
        let set = || typesetter.official(Sample::Recruitment.paper(2026).unwrap(), NOW);
        let (first, second) = tokio::join!(set(), set());
        assert_eq!(first.unwrap().pdf, second.unwrap().pdf);
    }
}
