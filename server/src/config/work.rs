//! When the offices work.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use time::Date;
use time::format_description::well_known::Iso8601;

/// The days on which nobody is in the office.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Work {
    /// Days off beside Saturdays, Sundays, 1 January, 30 April, 1 May and 2 September, as in `["2027-02-05"]`: those of
    /// Tết, of the Hùng kings and the ones that the government moves, which it announces each year. Default: none. A
    /// notice that work is due comes on the last working day before.
    #[serde(deserialize_with = "days")]
    pub days_off: BTreeSet<Date>,
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Date>, D::Error> {
    let days = Vec::<String>::deserialize(deserializer)?;
    let day = |day: &String| Date::parse(day, &Iso8601::DATE).map_err(serde::de::Error::custom);
    days.iter().map(day).collect()
}
