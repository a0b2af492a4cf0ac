//! Places on a page.

use serde::{Deserialize, Serialize};

/// A rectangle in PDF points (1/72 inch) in the page's own user space: `x` and `y` are its lower left corner, `y` grows
/// upwards, and the page's `/Rotate` is not applied (ISO 32000-2, 8.3.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The upper edge.
    pub fn top(&self) -> f64 {
        self.y + self.height
    }

    /// The largest rectangle of `aspect` (width over height) that fits inside, centred.
    pub fn fit(&self, aspect: f64) -> Self {
        let width = self.width.min(self.height * aspect);
        let height = width / aspect;
        let (x, y) = (
            self.x + (self.width - width) / 2.0,
            self.y + (self.height - height) / 2.0,
        );
        Self { x, y, width, height }
    }

    /// Whether the two share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.top() && other.y < self.top()
    }

    /// The smallest rectangle around both.
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.top().max(other.top()) - y,
        }
    }
}

/// A page's `/Rotate`: between its user space and what its reader sees upright, with the same origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Clockwise: 0, 90, 180 or 270.
    degrees: u32,
}

impl Turn {
    pub(crate) fn of(degrees: u32) -> Self {
        Self {
            degrees: degrees % 360,
        }
    }

    /// From user space to what is seen: a point's new x and y as parts of its old ones.
    pub(crate) fn matrix(self) -> [f64; 4] {
        match self.degrees {
            90 => [0.0, -1.0, 1.0, 0.0],
            180 => [-1.0, 0.0, 0.0, -1.0],
            270 => [0.0, 1.0, -1.0, 0.0],
            _ => [1.0, 0.0, 0.0, 1.0],
        }
    }

    /// What is seen where `rect` stands in user space.
    pub(crate) fn seen(self, rect: &Rect) -> Rect {
        let [a, b, c, d] = self.matrix();
        let (x1, y1) = (a * rect.x + c * rect.y, b * rect.x + d * rect.y);
        let (x2, y2) = (
            a * rect.right() + c * rect.top(),
            b * rect.right() + d * rect.top(),
        );
        Rect {
            x: x1.min(x2),
            y: y1.min(y2),
            width: (x2 - x1).abs(),
            height: (y2 - y1).abs(),
        }
    }

    /// Where `rect` of what is seen stands in user space.
    pub(crate) fn user(self, rect: &Rect) -> Rect {
        Self::of(360 - self.degrees).seen(rect)
    }
}

/// A rectangle on a page; pages count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub page: u32,
    pub rect: Rect,
}

/// Points in a millimetre.
pub const POINTS_PER_MM: f64 = 72.0 / 25.4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_of_a_turned_page_goes_back_to_where_it_stands() {
        let rect = Rect {
            x: 10.0,
            y: 700.0,
            width: 30.0,
            height: 5.0,
        };
        // The upper left corner of a page turned right is seen at its upper right.
        let seen = Turn::of(90).seen(&rect);
        assert_eq!(
            (seen.x, seen.top(), seen.width, seen.height),
            (700.0, -10.0, 5.0, 30.0)
        );
        for degrees in [0, 90, 180, 270] {
            let turn = Turn::of(degrees);
            assert_eq!(turn.user(&turn.seen(&rect)), rect, "{degrees}");
        }
    }
}
