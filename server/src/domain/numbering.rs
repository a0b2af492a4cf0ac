//! Number and symbol of a document (số, ký hiệu): Nghị định 30/2020/NĐ-CP, article 15 and annex I part II.3.
//!
//! A sequence belongs to one agency and one year and counts from 1 on 1 January to 31 December. Which kinds share a
//! sequence is the decision of the agency's head, so a sequence has a name of its own and the kinds point at it.
//! Nothing here stores: `Sequence::next` says what follows, and the shell takes it inside the transaction that stores
//! the numbered version, so a number exists exactly when its document does.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime, UtcOffset};

use super::id::AgencyId;

/// Vietnam keeps UTC+7 all year (Quyết định 121/CP of 1967); the law's day and year are that zone's.
pub const VIETNAM: UtcOffset = match UtcOffset::from_hms(7, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

/// A kind of administrative document, or one of the two that bear no abbreviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// How the kind is called in requests and rows: its abbreviation, or `CV` and `ThC` for the two without one.
    pub code: &'static str,
    pub name: &'static str,
    /// Whether the abbreviation is part of the symbol; công văn and thư công have none.
    pub named: bool,
}

/// The 29 kinds of article 7, in its order. The case of an abbreviation is the law's (`CTr`, `TTr`, `QyĐ`).
pub const KINDS: [Kind; 29] = [
    kind("NQ", "Nghị quyết"),
    kind("QĐ", "Quyết định"),
    kind("CT", "Chỉ thị"),
    kind("QC", "Quy chế"),
    kind("QyĐ", "Quy định"),
    kind("TC", "Thông cáo"),
    kind("TB", "Thông báo"),
    kind("HD", "Hướng dẫn"),
    kind("CTr", "Chương trình"),
    kind("KH", "Kế hoạch"),
    kind("PA", "Phương án"),
    kind("ĐA", "Đề án"),
    kind("DA", "Dự án"),
    kind("BC", "Báo cáo"),
    kind("BB", "Biên bản"),
    kind("TTr", "Tờ trình"),
    kind("HĐ", "Hợp đồng"),
    unnamed("CV", "Công văn"),
    kind("CĐ", "Công điện"),
    kind("BGN", "Bản ghi nhớ"),
    kind("BTT", "Bản thỏa thuận"),
    kind("GUQ", "Giấy ủy quyền"),
    kind("GM", "Giấy mời"),
    kind("GGT", "Giấy giới thiệu"),
    kind("GNP", "Giấy nghỉ phép"),
    kind("PG", "Phiếu gửi"),
    kind("PC", "Phiếu chuyển"),
    kind("PB", "Phiếu báo"),
    unnamed("ThC", "Thư công"),
];

impl Kind {
    /// The kind with this code; codes are told apart by case, as `TC` and `TTr` must be.
    pub fn from_code(code: &str) -> Option<Kind> {
        KINDS.into_iter().find(|kind| kind.code == code)
    }

    /// The code of minutes (biên bản): of two signatories the secretary signs first, then who presided.
    pub const MINUTES: &'static str = "BB";
}

/// The symbol after the slash: `KH-UBND` for a named kind, `UBND-VX` for công văn.
///
/// `agency` and `unit` are the abbreviations the organisation keeps; a công văn without a drafting unit bears the
/// agency alone.
pub fn notation(kind: Kind, agency: &str, unit: Option<&str>) -> String {
    match (kind.named, unit) {
        (true, _) => format!("{}-{agency}", kind.code),
        (false, Some(unit)) => format!("{agency}-{unit}"),
        (false, None) => agency.to_owned(),
    }
}

/// The number as printed: two digits below ten.
pub fn printed(number: u32) -> String {
    format!("{number:02}")
}

/// Number and symbol together, as in `141/KH-UBND`.
pub fn code(number: u32, notation: &str) -> String {
    format!("{}/{notation}", printed(number))
}

/// Which counter a number comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceKey {
    pub agency_id: AgencyId,
    pub name: String,
    pub year: i32,
}

/// The default name of a kind's sequence: each kind counts for itself until the agency's head decides otherwise.
pub fn sequence_name(kind: Kind) -> &'static str {
    kind.code
}

/// A decision that a kind's numbers come from a sequence of this name, from this year on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouped {
    pub from_year: i32,
    pub name: String,
}

/// The name of a kind's sequence in a year: the latest decision that holds then, or the default.
pub fn grouped_name(kind: Kind, decisions: &[Grouped], year: i32) -> String {
    let holds = decisions.iter().filter(|decision| decision.from_year <= year);
    holds.max_by_key(|decision| decision.from_year).map_or_else(
        || sequence_name(kind).to_owned(),
        |decision| decision.name.clone(),
    )
}

/// The name of the counter of arrival numbers (số đến); no kind is called so.
pub const ARRIVALS: &str = "arrivals";

/// How far a counter has come: the last number given, 0 on 1 January.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub last: u32,
}

impl Sequence {
    /// The number that follows. Numbers start at 1 and leave no gap.
    pub fn next(self) -> u32 {
        self.last + 1
    }

    /// Takes `number` if it is the one that follows; otherwise someone else was faster, and the caller asks again.
    #[must_use]
    pub fn take(self, number: u32) -> Option<Sequence> {
        (number == self.next()).then_some(Sequence { last: number })
    }
}

/// The day a moment falls on in Vietnam: the day of the date line, and the year of the sequence.
pub fn local_date(at: OffsetDateTime) -> Date {
    at.to_offset(VIETNAM).date()
}

/// Day of the date line: padded below ten.
pub fn printed_day(date: Date) -> String {
    format!("{:02}", date.day())
}

/// Month of the date line: of the months only 1 and 2 are padded (annex I, part II.4).
pub fn printed_month(date: Date) -> String {
    match u8::from(date.month()) {
        month @ 1..=2 => format!("{month:02}"),
        month => month.to_string(),
    }
}

const fn kind(code: &'static str, name: &'static str) -> Kind {
    Kind {
        code,
        name,
        named: true,
    }
}

const fn unnamed(code: &'static str, name: &'static str) -> Kind {
    Kind {
        code,
        name,
        named: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use time::macros::{date, datetime};

    #[test]
    fn writes_number_and_symbol_as_the_law_does() {
        let plan = Kind::from_code("KH").unwrap();
        let letter = Kind::from_code("CV").unwrap();
        assert_eq!(code(141, &notation(plan, "UBND", None)), "141/KH-UBND");
        assert_eq!(code(7, &notation(plan, "UBND", Some("VX"))), "07/KH-UBND");
        assert_eq!(code(12, &notation(letter, "UBND", Some("VX"))), "12/UBND-VX");
        assert_eq!(code(10, &notation(letter, "SNV", None)), "10/SNV");
    }

    #[test]
    fn keeps_the_case_of_an_abbreviation() {
        for code in ["CTr", "TTr", "QyĐ"] {
            assert_eq!(Kind::from_code(code).unwrap().code, code);
        }
        assert!(Kind::from_code("ctr").is_none());
    }

    #[test]
    fn lists_each_kind_once() {
        let mut codes: Vec<_> = KINDS.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 29);
    }

    #[test]
    fn pads_days_below_ten_and_only_the_first_two_months() {
        assert_eq!(printed_day(date!(2026 - 03 - 05)), "05");
        assert_eq!(printed_month(date!(2026 - 01 - 05)), "01");
        assert_eq!(printed_month(date!(2026 - 03 - 05)), "3");
        assert_eq!(printed_month(date!(2026 - 11 - 05)), "11");
    }

    #[test]
    fn kinds_share_a_sequence_from_the_year_of_the_decision() {
        let plan = Kind::from_code("KH").unwrap();
        let decided = |from_year, name: &str| Grouped {
            from_year,
            name: name.to_owned(),
        };
        let decisions = [decided(2028, "riêng"), decided(2027, "chung")];
        for (year, name) in [(2026, "KH"), (2027, "chung"), (2028, "riêng"), (2030, "riêng")] {
            assert_eq!(grouped_name(plan, &decisions, year), name);
        }
    }

    #[test]
    fn new_year_begins_at_midnight_in_vietnam() {
        assert_eq!(local_date(datetime!(2026-12-31 16:59:59 UTC)).year(), 2026);
        assert_eq!(local_date(datetime!(2026-12-31 17:00:00 UTC)).year(), 2027);
    }

    proptest! {
        /// Clerks of several agencies who read, then take, in any interleaving: no number twice, no gap.
        #[test]
        fn gives_each_number_once_and_leaves_no_gap(
            turns in prop::collection::vec((0usize..4, 0u8..2, any::<bool>()), 1..200)
        ) {
            let mut counters: HashMap<u8, Sequence> = HashMap::new();
            let mut seen: HashMap<(usize, u8), u32> = HashMap::new();
            let mut given: HashMap<u8, Vec<u32>> = HashMap::new();
            for (clerk, agency, takes) in turns {
                let counter = counters.entry(agency).or_default();
                if !takes {
                    seen.insert((clerk, agency), counter.next());
                } else if let Some(number) = seen.remove(&(clerk, agency))
                    && let Some(advanced) = counter.take(number)
                {
                    *counter = advanced;
                    given.entry(agency).or_default().push(number);
                }
            }
            for numbers in given.values() {
                prop_assert!(numbers.iter().copied().eq(1..=numbers.len() as u32));
            }
        }
    }
}
