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

/// A rectangle on a page; pages count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub page: u32,
    pub rect: Rect,
}

/// Points in a millimetre.
pub const POINTS_PER_MM: f64 = 72.0 / 25.4;
