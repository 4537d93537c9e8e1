//! Times as ISO 8601 text: how SQLite keeps them, and how forms and JSON bring them.
//!
//! Written always in full, in UTC, with six digits of a second, so that texts sort as times do. Read more
//! kindly: a space for the `T`, no seconds, any number of digits, an offset.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use zzz_core::{Param, Params};

/// `2026-11-21T12:00:00.000000Z`
pub(crate) fn datetime(value: DateTime<Utc>) -> String {
    let mut text = naive(value.naive_utc());
    text.push('Z');
    text
}

/// `2026-11-21T12:00:00.000000`
pub(crate) fn naive(value: NaiveDateTime) -> String {
    format!("{}T{}", date(value.date()), time(value.time()))
}

/// `2026-11-21`
pub(crate) fn date(value: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", value.year(), value.month(), value.day())
}

/// `12:00:00.000000`
pub(crate) fn time(value: NaiveTime) -> String {
    // chrono writes a leap second as 1_000 to 1_999 ms of the 59th: it becomes the last microsecond.
    let micros = (value.nanosecond() / 1_000).min(999_999);
    format!("{:02}:{:02}:{:02}.{micros:06}", value.hour(), value.minute(), value.second())
}

/// Whether a text of this date sorts among others: the years 0 to 9999.
#[cfg(feature = "sqlite")]
pub(crate) fn sorts(date: NaiveDate) -> bool {
    (0..=9999).contains(&date.year())
}

/// A moment; without an offset it is taken as UTC.
pub(crate) fn parse_datetime(text: &str) -> Option<DateTime<Utc>> {
    let (naive, rest) = split_naive(text)?;
    let offset = match rest {
        "" | "Z" | "z" => 0,
        _ => parse_offset(rest)?,
    };
    let moment = FixedOffset::east_opt(offset)?.from_local_datetime(&naive).single()?;
    Some(moment.with_timezone(&Utc))
}

/// A date and time of no zone; an offset is refused.
pub(crate) fn parse_naive(text: &str) -> Option<NaiveDateTime> {
    match split_naive(text)? {
        (naive, "") => Some(naive),
        _ => None,
    }
}

/// `2026-11-21`
pub(crate) fn parse_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?);
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// A date as a user sends one: of a date with a time, in whatever zone, its date as written.
pub(crate) fn cast_date(text: &str) -> Option<NaiveDate> {
    parse_date(text).or_else(|| {
        parse_datetime(text)?;
        parse_date(text.get(..10)?)
    })
}

/// `day[year]=2026&day[month]=11&day[day]=21`: three selects of a form.
pub(crate) fn date_of_parts(map: &Params) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(part(map, "year")?).ok()?, part(map, "month")?, part(map, "day")?)
}

/// `at[hour]=12&at[minute]=30`, with or without `at[second]`.
pub(crate) fn time_of_parts(map: &Params) -> Option<NaiveTime> {
    let second = match map.get("second") {
        None | Some(Param::Null) => 0,
        Some(Param::Text(text)) if text.is_empty() => 0,
        Some(_) => part(map, "second")?,
    };
    NaiveTime::from_hms_opt(part(map, "hour")?, part(map, "minute")?, second)
}

/// The parts of a date and of a time.
pub(crate) fn naive_of_parts(map: &Params) -> Option<NaiveDateTime> {
    Some(date_of_parts(map)?.and_time(time_of_parts(map)?))
}

/// The parts of a date and of a time, in UTC.
pub(crate) fn datetime_of_parts(map: &Params) -> Option<DateTime<Utc>> {
    naive_of_parts(map).map(|naive| naive.and_utc())
}

/// Whether the inputs for the parts were all left empty.
pub(crate) fn is_unfilled(param: &Param) -> bool {
    match param {
        Param::Map(map) => {
            !map.is_empty()
                && map.iter().all(|(_, part)| match part {
                    Param::Null => true,
                    Param::Text(text) => text.trim().is_empty(),
                    _ => false,
                })
        }
        _ => false,
    }
}

fn part(map: &Params, name: &str) -> Option<u32> {
    match map.get(name)? {
        Param::Int(number) => u32::try_from(*number).ok(),
        Param::Text(text) if (1..=4).contains(&text.len()) => number(text.as_bytes()),
        _ => None,
    }
}

/// `12:00`, `12:00:00` or `12:00:00.5`
pub(crate) fn parse_time(text: &str) -> Option<NaiveTime> {
    match split_time(text)? {
        (time, "") => Some(time),
        _ => None,
    }
}

fn split_naive(text: &str) -> Option<(NaiveDateTime, &str)> {
    let date = parse_date(text.get(..10)?)?;
    let rest = text.get(10..)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, rest) = split_time(rest)?;
    Some((date.and_time(time), rest))
}

/// The time at the start of the text, and what follows it.
fn split_time(text: &str) -> Option<(NaiveTime, &str)> {
    let bytes = text.as_bytes();
    if bytes.len() < 5 || bytes[2] != b':' {
        return None;
    }
    let (hour, minute) = (number(&bytes[..2])?, number(&bytes[3..5])?);
    let Some(rest) = text.get(5..)?.strip_prefix(':') else {
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, text.get(5..)?));
    };
    let second = number(rest.as_bytes().get(..2)?)?;
    let rest = rest.get(2..)?;
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some((NaiveTime::from_hms_opt(hour, minute, second)?, rest));
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    // Nine digits are nanoseconds; what lies beyond is cut off.
    let nanos = fraction.bytes().take(digits.min(9)).fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let nanos = nanos * 10_u32.pow(9 - digits.min(9) as u32);
    Some((NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?, fraction.get(digits..)?))
}

/// `+02:00`, `-0530` or `+02`, in seconds.
fn parse_offset(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest.as_bytes()),
        ("-", rest) => (-1, rest.as_bytes()),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [h @ .., b':', m1, m2] if h.len() == 2 => (number(h)?, number(&[*m1, *m2])?),
        [h1, h2, m1, m2] => (number(&[*h1, *h2])?, number(&[*m1, *m2])?),
        [h1, h2] => (number(&[*h1, *h2])?, 0),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| sign * i32::try_from(hours * 3600 + minutes * 60).unwrap_or(0))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0_u32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = "2026-11-21T03:50:56.123456Z";
        assert_eq!(datetime(parse_datetime(text).unwrap()), text);
        assert_eq!(time(parse_time("03:50:56.1").unwrap()), "03:50:56.100000");
    }

    #[test]
    fn reads_what_forms_databases_and_other_zones_write() {
        let noon = parse_datetime("2026-11-21T12:00:00Z").unwrap();
        for text in [
            "2026-11-21T12:00",
            "2026-11-21 12:00:00",
            "2026-11-21T14:00:00+02:00",
            "2026-11-21T06:30:00.000000000000-0530",
            "2026-11-21t13:00:00+01",
        ] {
            assert_eq!(parse_datetime(text), Some(noon), "{text}");
        }
    }

    #[test]
    fn a_date_is_put_together_from_its_parts() {
        let map = |pairs: &[(&str, &str)]| {
            let mut map = Params::new();
            pairs.iter().for_each(|(name, value)| map.insert(name, Param::Text((*value).into())));
            map
        };
        let day = map(&[
            ("year", "2026"),
            ("month", "2"),
            ("day", "03"),
            ("hour", "4"),
            ("minute", "05"),
            ("second", ""),
        ]);
        assert_eq!(datetime_of_parts(&day).map(datetime).as_deref(), Some("2026-02-03T04:05:00.000000Z"));
        assert_eq!(date_of_parts(&map(&[("year", "2026"), ("month", "2"), ("day", "30")])), None);
        assert_eq!(date_of_parts(&map(&[("year", "2026"), ("month", "-2"), ("day", "3")])), None);
        assert_eq!(time_of_parts(&map(&[("hour", "4")])), None);
        assert!(
            is_unfilled(&Param::Map(map(&[("year", ""), ("month", " ")])))
                && !is_unfilled(&Param::Map(Params::new()))
        );
    }

    #[test]
    fn a_date_may_come_with_a_time() {
        let date = |text| cast_date(text).map(|date| date.to_string());
        assert_eq!(date("2026-11-21T23:30:00-05:00").as_deref(), Some("2026-11-21"));
        assert_eq!((date("2026-11-21x"), date("2026-11-21T25:00")), (None, None));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "2026",
            "2026-02-30T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T12:00:00.Z",
            "2026-11-21",
            "2026-11-21T12:00:00+25:00",
            "2026-11-21T12:00:00 Z",
            "2O26-11-21T12:00:00Z",
            "２026-11-21T12:00:00Z",
            "2026-11-21T12:00:00Zü",
            "2026-11-2üT12:00",
        ] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
        assert_eq!(parse_naive("2026-11-21T12:00:00Z"), None);
        assert_eq!(parse_time("12:0"), None);
    }
}
