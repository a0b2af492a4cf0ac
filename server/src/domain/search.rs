//! How text is found: folded to letters without marks, so that "hoa" finds "Hòa" and "Hoà", and cut into words.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::case_file::CaseFileId;
use super::id::{AgencyId, PersonId};

/// Words of a question beyond these are not asked for.
const MOST_WORDS: usize = 12;
/// No word is longer, in characters; longer ones are digests and other noise.
const LONGEST_WORD: usize = 40;
/// Different words kept of one document: PostgreSQL holds a text's words in 1 MB, and a law has some 5,000.
const MOST_KEPT: usize = 20_000;

/// Text in lower case, without diacritics, `đ` as `d`, everything but letters and figures as a blank.
pub fn fold(text: &str) -> String {
    let letters = text.nfd().filter(|letter| !is_combining_mark(*letter));
    letters
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            'đ' => 'd',
            letter if letter.is_alphanumeric() => letter,
            _ => ' ',
        })
        .collect()
}

/// The key under which drafts of one kind about the same thing meet: a clerk is warned of doubles (annex VI).
pub fn subject_key(kind: &str, subject: &str) -> String {
    let folded = fold(subject);
    let words: Vec<_> = folded.split_whitespace().collect();
    format!("{kind}:{}", words.join(" "))
}

/// The different words of a text, folded, as the index keeps them.
pub fn words(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    let short = |word: &&str| word.chars().count() <= LONGEST_WORD;
    folded
        .split_whitespace()
        .filter(short)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .take(MOST_KEPT)
        .map(str::to_owned)
        .collect()
}

/// What is asked for: every word must stand in the document; the last may be the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    pub words: Vec<String>,
    /// Marks that must stand too, such as that of a kind.
    pub marks: Vec<String>,
    /// Marks of agencies and case files that must stand too, such as that of the issuer.
    pub scopes: Vec<String>,
}

impl Question {
    /// A question of what a person typed; nothing where it has no word.
    pub fn of(text: &str) -> Option<Self> {
        let folded = fold(text);
        let words: Vec<_> = folded
            .split_whitespace()
            .filter(|word| word.chars().count() <= LONGEST_WORD)
            .take(MOST_WORDS)
            .map(str::to_owned)
            .collect();
        (!words.is_empty()).then_some(Self {
            words,
            marks: Vec::new(),
            scopes: Vec::new(),
        })
    }
}

/// The mark by which an agency's clerks find what it made.
pub fn issued_by(agency: &AgencyId) -> String {
    mark('c', &agency.0)
}

/// The mark by which an agency finds what came to it.
pub fn received_by(agency: &AgencyId) -> String {
    mark('r', &agency.0)
}

/// The mark by which someone finds what they drafted or sign.
pub fn belongs_to(person: &PersonId) -> String {
    mark('p', &person.0)
}

/// The mark of what stands in a case file.
pub fn in_file(file: &CaseFileId) -> String {
    mark('f', &file.0)
}

/// The mark of a kind; its code would not do, since `DA` and `ĐA` fold to the same.
pub fn of_kind(code: &str) -> String {
    let bytes: String = code.bytes().map(|byte| format!("{byte:02x}")).collect();
    mark('k', &bytes)
}

/// The mark of a year.
pub fn of_year(year: i32) -> String {
    mark('y', &year.to_string())
}

/// Whether a word is a mark.
pub fn is_mark(word: &str) -> bool {
    word.starts_with(MARK)
}

/// Marks begin so: no Vietnamese or English word does.
const MARK: &str = "zqx";

/// One word that no text has.
fn mark(sort: char, id: &str) -> String {
    let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{MARK}{sort}{}", id.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_spellings_and_both_forms_fold_to_the_same() {
        for text in ["Hòa Bình", "Hoà Bình", "HO\u{0300}A BI\u{0300}NH", "hoa binh"] {
            assert_eq!(fold(text), "hoa binh", "{text}");
        }
        assert_eq!(fold("Đắk Lắk"), "dak lak");
        assert_eq!(fold("141/KH-UBND"), "141 kh ubnd");
    }

    #[test]
    fn a_question_has_words_or_is_none() {
        assert_eq!(Question::of("  /-. "), None);
        assert_eq!(Question::of("Cải cách").unwrap().words, ["cai", "cach"]);
        assert_eq!(Question::of(&"a ".repeat(100)).unwrap().words.len(), MOST_WORDS);
    }

    #[test]
    fn marks_are_single_words_and_tell_kinds_apart() {
        assert_ne!(of_kind("DA"), of_kind("ĐA"));
        let mark = issued_by(&AgencyId("01a2-b3".into()));
        assert_eq!(fold(&mark), mark);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".{0,60}") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
