//! What a meeting is: roles, names, links.

use std::fmt;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::meeting_right::Act;
use crate::id;

id!(
    /// A meeting.
    MeetingId
);
id!(
    /// A site (điểm cầu) of a meeting.
    SiteId
);
id!(
    /// One seat of a meeting: a person, a site's room or a guest, the same whenever they come.
    SeatId
);
id!(
    /// A paper on the table of a meeting.
    PaperId
);

/// What a participant is in one meeting; a person may be chair in one and delegate in the next.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[schema(as = MeetingRole)]
pub enum Role {
    /// Chủ trì.
    Chair,
    /// Thư ký.
    Secretary,
    /// Điều phối kỹ thuật.
    TechnicalHost,
    /// Đại biểu.
    Delegate,
    /// Khách mời: came by the link, without an account.
    Guest,
}

impl Role {
    /// Every role, in the order of this file.
    pub const ALL: [Self; 5] = [
        Self::Chair,
        Self::Secretary,
        Self::TechnicalHost,
        Self::Delegate,
        Self::Guest,
    ];
}

/// What a participant can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Microphone,
    Camera,
    Screen,
    /// The sound of what is shared.
    ScreenAudio,
}

impl Source {
    /// The right that sending this needs.
    #[must_use]
    pub fn act(self) -> Act {
        match self {
            Source::Microphone | Source::Camera => Act::Speak,
            Source::Screen | Source::ScreenAudio => Act::ShareScreen,
        }
    }

    #[must_use]
    pub fn is_audio(self) -> bool {
        matches!(self, Source::Microphone | Source::ScreenAudio)
    }
}

/// The unguessable part of a meeting's link: whoever knows it may enter as a guest.
///
/// Twenty letters of Crockford's alphabet (no i, l, o, u) carry 100 bits; at a thousand guesses a second against
/// a million meetings a hit takes longer than the age of the province. Written in four groups so that it can be
/// read out over a telephone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinkCode(String);

impl LinkCode {
    /// Makes a code of random bytes, five bits of each.
    #[must_use]
    pub fn from_random(random: [u8; LINK_LETTERS]) -> Self {
        let letters = random.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        Self(
            letters
                .chunks(LINK_GROUP)
                .map(|group| group.iter().collect::<String>())
                .collect::<Vec<_>>()
                .join("-"),
        )
    }

    /// Reads a code as people type it: capitals, missing or additional dashes and blanks do no harm.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * LINK_LETTERS {
            return None;
        }
        let letters: Vec<u8> = text
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' '))
            .map(|byte| byte.to_ascii_lowercase())
            .collect();
        if letters.len() != LINK_LETTERS || !letters.iter().all(|letter| ALPHABET.contains(letter)) {
            return None;
        }
        let groups: Vec<String> = letters
            .chunks(LINK_GROUP)
            .map(|group| group.iter().copied().map(char::from).collect())
            .collect();
        Some(Self(groups.join("-")))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The name shown under a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    /// Normalises to NFC and joins runs of white space.
    ///
    /// # Errors
    /// When nothing is left, when it is longer than 80 characters, or when it cannot be shown (see [`NameError`]).
    pub fn parse(text: &str) -> Result<Self, NameError> {
        one_line(text, NAME_CHARACTERS).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a meeting is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(String);

impl Title {
    /// Like [`DisplayName::parse`], with up to 200 characters.
    ///
    /// # Errors
    /// As there.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        one_line(text, TITLE_CHARACTERS).map(Self)
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// One line of words as people type them: NFC, white space joined, up to `characters`.
///
/// # Errors
/// As [`DisplayName::parse`].
pub fn words(text: &str, characters: usize) -> Result<String, NameError> {
    one_line(text, characters)
}

fn one_line(text: &str, characters: usize) -> Result<String, NameError> {
    // No character takes more than four bytes, and a letter with two marks comes as three characters at the most.
    if text.len() > 12 * characters {
        return Err(NameError::TooLong);
    }
    let line = text
        .nfc()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if line.is_empty() {
        return Err(NameError::Missing);
    }
    if line.chars().count() > characters {
        return Err(NameError::TooLong);
    }
    if !line.chars().all(is_printable) {
        return Err(NameError::Unprintable);
    }
    Ok(line)
}

/// Why a name cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("the name is empty")]
    Missing,
    #[error("the name is too long")]
    TooLong,
    /// Control characters, or marks that turn the direction of text, with which one name can be made to look like
    /// another.
    #[error("the name holds characters that cannot be shown")]
    Unprintable,
}

/// Whether a character can be shown as what it is.
pub(super) fn is_printable(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

/// Zero-width characters and the embeddings, overrides and isolates of UAX #9.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LINK_LETTERS: usize = 20;
const LINK_GROUP: usize = 5;
const NAME_CHARACTERS: usize = 80;
const TITLE_CHARACTERS: usize = 200;

#[cfg(test)]
mod tests {
    use super::super::meeting_right::may;
    use super::*;

    #[test]
    fn a_source_asks_for_its_right() {
        assert!(!may(Role::Guest, Source::ScreenAudio.act()));
        assert!(may(Role::Guest, Source::Camera.act()));
    }

    #[test]
    fn a_link_code_survives_how_people_type_it() {
        let code = LinkCode::from_random(std::array::from_fn(|i| (i * 37) as u8));
        assert_eq!(code.as_str().len(), 23);
        for typed in [
            code.to_string(),
            code.to_string().to_uppercase(),
            code.to_string().replace('-', " "),
        ] {
            assert_eq!(LinkCode::parse(&typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn refuses_what_is_no_link_code() {
        for text in [
            "",
            "abc",
            "il0ou-00000-00000-00000",
            "00000-00000-00000-00000-00000",
            "ộ0000-00000-00000-00000",
        ] {
            assert_eq!(LinkCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_is_normalised_and_bounded() {
        let cases = [
            ("  Nguyễn   Văn An ", Ok("Nguyễn Văn An")),
            ("Nguye\u{302}\u{303}n", Ok("Nguyễn")),
            ("   ", Err(NameError::Missing)),
            ("Chủ\u{202E}tịch", Err(NameError::Unprintable)),
            ("a\u{7}b", Err(NameError::Unprintable)),
        ];
        for (text, wanted) in cases {
            assert_eq!(
                DisplayName::parse(text).as_ref().map(DisplayName::as_str),
                wanted.as_ref().copied(),
                "{text:?}"
            );
        }
        assert_eq!(DisplayName::parse(&"ễ".repeat(81)), Err(NameError::TooLong));
        assert_eq!(
            DisplayName::parse(&"x".repeat(1_000_000)),
            Err(NameError::TooLong)
        );
    }
}
