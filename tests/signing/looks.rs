//! What is seen on paper: each profile through the command, on pages turned, cut, moved and of another unit, drawn by MuPDF
//! and measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_signer::appearance::Stamp;
use hoian_tests::binary;
use hoian_tests::forms::{assemble, blank};
use unicode_normalization::UnicodeNormalization as _;

use super::desk::{Desk, SIGN, said};
use super::run;

const NAME: &str = "Tran Van Binh";

/// A page of one size on paper, however the file says it.
#[derive(Debug, Clone, Copy)]
struct Page {
    turn: u32,
    origin: (f64, f64),
    user_unit: f64,
}

const PLAIN: Page = page(0, (0.0, 0.0), 1.0);

const PAGES: [Page; 7] = [
    page(90, (0.0, 0.0), 1.0),
    page(180, (0.0, 0.0), 1.0),
    page(270, (0.0, 0.0), 1.0),
    page(0, (-300.0, 120.0), 1.0),
    page(0, (0.0, 0.0), 2.5),
    page(90, (50.0, -400.0), 2.0),
    page(270, (-50.0, 33.0), 0.5),
];

const fn page(turn: u32, origin: (f64, f64), user_unit: f64) -> Page {
    Page {
        turn,
        origin,
        user_unit,
    }
}

#[test]
fn a_signature_and_its_seal_are_seen_alike_on_every_kind_of_page() {
    let desk = Studio::new();
    let plain = desk.signed_and_sealed(PLAIN, "plain");
    let (signature, seal) = (plain.bounds(is_blue), plain.bounds(is_red));
    // The ring is 0.98 of the image, which is 36 mm wide; a pixel is 1/144 of an inch.
    let millimetres = |pixels: f64| pixels * 25.4 / 144.0;
    assert!((millimetres(seal.width()) - 36.0 * 0.98).abs() < 0.5, "{seal:?}");
    assert!((millimetres(seal.height()) - 36.0 * 0.98).abs() < 0.5, "{seal:?}");
    // The image is 56 mm wide and its stroke ends a twentieth before it; the seal lies over its left third.
    let width = 56.0 / 25.4 * 144.0;
    let right = signature.right + 0.05 * width;
    assert!(
        (seal.right + seal.width() * 0.01 - (right - width * 2.0 / 3.0)).abs() < 4.0,
        "{seal:?} {signature:?}"
    );
    // Between title and name, and over the middle of the name.
    let middle = right - width / 2.0;
    let name = plain.bounds_within(is_black, |_, y| y > signature.bottom);
    assert!(
        (middle - (name.left + name.right) / 2.0).abs() < 6.0,
        "{signature:?} {name:?}"
    );
    for page in PAGES {
        let name = format!(
            "turned-{}-unit-{}-at-{}",
            page.turn, page.user_unit, page.origin.0
        );
        let picture = desk.signed_and_sealed(page, &name);
        assert_eq!(
            (picture.width, picture.height),
            (plain.width, plain.height),
            "{page:?}"
        );
        for (ink, wanted) in [(is_blue as Ink, &signature), (is_red, &seal)] {
            let found = picture.bounds(ink);
            assert!(
                found.is_near(wanted, 3.0),
                "{page:?}: {found:?} is not {wanted:?}"
            );
        }
    }
}

#[test]
fn texts_are_seen_alike_on_every_kind_of_page() {
    let desk = Studio::new();
    let profiles: [(&str, &[&str]); 3] = [
        ("appendix", &["--number", "141/KH-UBND"]),
        (
            "copy",
            &["--copy", "extract", "--agency", "Ủy ban nhân dân xã Đồng Lạc"],
        ),
        (
            "number-date",
            &["--number", "141/KH-UBND", "--date", "23 tháng 11 năm 2026"],
        ),
    ];
    for (profile, options) in profiles {
        let draw = |page: Page| {
            let file = desk.sign(
                &page.file(),
                profile,
                &[&["--profile", profile], options].concat(),
            );
            desk.draw(&file)
        };
        let plain = draw(PLAIN);
        // The upper right corner, 15 mm from the edge of what is shown, in letters of 10 points.
        let corner = |picture: &Picture| picture.bounds_within(is_black, |_, y| y < 200.0);
        let wanted = corner(&plain);
        assert!(
            wanted.right > f64::from(plain.width) - 18.0 / 25.4 * 144.0,
            "{profile}: {wanted:?}"
        );
        assert!(
            wanted.left > f64::from(plain.width) / 2.0,
            "{profile}: {wanted:?}"
        );
        for page in PAGES {
            let found = corner(&draw(page));
            assert!(
                found.is_near(&wanted, 8.0),
                "{profile} {page:?}: {found:?} is not {wanted:?}"
            );
        }
    }
}

#[test]
fn letters_of_viet_nam_are_the_same_composed_or_not() {
    let desk = Studio::new();
    let paper = blank();
    let agency = "ỦY BAN NHÂN DÂN XÃ ĐỒNG LẠC";
    let forward = "Phòng Văn hóa - Xã hội; Nguyễn Thị Hằng";
    let looks: [(&str, &[&str], &[&str]); 4] = [
        (
            "appendix",
            &["--number", "141/KH-UBND"],
            &["141/KH-UBND", "+07:00"],
        ),
        (
            "copy",
            &["--copy", "true", "--agency", agency],
            &["SAO Y", agency, "+07:00"],
        ),
        (
            "stamp",
            &[
                "--page",
                "1",
                "--rect",
                "40,20,141.73,99.21",
                "--agency",
                agency,
                "--number",
                "57",
                "--date",
                "24/11/2026",
                "--forward-to",
                forward,
                "--file-code",
                "HS.01",
            ],
            &[agency, "ĐẾN", "Số: 57", "Ngày: 24/11/2026", forward, "HS.01"],
        ),
        (
            "text",
            &["--name", forward, "--page", "1", "--rect", "40,20,240,24"],
            &[forward, "+07:00"],
        ),
    ];
    for (profile, options, words) in looks {
        let decomposed: Vec<String> = options.iter().map(|option| option.nfd().collect()).collect();
        let decomposed: Vec<&str> = decomposed.iter().map(String::as_str).collect();
        let mut pictures = Vec::new();
        for (form, options) in [("composed", options), ("decomposed", &decomposed)] {
            let name = format!("{profile}-{form}");
            let file = desk.sign(&paper, &name, &[&["--profile", profile], options].concat());
            let found = run(Command::new("pdftotext").arg("-layout").arg(&file).arg("-"));
            for word in words {
                assert!(found.contains(word), "{name}: {word} in {found}");
            }
            pictures.push(desk.draw(&file));
        }
        // The moment of signing may differ, the place may not.
        let bounds = |picture: &Picture| picture.bounds(if profile == "stamp" { is_red } else { is_black });
        let [one, other] = [bounds(&pictures[0]), bounds(&pictures[1])];
        assert!(one.is_near(&other, 6.0), "{profile}: {one:?} {other:?}");
        if profile == "stamp" {
            let (width, height) = Stamp::size();
            assert!(
                (one.width() - 2.0 * width).abs() < 4.0 && (one.height() - 2.0 * height).abs() < 4.0,
                "{one:?}"
            );
        }
    }
}

#[test]
fn an_image_fills_its_rectangle_and_keeps_its_shape() {
    let desk = Studio::new();
    let options = [
        "--profile",
        "image",
        "--image",
        "seal.png",
        "--page",
        "1",
        "--rect",
        "100,100,200,60",
    ];
    let picture = desk.draw(&desk.sign(&PLAIN.file(), "image", &options));
    let seal = picture.bounds(is_red);
    assert!((seal.width() - seal.height()).abs() < 3.0, "{seal:?}");
    assert!((seal.height() - 2.0 * 60.0 * 0.98).abs() < 4.0, "{seal:?}");
    // Shown from the crop box, 20 units in.
    assert!(
        ((seal.left + seal.right) / 2.0 - 2.0 * (200.0 - INSET)).abs() < 3.0,
        "{seal:?}"
    );
}

/// What is cut off on each side, in points of paper.
const INSET: f64 = 20.0;

impl Page {
    /// One page of 595 by 842 points of paper, with a title over a name, which reads upright.
    fn file(self) -> Vec<u8> {
        let unit = self.user_unit;
        let (x0, y0) = self.origin;
        let (width, height) = match self.turn {
            90 | 270 => (842.0 / unit, 595.0 / unit),
            _ => (595.0 / unit, 842.0 / unit),
        };
        let (x1, y1) = (x0 + width, y0 + height);
        let s = 1.0 / unit;
        let matrix = match self.turn {
            90 => [0.0, s, -s, 0.0, x1, y0],
            180 => [-s, 0.0, 0.0, -s, x1, y1],
            270 => [0.0, -s, s, 0.0, x0, y1],
            _ => [s, 0.0, 0.0, s, x0, y0],
        };
        let numbers = |numbers: &[f64]| {
            let texts: Vec<String> = numbers.iter().map(|number| format!("{number:.4}")).collect();
            texts.join(" ")
        };
        let content = format!(
            "{} cm BT /F 13 Tf 1 0 0 1 388 420 Tm (CHU TICH) Tj 1 0 0 1 380 320 Tm ({NAME}) Tj ET",
            numbers(&matrix)
        );
        let inset = INSET / unit;
        let page = format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[{}]/CropBox[{}]/Rotate {}/UserUnit {unit}/Contents 4 0 R\
             /Resources<</Font<</F 5 0 R>>>>>>",
            numbers(&[x0, y0, x1, y1]),
            numbers(&[x0 + inset, y0 + inset, x1 - inset, y1 - inset]),
            self.turn,
        );
        assemble(&[
            "<</Type/Catalog/Pages 2 0 R>>",
            "<</Type/Pages/Kids[3 0 R]/Count 1>>",
            &page,
            &format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        ])
    }
}

/// The folder, and what is seen on its papers.
struct Studio {
    desk: Desk,
}

impl Studio {
    fn new() -> Self {
        Self {
            desk: Desk::with(&[]),
        }
    }

    fn signed_and_sealed(&self, page: Page, name: &str) -> Picture {
        let leader = [
            "--profile",
            "leader",
            "--image",
            "signature.png",
            "--name",
            NAME,
            "--field",
            "a",
        ];
        let signed = self.sign(&page.file(), &format!("{name}-1"), &leader);
        let signed = std::fs::read(signed).unwrap();
        let agency = ["--profile", "agency", "--image", "seal.png", "--field", "b"];
        let file = self.sign(&signed, &format!("{name}-2"), &agency);
        self.draw(&file)
    }

    fn sign(&self, document: &[u8], name: &str, options: &[&str]) -> PathBuf {
        let (from, to) = (
            self.path(&format!("{name}-from.pdf")),
            self.path(&format!("{name}.pdf")),
        );
        std::fs::write(&from, document).unwrap();
        let output = self
            .desk
            .command()
            .args(SIGN)
            .args(options)
            .arg("-o")
            .args([&to, &from])
            .output()
            .unwrap();
        assert!(output.status.success(), "{options:?}: {}", said(&output));
        run(Command::new(binary::signer())
            .args(["verify", "--trust-embedded"])
            .arg(&to));
        to
    }

    fn path(&self, name: &str) -> PathBuf {
        self.desk.path(name)
    }

    /// The first page as MuPDF draws it, two pixels a point.
    fn draw(&self, file: &Path) -> Picture {
        let picture = file.with_extension("png");
        run(Command::new("mutool")
            .args(["draw", "-q", "-r", "144", "-c", "rgb", "-o"])
            .arg(&picture)
            .arg(file)
            .arg("1"));
        if let Some(kept) = std::env::var_os("KEEP_PICTURES") {
            std::fs::copy(&picture, Path::new(&kept).join(picture.file_name().unwrap())).unwrap();
        }
        Picture::read(&picture)
    }
}

type Ink = fn([u8; 3]) -> bool;

fn is_blue([red, _, blue]: [u8; 3]) -> bool {
    blue > 100 && red < 90
}

fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red > 140 && green < 110 && blue < 120
}

fn is_black(pixel: [u8; 3]) -> bool {
    pixel.iter().all(|part| *part < 100)
}

struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// In pixels from the upper left corner.
#[derive(Debug)]
struct Bounds {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Picture {
    fn read(path: &Path) -> Self {
        let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        Self {
            width: info.width,
            height: info.height,
            pixels,
        }
    }

    fn bounds(&self, ink: Ink) -> Bounds {
        self.bounds_within(ink, |_, _| true)
    }

    /// Around all pixels of this ink that stand where `there` says.
    fn bounds_within(&self, ink: Ink, there: impl Fn(f64, f64) -> bool) -> Bounds {
        let (mut bounds, mut seen) = (
            Bounds {
                left: f64::MAX,
                top: f64::MAX,
                right: 0.0,
                bottom: 0.0,
            },
            false,
        );
        for (index, pixel) in self.pixels.chunks_exact(3).enumerate() {
            let (x, y) = (index as u32 % self.width, index as u32 / self.width);
            let (x, y) = (f64::from(x), f64::from(y));
            if there(x, y) && ink([pixel[0], pixel[1], pixel[2]]) {
                seen = true;
                bounds.left = bounds.left.min(x);
                bounds.top = bounds.top.min(y);
                bounds.right = bounds.right.max(x + 1.0);
                bounds.bottom = bounds.bottom.max(y + 1.0);
            }
        }
        assert!(seen, "nothing of this ink is to be seen");
        bounds
    }
}

impl Bounds {
    fn width(&self) -> f64 {
        self.right - self.left
    }

    fn height(&self) -> f64 {
        self.bottom - self.top
    }

    fn is_near(&self, other: &Self, pixels: f64) -> bool {
        let pairs = [
            (self.left, other.left),
            (self.top, other.top),
            (self.right, other.right),
            (self.bottom, other.bottom),
        ];
        pairs.iter().all(|(one, other)| (one - other).abs() <= pixels)
    }
}
