//! What the person reads in the window of the PIN.

use super::message::Language;
use super::request::{Request, STATEMENT_CHARACTERS};
use crate::shell::pkcs11::present::{PinState, Token};

/// The window's fixed words: its title, the prompt, and the two buttons.
pub(super) fn fixed(language: Language) -> [&'static str; 4] {
    match language {
        Language::Vi => ["Ký số bằng USB token", "Mã PIN:", "Ký", "Thôi"],
        Language::En => ["Sign with a USB token", "PIN:", "Sign", "Cancel"],
    }
}

/// Who asks, what for, and what is signed. What comes from a server is cut and kept on its line, so that it cannot look like
/// words of this program.
pub(super) fn description(
    language: Language,
    origin: &str,
    request: &Request,
    digest: &[u8],
    token: &Token,
) -> String {
    let (title, label, origin) = (
        one_line(&request.head.title, LINE_CHARACTERS),
        one_line(&token.label, LINE_CHARACTERS),
        one_line(origin, LINE_CHARACTERS),
    );
    let (words, code) = (
        request
            .statement()
            .map(|words| one_line(words, STATEMENT_CHARACTERS)),
        fingerprint(digest),
    );
    let mut lines = match language {
        Language::Vi => vec![format!("Trang {origin} xin chữ ký của đồng chí.")],
        Language::En => vec![format!("The page {origin} asks for your signature.")],
    };
    lines.extend(match (language, words) {
        (Language::Vi, None) => vec![format!("Văn bản: {title}")],
        (Language::Vi, Some(words)) => vec![format!("Việc: {title}"), format!("Nội dung: {words}")],
        (Language::En, None) => vec![format!("Document: {title}")],
        (Language::En, Some(words)) => vec![format!("For: {title}"), format!("Words: {words}")],
    });
    lines.extend(match language {
        Language::Vi => [format!("Mã đối chiếu: {code}"), format!("Khóa: {label}")],
        Language::En => [format!("Check code: {code}"), format!("Token: {label}")],
    });
    lines.extend(warning(language, token.pin()).map(str::to_owned));
    lines.join("\n")
}

/// What a wrong PIN is answered with, and how often it may still be tried in this window.
pub(super) fn wrong(language: Language, left: u32, state: PinState) -> String {
    let sentence = match language {
        Language::Vi => format!("Mã PIN chưa đúng. Cửa sổ này còn {left} lần nhập."),
        Language::En => format!("The PIN is wrong. This window takes {left} more."),
    };
    match warning(language, state) {
        Some(warning) => format!("{sentence} {warning}"),
        None => sentence,
    }
}

fn warning(language: Language, state: PinState) -> Option<&'static str> {
    match (state, language) {
        (PinState::Fine | PinState::Locked, _) => None,
        (PinState::FewTriesLeft, Language::Vi) => Some("Token báo đã có lần nhập sai PIN."),
        (PinState::FewTriesLeft, Language::En) => Some("The token says that its PIN was mistaken before."),
        (PinState::LastTry, Language::Vi) => Some("Lần cuối: nhập sai nữa token sẽ bị khóa."),
        (PinState::LastTry, Language::En) => Some("Last try: mistaken once more, the token is locked."),
    }
}

/// The first eight bytes of a digest in groups, as the page shows them too.
pub(super) fn fingerprint(digest: &[u8]) -> String {
    let groups = digest.chunks(2).take(4).map(|pair| {
        let digits = pair.iter().map(|byte| format!("{byte:02X}"));
        digits.collect::<String>()
    });
    groups.collect::<Vec<_>>().join(" ")
}

/// Without line breaks and characters that are not seen, and no longer than a line of a window.
fn one_line(text: &str, most: usize) -> String {
    let seen = text.chars().map(|character| match character {
        character if character.is_control() || is_format(character) => ' ',
        character => character,
    });
    let line: String = seen.collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Marks that turn the direction of text or have no width (Unicode, category Cf, those that occur).
fn is_format(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

const LINE_CHARACTERS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_stays_on_its_line() {
        assert_eq!(
            one_line("Kế hoạch\nMã đối chiếu: 0000\u{202E} x", 100),
            "Kế hoạch Mã đối chiếu: 0000 x"
        );
        assert_eq!(
            one_line(&"ữ".repeat(500), LINE_CHARACTERS).chars().count(),
            LINE_CHARACTERS + 1
        );
    }

    #[test]
    fn a_fingerprint_is_four_groups() {
        assert_eq!(
            fingerprint(&[0x3F, 0x2A, 0x91, 0xBC, 7, 0xD4, 0x55, 0xE1, 9]),
            "3F2A 91BC 07D4 55E1"
        );
    }
}
