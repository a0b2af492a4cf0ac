//! Of which days a register is shown: a year, or some days of it.

use time::format_description::well_known::Iso8601;
use time::{Date, Month, PrimitiveDateTime, Time};

use super::Wanted;
use crate::api::problem::Problem;
use crate::clock::Timestamp;
use crate::domain::numbering::VIETNAM;
use crate::domain::register::{day, row_day};

/// The first and the last day, both of one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    first: Date,
    last: Date,
    /// Whether days were asked for, or the whole year.
    chosen: bool,
}

impl Period {
    /// The period asked for: an end that is not named is the year's.
    ///
    /// # Errors
    /// Where a day is none, the days are of two years, or the last comes before the first.
    pub(super) fn of(wanted: &Wanted, this_year: i32) -> Result<Self, Problem> {
        let [from, to] = [&wanted.from, &wanted.to].map(|day| {
            let day = day.as_deref().filter(|day| !day.is_empty());
            day.map(|day| Date::parse(day, &Iso8601::DATE)).transpose()
        });
        let (from, to) = (from.map_err(|_| unknown())?, to.map_err(|_| unknown())?);
        let year = match from.or(to) {
            Some(day) => day.year(),
            None => wanted.year.unwrap_or(this_year),
        };
        let end = |month, day| Date::from_calendar_date(year, month, day).map_err(|_| unknown());
        let period = Self {
            first: from.map_or_else(|| end(Month::January, 1), Ok)?,
            last: to.map_or_else(|| end(Month::December, 31), Ok)?,
            chosen: from.is_some() || to.is_some(),
        };
        let whole = period.first <= period.last && period.first.year() == period.last.year();
        whole.then_some(period).ok_or_else(unknown)
    }

    pub(super) fn year(self) -> i32 {
        self.first.year()
    }

    /// The chosen days as rows keep them; none for a whole year.
    pub(super) fn days(self) -> Option<(String, String)> {
        self.chosen.then(|| (row_day(self.first), row_day(self.last)))
    }

    /// The chosen days as moments, the last one not included; none for a whole year.
    pub(super) fn moments(self) -> Option<(Timestamp, Timestamp)> {
        self.chosen.then(|| self.all_moments())
    }

    /// As [`Self::moments`], also for a whole year.
    pub(super) fn all_moments(self) -> (Timestamp, Timestamp) {
        let midnight = |day: Date| {
            let moment = PrimitiveDateTime::new(day, Time::MIDNIGHT).assume_offset(VIETNAM);
            Timestamp::from(moment)
        };
        let after = self.last.next_day().unwrap_or(self.last);
        (midnight(self.first), midnight(after))
    }

    /// As the printed book says it.
    pub(super) fn words(self) -> String {
        match self.chosen {
            true => format!("Từ ngày {} đến ngày {}", day(self.first), day(self.last)),
            false => format!("Năm {}", self.year()),
        }
    }
}

fn unknown() -> Problem {
    Problem::malformed(
        "Khoảng ngày không đúng: hai ngày phải trong cùng một năm, ngày đầu trước ngày cuối.",
        "The period is not two days of one year, the first before the last.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: Option<&str>, to: Option<&str>) -> Result<Period, Problem> {
        let wanted = Wanted {
            agency: None,
            year: None,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            after: None,
            limit: None,
        };
        Period::of(&wanted, 2026)
    }

    #[test]
    fn a_period_is_some_days_of_one_year_or_the_year() {
        let year = period(None, None).unwrap();
        assert_eq!((year.words().as_str(), year.days()), ("Năm 2026", None));
        let march = period(Some("2025-03-01"), Some("2025-03-31")).unwrap();
        assert_eq!(march.words(), "Từ ngày 01/03/2025 đến ngày 31/03/2025");
        let (from, until) = march.all_moments();
        assert_eq!(until.since(from).as_secs(), 31 * 24 * 3600);
        assert_eq!(from.to_string(), "2025-02-28T17:00:00Z");
        assert_eq!(
            period(Some("2025-12-01"), None).unwrap().words(),
            "Từ ngày 01/12/2025 đến ngày 31/12/2025"
        );
        for (from, to) in [
            ("2025-12-31", "2026-01-01"),
            ("2026-02-02", "2026-02-01"),
            ("hôm qua", "2026-02-01"),
        ] {
            assert!(period(Some(from), Some(to)).is_err(), "{from} {to}");
        }
    }
}
