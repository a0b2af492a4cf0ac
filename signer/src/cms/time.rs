//! Times of ASN.1 (RFC 5280 section 4.1.2.5, X.690 11.7), in UTC.

use time::{Date, Duration, Month, OffsetDateTime, Time};

use super::ber::{Element, tag};

/// Reads a UTCTime or GeneralizedTime; fractions of a second are kept, an offset is applied. `None` for anything else.
pub fn parse(element: &Element<'_>) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(element.content).ok()?;
    match element.tag {
        tag::UTC_TIME => {
            // The pivot of RFC 5280: 50 to 99 are of the last century.
            let year: i32 = text.get(..2)?.parse().ok()?;
            rest(if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        tag::GENERALIZED_TIME => rest(text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => None,
    }
}

/// `MMDDHHMM[SS[.f]](Z|+HHMM|-HHMM)`.
fn rest(year: i32, text: &str) -> Option<OffsetDateTime> {
    if !text.is_ascii() {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u8>().ok();
    let month = Month::try_from(number(0..2)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(2..4)?).ok()?;
    let has_seconds = text.as_bytes().get(8).is_some_and(u8::is_ascii_digit);
    let second = if has_seconds { number(8..10)? } else { 0 };
    let time = Time::from_hms(number(4..6)?, number(6..8)?, second.min(59)).ok()?;
    let mut tail = text.get(if has_seconds { 10 } else { 8 }..)?;
    let mut moment = date.with_time(time).assume_utc();
    if let Some(fraction) = tail.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let value: f64 = format!("0.{}", fraction.get(..digits)?).parse().ok()?;
        moment += Duration::milliseconds((value * 1000.0) as i64);
        tail = fraction.get(digits..)?;
    }
    Some(moment - offset(tail)?)
}

fn offset(text: &str) -> Option<Duration> {
    let sign = match text.as_bytes().first()? {
        b'Z' if text.len() == 1 => return Some(Duration::ZERO),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours: i64 = text.get(1..3)?.parse().ok()?;
    let minutes: i64 = text.get(3..5)?.parse().ok()?;
    Some(Duration::minutes(sign * (hours * 60 + minutes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn reads_the_times_found_in_the_field() {
        let read = |tag, text: &str| {
            parse(&Element {
                tag,
                content: text.as_bytes(),
                raw: &[],
            })
        };
        assert_eq!(
            read(tag::UTC_TIME, "491231235959Z"),
            Some(datetime!(2049-12-31 23:59:59 UTC))
        );
        assert_eq!(
            read(tag::UTC_TIME, "500101000000Z"),
            Some(datetime!(1950-01-01 00:00:00 UTC))
        );
        assert_eq!(
            read(tag::GENERALIZED_TIME, "20260102030405.25Z"),
            Some(datetime!(2026-01-02 03:04:05.25 UTC))
        );
        assert_eq!(
            read(tag::GENERALIZED_TIME, "20260102030405+0700"),
            Some(datetime!(2026-01-01 20:04:05 UTC))
        );
        for bad in ["", "2026", "20261302030405Z", "20260102030405", "2026é102030405Z"] {
            assert_eq!(read(tag::GENERALIZED_TIME, bad), None, "{bad}");
        }
    }
}
