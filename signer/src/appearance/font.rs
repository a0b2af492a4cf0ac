//! Liberation Serif, metric-compatible with Times New Roman (SIL OFL 1.1, beside the files), embedded as small subsets.

use std::fmt::Write as _;

use lopdf::{Object, ObjectId, Stream, dictionary};
use subsetter::GlyphRemapper;
use unicode_normalization::UnicodeNormalization as _;

use crate::error::{Error, Result};
use crate::pdf::writer::Update;

/// Upright.
pub const REGULAR: &[u8] = include_bytes!("fonts/LiberationSerif-Regular.ttf");
/// Bold.
pub const BOLD: &[u8] = include_bytes!("fonts/LiberationSerif-Bold.ttf");
/// Italic.
pub const ITALIC: &[u8] = include_bytes!("fonts/LiberationSerif-Italic.ttf");
/// Bold italic.
pub const BOLD_ITALIC: &[u8] = include_bytes!("fonts/LiberationSerif-BoldItalic.ttf");

/// How far the font reaches below its baseline, in ems: its `hhea` table's descender.
pub const DESCENT: f64 = 0.216;

/// How far it reaches above.
pub const ASCENT: f64 = 0.891;

/// A cut of Liberation Serif.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Regular,
    Bold,
    Italic,
    BoldItalic,
}

impl Face {
    /// The font file.
    pub fn file(self) -> &'static [u8] {
        match self {
            Self::Regular => REGULAR,
            Self::Bold => BOLD,
            Self::Italic => ITALIC,
            Self::BoldItalic => BOLD_ITALIC,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Regular => "LiberationSerif",
            Self::Bold => "LiberationSerif-Bold",
            Self::Italic => "LiberationSerif-Italic",
            Self::BoldItalic => "LiberationSerif-BoldItalic",
        }
    }
}

/// The name under which appearances find the font.
pub(crate) const RESOURCE: &str = "F0";

/// A line of text and the subset that draws it.
pub(crate) struct Embedded {
    id: ObjectId,
    text: String,
    encoded: String,
    width_per_mille: f64,
}

impl Embedded {
    /// The Type 0 font.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// The text in NFC.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as hexadecimal glyph codes.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// The advance of the whole text.
    pub fn width(&self, font_size: f64) -> f64 {
        self.width_per_mille * font_size / 1000.0
    }
}

/// Embeds the glyphs of one line as a Type 0 font with Identity-H and ToUnicode (ISO 32000-2, 9.7).
///
/// # Errors
/// *Refused*: a character that the font lacks, or that is not drawn.
pub(crate) fn embed(update: &mut Update, face: Face, text: &str) -> Result<Embedded> {
    let text: String = text.nfc().collect();
    let subset = Subset::of(face, &text)?;
    let descendant = subset.descendant(update)?;
    let to_unicode = update.add(text_stream(subset.to_unicode())?);
    let id = update.add(dictionary! {
        "Type" => "Font",
        "Subtype" => "Type0",
        "BaseFont" => subset.name.as_str(),
        "Encoding" => "Identity-H",
        "DescendantFonts" => vec![Object::Reference(descendant)],
        "ToUnicode" => to_unicode,
    });
    Ok(Embedded {
        id,
        encoded: subset.glyphs.iter().fold(String::new(), |mut codes, glyph| {
            let _ = write!(codes, "{:04X}", glyph.code);
            codes
        }),
        width_per_mille: subset.glyphs.iter().map(|glyph| glyph.advance).sum(),
        text,
    })
}

/// The advance of a line of text in points.
///
/// # Errors
/// *Refused*: a character that the font lacks, or that is not drawn.
pub fn width(face: Face, text: &str, font_size: f64) -> Result<f64> {
    let text: String = text.nfc().collect();
    let subset = Subset::of(face, &text)?;
    let per_mille: f64 = subset.glyphs.iter().map(|glyph| glyph.advance).sum();
    Ok(per_mille * font_size / 1000.0)
}

struct Glyph {
    code: u16,
    character: char,
    /// In thousandths of an em.
    advance: f64,
}

struct Subset<'a> {
    face: ttf_parser::Face<'a>,
    name: String,
    file: Vec<u8>,
    /// In the order of the text.
    glyphs: Vec<Glyph>,
}

impl Subset<'static> {
    fn of(face: Face, text: &str) -> Result<Self> {
        let name = face.name();
        let file = face.file();
        let face = ttf_parser::Face::parse(file, 0).map_err(|e| Error::misuse("font", e.to_string()))?;
        let mut remapper = GlyphRemapper::new();
        let mut glyphs = Vec::new();
        for character in text.chars() {
            let glyph = face.glyph_index(character).filter(|_| !character.is_control());
            let glyph = glyph.ok_or_else(|| Error::refused("text", format!("no glyph for {character:?}")))?;
            let advance = f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
            let advance = advance * 1000.0 / f64::from(face.units_per_em());
            glyphs.push(Glyph {
                code: remapper.remap(glyph.0),
                character,
                advance,
            });
        }
        let file = subsetter::subset(file, 0, &remapper).map_err(|e| Error::misuse("font", e.to_string()))?;
        Ok(Self {
            face,
            name: format!("{}+{name}", tag(text)),
            file,
            glyphs,
        })
    }

    /// The CIDFont with its widths and its descriptor.
    fn descendant(&self, update: &mut Update) -> Result<ObjectId> {
        let mut program = Stream::new(
            dictionary! { "Length1" => self.file.len() as i64 },
            self.file.clone(),
        );
        compress(&mut program)?;
        let program = update.add(program);
        let scale = |value: i16| i64::from(value) * 1000 / i64::from(self.face.units_per_em());
        let bounds = self.face.global_bounding_box();
        let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
        let descriptor = update.add(dictionary! {
            "Type" => "FontDescriptor",
            "FontName" => self.name.as_str(),
            // Symbolic: the codes are glyph numbers, of no standard character set.
            "Flags" => if self.face.is_italic() { 4 | 64 } else { 4 },
            "FontBBox" => bounds.map(|value| Object::Integer(scale(value))).to_vec(),
            "ItalicAngle" => crate::pdf::writer::number(f64::from(self.face.italic_angle())),
            "Ascent" => scale(self.face.ascender()),
            "Descent" => scale(self.face.descender()),
            "CapHeight" => scale(self.face.capital_height().unwrap_or(self.face.ascender())),
            "StemV" => if self.face.is_bold() { 140 } else { 80 },
            "FontFile2" => program,
        });
        let widths = self.distinct().into_iter().flat_map(|glyph| {
            [
                Object::Integer(i64::from(glyph.code)),
                vec![crate::pdf::writer::number(glyph.advance)].into(),
            ]
        });
        Ok(update.add(dictionary! {
            "Type" => "Font",
            "Subtype" => "CIDFontType2",
            "BaseFont" => self.name.as_str(),
            "CIDSystemInfo" => dictionary! {
                "Registry" => Object::string_literal("Adobe"),
                "Ordering" => Object::string_literal("Identity"),
                "Supplement" => 0,
            },
            "FontDescriptor" => descriptor,
            "W" => widths.collect::<Vec<Object>>(),
            "CIDToGIDMap" => "Identity",
        }))
    }

    /// The map by which text is copied and searched (9.10.3).
    fn to_unicode(&self) -> String {
        let mut map = String::from(TO_UNICODE_HEAD);
        for chunk in self.distinct().chunks(MAPPINGS_PER_BLOCK) {
            let _ = writeln!(map, "{} beginbfchar", chunk.len());
            for glyph in chunk {
                let _ = write!(map, "<{:04X}> <", glyph.code);
                for unit in glyph.character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(map, "{unit:04X}");
                }
                map.push_str(">\n");
            }
            map.push_str("endbfchar\n");
        }
        map.push_str(TO_UNICODE_TAIL);
        map
    }

    fn distinct(&self) -> Vec<&Glyph> {
        let mut glyphs: Vec<&Glyph> = self.glyphs.iter().collect();
        glyphs.sort_by_key(|glyph| glyph.code);
        glyphs.dedup_by_key(|glyph| glyph.code);
        glyphs
    }
}

/// Six capital letters that tell this subset from others (9.9.2).
fn tag(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(6)
        .map(|byte| char::from(b'A' + byte % 26))
        .collect()
}

fn text_stream(content: String) -> Result<Stream> {
    let mut stream = Stream::new(lopdf::Dictionary::new(), content.into_bytes());
    compress(&mut stream)?;
    Ok(stream)
}

fn compress(stream: &mut Stream) -> Result<()> {
    stream
        .compress()
        .map_err(|e| Error::misuse("font", e.to_string()))
}

const TO_UNICODE_HEAD: &str = "/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
";

const TO_UNICODE_TAIL: &str = "endcmap
CMapName currentdict /CMap defineresource pop
end
end
";

/// Readers follow the limit of the CMap specification (Adobe technical note 5014).
const MAPPINGS_PER_BLOCK: usize = 100;
