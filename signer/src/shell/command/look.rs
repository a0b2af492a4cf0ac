//! What a signature looks like and where it stands: the profiles of Nghị định 30/2020/NĐ-CP, and plainer ones for others.

use std::path::PathBuf;

use time::OffsetDateTime;

use super::output::read;
use crate::appearance::{self, Appearance, Stamp, image, place};
use crate::error::{Error, Result};
use crate::pdf::form;
use crate::pdf::place::{Place, Rect};
use crate::pdf::text::{self, Page};

#[derive(clap::Args)]
pub(super) struct LookArguments {
    /// How the signature looks; default: the image where one is given, else nothing.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// The signature or seal as a PNG.
    #[arg(long, value_name = "PNG")]
    image: Option<PathBuf>,
    /// The page of a new visible field, from 1; default: where the profile finds its place in the text.
    #[arg(long, requires = "rect")]
    page: Option<u32>,
    /// The place of a new visible field, in points from the page's lower left corner.
    #[arg(long, value_name = "X,Y,W,H", value_parser = rect, requires = "page")]
    rect: Option<Rect>,
    /// The name under which the leader signs; default: the certificate's.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The agency that copies or receives; default: the certificate's name.
    #[arg(long, value_name = "NAME")]
    agency: Option<String>,
    /// Number and symbol ("141/KH-UBND") of an appendix; the number of an arrival.
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// The date written beside the number, as it is to be read; default: today.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// The form of an electronic copy.
    #[arg(long, value_enum, default_value = "extract")]
    copy: CopyForm,
    /// Whom an incoming document goes to.
    #[arg(long, value_name = "TEXT")]
    forward_to: Option<String>,
    /// Number and symbol of the case file of an incoming document.
    #[arg(long, value_name = "TEXT")]
    file_code: Option<String>,
}

/// The appearances of Nghị định 30/2020/NĐ-CP, and plain ones.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Profile {
    /// A competent person: the blue image alone, between title and name.
    Leader,
    /// An agency: its red seal alone, in true size, over a third of the leader's signature.
    Agency,
    /// An appendix in a file of its own: number, symbol and time.
    Appendix,
    /// An electronic copy: its form, agency and time.
    Copy,
    /// The stamp of an incoming document.
    Stamp,
    /// Number and date of issue.
    NumberDate,
    /// Lines of text: the signer and the time.
    Text,
    /// The image alone, where --page and --rect say.
    Image,
    /// Nothing to be seen.
    None,
}

/// The forms of copies (Nghị định 30/2020/NĐ-CP, article 25).
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum CopyForm {
    /// SAO Y.
    True,
    /// SAO LỤC.
    Copy,
    /// TRÍCH SAO.
    Extract,
}

/// What a look is made for.
pub(super) struct Signer<'a> {
    pub document: &'a [u8],
    pub password: Option<&'a str>,
    /// The certificate's common name.
    pub name: String,
    pub field: &'a str,
    pub now: OffsetDateTime,
}

/// A field that is there keeps its place, so none is looked for.
pub(super) type Look = (Option<Appearance>, Option<Place>);

impl LookArguments {
    pub(super) fn of(&self, signer: &Signer<'_>) -> Result<Look> {
        let profile = self.profile.unwrap_or(match self.image {
            Some(_) => Profile::Image,
            None => Profile::None,
        });
        let given = self.page.zip(self.rect).map(|(page, rect)| Place { page, rect });
        if profile == Profile::None {
            return Ok((None, given));
        }
        let appearance = self.appearance(profile, signer)?;
        let place = match given {
            Some(place) => Some(place),
            None if form::is_field(signer.document, signer.password, signer.field)? => None,
            None => Some(self.find(profile, &appearance, signer)?),
        };
        Ok((Some(appearance), place))
    }

    fn appearance(&self, profile: Profile, signer: &Signer<'_>) -> Result<Appearance> {
        let time = appearance::signing_time(signer.now)?;
        let agency = self.agency.clone().unwrap_or_else(|| signer.name.clone());
        let lines = match profile {
            Profile::Leader | Profile::Agency | Profile::Image | Profile::None => {
                let path = self.image.as_ref();
                let path = path.ok_or_else(|| Error::misuse("profile", "it needs --image"))?;
                return Ok(Appearance::Image { png: read(path)? });
            }
            Profile::Stamp => {
                return Ok(Appearance::Stamp(Stamp {
                    agency: agency.to_uppercase(),
                    arrival_number: self.number.clone().unwrap_or_default(),
                    date: self.date(signer.now),
                    forwarded_to: self.forward_to.clone().unwrap_or_default(),
                    file_code: self.file_code.clone().unwrap_or_default(),
                }));
            }
            Profile::Appendix => vec![self.number()?, time],
            Profile::Copy => vec![self.copy.words().to_owned(), agency, time],
            Profile::NumberDate => vec![
                format!("Số: {}", self.number()?),
                format!("Ngày {}", self.date(signer.now)),
            ],
            Profile::Text => vec![self.name.clone().unwrap_or_else(|| signer.name.clone()), time],
        };
        Ok(Appearance::Text { lines })
    }

    fn number(&self) -> Result<String> {
        let number = self.number.clone();
        number.ok_or_else(|| Error::misuse("profile", "it needs --number"))
    }

    fn date(&self, now: OffsetDateTime) -> String {
        let local = now.to_offset(time::macros::offset!(+7));
        let today = || {
            format!(
                "{:02}/{:02}/{}",
                local.day(),
                u8::from(local.month()),
                local.year()
            )
        };
        self.date.clone().unwrap_or_else(today)
    }

    /// The place by the text of the pages.
    fn find(&self, profile: Profile, appearance: &Appearance, signer: &Signer<'_>) -> Result<Place> {
        let pages = text::pages_with(signer.document, signer.password)?;
        let place = match (profile, appearance) {
            (Profile::Leader, Appearance::Image { png }) => {
                let name = self.name.as_deref().unwrap_or(&signer.name);
                place::person(&pages, name, image::size(png)?.aspect())
            }
            (Profile::Agency, Appearance::Image { png }) => self.seal(&pages, png, signer)?,
            (Profile::Stamp, _) => {
                let (width, height) = Stamp::size();
                place::below_number(&pages, width, height)
            }
            (Profile::Appendix | Profile::Copy | Profile::NumberDate, Appearance::Text { lines }) => {
                let (width, height) = appearance::text_size(lines)?;
                place::top_right(&pages, width, height)
            }
            _ => None,
        };
        place.ok_or_else(|| {
            Error::refused(
                "place",
                "the text of the pages does not tell it: give --page and --rect",
            )
        })
    }

    /// Over a third of the person's signature: the field that is signed last and seen, else where that name stands.
    fn seal(&self, pages: &[Page], png: &[u8], signer: &Signer<'_>) -> Result<Option<Place>> {
        let size = image::size(png)?;
        let person = match form::last_signed(signer.document, signer.password)? {
            Some(place) => Some(place),
            None => self
                .name
                .as_deref()
                .and_then(|name| place::person(pages, name, PERSON_ASPECT)),
        };
        let width = size.width_mm.unwrap_or(SEAL_MM);
        Ok(person.map(|person| place::seal_on(pages, &person, width, width / size.aspect())))
    }
}

impl CopyForm {
    fn words(self) -> &'static str {
        match self {
            Self::True => "SAO Y",
            Self::Copy => "SAO LỤC",
            Self::Extract => "TRÍCH SAO",
        }
    }
}

fn rect(text: &str) -> Result<Rect, String> {
    let numbers: Vec<f64> = text
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .filter(|number: &f64| number.is_finite())
        .collect();
    match numbers[..] {
        [x, y, width, height] if width > 0.0 && height > 0.0 => Ok(Rect { x, y, width, height }),
        _ => Err("four numbers are wanted: X,Y,W,H".into()),
    }
}

/// A seal of an agency that does not say its size: 36 mm is the usual one.
const SEAL_MM: f64 = 36.0;

/// A signature is about twice as wide as high.
const PERSON_ASPECT: f64 = 2.0;
