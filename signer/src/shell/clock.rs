//! The only reader of the clock in this crate.

use time::OffsetDateTime;

/// The present.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
