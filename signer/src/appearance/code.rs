//! A QR code (ISO/IEC 18004), drawn and not an image: as sharp as the printer.

use std::fmt::Write as _;

use lopdf::Dictionary;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::error::{Error, Result};
use crate::pdf::place::Rect;

/// The white frame that readers need, in modules (ISO/IEC 18004, 6.3.8).
const QUIET: i32 = 4;

/// The code of `text`, as large as fits into `bounds`, on white.
///
/// # Errors
/// *Refused*: more than a code holds.
pub(super) fn draw(text: &str, bounds: &Rect) -> Result<(Dictionary, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|_| Error::refused("QR code", "its text is too long"))?;
    let module = bounds.width.min(bounds.height) / f64::from(code.size() + 2 * QUIET);
    let mut content = format!("q 1 g 0 0 {:.3} {:.3} re f 0 g ", bounds.width, bounds.height);
    for (y, x, run) in runs(&code) {
        let left = f64::from(QUIET + x) * module;
        let bottom = bounds.height - f64::from(QUIET + y + 1) * module;
        // Writing to a String cannot fail.
        let _ = write!(
            content,
            "{left:.4} {bottom:.4} {:.4} {module:.4} re ",
            f64::from(run) * module
        );
    }
    content.push_str("f Q");
    Ok((Dictionary::new(), content))
}

/// Dark modules that touch in a row: row, first column, how many.
fn runs(code: &QrCode) -> Vec<(i32, i32, i32)> {
    let mut runs: Vec<(i32, i32, i32)> = Vec::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            match runs.last_mut() {
                Some((row, first, run)) if *row == y && *first + *run == x => *run += 1,
                _ => runs.push((y, x, 1)),
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_once() {
        let code = QrCode::encode_text("https://hop.langiang.gov.vn/tra-cuu/x", QrCodeEcc::Medium).unwrap();
        let mut drawn = std::collections::HashSet::new();
        for (y, x, run) in runs(&code) {
            assert!((x..x + run).all(|x| drawn.insert((x, y))));
        }
        let dark = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark: std::collections::HashSet<_> = dark.filter(|(x, y)| code.get_module(*x, *y)).collect();
        assert_eq!(drawn, dark);
    }

    #[test]
    fn a_text_that_no_code_holds_is_refused() {
        let bounds = Rect {
            x: 0.0,
            y: 0.0,
            width: 50.0,
            height: 50.0,
        };
        assert!(draw(&"x".repeat(3_000), &bounds).is_err());
    }
}
