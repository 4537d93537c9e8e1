//! [`Setting`]: the types a configuration key may have.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::{Bounds, ByteSize, Secret};

/// A value as a file or a variable holds it, before it is known what it is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text; the value of every environment variable.
    Text(String),
    /// `[...]`; from a variable: the parts between commas.
    List(Vec<Raw>),
    /// `{ name = value, ... }`, and what stands under a heading such as `[[http.sni]]`; a variable can not hold
    /// one.
    Table(Vec<(String, Raw)>),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Table(values) => {
                f.write_str("{")?;
                for (at, (name, value)) in values.iter().enumerate() {
                    write!(f, "{} {name} = {value}", if at == 0 { "" } else { "," })?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A type that a configuration key may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be a configuration value",
    note = "use a bool, a number, String, PathBuf, Duration, ByteSize, SocketAddr, IpAddr, IpRange, Secret, an Option or a Vec of these, or implement `zzz_core::config::Setting`"
)]
pub trait Setting: Sized {
    /// What is expected, for messages: `a duration such as "10s"`.
    const EXPECTS: &'static str;
    /// What is expected of a key that holds a list of these.
    const EXPECTS_LIST: &'static str = "a list";
    /// The bounds of the type itself, where someone may come near them; a key may have narrower ones.
    const BOUNDS: Bounds<i64> = Bounds::NONE;
    /// Whether its value must not be printed.
    const IS_SECRET: bool = false;

    /// Reads the value; `None` if it is not what is expected.
    fn read(raw: &Raw) -> Option<Self>;

    /// The value as it would be written in a configuration file; `None` if unset.
    fn show(&self) -> Option<Raw>;
}

macro_rules! integers {
    ($($type:ty: $min:expr, $max:expr;)*) => {$(
        impl Setting for $type {
            const EXPECTS: &'static str = "a whole number";
            const BOUNDS: Bounds<i64> = Bounds { min: $min, max: $max };
            fn read(raw: &Raw) -> Option<Self> {
                match raw {
                    Raw::Int(value) => (*value).try_into().ok(),
                    Raw::Text(text) => text.trim().replace('_', "").parse().ok(),
                    _ => None,
                }
            }
            fn show(&self) -> Option<Raw> {
                Some((*self).try_into().map_or_else(|_| Raw::Text(self.to_string()), Raw::Int))
            }
        }
    )*};
}
integers! {
    u8: Some(0), Some(u8::MAX as i64);
    u16: Some(0), Some(u16::MAX as i64);
    u32: Some(0), Some(u32::MAX as i64);
    u64: Some(0), None;
    usize: Some(0), None;
    i32: Some(i32::MIN as i64), Some(i32::MAX as i64);
    i64: None, None;
}

impl Setting for f64 {
    const EXPECTS: &'static str = "a number";
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Float(value) => Some(*value),
            Raw::Int(value) => Some(*value as f64),
            Raw::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::Float(*self))
    }
}

impl Setting for bool {
    const EXPECTS: &'static str = "true or false";
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Bool(value) => Some(*value),
            Raw::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::Bool(*self))
    }
}

impl Setting for Duration {
    const EXPECTS: &'static str = "a duration such as \"10s\", \"250ms\", \"5m\" or \"1h\"";
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => parse_duration(text),
            _ => None,
        }
    }
    fn show(&self) -> Option<Raw> {
        let millis = self.as_millis();
        Some(Raw::Text(match millis {
            0 => "0s".into(),
            _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
            _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
            _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
            _ => format!("{millis}ms"),
        }))
    }
}

/// `"10s"`, `"250ms"`, `"5m"`, `"1h"`, `"2d"`.
fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit.trim_start() {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

impl Setting for ByteSize {
    const EXPECTS: &'static str = "a size such as \"2MiB\"";
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Int(value) => u64::try_from(*value).ok().map(Self),
            Raw::Text(text) => Self::parse(text),
            _ => None,
        }
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.to_string()))
    }
}

impl Setting for String {
    const EXPECTS: &'static str = "a text";
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.clone()))
    }
}

impl Setting for PathBuf {
    const EXPECTS: &'static str = "a path";
    fn read(raw: &Raw) -> Option<Self> {
        String::read(raw).filter(|text| !text.is_empty()).map(Self::from)
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::Text(self.display().to_string()))
    }
}

macro_rules! parsed {
    ($($type:ty: $expects:literal),*) => {$(
        impl Setting for $type {
            const EXPECTS: &'static str = $expects;
            fn read(raw: &Raw) -> Option<Self> {
                match raw {
                    Raw::Text(text) => text.trim().parse().ok(),
                    _ => None,
                }
            }
            fn show(&self) -> Option<Raw> {
                Some(Raw::Text(self.to_string()))
            }
        }
    )*};
}
parsed!(IpAddr: "an IP address", SocketAddr: "an address and port such as \"127.0.0.1:4000\"");

impl Setting for Secret {
    const EXPECTS: &'static str = "a text";
    const IS_SECRET: bool = true;
    fn read(raw: &Raw) -> Option<Self> {
        String::read(raw).map(Self::new)
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::Text("[redacted]".into()))
    }
}

impl<T: Setting> Setting for Option<T> {
    const EXPECTS: &'static str = T::EXPECTS;
    const BOUNDS: Bounds<i64> = T::BOUNDS;
    const IS_SECRET: bool = T::IS_SECRET;
    /// An empty text counts as unset, as an empty variable does for a key of any type.
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) if text.is_empty() => Some(None),
            _ => T::read(raw).map(Some),
        }
    }
    fn show(&self) -> Option<Raw> {
        self.as_ref().and_then(T::show)
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXPECTS: &'static str = T::EXPECTS_LIST;
    const IS_SECRET: bool = T::IS_SECRET;
    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::List(values) => values.iter().map(T::read).collect(),
            Raw::Text(text) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| T::read(&Raw::Text(part.into())))
                .collect(),
            _ => None,
        }
    }
    fn show(&self) -> Option<Raw> {
        Some(Raw::List(self.iter().filter_map(T::show).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_they_are_shown() {
        for text in ["250ms", "10s", "5m", "1h", "0s", "90s"] {
            let duration = Duration::read(&Raw::Text(text.into())).unwrap();
            assert_eq!(duration.show(), Some(Raw::Text(text.into())));
        }
        for wrong in ["", "10", "s", "1.5s", "-1s", "10 sec", "99999999999999999999s"] {
            assert_eq!(Duration::read(&Raw::Text(wrong.into())), None, "{wrong}");
        }
    }

    #[test]
    fn a_variable_may_hold_any_type() {
        let text = |text: &str| Raw::Text(text.into());
        assert_eq!(usize::read(&text("10_000")), Some(10_000));
        assert_eq!(u16::read(&text("70000")), None);
        assert_eq!(bool::read(&text("true")), Some(true));
        assert_eq!(Vec::<u8>::read(&text("1, 2")), Some(vec![1, 2]));
        assert_eq!(Option::<u8>::read(&text("")), Some(None));
        assert_eq!(ByteSize::read(&text("2MiB")), Some(ByteSize::mib(2)));
    }

    #[test]
    fn values_are_shown_as_a_file_holds_them() {
        let table = Raw::Table(vec![
            ("host".into(), Raw::Text("a.example".into())),
            ("ports".into(), Raw::List(vec![Raw::Int(1), Raw::Int(2)])),
        ]);
        assert_eq!(table.to_string(), "{ host = \"a.example\", ports = [1, 2] }");
        assert_eq!(Raw::Table(Vec::new()).to_string(), "{ }");
    }
}
