//! State-secret marks: a document that bears one must not be processed on this system (Luật Bảo vệ bí mật nhà nước).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

/// Độ mật. Only `none` may be processed here; the others exist so that a refusal can name what was meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secrecy {
    #[default]
    None,
    Mat,
    ToiMat,
    TuyetMat,
}

impl Secrecy {
    /// As the mark is printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Mat => MARKS[2],
            Self::ToiMat => MARKS[1],
            Self::TuyetMat => MARKS[0],
        }
    }
}

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
