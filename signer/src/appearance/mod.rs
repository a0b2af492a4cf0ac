//! How a signature looks: profiles of Nghị định 30/2020/NĐ-CP, Annex I; fonts with Vietnamese.

pub mod font;
pub mod image;
pub mod place;

/// What is drawn in a signature's rectangle.
#[derive(Debug, Clone, PartialEq)]
pub enum Appearance {
    /// A PNG, its transparency kept, as large as fits with its aspect, centred, without text: a person's blue signature
    /// or an agency's red seal.
    Image { png: Vec<u8> },
    /// Lines of Times New Roman's metric twin, 10 points, upright, black: appendices and electronic copies.
    Text { lines: Vec<String> },
}
