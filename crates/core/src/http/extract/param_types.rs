//! Types of other crates as path parameters: UUIDs with the feature `uuid`, dates and times with `chrono`.
//!
//! A value has one way to be written (as RFC 9562 and RFC 3339 have it, of ISO 8601 the form with separators), so that a
//! resource has one address. Two freedoms are left: the letters of a UUID may be of either case, and a time with an offset
//! may have any, since clients send it as they have it. Years are those from 0000 to 9999, as in RFC 3339.

#[cfg(feature = "chrono")]
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

use super::PathParam;
use crate::http::verified::{Any, Kind, PathValue, PathWriter, TypeOf, kind};

macro_rules! foreign {
    ($($type:ty, $name:literal, $kind:ident => $expects:literal, $parse:expr, $write:expr;)*) => {$(
        impl PathParam for $type {
            const EXPECTS: &'static str = $expects;
            const TYPE_NAME: &'static str = $name;
            const KIND: u64 = kind::$kind;
            const TAKES_REST: bool = false;
            fn parse(text: &str) -> Option<Self> {
                $parse(text)
            }
        }

        impl TypeOf<$type> for Kind<{ kind::$kind }> {
            type Number = i32;
        }

        #[diagnostic::do_not_recommend]
        impl PathValue<$type> for $type {
            fn write(&self, path: &mut PathWriter) {
                $write(self, path);
            }
        }

        #[diagnostic::do_not_recommend]
        impl PathValue<Any> for $type {
            fn write(&self, path: &mut PathWriter) {
                $write(self, path);
            }
        }
    )*};
}

#[cfg(feature = "uuid")]
foreign! {
    uuid::Uuid, "Uuid", UUID => "a UUID", uuid, |id: &uuid::Uuid, path: &mut PathWriter| path.display(id);
}

#[cfg(feature = "chrono")]
foreign! {
    NaiveDate, "NaiveDate", NAIVE_DATE => "a date such as 2026-11-21", date,
        |date: &NaiveDate, path: &mut PathWriter| path.display(date);
    NaiveDateTime, "NaiveDateTime", NAIVE_DATE_TIME => "a date and time such as 2026-11-21T15:30:00", date_time,
        |time: &NaiveDateTime, path: &mut PathWriter| path.display(&time.format("%Y-%m-%dT%H:%M:%S%.f"));
    DateTime<Utc>, "DateTime<Utc>", DATE_TIME_UTC =>
        "a date and time with its offset such as 2026-11-21T15:30:00Z", instant,
        |time: &DateTime<Utc>, path: &mut PathWriter| {
            path.encoded(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        };
}

/// With hyphens: without them, in braces or as a URN it is the same UUID at another address.
#[cfg(feature = "uuid")]
fn uuid(text: &str) -> Option<uuid::Uuid> {
    const LEN: usize = uuid::fmt::Hyphenated::LENGTH;
    if text.len() == LEN { uuid::Uuid::try_parse(text).ok() } else { None }
}

/// chrono alone would take spaces, and numbers that are not filled up with zeros.
#[cfg(feature = "chrono")]
fn date(text: &str) -> Option<NaiveDate> {
    if is_shape(text, b"dddd-dd-dd") { text.parse().ok() } else { None }
}

#[cfg(feature = "chrono")]
fn time(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = text.split_at_checked(8)?;
    let is_fraction =
        |digits: &str| (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_shape(clock, b"dd:dd:dd")
        || !(fraction.is_empty() || fraction.strip_prefix('.').is_some_and(is_fraction))
    {
        return None;
    }
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok()
}

#[cfg(feature = "chrono")]
fn date_time(text: &str) -> Option<NaiveDateTime> {
    let (day, clock) = text.split_once('T')?;
    Some(date(day)?.and_time(time(clock)?))
}

#[cfg(feature = "chrono")]
fn instant(text: &str) -> Option<DateTime<Utc>> {
    // RFC 3339 allows a space and small letters too, which nobody needs in an address.
    if text.as_bytes().get(10) != Some(&b'T') || text.ends_with('z') {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc())
}

/// Whether a text has a digit where the shape has `d`, and else what the shape has.
#[cfg(feature = "chrono")]
fn is_shape(text: &str, shape: &[u8]) -> bool {
    let fits =
        |(byte, wanted): (u8, &u8)| if *wanted == b'd' { byte.is_ascii_digit() } else { byte == *wanted };
    text.len() == shape.len() && text.bytes().zip(shape).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That these texts are a value which is written as the first of them, and that the others are none.
    fn check<T: PathParam + PathValue<T>>(same: &[&str], others: &[&str]) {
        for text in same {
            let value = T::parse(text).unwrap_or_else(|| panic!("{text} is {}", T::EXPECTS));
            let mut path = PathWriter::new();
            path.text("/");
            value.write(&mut path);
            assert_eq!(path.finish(), format!("/{}", same[0].replace(':', "%3A")), "{text}");
        }
        for text in others {
            assert!(T::parse(text).is_none(), "{text} is not {}", T::EXPECTS);
        }
    }

    #[cfg(feature = "uuid")]
    #[test]
    fn a_uuid_has_hyphens() {
        check::<uuid::Uuid>(
            &["67e55044-10b1-426f-9247-bb680e5fe0c8", "67E55044-10B1-426F-9247-BB680E5FE0C8"],
            &[
                "",
                "67e5504410b1426f9247bb680e5fe0c8",
                "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
                "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8",
                "67e55044-10b1-426f-9247-bb680e5fe0cg",
                "67e55044-10b1-426f-9247-bb680e5fe0\u{fc}",
            ],
        );
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn a_date_has_one_spelling() {
        check::<NaiveDate>(
            &["2026-11-21"],
            &[
                "",
                "2026-2-1",
                "2026-02-30",
                " 2026-11-21",
                "2026 -11-21",
                "+2026-11-21",
                "20261121",
                "21.11.2026",
            ],
        );
        check::<NaiveDate>(&["2024-02-29"], &["2023-02-29", "2024-02-29T00:00:00"]);
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn a_date_and_time_has_a_t_between_them_and_seconds() {
        check::<NaiveDateTime>(
            &["2026-11-21T15:30:00"],
            &[
                "2026-11-21",
                "2026-11-21T15:30",
                "2026-11-21 15:30:00",
                "2026-11-21T15:30:00Z",
                "2026-11-21T24:00:00",
                "2026-11-21T15:30: 0",
                "2026-11-21T15:30:00.",
                "2026-11-21T15:30:00.0000000001",
                "2026-11-21T15:30:0\u{fc}",
            ],
        );
        check::<NaiveDateTime>(&["2026-11-21T15:30:00.250", "2026-11-21T15:30:00.25"], &[]);
    }

    #[cfg(feature = "chrono")]
    #[test]
    fn an_instant_may_have_any_offset_and_is_written_with_z() {
        check::<DateTime<Utc>>(
            &["2026-11-21T15:30:00Z", "2026-11-21T16:30:00+01:00", "2026-11-21T15:30:00-00:00"],
            &[
                "2026-11-21T15:30:00",
                "2026-11-21 15:30:00Z",
                "2026-11-21t15:30:00z",
                "2026-11-21T15:30:00z",
                "now",
            ],
        );
        check::<DateTime<Utc>>(&["2026-11-21T15:30:00.000001Z"], &[]);
    }
}
