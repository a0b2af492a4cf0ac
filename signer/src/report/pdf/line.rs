//! Text into lines of glyphs.

use krilla::text::{GlyphId, KrillaGlyph};
use ttf_parser::Face;
use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, Result};

/// A face whose advances are known.
pub(super) struct Measured {
    face: Face<'static>,
    pub(super) font: krilla::text::Font,
}

/// A line that fits, with its glyphs.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
}

impl Measured {
    pub(super) fn new(file: &'static [u8]) -> Result<Self> {
        let unreadable = || Error::misuse("font", "the built-in face does not parse");
        Ok(Self {
            face: Face::parse(file, 0).map_err(|_| unreadable())?,
            font: krilla::text::Font::new(file.into(), 0).ok_or_else(unreadable)?,
        })
    }

    /// Breaks text into lines of at most `width` points; a word longer than a line is broken anywhere.
    pub(super) fn lines(&self, text: &str, size: f32, width: f32) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut current = String::new();
        let mut used = 0.0;
        for word in self.drawable(text).split_inclusive(' ') {
            let long = self.width(word.trim_end(), size);
            if used + long > width && !current.is_empty() {
                lines.push(std::mem::take(&mut current));
                used = 0.0;
            }
            for character in word.chars() {
                let advance = self.advance(character) * size;
                if used + advance > width && character != ' ' {
                    lines.push(std::mem::take(&mut current));
                    used = 0.0;
                }
                current.push(character);
                used += advance;
            }
        }
        lines.push(current);
        lines.iter().map(|line| self.line(line.trim_end())).collect()
    }

    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|character| self.advance(character)).sum::<f32>() * size
    }

    fn line(&self, text: &str) -> Line {
        let glyphs = text.char_indices().map(|(at, character)| KrillaGlyph {
            glyph_id: GlyphId::new(self.face.glyph_index(character).map_or(0, |id| id.0.into())),
            text_range: at..at + character.len_utf8(),
            x_advance: self.advance(character),
            x_offset: 0.0,
            y_offset: 0.0,
            y_advance: 0.0,
            location: None,
        });
        Line {
            glyphs: glyphs.collect(),
            text: text.to_owned(),
        }
    }

    /// In ems.
    fn advance(&self, character: char) -> f32 {
        let advance = self
            .face
            .glyph_index(character)
            .and_then(|glyph| self.face.glyph_hor_advance(glyph));
        f32::from(advance.unwrap_or_default()) / f32::from(self.face.units_per_em())
    }

    /// In NFC, on one line; a character the face lacks, or that would turn the reading order, is written as its number.
    fn drawable(&self, text: &str) -> String {
        let mut drawable = String::with_capacity(text.len());
        for character in text.nfc() {
            if character.is_whitespace() {
                drawable.push(' ');
            } else if is_plain(character)
                && self.face.glyph_index(character).is_some_and(|glyph| glyph.0 != 0)
            {
                drawable.push(character);
            } else {
                drawable.push_str(&format!("<U+{:04X}>", u32::from(character)));
            }
        }
        drawable
    }
}

/// Neither a control nor a mark that would stand over its neighbour nor from a script written from the right.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{300}'..='\u{36F}' | '\u{590}'..='\u{8FF}' | '\u{200B}'..='\u{200F}')
        && !matches!(character, '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FB1D}'..='\u{FEFF}')
}
