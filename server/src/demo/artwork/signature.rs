//! A signature as a hand makes it: an initial, a running middle, a tail, a flourish.
//!
//! The pen presses on the way down and lifts at speed, which is what makes a line look written.

use std::f32::consts::TAU;

use ring::digest;
use tiny_skia::{LineCap, PathBuilder, Pixmap, Stroke, Transform};

use super::{Error, canvas, ink, png};

/// Its size on paper, in millimetres: width and height.
pub const SIGNATURE_MM: (f64, f64) = (56.0, 23.76);

/// About 300 dots an inch.
const WIDTH: f32 = 660.0;
const HEIGHT: f32 = 280.0;

type Point = (f32, f32);

/// The signature of `full_name`, PNG. A stand-in for a scanned one: it resembles nobody's.
///
/// # Errors
/// When the picture cannot be written: our bug.
pub fn signature(full_name: &str) -> Result<Vec<u8>, Error> {
    let habits = Habits::of(full_name);
    let mut pixmap = canvas(WIDTH as u32, HEIGHT as u32)?;
    for stroke in [habits.name(), habits.flourish()] {
        draw(&mut pixmap, &stroke);
    }
    png(&pixmap)
}

/// What distinguishes one hand from another: numbers between 0 and 1 drawn from the name.
struct Habits([f32; 32]);

impl Habits {
    fn of(full_name: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, full_name.as_bytes());
        let mut habits = [0.0; 32];
        for (habit, byte) in habits.iter_mut().zip(hash.as_ref()) {
            *habit = f32::from(*byte) / 255.0;
        }
        Self(habits)
    }

    /// Habit `index`, between `least` and `most`.
    fn between(&self, index: usize, least: f32, most: f32) -> f32 {
        least + (most - least) * self.0[index % 32]
    }

    fn left(&self) -> f32 {
        self.between(0, 50.0, 80.0)
    }

    fn top(&self) -> f32 {
        self.between(1, 22.0, 50.0)
    }

    fn base(&self) -> f32 {
        self.between(2, 162.0, 180.0)
    }

    /// Initial, letters and tail in one movement.
    fn name(&self) -> Vec<Point> {
        let mut pen = self.initial();
        let letters = self.letters();
        let (from, to) = (pen[pen.len() - 1], letters[0]);
        curve(
            &mut pen,
            [from, (from.0 + 4.0, from.1 + 50.0), (to.0 - 25.0, to.1 + 8.0), to],
        );
        pen.extend_from_slice(&letters[1..]);

        let (x, y) = pen[pen.len() - 1];
        let end = (
            (x + self.between(18, 150.0, 210.0)).min(WIDTH - 30.0),
            y - self.between(19, 60.0, 90.0),
        );
        let bend = (
            x + self.between(16, 90.0, 150.0),
            y - self.between(17, 70.0, 100.0),
        );
        curve(&mut pen, [(x, y), (x + 40.0, y + 18.0), bend, end]);
        pen
    }

    /// One of three initials: an arch, a loop, a bow.
    fn initial(&self) -> Vec<Point> {
        let (x, top, base) = (self.left(), self.top(), self.base());
        let last = (x + 118.0, top + self.between(3, 60.0, 90.0));
        let mut pen = Vec::new();
        match (self.0[26] * 3.0) as u8 {
            0 => {
                curve(
                    &mut pen,
                    [
                        (x, base - 30.0),
                        (x + 30.0, top + 20.0),
                        (x + 75.0, top - 30.0),
                        (x + 80.0, top + 25.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 80.0, top + 25.0),
                        (x + 78.0, top + 90.0),
                        (x + 20.0, base + 40.0),
                        (x + 35.0, base + 18.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 35.0, base + 18.0),
                        (x + 60.0, base - 30.0),
                        (x + 110.0, top + 30.0),
                        last,
                    ],
                );
            }
            1 => {
                curve(
                    &mut pen,
                    [
                        (x + 70.0, top),
                        (x + 60.0, top + 60.0),
                        (x + 48.0, base - 20.0),
                        (x + 30.0, base + 16.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 30.0, base + 16.0),
                        (x - 6.0, base + 30.0),
                        (x - 40.0, base - 60.0),
                        (x + 40.0, top + 40.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 40.0, top + 40.0),
                        (x + 110.0, top - 40.0),
                        (x + 160.0, top + 20.0),
                        last,
                    ],
                );
            }
            _ => {
                curve(
                    &mut pen,
                    [
                        (x + 110.0, top + 26.0),
                        (x + 90.0, top - 20.0),
                        (x + 10.0, top + 6.0),
                        (x + 26.0, top + 70.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 26.0, top + 70.0),
                        (x + 44.0, top + 96.0),
                        (x + 100.0, top + 84.0),
                        (x + 84.0, base + 4.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 84.0, base + 4.0),
                        (x + 60.0, base + 60.0),
                        (x - 40.0, base + 10.0),
                        (x + 30.0, base - 30.0),
                    ],
                );
                curve(
                    &mut pen,
                    [
                        (x + 30.0, base - 30.0),
                        (x + 70.0, base - 60.0),
                        (x + 100.0, top + 60.0),
                        last,
                    ],
                );
            }
        }
        pen
    }

    /// Loops that shrink as the hand hurries on.
    fn letters(&self) -> Vec<Point> {
        const STEPS: usize = 60;
        let count = 4 + (self.0[4] * 2.99) as usize;
        let advance = self.between(5, 34.0, 44.0);
        let slant = self.between(6, 0.18, 0.30);
        let base = self.base();
        let mut points = Vec::with_capacity(count * STEPS);
        for letter in 0..count {
            let (this, next) = (
                self.between(8 + letter, 0.45, 1.2),
                self.between(9 + letter, 0.45, 1.2),
            );
            let sway = self.between(20 + letter, 9.0, 18.0);
            for step in 0..STEPS {
                let share = step as f32 / STEPS as f32;
                let along = letter as f32 + share;
                let height = (this * (1.0 - share) + next * share) * 44.0 * (1.0 - 0.09 * along);
                let rise = base - 10.0 - self.between(7, -2.0, 4.0) * along;
                let y = rise + height * ((share * TAU).cos() * 0.5 - 0.25);
                let x =
                    self.left() + 118.0 + advance * along + sway * (share * TAU).sin() + (base - y) * slant;
                points.push((x, y));
            }
        }
        points
    }

    /// The line under the name.
    fn flourish(&self) -> Vec<Point> {
        let x = self.left();
        let y = self.base() + self.between(22, 38.0, 52.0);
        let start = (x + self.between(23, 130.0, 190.0), y + 16.0);
        let end = (
            (x + self.between(24, 430.0, 490.0)).min(WIDTH - 40.0),
            y - self.between(25, 44.0, 64.0),
        );
        let mut pen = Vec::new();
        curve(
            &mut pen,
            [start, (x + 240.0, y - 14.0), (x + 330.0, y - 26.0), end],
        );
        pen
    }
}

/// Follows a cubic Bézier curve.
fn curve(pen: &mut Vec<Point>, [p0, p1, p2, p3]: [Point; 4]) {
    const STEPS: usize = 50;
    let first = usize::from(!pen.is_empty());
    for step in first..=STEPS {
        let t = step as f32 / STEPS as f32;
        let (a, b, c, d) = (
            (1.0 - t).powi(3),
            3.0 * (1.0 - t).powi(2) * t,
            3.0 * (1.0 - t) * t * t,
            t.powi(3),
        );
        pen.push((
            a * p0.0 + b * p1.0 + c * p2.0 + d * p3.0,
            a * p0.1 + b * p1.1 + c * p2.1 + d * p3.1,
        ));
    }
}

fn draw(pixmap: &mut Pixmap, pen: &[Point]) {
    // The blue of the law's "màu xanh", dark enough to survive a copier.
    let paint = ink(28, 63, 148);
    let mut width = 4.0;
    for (index, pair) in pen.windows(2).enumerate() {
        let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
        let (dx, dy) = (x1 - x0, y1 - y0);
        let speed = dx.hypot(dy);
        let pressure = 3.6 + 2.2 * (dy / (speed + 1e-6)).max(0.0) - 0.25 * speed.min(6.0);
        let from_an_end = index.min(pen.len() - index) as f32 / 25.0;
        width += (pressure * (0.35 + 0.65 * from_an_end).min(1.0) - width) * 0.15;
        let mut segment = PathBuilder::new();
        segment.move_to(x0, y0);
        segment.line_to(x1, y1);
        if let Some(path) = segment.finish() {
            let stroke = Stroke {
                width,
                line_cap: LineCap::Round,
                ..Stroke::default()
            };
            pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_always_signs_alike_and_unlike_another() {
        let first = signature("Nguyễn Thị Minh Hà").unwrap();
        assert_eq!(first, signature("Nguyễn Thị Minh Hà").unwrap());
        assert_ne!(first, signature("Phạm Văn Thuận").unwrap());
    }

    #[test]
    fn ground_is_transparent_and_ink_is_blue_for_many_names() {
        for number in 0..40 {
            let picture = Pixmap::decode_png(&signature(&format!("Người {number}")).unwrap()).unwrap();
            let inked: Vec<_> = picture
                .pixels()
                .iter()
                .filter(|pixel| pixel.alpha() == 255)
                .collect();
            assert!((2_000..30_000).contains(&inked.len()), "{}", inked.len());
            assert!(
                inked
                    .iter()
                    .all(|pixel| pixel.blue() > pixel.red() && pixel.blue() > pixel.green())
            );
            assert_eq!(picture.pixels()[0].alpha(), 0);
        }
    }
}
