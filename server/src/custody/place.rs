//! Where the signature, the seal, the number and the date go on a document's pages.

use hoian_signer::appearance::{Appearance, imprint, place as find};
use hoian_signer::pdf::form::{self, Alignment, Face, Lock, NewField};
use hoian_signer::pdf::place::{POINTS_PER_MM, Place, Rect};
use hoian_signer::pdf::text::Page;
use serde::{Deserialize, Serialize};
use time::Date;

use super::error::Result;
use crate::domain::numbering;
use crate::render;

/// Name of the leader's signature field.
pub const LEADER: &str = "leader";
/// Name of the agency's signature field.
pub const AGENCY: &str = "agency";
/// Names of the second signatory's field, and of that agency's.
pub const COSIGNER: &str = "cosigner";
pub const PARTNER: &str = "partner";

/// Side of the code with its white frame: a telephone reads modules of half a millimetre from a hand's breadth.
pub const CODE_MM: f64 = 20.0;

/// The places of everything that is added to a document after its draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Places {
    pub signature: Place,
    pub seal: Place,
    pub texts: Vec<TextPlace>,
    /// Of the second signatory, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondPlaces>,
    /// Of the code that leads from the paper to its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodePlace>,
    /// The first signatory's field, where a program of their own makes it: its name, empty until it has signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_field: Option<String>,
}

/// A QR code, printed before the first signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodePlace {
    pub place: Place,
    /// What it says: the address of the record.
    pub address: String,
    /// The word at the end of the address, by which the record is found.
    pub word: String,
}

/// Where the second signatory signs, and that agency seals where it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SecondPlaces {
    pub signature: Place,
    pub seal: Option<Place>,
}

/// A second signatory: the name that stands on the page, and the images' sizes.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    pub full_name: String,
    pub signature: Size,
    pub seal: Option<Size>,
    /// Over minutes this one presided: the seal of the paper's own agency lies over this signature and not the secretary's.
    pub presided: bool,
}

/// A blank that is filled when the number is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextPlace {
    pub writes: Writes,
    pub place: Place,
    pub font_size: f64,
}

/// What is written into a blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writes {
    /// `141`, where "Số:" and the symbol are printed.
    Number,
    Day,
    Month,
    Year,
    /// `Số: 141/KH-UBND`, where the page has no blank for it.
    WholeNumber,
    /// `Ngày 23 tháng 11 năm 2026`, where the page has no date line.
    WholeDate,
}

/// Printed size of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub width_mm: f64,
    pub height_mm: f64,
}

/// The places on these pages: the name block, the blanks, and the seal over the signature's left third.
///
/// `wish` is where the signer put the signature by hand. `None` when there is no wish and no name block is found. The second
/// signatory's place is that of their name too, or else as far from the left edge as the first one's from the right.
pub fn find_places(
    pages: &[Page],
    full_name: &str,
    wish: Option<Place>,
    signature: Size,
    seal: Size,
    second: Option<&Second>,
) -> Option<Places> {
    let signature = wish.or_else(|| find::person(pages, full_name, signature.aspect()))?;
    let presided = second.is_some_and(|second| second.presided);
    let places = match second {
        None => None,
        Some(second) => {
            let place = find::person(pages, &second.full_name, second.signature.aspect());
            let place = place.or_else(|| opposite(pages, &signature))?;
            let seal = second.seal.map(|size| over(pages, &place, size));
            Some(SecondPlaces {
                signature: place,
                seal: match seal {
                    Some(seal) => Some(seal?),
                    None => None,
                },
            })
        }
    };
    let sealed = places
        .filter(|_| presided)
        .map_or(signature, |second| second.signature);
    Some(Places {
        signature,
        seal: over(pages, &sealed, seal)?,
        texts: texts(pages),
        second: places,
        code: None,
        own_field: None,
    })
}

/// The seal over the left third of a signature, within its page.
fn over(pages: &[Page], signature: &Place, size: Size) -> Option<Place> {
    let seal = find::seal_on(pages, signature, size.width_mm, size.height_mm);
    let page = pages.iter().find(|page| page.number == seal.page)?;
    Some(Place {
        rect: find::within(seal.rect, page),
        ..seal
    })
}

/// As high on the page as `first`, on its other half.
fn opposite(pages: &[Page], first: &Place) -> Option<Place> {
    let page = pages.iter().find(|page| page.number == first.page)?;
    let (shown, rect) = (page.crop_box, first.rect);
    let mirrored = Rect {
        x: shown.x + shown.right() - rect.right(),
        ..rect
    };
    Some(Place {
        page: first.page,
        rect: find::within(mirrored, page),
    })
}

impl Size {
    fn aspect(self) -> f64 {
        self.width_mm / self.height_mm
    }
}

/// Whether `place` lies on a page that is there, within what it shows.
pub fn is_inside(pages: &[Page], place: &Place) -> bool {
    let Some(page) = pages.iter().find(|page| page.number == place.page) else {
        return false;
    };
    let (rect, shown) = (place.rect, page.crop_box);
    let finite = [rect.x, rect.y, rect.width, rect.height]
        .into_iter()
        .all(f64::is_finite);
    finite
        && rect.width >= LEAST_SIZE
        && rect.height >= LEAST_SIZE
        && rect.x >= shown.x
        && rect.y >= shown.y
        && rect.right() <= shown.right()
        && rect.top() <= shown.top()
}

impl Places {
    /// The fields that bear a signature once so many leaders have signed and so many agencies sealed.
    pub fn signed_fields(&self, signers: u8, sealers: u8) -> Vec<&str> {
        let leader = self.own_field.as_deref().unwrap_or(LEADER);
        fn first(fields: [&str; 2], count: u8) -> impl Iterator<Item = &str> {
            fields.into_iter().take(usize::from(count))
        }
        first([leader, COSIGNER], signers)
            .chain(first([AGENCY, PARTNER], sealers))
            .collect()
    }

    /// The document made ready for all that comes later: the code printed and the empty fields added, in updates that leave
    /// what is there as it is.
    ///
    /// # Errors
    /// The signer's.
    pub fn prepare(&self, document: &[u8]) -> Result<Vec<u8>> {
        let printed = match &self.code {
            Some(code) => {
                let text = code.address.clone();
                Some(imprint(document, &code.place, &Appearance::QrCode { text })?)
            }
            None => None,
        };
        let document = printed.as_deref().unwrap_or(document);
        Ok(form::prepare_fields(document, &self.fields())?)
    }

    /// The fields of the one update before the first signature.
    ///
    /// Each signature locks every field but those that are still to come; the last seal locks all.
    pub fn fields(&self) -> Vec<NewField> {
        let signature = |name: &str, place: Place, later: &[&str]| NewField::Signature {
            name: name.to_owned(),
            place,
            lock: Some(match later {
                [] => Lock::All,
                later => Lock::Exclude(later.iter().map(|field| (*field).to_owned()).collect()),
            }),
        };
        let second = self.second;
        let partner: &[&str] = match second.and_then(|second| second.seal) {
            Some(_) => &[PARTNER],
            None => &[],
        };
        let texts: Vec<&str> = self.texts.iter().map(|text| text.writes.field()).collect();
        let after_signing = [&texts[..], &[AGENCY], partner].concat();
        let after_first = match second {
            Some(_) => [&[COSIGNER], &after_signing[..]].concat(),
            None => after_signing.clone(),
        };
        let mut fields = Vec::new();
        if self.own_field.is_none() {
            fields.push(signature(LEADER, self.signature, &after_first));
        }
        fields.extend(second.map(|second| signature(COSIGNER, second.signature, &after_signing)));
        fields.push(signature(AGENCY, self.seal, partner));
        fields.extend(
            second
                .and_then(|second| second.seal)
                .map(|seal| signature(PARTNER, seal, &[])),
        );
        fields.extend(self.texts.iter().map(|text| NewField::Text {
            name: text.writes.field().to_owned(),
            place: text.place,
            font_size: text.font_size,
            face: text.writes.face(),
            alignment: text.writes.alignment(),
        }));
        fields
    }

    /// What each text field says once number and date are known.
    pub fn values(&self, number: u32, notation: &str, date: Date) -> Vec<(&'static str, String)> {
        self.texts
            .iter()
            .map(|text| (text.writes.field(), text.writes.value(number, notation, date)))
            .collect()
    }
}

impl Writes {
    fn field(self) -> &'static str {
        match self {
            Writes::Number | Writes::WholeNumber => "number",
            Writes::Day => "day",
            Writes::Month => "month",
            Writes::Year => "year",
            Writes::WholeDate => "date",
        }
    }

    /// The number is upright, the date line italic (Nghị định 30/2020/NĐ-CP, annex I, part II).
    fn face(self) -> Face {
        match self {
            Writes::Number | Writes::WholeNumber => Face::Regular,
            Writes::Day | Writes::Month | Writes::Year | Writes::WholeDate => Face::Italic,
        }
    }

    fn alignment(self) -> Alignment {
        match self {
            Writes::WholeNumber => Alignment::Left,
            Writes::WholeDate => Alignment::Right,
            Writes::Number | Writes::Day | Writes::Month | Writes::Year => Alignment::Centre,
        }
    }

    fn value(self, number: u32, notation: &str, date: Date) -> String {
        let (day, month) = (numbering::printed_day(date), numbering::printed_month(date));
        match self {
            Writes::Number => numbering::printed(number),
            Writes::Day => day,
            Writes::Month => month,
            Writes::Year => date.year().to_string(),
            Writes::WholeNumber => format!("Số: {}", numbering::code(number, notation)),
            Writes::WholeDate => format!("Ngày {day} tháng {month} năm {}", date.year()),
        }
    }
}

/// The blanks of a paper that was typeset here: known, not searched for.
pub fn blanks(places: &render::Places) -> Vec<TextPlace> {
    let rows = [
        (Writes::Number, Some(places.number)),
        (Writes::Day, Some(places.day)),
        (Writes::Month, Some(places.month)),
        (Writes::Year, places.year),
    ];
    rows.into_iter()
        .filter_map(|(writes, blank)| {
            blank.map(|blank| TextPlace {
                writes,
                place: blank.place,
                font_size: blank.font_size,
            })
        })
        .collect()
}

/// The least width and height of a place a person chooses, in points: smaller is a slip of the hand.
const LEAST_SIZE: f64 = 18.0;
/// The least blank for two digits at 13 points.
const LEAST_BLANK: f64 = 10.0;

/// The blanks on the first page; where there is none, a line in the top margin.
fn texts(pages: &[Page]) -> Vec<TextPlace> {
    let Some(first) = pages.first().map(std::slice::from_ref) else {
        return Vec::new();
    };
    let blank = |label: &str, writes: Writes| {
        find::blank_after(first, label, LEAST_BLANK).map(|(place, font_size)| TextPlace {
            writes,
            place,
            font_size,
        })
    };
    let mut texts =
        vec![blank("Số:", Writes::Number).unwrap_or_else(|| in_margin(&first[0], Writes::WholeNumber))];
    match (blank("ngày", Writes::Day), blank("tháng", Writes::Month)) {
        (None, None) => texts.push(in_margin(&first[0], Writes::WholeDate)),
        (day, month) => texts.extend([day, month, blank("năm", Writes::Year)].into_iter().flatten()),
    }
    texts
}

/// The top margin is 20 to 25 mm high and holds nothing on page 1, not even the page number.
fn in_margin(page: &Page, writes: Writes) -> TextPlace {
    let (shown, font_size) = (page.crop_box, 12.0);
    let width = 75.0 * POINTS_PER_MM;
    let x = match writes {
        Writes::WholeDate => shown.right() - 15.0 * POINTS_PER_MM - width,
        _ => shown.x + 30.0 * POINTS_PER_MM,
    };
    let rect = Rect {
        x,
        y: shown.top() - 16.0 * POINTS_PER_MM,
        width,
        height: font_size * 1.107,
    };
    TextPlace {
        writes,
        place: Place {
            page: page.number,
            rect,
        },
        font_size,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn places(texts: Vec<Writes>) -> Places {
        let place = Place {
            page: 1,
            rect: Rect {
                x: 10.0,
                y: 10.0,
                width: 100.0,
                height: 40.0,
            },
        };
        let texts = texts
            .into_iter()
            .map(|writes| TextPlace {
                writes,
                place,
                font_size: 13.0,
            })
            .collect();
        Places {
            signature: place,
            seal: place,
            texts,
            second: None,
            code: None,
            own_field: None,
        }
    }

    #[test]
    fn writes_each_blank_as_the_law_does() {
        let all = places(vec![Writes::Number, Writes::Day, Writes::Month, Writes::Year]);
        let values = all.values(5, "KH-UBND", date!(2026 - 02 - 03));
        let expected = [("number", "05"), ("day", "03"), ("month", "02"), ("year", "2026")];
        assert_eq!(values, expected.map(|(field, value)| (field, value.to_owned())));

        let margin = places(vec![Writes::WholeNumber, Writes::WholeDate]);
        let values = margin.values(141, "KH-UBND", date!(2026 - 11 - 23));
        assert_eq!(values[0].1, "Số: 141/KH-UBND");
        assert_eq!(values[1].1, "Ngày 23 tháng 11 năm 2026");
    }

    #[test]
    fn leaders_lock_leaves_open_what_comes_later_and_nothing_else() {
        let fields = places(vec![Writes::Number, Writes::Day]).fields();
        let NewField::Signature {
            lock: Some(Lock::Exclude(open)),
            ..
        } = &fields[0]
        else {
            panic!("no lock")
        };
        assert_eq!(open, &["number", "day", "agency"]);
        assert!(matches!(
            &fields[1],
            NewField::Signature {
                lock: Some(Lock::All),
                ..
            }
        ));
        assert_eq!(fields.len(), 4);
    }

    #[test]
    fn of_two_signatories_each_locks_all_but_what_comes_later() {
        let one = places(vec![Writes::Number]);
        let locked = |seal: Option<Place>| {
            let second = Some(SecondPlaces {
                signature: one.signature,
                seal,
            });
            let fields = Places {
                second,
                ..one.clone()
            }
            .fields();
            let signatures = fields.into_iter().filter_map(|field| match field {
                NewField::Signature { name, lock, .. } => Some((name, lock)),
                NewField::Text { .. } => None,
            });
            signatures.collect::<Vec<_>>()
        };
        let but = |names: &[&str]| {
            Some(Lock::Exclude(
                names.iter().map(|name| (*name).to_owned()).collect(),
            ))
        };
        let named = |name: &str, lock| (name.to_owned(), lock);
        assert_eq!(
            locked(Some(one.seal)),
            [
                named("leader", but(&["cosigner", "number", "agency", "partner"])),
                named("cosigner", but(&["number", "agency", "partner"])),
                named("agency", but(&["partner"])),
                named("partner", Some(Lock::All)),
            ]
        );
        assert_eq!(
            locked(None),
            [
                named("leader", but(&["cosigner", "number", "agency"])),
                named("cosigner", but(&["number", "agency"])),
                named("agency", Some(Lock::All)),
            ]
        );
    }

    #[test]
    fn a_place_must_lie_on_its_page() {
        let shown = Rect {
            x: 0.0,
            y: 0.0,
            width: 595.0,
            height: 842.0,
        };
        let pages = [Page {
            number: 1,
            crop_box: shown,
            rotation: 0,
            user_unit: 1.0,
            lines: Vec::new(),
        }];
        let at = |page, x, width| Place {
            page,
            rect: Rect {
                x,
                y: 100.0,
                width,
                height: 50.0,
            },
        };
        assert!(is_inside(&pages, &at(1, 100.0, 150.0)));
        for outside in [
            at(2, 100.0, 150.0),
            at(1, -1.0, 150.0),
            at(1, 500.0, 150.0),
            at(1, 0.0, 2.0),
            at(1, f64::NAN, 9e9),
        ] {
            assert!(!is_inside(&pages, &outside), "{outside:?}");
        }
    }
}
