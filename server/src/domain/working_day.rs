//! Working days of an office, in Vietnam: Monday to Friday, except the days off of Bộ luật Lao động 2019, article 112.
//!
//! The days of Tết and of the Hùng kings follow the moon, and the government says each year which days around a holiday
//! are off: those stand in the settings (`work.days_off`).

use std::collections::BTreeSet;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

use super::numbering::VIETNAM;

/// When an office opens: a notice that comes earlier would lie under those of the night.
const OPENING: Time = time::macros::time!(08:00);

/// When there is still time to keep the day.
const PRESSING: Time = time::macros::time!(15:30);

/// The days off that have the same date every year.
const DAYS_OFF: [(Month, u8); 4] = [
    (Month::January, 1),
    (Month::April, 30),
    (Month::May, 1),
    (Month::September, 2),
];

/// No holiday is longer; the search for a working day ends here whatever the settings say.
const LONGEST_HOLIDAY_DAYS: usize = 30;

/// Which days are worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingDays {
    /// Days off beside the weekends and those of the law.
    off: BTreeSet<Date>,
}

impl WorkingDays {
    /// The usual week without these days.
    pub fn without(off: BTreeSet<Date>) -> Self {
        Self { off }
    }

    /// Whether the office works on this day.
    pub fn includes(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let of_the_law = DAYS_OFF.contains(&(day.month(), day.day()));
        !weekend && !of_the_law && !self.off.contains(&day)
    }

    /// The last working day before this day.
    pub fn before(&self, day: Date) -> Date {
        self.found(day, Date::previous_day)
    }

    /// The first working day after this day.
    pub fn after(&self, day: Date) -> Date {
        self.found(day, Date::next_day)
    }

    fn found(&self, day: Date, step: fn(Date) -> Option<Date>) -> Date {
        std::iter::successors(step(day), |day| step(*day))
            .take(LONGEST_HOLIDAY_DAYS)
            .find(|day| self.includes(*day))
            .or_else(|| step(day))
            .unwrap_or(day)
    }
}

/// The moment at which an office opens on this day.
pub fn opening(day: Date) -> OffsetDateTime {
    PrimitiveDateTime::new(day, OPENING).assume_offset(VIETNAM)
}

/// The moment on this day at which clerks are told what still waits.
pub fn pressing(day: Date) -> OffsetDateTime {
    PrimitiveDateTime::new(day, PRESSING).assume_offset(VIETNAM)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn weekends_and_the_holidays_of_the_law_are_off() {
        let days = WorkingDays::without(BTreeSet::from([date!(2027 - 02 - 05)]));
        for (day, works) in [
            (date!(2026 - 11 - 27), true),
            (date!(2026 - 11 - 28), false),
            (date!(2026 - 11 - 29), false),
            (date!(2027 - 01 - 01), false),
            (date!(2027 - 04 - 30), false),
            (date!(2026 - 09 - 02), false),
            (date!(2027 - 02 - 05), false),
            (date!(2027 - 02 - 04), true),
        ] {
            assert_eq!(days.includes(day), works, "{day}");
        }
    }

    #[test]
    fn the_day_before_a_monday_is_friday_and_a_holiday_is_leapt_over() {
        let days = WorkingDays::default();
        assert_eq!(days.before(date!(2026 - 11 - 30)), date!(2026 - 11 - 27));
        assert_eq!(days.after(date!(2026 - 11 - 27)), date!(2026 - 11 - 30));
        assert_eq!(days.after(date!(2027 - 04 - 29)), date!(2027 - 05 - 03));
    }

    #[test]
    fn an_office_opens_at_eight_in_vietnam() {
        assert_eq!(opening(date!(2026 - 11 - 30)), datetime!(2026-11-30 01:00 UTC));
    }

    proptest! {
        #[test]
        fn the_neighbours_of_a_day_are_worked_and_nothing_between_is(ordinal in 0..3000i32) {
            let days = WorkingDays::default();
            let day = Date::from_julian_day(2_461_000 + ordinal).unwrap();
            let (before, after) = (days.before(day), days.after(day));
            prop_assert!(before < day && day < after);
            prop_assert!(days.includes(before) && days.includes(after));
            let between = |from: Date, to: Date| {
                let inner = std::iter::successors(from.next_day(), |day| day.next_day());
                inner.take_while(move |day| *day < to).all(|day| !days.includes(day))
            };
            prop_assert!(between(before, day) && between(day, after));
        }
    }
}
