//! What is said of a document besides its subject: Nghị định 30/2020/NĐ-CP, annex VI, with the annex's limits.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;
use utoipa::ToSchema;

use super::organisation::AgencyKind;
use super::secrecy::Secrecy;

/// The power by which the signer signs: annex I, part II.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The head of an agency that decides alone signs under the position, without more.
    Own,
    /// `TM.`: for a collective that decides together.
    Collective,
    /// `KT.`: a deputy for the head.
    ForHead,
    /// `TL.`: by the head's order.
    ByOrder,
    /// `TUQ.`: by the head's written authorisation.
    Authorised,
    /// `Q.`: acting head.
    Acting,
}

/// What the drafter says of a document (annex VI).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DocumentMetadata)]
pub struct Metadata {
    /// Language, at most 30 characters.
    pub language: String,
    /// What stands in the document, at most 500 characters.
    pub description: Option<String>,
    /// Kính gửi: each at most 200 characters.
    pub addressees: Vec<String>,
    /// Nơi nhận (ToPlaces): at most 1,000 characters together.
    pub receivers: Vec<String>,
    /// What follows "Lưu:": where the kept copy lies.
    pub filed: String,
    /// How many copies are issued on paper, at most 999 (IssuedAmount).
    pub copies: Option<u16>,
    /// Hạn trả lời: the day until which the receivers are to answer.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(with = "day")]
    pub due_on: Option<Date>,
    /// Mã hồ sơ: the case file it belongs to.
    pub file_code: Option<String>,
    /// Abbreviation of the drafting unit, part of the symbol of a công văn: `VX`.
    pub unit: Option<String>,
    /// By which power the signer signs; empty for the usual one of the position.
    pub authority: Option<Authority>,
    /// Whose power it is under KT., TL. and TUQ.; empty for the usual head of such an agency.
    pub head: Option<String>,
    /// Who signs beside, on the left: the secretary of a meeting, the other party of a contract.
    pub beside: Option<String>,
    /// Độ mật: anything but `none` is refused, because this system may not process it.
    pub secrecy: Secrecy,
}

/// The annex's name of what is wrong, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("{field} is longer than {limit} characters")]
    TooLong { field: &'static str, limit: usize },
    #[error("the abbreviation of the unit is not one")]
    Unit,
    #[error("there are more than 999 copies")]
    Copies,
    #[error("a document that is {} must not be processed here", .0.name())]
    Secret(Secrecy),
}

/// No list of addressees or receivers is longer.
const MOST_LINES: usize = 100;
/// CodeNotation S30 less the longest kind and agency.
const LONGEST_UNIT: usize = 10;

impl Default for Metadata {
    fn default() -> Self {
        Self {
            language: "Tiếng Việt".to_owned(),
            description: None,
            addressees: Vec::new(),
            receivers: Vec::new(),
            filed: "VT".to_owned(),
            copies: None,
            due_on: None,
            file_code: None,
            unit: None,
            authority: None,
            head: None,
            beside: None,
            secrecy: Secrecy::None,
        }
    }
}

impl Metadata {
    /// The metadata without blanks around words and without empty lines, once every limit is kept.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn checked(self) -> Result<Self, Refusal> {
        if self.secrecy != Secrecy::None {
            return Err(Refusal::Secret(self.secrecy));
        }
        let clean = Self {
            language: some(self.language).unwrap_or_else(|| Self::default().language),
            filed: some(self.filed).unwrap_or_else(|| Self::default().filed),
            description: self.description.and_then(some),
            addressees: lines(self.addressees),
            receivers: lines(self.receivers),
            file_code: self.file_code.and_then(some),
            unit: self.unit.and_then(some),
            head: self.head.and_then(some),
            beside: self.beside.and_then(some),
            ..self
        };
        clean.check_limits()?;
        if clean.copies.is_some_and(|copies| copies > 999) {
            return Err(Refusal::Copies);
        }
        let is_abbreviation =
            |unit: &String| unit.chars().count() <= LONGEST_UNIT && unit.chars().all(char::is_alphanumeric);
        match &clean.unit {
            Some(unit) if !is_abbreviation(unit) => Err(Refusal::Unit),
            _ => Ok(clean),
        }
    }

    fn check_limits(&self) -> Result<(), Refusal> {
        let long = |text: &Option<String>| text.as_deref().map_or(0, length);
        let longest = self.addressees.iter().map(|line| length(line)).max();
        let places: usize = self.receivers.iter().map(|line| length(line) + 2).sum();
        let rows = [
            ("language", length(&self.language), 30),
            ("description", long(&self.description), 500),
            ("addressees", longest.unwrap_or(0), 200),
            ("addressees", self.addressees.len(), MOST_LINES),
            ("receivers", places, 1000),
            ("filed", length(&self.filed), 100),
            ("file_code", long(&self.file_code), 100),
            ("head", long(&self.head), 100),
            ("beside", long(&self.beside), 100),
        ];
        match rows.into_iter().find(|(_, length, limit)| length > limit) {
            Some((field, _, limit)) => Err(Refusal::TooLong { field, limit }),
            None => Ok(()),
        }
    }

    /// What stands over the signature: the lines of the power, and the position.
    pub fn title(&self, kind: AgencyKind, agency: &str, position: &str) -> SigningTitle {
        let authority = self.authority.unwrap_or_else(|| Authority::usual(kind, position));
        let head = self.head.clone().unwrap_or_else(|| usual_head(kind).to_owned());
        let collective = || format!("TM. {}", collective(agency));
        let deputy = kind != AgencyKind::Department;
        let lines = match authority {
            Authority::Own | Authority::Acting => Vec::new(),
            Authority::Collective => vec![collective()],
            // A deputy chair signs for the chair of the collective: both lines stand.
            Authority::ForHead if deputy => vec![collective(), format!("KT. {head}")],
            Authority::ForHead => vec![format!("KT. {head}")],
            Authority::ByOrder => vec![format!("TL. {head}")],
            Authority::Authorised => vec![format!("TUQ. {head}")],
        };
        let position = match authority {
            Authority::Acting => format!("Q. {position}"),
            _ => position.to_owned(),
        };
        SigningTitle { lines, position }
    }
}

/// Boxes 7a of annex I: `TM. ỦY BAN NHÂN DÂN` over `CHỦ TỊCH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningTitle {
    pub lines: Vec<String>,
    pub position: String,
}

impl Authority {
    /// The power in which a position usually signs: deputies for the head, the chair of a committee for all of it.
    pub fn usual(kind: AgencyKind, position: &str) -> Self {
        let position = position.to_lowercase();
        match kind {
            _ if position.starts_with("phó") => Self::ForHead,
            AgencyKind::Department => Self::Own,
            AgencyKind::Province | AgencyKind::Commune if position.starts_with("chủ tịch") => {
                Self::Collective
            }
            AgencyKind::Province | AgencyKind::Commune => Self::ByOrder,
        }
    }
}

fn usual_head(kind: AgencyKind) -> &'static str {
    match kind {
        AgencyKind::Department => "Giám đốc",
        AgencyKind::Province | AgencyKind::Commune => "Chủ tịch",
    }
}

/// "Ủy ban nhân dân tỉnh Lam Giang" signs as "Ủy ban nhân dân": whose it is stands at the head of the page.
fn collective(agency: &str) -> &str {
    const COMMITTEE: &str = "Ủy ban nhân dân";
    if agency.starts_with(COMMITTEE) {
        COMMITTEE
    } else {
        agency
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn some(text: String) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn lines(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter_map(some).collect()
}

/// A day as `2026-11-30`.
pub(super) mod day {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use time::Date;
    use time::format_description::well_known::Iso8601;

    pub fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => serializer.serialize_some(&day.to_string()),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let day = text.filter(|text| !text.is_empty());
        day.map(|text| Date::parse(&text, &Iso8601::DATE).map_err(D::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_limits_of_the_annex() {
        let with = |change: fn(&mut Metadata)| {
            let mut metadata = Metadata::default();
            change(&mut metadata);
            metadata.checked()
        };
        let long = |field, limit| Err(Refusal::TooLong { field, limit });
        assert_eq!(with(|_| {}), Ok(Metadata::default()));
        assert_eq!(with(|one| one.language = "x".repeat(31)), long("language", 30));
        assert_eq!(
            with(|one| one.description = Some("x".repeat(501))),
            long("description", 500)
        );
        assert_eq!(
            with(|one| one.addressees = vec!["x".repeat(201)]),
            long("addressees", 200)
        );
        assert_eq!(
            with(|one| one.receivers = vec!["x".repeat(499), "x".repeat(499)]),
            long("receivers", 1000)
        );
        assert_eq!(with(|one| one.copies = Some(1000)), Err(Refusal::Copies));
        assert_eq!(with(|one| one.unit = Some("V-X".into())), Err(Refusal::Unit));
        for secrecy in [Secrecy::Mat, Secrecy::ToiMat, Secrecy::TuyetMat] {
            let secret = Metadata {
                secrecy,
                ..Metadata::default()
            };
            assert_eq!(secret.checked(), Err(Refusal::Secret(secrecy)));
        }
    }

    #[test]
    fn drops_blanks_and_empty_lines() {
        let metadata = Metadata {
            addressees: vec![" Sở Nội vụ ".into(), "  ".into()],
            unit: Some(" VX ".into()),
            filed: " ".into(),
            ..Metadata::default()
        };
        let clean = metadata.checked().unwrap();
        assert_eq!(clean.addressees, ["Sở Nội vụ"]);
        assert_eq!((clean.unit.as_deref(), clean.filed.as_str()), (Some("VX"), "VT"));
    }

    #[test]
    fn writes_the_power_over_the_position_as_the_law_does() {
        use AgencyKind::*;
        const UBND: &str = "Ủy ban nhân dân tỉnh Lam Giang";
        let cases = [
            (Province, UBND, "Chủ tịch", None, "TM. Ủy ban nhân dân|Chủ tịch"),
            (
                Province,
                UBND,
                "Phó Chủ tịch",
                None,
                "TM. Ủy ban nhân dân|KT. Chủ tịch|Phó Chủ tịch",
            ),
            (
                Province,
                UBND,
                "Chánh Văn phòng",
                None,
                "TL. Chủ tịch|Chánh Văn phòng",
            ),
            (Department, "Sở Nội vụ", "Giám đốc", None, "Giám đốc"),
            (
                Department,
                "Sở Nội vụ",
                "Phó Giám đốc",
                None,
                "KT. Giám đốc|Phó Giám đốc",
            ),
            (
                Department,
                "Sở Nội vụ",
                "Trưởng phòng",
                Some(Authority::Authorised),
                "TUQ. Giám đốc|Trưởng phòng",
            ),
            (
                Department,
                "Sở Nội vụ",
                "Giám đốc",
                Some(Authority::Acting),
                "Q. Giám đốc",
            ),
        ];
        for (kind, agency, position, authority, expected) in cases {
            let metadata = Metadata {
                authority,
                ..Metadata::default()
            };
            let title = metadata.title(kind, agency, position);
            let shown: Vec<_> = title.lines.into_iter().chain([title.position]).collect();
            assert_eq!(shown.join("|"), expected);
        }
    }

    #[test]
    fn what_is_stored_reads_back_and_unknown_fields_do_not() {
        let metadata = Metadata {
            due_on: Some(time::macros::date!(2026 - 12 - 01)),
            copies: Some(12),
            ..Metadata::default()
        };
        let json = serde_json::to_string(&metadata).unwrap();
        assert!(json.contains("2026-12-01"));
        assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), metadata);
        assert_eq!(
            serde_json::from_str::<Metadata>("{}").unwrap(),
            Metadata::default()
        );
        assert!(serde_json::from_str::<Metadata>(r#"{"x":1}"#).is_err());
    }
}
