//! Pages as pictures: parts of a page that leave nothing of the rest behind, and the blank on a scan where a stamp may stand.

use std::sync::Arc;

use hayro::hayro_interpret::font::{FontData, FontQuery};
use hayro::hayro_interpret::{InterpreterSettings, TransformExt as _};
use hayro::hayro_syntax::Pdf;
use hayro::vello_cpu::Pixmap;
use hayro::vello_cpu::color::PremulRgba8;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::kurbo::{Affine, Point};
use hayro::{RenderCache, RenderSettings};
use hoian_signer::appearance::font;
use hoian_signer::pdf::place::{POINTS_PER_MM, Rect};

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutting {
    /// Where it stands on the upright page, in points from the lower left corner.
    pub rect: Rect,
    pub width_pixels: u32,
    pub height_pixels: u32,
    /// Rows from the top, three bytes a pixel.
    pub rgb: Vec<u8>,
}

/// The chosen parts of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Size of the upright page in points.
    pub width: f64,
    pub height: f64,
    pub cuttings: Vec<Cutting>,
}

/// The parts of page `number`, from 1, that lie within `regions`, which are in the page's user space; as pictures, so that
/// nothing outside them is in the result, seen or not. No pixel is shown that lies only partly within.
///
/// Takes some tenths of a second and some 30 MB a page. `None` where the file cannot be read, has no such page, or one that is
/// larger than [`LARGEST_SIDE`].
pub fn cut(document: &[u8], number: u32, regions: &[Rect]) -> Option<Cut> {
    let pdf = Pdf::new(document.to_vec()).ok()?;
    let page = pdf.pages().get(usize::try_from(number).ok()?.checked_sub(1)?)?;
    let (width, height) = page.render_dimensions();
    let (width, height) = (f64::from(width), f64::from(height));
    let scale = DOTS_PER_INCH / 72.0;
    let picture = picture(&pdf, number, scale)?;
    let to_pixels = Affine::scale(scale) * page.initial_transform(true).to_kurbo();
    let one = |region: &Rect| {
        let corners =
            [(region.x, region.y), (region.right(), region.top())].map(|(x, y)| to_pixels * Point::new(x, y));
        let [a, b] = corners;
        let left = inner(a.x.min(b.x), picture.width(), f64::ceil);
        let right = inner(a.x.max(b.x), picture.width(), f64::floor);
        let top = inner(a.y.min(b.y), picture.height(), f64::ceil);
        let bottom = inner(a.y.max(b.y), picture.height(), f64::floor);
        (right > left && bottom > top).then(|| {
            let rows = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
            let rgb = rows.flat_map(|(x, y)| {
                let pixel = picture.sample(x, y);
                [pixel.r, pixel.g, pixel.b]
            });
            let points = |pixels: u16| f64::from(pixels) / scale;
            Cutting {
                rect: Rect {
                    x: points(left),
                    y: height - points(bottom),
                    width: points(right - left),
                    height: points(bottom - top),
                },
                width_pixels: u32::from(right - left),
                height_pixels: u32::from(bottom - top),
                rgb: rgb.collect(),
            }
        })
    };
    Some(Cut {
        width,
        height,
        cuttings: regions.iter().filter_map(one).collect(),
    })
}

/// The first blank of `width` by `height` points on the first page of a scan, in points from the lower left corner of the upright
/// page: under the place of number and symbol, or else wherever the page has one. `None` where it has none.
pub fn blank(document: &[u8], width: f64, height: f64) -> Option<Rect> {
    let pdf = Pdf::new(document.to_vec()).ok()?;
    let scale = COARSE_DOTS_PER_INCH / 72.0;
    let picture = picture(&pdf, 1, scale)?;
    let (columns, rows) = (usize::from(picture.width()), usize::from(picture.height()));
    let ink = Ink::of(&picture);
    let pixels = |points: f64| (points * scale).ceil() as usize;
    let (wide, high) = (pixels(width), pixels(height));
    let (from_left, from_top) = (pixels(LEFT_MM * POINTS_PER_MM), pixels(TOP_MM * POINTS_PER_MM));
    let edge = pixels(EDGE_MM * POINTS_PER_MM);
    let upper_left = (
        (rows / 2).checked_sub(high)?,
        (columns / 2).checked_sub(wide / 2)?,
    );
    let anywhere = (rows.checked_sub(high + edge)?, columns.checked_sub(wide + edge)?);
    let mut places = [upper_left, anywhere]
        .into_iter()
        .flat_map(|(lowest, rightmost)| {
            let tops = (from_top..=lowest).step_by(STEP);
            tops.flat_map(move |top| (from_left..=rightmost).step_by(STEP).map(move |left| (left, top)))
        });
    let is_blank = |(left, top): &(usize, usize)| {
        left + wide <= columns && ink.within(*left, *top, wide, high) * INK_ONE_IN <= wide * high
    };
    let (left, top) = places.find(is_blank)?;
    Some(Rect {
        x: left as f64 / scale,
        y: (rows - top - high) as f64 / scale,
        width,
        height,
    })
}

/// The page as it is seen, upright, on white.
fn picture(pdf: &Pdf, number: u32, scale: f64) -> Option<Pixmap> {
    let page = pdf.pages().get(usize::try_from(number).ok()?.checked_sub(1)?)?;
    let (width, height) = page.render_dimensions();
    if !(1.0..=LARGEST_SIDE).contains(&width) || !(1.0..=LARGEST_SIDE).contains(&height) {
        return None;
    }
    let settings = InterpreterSettings {
        // What a file does not embed is shown in the face of all our papers.
        font_resolver: Arc::new(|query| {
            let (bold, italic) = match query {
                FontQuery::Standard(_) => (false, false),
                FontQuery::Fallback(wanted) => (wanted.is_bold, wanted.is_italic),
            };
            let face: &'static [u8] = match (bold, italic) {
                (false, false) => font::REGULAR,
                (true, false) => font::BOLD,
                (false, true) => font::ITALIC,
                (true, true) => font::BOLD_ITALIC,
            };
            let data: FontData = Arc::new(face);
            Some((data, 0))
        }),
        ..InterpreterSettings::default()
    };
    let size = RenderSettings {
        x_scale: scale as f32,
        y_scale: scale as f32,
        bg_color: WHITE,
        ..RenderSettings::default()
    };
    Some(hayro::render(page, &RenderCache::new(), &settings, &size))
}

fn inner(pixels: f64, most: u16, round: fn(f64) -> f64) -> u16 {
    // A whole region may end a hair's breadth beyond a whole pixel.
    let near = if (pixels - pixels.round()).abs() < 1e-3 {
        pixels.round()
    } else {
        round(pixels)
    };
    near.clamp(0.0, f64::from(most)) as u16
}

/// How many dark pixels lie left of and above each: a rectangle's count in four look-ups.
struct Ink {
    columns: usize,
    sums: Vec<usize>,
}

impl Ink {
    fn of(picture: &Pixmap) -> Self {
        let grey = |pixel: &PremulRgba8| (u32::from(pixel.r) + u32::from(pixel.g) + u32::from(pixel.b)) / 3;
        let shades: Vec<u32> = picture.data().iter().map(grey).collect();
        let mut sorted = shades.clone();
        sorted.sort_unstable();
        // Paper is what most of a page is, however yellow the scanner saw it.
        let paper = sorted.get(sorted.len() / 2).copied().unwrap_or(255);
        let columns = usize::from(picture.width()) + 1;
        let mut sums = vec![0; columns * (usize::from(picture.height()) + 1)];
        for (at, shade) in shades.into_iter().enumerate() {
            let (x, y) = (at % (columns - 1) + 1, at / (columns - 1) + 1);
            let dark = usize::from(shade + CONTRAST < paper);
            let here = y * columns + x;
            sums[here] = dark + sums[here - 1] + sums[here - columns] - sums[here - columns - 1];
        }
        Self { columns, sums }
    }

    fn within(&self, left: usize, top: usize, wide: usize, high: usize) -> usize {
        let at = |x: usize, y: usize| self.sums[y * self.columns + x];
        at(left + wide, top + high) + at(left, top) - at(left + wide, top) - at(left, top + high)
    }
}

/// The least of a digitised paper (Nghị định 30/2020/NĐ-CP, annex I), and what a printer needs.
const DOTS_PER_INCH: f64 = 216.0;
const COARSE_DOTS_PER_INCH: f64 = 36.0;
/// A side of A2, in points.
pub const LARGEST_SIDE: f32 = 1_684.0;
/// Where a scan's stamp may begin: beside the left margin, under number and symbol.
const LEFT_MM: f64 = 20.0;
const TOP_MM: f64 = 45.0;
/// No stamp is set on the very edge of the paper.
const EDGE_MM: f64 = 10.0;
/// Pixels of the coarse picture from one try to the next: about 3 mm.
const STEP: usize = 4;
/// Dust is no print: one pixel in so many may be dark.
const INK_ONE_IN: usize = 400;
/// By how much print is darker than its paper, of 255.
const CONTRAST: u32 = 48;

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a black square of 100 points at (100, 600) and, outside the tested parts, words.
    fn page() -> Vec<u8> {
        let content = "0 g 100 600 100 100 re f 0.5 g 60 60 475 300 re f";
        let objects = [
            "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
            "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Contents 4 0 R>>".to_owned(),
            format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
        ];
        let mut file = String::from("%PDF-1.7\n");
        let mut offsets = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            offsets.push(file.len());
            file += &format!("{} 0 obj\n{object}\nendobj\n", at + 1);
        }
        let table = file.len();
        file += "xref\n0 5\n0000000000 65535 f \n";
        for offset in offsets {
            file += &format!("{offset:010} 00000 n \n");
        }
        file += &format!("trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n");
        file.into_bytes()
    }

    fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn a_cutting_shows_what_lies_within_and_stands_where_it_stood() {
        let cut = cut(
            &page(),
            1,
            &[rect(110.0, 610.0, 50.0, 40.0), rect(220.0, 600.0, 50.0, 100.0)],
        )
        .unwrap();
        assert_eq!((cut.width, cut.height), (595.0, 842.0));
        let [dark, light] = &cut.cuttings[..] else {
            panic!("two parts")
        };
        assert!(dark.rgb.iter().all(|value| *value < 8), "the square is black");
        assert!(light.rgb.iter().all(|value| *value > 247), "beside it is nothing");
        assert_eq!((dark.width_pixels, dark.height_pixels), (150, 120));
        let stands = |got: f64, wanted: f64| (got - wanted).abs() < 0.4;
        assert!(stands(dark.rect.x, 110.0) && stands(dark.rect.y, 610.0));
        assert!(super::cut(&page(), 2, &[]).is_none());
        assert!(super::cut(b"no file", 1, &[]).is_none());
    }

    #[test]
    fn a_blank_is_found_beside_the_print_and_none_where_all_is_printed() {
        let (width, height) = (142.0, 99.0);
        let found = blank(&page(), width, height).unwrap();
        assert!(!found.overlaps(&rect(100.0, 600.0, 100.0, 100.0)), "{found:?}");
        assert!(found.y > 421.0 - 1.0);
        assert!(blank(b"no file", width, height).is_none());
        assert!(blank(&page(), 500.0, 700.0).is_none(), "no room so large");
    }
}
