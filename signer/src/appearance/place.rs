//! Where Nghị định 30 wants a signature: found from the text of the page as it is seen, turned and on paper.

use crate::pdf::place::{POINTS_PER_MM, Place, Rect, Turn};
use crate::pdf::text::{Line, Page, Run, same};

/// The place of a competent person's signature: centred between the position's title and the full name, on the last page
/// where that name stands under a title (Annex I, part IV). `aspect` is the image's width over its height; the rectangle
/// that comes back has that aspect.
pub fn person(pages: &[Page], full_name: &str, aspect: f64) -> Option<Place> {
    pages.iter().rev().find_map(|page| {
        let page = &seen(page);
        let (index, name) = last_run(page, full_name)?;
        let title = page.lines[..index]
            .iter()
            .rev()
            .flat_map(|line| &line.runs)
            .find(|run| over(run, name))?;
        let blank = blank_between(title, name, page.user_unit)?;
        Some(on(page, within(blank.fit(aspect), page)))
    })
}

/// The place of the agency's seal of `width_mm` by `height_mm`: over a third of the person's signature, on its left. The page
/// is not turned, and its unit is the point; [`seal_on`] is for all others.
pub fn seal(person: &Place, width_mm: f64, height_mm: f64) -> Place {
    Place {
        page: person.page,
        rect: over_a_third(&person.rect, width_mm, height_mm, 1.0),
    }
}

/// As [`seal`], as the pages are seen.
pub fn seal_on(pages: &[Page], person: &Place, width_mm: f64, height_mm: f64) -> Place {
    let Some(page) = pages.iter().find(|page| page.number == person.page) else {
        return seal(person, width_mm, height_mm);
    };
    let person = Turn::of(page.rotation).seen(&person.rect);
    on(
        &seen(page),
        over_a_third(&person, width_mm, height_mm, page.user_unit),
    )
}

fn over_a_third(person: &Rect, width_mm: f64, height_mm: f64, user_unit: f64) -> Rect {
    let unit = POINTS_PER_MM / user_unit;
    let (width, height) = (width_mm * unit, height_mm * unit);
    Rect {
        x: person.x + person.width / 3.0 - width,
        y: person.y + (person.height - height) / 2.0,
        width,
        height,
    }
}

/// The blank after `label` on its line ("Số:", "ngày", "tháng"), at least `least` points wide, with the font size of the
/// text before it: where a text field goes. The rectangle is exactly one line of Liberation Serif.
pub fn blank_after(pages: &[Page], label: &str, least: f64) -> Option<(Place, f64)> {
    pages.iter().find_map(|page| {
        let page = &seen(page);
        page.lines.iter().find_map(|line| {
            let (before, after) = around_blank(line, label)?;
            let (x, end) = (before.rect.right() + GAP_MARGIN, after.rect.x - GAP_MARGIN);
            let rect = Rect {
                x,
                width: end - x,
                ..before.rect
            };
            (rect.width >= least).then_some((on(page, rect), before.font_size))
        })
    })
}

/// The top right corner of the first page, where appendices and electronic copies are signed (Annex I): a block of `width`
/// by `height` points of paper.
pub fn top_right(pages: &[Page], width: f64, height: f64) -> Option<Place> {
    let page = &seen(pages.first()?);
    let (shown, unit) = (page.crop_box, page.user_unit);
    let (width, height) = (width / unit, height / unit);
    let rect = Rect {
        x: shown.right() - RIGHT_MARGIN_MM * POINTS_PER_MM / unit - width,
        y: shown.top() - TOP_MARGIN_MM * POINTS_PER_MM / unit - height,
        width,
        height,
    };
    Some(on(page, within(above_print(rect, page), page)))
}

/// The same block raised above the print it would touch, as far as the edge of the paper lets it.
fn above_print(rect: Rect, page: &Page) -> Rect {
    let highest = shown_runs(page)
        .filter(|run| run.rect.x < rect.right() && rect.x < run.rect.right() && run.rect.y < rect.y)
        .map(|run| run.rect.top())
        .max_by(f64::total_cmp);
    let clear = highest.map_or(rect.y, |top| top + PRINT_GAP / page.user_unit);
    let edge = page.crop_box.top() - EDGE_MM * POINTS_PER_MM / page.user_unit - rect.height;
    Rect {
        y: rect.y.max(clear.min(edge)),
        ..rect
    }
}

fn shown_runs(page: &Page) -> impl Iterator<Item = &Run> {
    page.lines.iter().flat_map(|line| &line.runs)
}

/// The place of the stamp of an incoming document: the first blank of `width` by `height` points of paper below the number of the
/// first page ("Số:"), in its column. `None` where the upper half of the page has none.
pub fn below_number(pages: &[Page], width: f64, height: f64) -> Option<Place> {
    let page = &seen(pages.first()?);
    let (width, height) = (width / page.user_unit, height / page.user_unit);
    let runs = || shown_runs(page);
    let number = runs().find(|run| run.text.starts_with("Số"))?;
    let middle = page.crop_box.y + page.crop_box.height / 2.0;
    let x = (number.rect.x + number.rect.width / 2.0 - width / 2.0).max(page.crop_box.x + STAMP_MARGIN);
    let mut top = number.rect.y - GAP_MARGIN;
    while top - height > middle {
        let rect = Rect {
            x,
            y: top - height,
            width,
            height,
        };
        let in_the_way = runs().filter(|run| run.rect.overlaps(&rect));
        match in_the_way.map(|run| run.rect.y).min_by(f64::total_cmp) {
            None => return Some(on(page, rect)),
            Some(bottom) => top = bottom - GAP_MARGIN,
        }
    }
    None
}

/// The place of that stamp on a scan, whose print nobody can read: in the left column, under number and symbol.
pub fn left_column(pages: &[Page], width: f64, height: f64) -> Option<Place> {
    let page = &seen(pages.first()?);
    let (shown, unit) = (page.crop_box, page.user_unit);
    let (width, height) = (width / unit, height / unit);
    let rect = Rect {
        x: shown.x + LEFT_MARGIN_MM * POINTS_PER_MM / unit,
        y: shown.top() - UNDER_NUMBER_MM * POINTS_PER_MM / unit - height,
        width,
        height,
    };
    Some(on(page, within(rect, page)))
}

/// The lower left corner of the first page, in the margin that the legal layout leaves free; none where something is printed
/// there.
pub fn lower_left(pages: &[Page], side: f64) -> Option<Place> {
    let page = &seen(pages.first()?);
    let (shown, unit) = (page.crop_box, page.user_unit);
    let edge = EDGE_MM * POINTS_PER_MM / unit;
    let rect = Rect {
        x: shown.x + edge,
        y: shown.y + edge,
        width: side / unit,
        height: side / unit,
    };
    let is_free = !page
        .lines
        .iter()
        .flat_map(|line| &line.runs)
        .any(|run| run.rect.overlaps(&rect));
    is_free.then(|| on(page, rect))
}

/// The page turned upright: everything stands where it is seen.
fn seen(page: &Page) -> Page {
    let turn = Turn::of(page.rotation);
    let mut page = page.clone();
    page.crop_box = turn.seen(&page.crop_box);
    for run in page.lines.iter_mut().flat_map(|line| &mut line.runs) {
        run.rect = turn.seen(&run.rect);
    }
    page
}

/// A rectangle of what is seen as a place of the page.
fn on(page: &Page, rect: Rect) -> Place {
    Place {
        page: page.number,
        rect: Turn::of(page.rotation).user(&rect),
    }
}

/// Keeps a rectangle within what the page shows.
pub fn within(rect: Rect, page: &Page) -> Rect {
    let shown = page.crop_box;
    let x = rect.x.min(shown.right() - rect.width).max(shown.x);
    let y = rect.y.min(shown.top() - rect.height).max(shown.y);
    Rect { x, y, ..rect }
}

/// The lowest run that is this name and nothing else, and the index of its line.
fn last_run<'a>(page: &'a Page, full_name: &str) -> Option<(usize, &'a Run)> {
    let lines = page.lines.iter().enumerate().rev();
    lines
        .into_iter()
        .find_map(|(index, line)| Some((index, line.runs.iter().find(|run| same(&run.text, full_name))?)))
}

/// Whether `upper` stands over `lower`: their middles are near each other.
fn over(upper: &Run, lower: &Run) -> bool {
    let middle = |run: &Run| run.rect.x + run.rect.width / 2.0;
    upper.rect.y > lower.rect.top() && (middle(upper) - middle(lower)).abs() < COLUMN_PARTS * lower.font_size
}

/// The room for an image between title and name.
fn blank_between(title: &Run, name: &Run, user_unit: f64) -> Option<Rect> {
    let unit = POINTS_PER_MM / user_unit;
    let (bottom, top) = (name.rect.top(), title.rect.y);
    if top - bottom < LEAST_HEIGHT / user_unit {
        return None;
    }
    let (width, height) = (WIDTH_MM * unit, (top - bottom).min(HEIGHT_MM * unit));
    let middle = name.rect.x + name.rect.width / 2.0;
    Some(Rect {
        x: middle - width / 2.0,
        y: (bottom + top - height) / 2.0,
        width,
        height,
    })
}

fn around_blank<'a>(line: &'a Line, label: &str) -> Option<(&'a Run, &'a Run)> {
    let ends_with = |run: &Run| {
        run.text
            .split_whitespace()
            .last()
            .is_some_and(|word| same(word, label))
    };
    let index = line.runs.iter().position(ends_with)?;
    Some((&line.runs[index], line.runs.get(index + 1)?))
}

/// A person's signature is drawn at most this large.
const WIDTH_MM: f64 = 56.0;
const HEIGHT_MM: f64 = 26.0;

/// Less room than a line and a half is no room for a signature.
const LEAST_HEIGHT: f64 = 24.0;

/// How far the middles of title and name may lie apart: 40 points where the name has 13, in any unit.
const COLUMN_PARTS: f64 = 40.0 / 13.0;

/// Air between print and field.
const GAP_MARGIN: f64 = 1.0;

/// The margins of Annex I, part I: 15 to 20 mm on the right; the top margin holds the page number alone, and none on page 1.
const RIGHT_MARGIN_MM: f64 = 15.0;
const TOP_MARGIN_MM: f64 = 8.0;

/// Left margin of 30 to 35 mm less the room that a stamp may take of it; the number stands some 45 mm under the edge.
const LEFT_MARGIN_MM: f64 = 25.0;
const UNDER_NUMBER_MM: f64 = 52.0;

/// No printer reaches nearer to the edge, and marks over capitals stand higher than the font's ascent.
const EDGE_MM: f64 = 4.0;
const PRINT_GAP: f64 = 3.0;

/// A stamp is never set on the very edge of the paper.
const STAMP_MARGIN: f64 = 14.0;
