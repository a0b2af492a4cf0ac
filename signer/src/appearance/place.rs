//! Where Nghị định 30 wants a signature: found from the text of the page.

use crate::pdf::place::{Place, Rect};
use crate::pdf::text::Page;

/// The place of a competent person's signature: centred between the position's title and the full name, on the last page
/// where that name stands under a title. `aspect` is the image's width over its height.
pub fn person(pages: &[Page], full_name: &str, aspect: f64) -> Option<Place> {
    let _ = (pages, full_name, aspect);
    None
}

/// The place of the agency's seal of `width_mm` by `height_mm`: over a third of the person's signature, on its left.
pub fn seal(person: &Place, width_mm: f64, height_mm: f64) -> Place {
    let _ = (width_mm, height_mm);
    *person
}

/// The blank after `label` on its line ("Số:", "ngày", "tháng"), at least `least` points wide: where a text field goes.
pub fn blank_after(pages: &[Page], label: &str, least: f64) -> Option<(Place, f64)> {
    let _ = (pages, label, least);
    None::<(Place, f64)>
}

/// Keeps a rectangle within what the page shows.
pub fn within(rect: Rect, page: &Page) -> Rect {
    let shown = page.crop_box;
    let x = rect.x.min(shown.right() - rect.width).max(shown.x);
    let y = rect.y.min(shown.top() - rect.height).max(shown.y);
    Rect { x, y, ..rect }
}
