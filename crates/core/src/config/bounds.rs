//! [`Bounds`]: the least and the greatest value that a key may have.

use std::fmt;
use std::ops::{RangeFrom, RangeInclusive, RangeToInclusive};

use super::{Raw, Setting};

/// The least and the greatest value of a key, both allowed themselves. Declared as `in 1..=1024`, `in 1..` or
/// `in ..=1024`; as [`Raw`], in the notation of a configuration file.
///
/// ```
/// use zzz_core::config::{Bounds, ByteSize};
/// let bounds = Bounds::from(ByteSize::kib(8)..=ByteSize::mib(1));
/// assert!(bounds.contain(&ByteSize(8192)) && !bounds.contain(&ByteSize(8191)));
/// assert_eq!(bounds.show().to_string(), "from \"8KiB\" to \"1MiB\"");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least value; `None` if there is none.
    pub min: Option<T>,
    /// The greatest value; `None` if there is none.
    pub max: Option<T>,
}

impl<T> Bounds<T> {
    /// Every value is within them.
    pub const NONE: Self = Self { min: None, max: None };
}

impl<T: PartialOrd> Bounds<T> {
    /// Whether `value` is neither below the least nor above the greatest; a NaN is not within any bounds.
    pub fn contain(&self, value: &T) -> bool {
        self.min.as_ref().is_none_or(|min| min <= value) && self.max.as_ref().is_none_or(|max| value <= max)
    }
}

impl<T: Setting> Bounds<T> {
    /// The same in the notation of a configuration file, with the type's own [bounds](Setting::BOUNDS) where a
    /// side is open.
    #[must_use]
    pub fn show(&self) -> Bounds<Raw> {
        let own = T::BOUNDS;
        Bounds {
            min: self.min.as_ref().map_or(own.min.map(Raw::Int), T::show),
            max: self.max.as_ref().map_or(own.max.map(Raw::Int), T::show),
        }
    }
}

impl<T> From<RangeInclusive<T>> for Bounds<T> {
    fn from(range: RangeInclusive<T>) -> Self {
        let (min, max) = range.into_inner();
        Self { min: Some(min), max: Some(max) }
    }
}

impl<T> From<RangeFrom<T>> for Bounds<T> {
    fn from(range: RangeFrom<T>) -> Self {
        Self { min: Some(range.start), max: None }
    }
}

impl<T> From<RangeToInclusive<T>> for Bounds<T> {
    fn from(range: RangeToInclusive<T>) -> Self {
        Self { min: None, max: Some(range.end) }
    }
}

impl<T: fmt::Display> fmt::Display for Bounds<T> {
    /// `from 1 to 1024`, `of at least 1`, `of at most 1024`, or nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => write!(f, "from {min} to {max}"),
            (Some(min), None) => write!(f, "of at least {min}"),
            (None, Some(max)) => write!(f, "of at most {max}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{ByteSize, Env, Key, Layers, Section};

    crate::config_section! {
        struct Sample in "sample" {
            /// Both ends.
            workers: usize = 2, in 1..=1024, env "WORKERS";
            /// One end, and the type's own.
            port: u16 = 4000, in 1024..;
            /// No upper end at all.
            timeout: Duration = Duration::from_secs(1), in Duration::from_millis(1)..;
            /// No lower end that anyone would ask for.
            size: ByteSize = ByteSize::kib(1), in ..=ByteSize::kib(60);
            /// A fraction.
            share: f64 = 0.5, in 0.0..=1.0;
            /// The type's bounds alone.
            level: u8 = 0;
            /// None.
            offset: i64 = 0;
        }
    }

    fn resolve(key: &str, raw: Raw) -> Result<Sample, String> {
        let mut layers = Layers::new(Env::Test);
        layers.section::<Sample>();
        layers.file_value("f.toml", 2, "sample", key, raw);
        let config = layers.resolve().map_err(|error| error.to_string())?;
        Ok((*config.get::<Sample>()).clone())
    }

    #[test]
    fn the_ends_of_a_range_are_allowed() {
        assert_eq!(resolve("workers", Raw::Int(1)).unwrap().workers, 1);
        assert_eq!(resolve("workers", Raw::Int(1024)).unwrap().workers, 1024);
        assert_eq!(resolve("port", Raw::Int(65_535)).unwrap().port, 65_535);
        assert_eq!(resolve("size", Raw::Text("60KiB".into())).unwrap().size, ByteSize::kib(60));
        assert_eq!(resolve("timeout", Raw::Text("1ms".into())).unwrap().timeout, Duration::from_millis(1));
    }

    #[test]
    fn what_is_beyond_is_refused_with_the_range_as_a_file_would_hold_it() {
        let text = |text: &str| Raw::Text(text.into());
        for (key, raw, message) in [
            ("workers", Raw::Int(0), "a whole number from 1 to 1024, not 0"),
            ("workers", Raw::Int(9_999_999_999), "a whole number from 1 to 1024, not 9999999999"),
            ("workers", text("many"), "a whole number from 1 to 1024, not \"many\""),
            ("port", Raw::Int(80), "a whole number from 1024 to 65535, not 80"),
            (
                "timeout",
                text("0s"),
                "a duration such as \"10s\", \"250ms\", \"5m\" or \"1h\" of at least \"1ms\", not \"0s\"",
            ),
            ("size", Raw::Int(61_441), "a size such as \"2MiB\" of at most \"60KiB\", not 61441"),
            ("share", Raw::Float(1.5), "a number from 0 to 1, not 1.5"),
            ("share", Raw::Float(f64::NAN), "a number from 0 to 1, not NaN"),
            ("level", Raw::Int(256), "a whole number from 0 to 255, not 256"),
            ("offset", text("x"), "a whole number, not \"x\""),
        ] {
            let error = resolve(key, raw).map(|_| ()).unwrap_err();
            assert_eq!(error, format!("f.toml:2: `{key}` in [sample] must be {message}"));
        }
    }

    #[test]
    fn a_key_carries_its_range() {
        let workers: &Key = &Sample::KEYS[0];
        let bounds = (workers.bounds)();
        assert_eq!((bounds.min, bounds.max), (Some(Raw::Int(1)), Some(Raw::Int(1024))));
        assert_eq!(workers.env, Some("WORKERS"));
        assert_eq!((Sample::KEYS[6].bounds)(), Bounds::NONE);
    }
}
