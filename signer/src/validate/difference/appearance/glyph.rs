//! Characters by the names of glyphs (Adobe Glyph List for New Fonts), as far as form fields of Latin scripts use them.

use unicode_normalization::UnicodeNormalization as _;

/// The character that a glyph's name stands for; `None` for a name that is not known.
pub(super) fn character(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    if let Some((_, known)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Some(known.to_string());
    }
    let mut letters = name.chars();
    let first = letters.next().filter(char::is_ascii_alphabetic)?;
    if letters.as_str().is_empty() {
        return Some(first.to_string());
    }
    let code = name.strip_prefix("uni").or_else(|| name.strip_prefix('u'));
    if let Some(code) = code.filter(|code| (4..=6).contains(&code.len()))
        && let Some(named) = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)
    {
        return Some(named.to_string());
    }
    // `Agrave`, and `Acircumflexgrave` for two marks.
    let mut text = first.to_string();
    let mut marks = letters.as_str();
    while !marks.is_empty() {
        let (mark, combining) = MARKS.iter().find(|(mark, _)| marks.starts_with(mark))?;
        marks = &marks[mark.len()..];
        text.push(*combining);
    }
    Some(text.nfc().collect())
}

/// The character of a code of WinAnsiEncoding beyond ASCII (annex D.2): Windows code page 1252.
pub(super) fn windows(code: u8) -> char {
    match code {
        0x80..=0x9F => WINDOWS[usize::from(code - 0x80)],
        _ => char::from(code),
    }
}

/// Places without a character show a bullet.
const WINDOWS: [char; 32] = [
    '€', '•', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '•', 'Ž', '•', '•', '‘', '’', '“', '”',
    '•', '–', '—', '˜', '™', 'š', '›', 'œ', '•', 'ž', 'Ÿ',
];

const MARKS: [(&str, char); 14] = [
    ("grave", '\u{300}'),
    ("acute", '\u{301}'),
    ("circumflex", '\u{302}'),
    ("tilde", '\u{303}'),
    ("macron", '\u{304}'),
    ("breve", '\u{306}'),
    ("dieresis", '\u{308}'),
    ("hookabove", '\u{309}'),
    ("ring", '\u{30A}'),
    ("hungarumlaut", '\u{30B}'),
    ("caron", '\u{30C}'),
    ("dotbelow", '\u{323}'),
    ("horn", '\u{31B}'),
    ("cedilla", '\u{327}'),
];

const NAMES: [(&str, char); 71] = [
    ("space", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("minus", '\u{2212}'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("asciicircum", '^'),
    ("underscore", '_'),
    ("grave", '`'),
    ("braceleft", '{'),
    ("bar", '|'),
    ("braceright", '}'),
    ("asciitilde", '~'),
    ("quoteleft", '\''),
    ("quoteright", '\''),
    ("quotedblleft", '“'),
    ("quotedblright", '”'),
    ("endash", '–'),
    ("emdash", '—'),
    ("bullet", '•'),
    ("ellipsis", '…'),
    ("Euro", '€'),
    ("section", '§'),
    ("degree", '°'),
    ("copyright", '©'),
    ("registered", '®'),
    ("trademark", '™'),
    ("guillemotleft", '«'),
    ("guillemotright", '»'),
    ("nbspace", '\u{A0}'),
    ("sterling", '£'),
    ("yen", '¥'),
    ("germandbls", 'ß'),
    ("ae", 'æ'),
    ("AE", 'Æ'),
    ("oe", 'œ'),
    ("OE", 'Œ'),
    ("Dcroat", 'Đ'),
    ("dcroat", 'đ'),
    ("dong", '₫'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_letters_by_their_names() {
        for (name, text) in [
            ("A", "A"),
            ("nine", "9"),
            ("agrave", "à"),
            ("Acircumflexgrave", "Ầ"),
            ("uhorndotbelow", "ự"),
            ("dcroat", "đ"),
            ("uni1EA1", "ạ"),
            ("u1F600", "\u{1F600}"),
        ] {
            assert_eq!(character(name.as_bytes()).as_deref(), Some(text), "{name}");
        }
        for name in ["g12", ".notdef", "cid34", "Alpha", "uniD800", ""] {
            assert_eq!(character(name.as_bytes()), None, "{name}");
        }
        assert_eq!((windows(0x80), windows(0xE0)), ('€', 'à'));
    }
}
