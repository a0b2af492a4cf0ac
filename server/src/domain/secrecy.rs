//! State-secret marks: a document that bears one must not be processed on this system (Luật Bảo vệ bí mật nhà nước).

use unicode_normalization::UnicodeNormalization;

/// The degrees of secrecy, highest first, as their marks are printed.
const MARKS: [&str; 3] = ["TUYỆT MẬT", "TỐI MẬT", "MẬT"];

/// The secrecy mark among these lines of text, if any.
///
/// The mark is a framed line of its own in capitals (Nghị định 30/2020/NĐ-CP, annex I, box 10a), so only a whole line
/// counts: "bảo mật thông tin" within a sentence is no mark.
pub fn mark<'a>(lines: impl IntoIterator<Item = &'a str>) -> Option<&'static str> {
    lines.into_iter().find_map(|line| {
        let line: String = line.nfc().collect();
        let line = line
            .trim_matches(|c: char| !c.is_alphabetic())
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        MARKS.into_iter().find(|mark| *mark == line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_a_mark_only_where_it_stands_alone_in_capitals() {
        let cases = [
            ("MẬT", Some("MẬT")),
            ("  [ TỐI  MẬT ] ", Some("TỐI MẬT")),
            ("TUYỆT MẬT", Some("TUYỆT MẬT")),
            ("MA\u{302}\u{323}T", Some("MẬT")),
            ("Mật", None),
            ("KẾ HOẠCH BẢO MẬT", None),
            ("bảo vệ bí mật nhà nước", None),
        ];
        for (line, expected) in cases {
            assert_eq!(mark([line]), expected, "{line}");
        }
    }
}
