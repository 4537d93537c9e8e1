//! [`Section`]: a table of the configuration, declared as a type.

use std::any::Any;

use super::{Bounds, ConfigError, Origin, Raw, Setting};

/// A key of a section, as it is declared: what feeds reading, `app config` and the documentation.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// A short environment variable that sets it besides `ZZZ_SECTION__KEY`, such as `PORT`.
    pub env: Option<&'static str>,
    /// What its value must be, as far as its type says: `a whole number`.
    pub expects: &'static str,
    /// The least and the greatest value, as a file would hold them.
    pub bounds: fn() -> Bounds<Raw>,
    /// Whether its value must not be printed.
    pub secret: bool,
}

impl Key {
    /// What its value must be: `a whole number from 1 to 1024`.
    #[must_use]
    pub fn allowed(&self) -> String {
        format!("{} {}", self.expects, (self.bounds)()).trim_end().to_owned()
    }
}

/// A table of the configuration, declared with [`config_section!`](crate::config_section).
pub trait Section: Any + Send + Sync + Sized {
    /// The table's name in the file.
    const NAME: &'static str;
    /// Every key it knows.
    const KEYS: &'static [Key];

    /// Takes the values that were given, and the defaults for the rest.
    fn read(values: &mut Values<'_>) -> Self;

    /// Every key's value in the order of [`KEYS`](Self::KEYS), `None` where unset.
    fn show(&self) -> Vec<Option<Raw>>;
}

/// The values given for one section; what does not fit is collected as an error.
pub struct Values<'a> {
    pub(super) section: &'static str,
    pub(super) given: &'a [(String, Raw, Origin)],
    pub(super) errors: &'a mut Vec<ConfigError>,
}

impl Values<'_> {
    /// The value of `key`, or `default` if none is given or the one given is refused.
    pub fn take<T: Setting>(&mut self, key: &Key, default: impl FnOnce() -> T) -> T {
        self.take_if(key, default, |_| true)
    }

    /// As [`take`](Self::take), and a value that is not within `bounds` is refused. The default is not checked.
    pub fn take_within<T: Setting + PartialOrd>(
        &mut self,
        key: &Key,
        bounds: &Bounds<T>,
        default: impl FnOnce() -> T,
    ) -> T {
        self.take_if(key, default, |value| bounds.contain(value))
    }

    fn take_if<T: Setting>(
        &mut self,
        key: &Key,
        default: impl FnOnce() -> T,
        fits: impl FnOnce(&T) -> bool,
    ) -> T {
        let Some((_, raw, origin)) = self.given.iter().find(|(name, ..)| name == key.name) else {
            return default();
        };
        T::read(raw).filter(fits).unwrap_or_else(|| {
            self.errors.push(ConfigError::wrong_value(self.section, key, raw, origin));
            default()
        })
    }
}

/// Declares a section of the configuration: its type, its keys with their defaults and documentation, and how
/// it is read.
///
/// A key is `name: Type = default`, then, each if wanted and in this order, `, in` with the range of its values
/// (`1..=100`, `1..` or `..=100`; an `Option` and a `Vec` have none), and `, env` with a short variable. The range
/// holds for values that are given; the default is the author's own affair.
///
/// ```
/// # use std::time::Duration;
/// zzz_core::config_section! {
///     /// The mail gateway.
///     pub struct MailConfig in "mail" {
///         /// The gateway's host name.
///         host: String = "localhost".into(), env "MAIL_HOST";
///         /// How long one delivery may take.
///         timeout: Duration = Duration::from_secs(10), in Duration::from_millis(1)..;
///         /// Deliveries at once.
///         workers: usize = 4, in 1..=64, env "MAIL_WORKERS";
///     }
/// }
/// # use zzz_core::config::Section;
/// assert_eq!(MailConfig::default().host, "localhost");
/// assert_eq!(MailConfig::KEYS[0].env, Some("MAIL_HOST"));
/// assert_eq!(MailConfig::KEYS[2].allowed(), "a whole number from 1 to 64");
/// ```
#[macro_export]
macro_rules! config_section {
    (
        $(#[doc = $section_doc:literal])*
        $vis:vis struct $name:ident in $section:literal {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $type:ty = $default:expr $(, in $range:expr)? $(, env $env:literal)? ;
            )*
        }
    ) => {
        $(#[doc = $section_doc])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $( $(#[doc = $doc])+ pub $key: $type, )*
        }

        impl ::core::default::Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )* }
            }
        }

        impl $crate::config::Section for $name {
            const NAME: &'static str = $section;
            const KEYS: &'static [$crate::config::Key] = &[$(
                $crate::config::Key {
                    name: stringify!($key),
                    doc: concat!($($doc, "\n"),+),
                    env: $crate::config_section!(@env $($env)?),
                    expects: <$type as $crate::config::Setting>::EXPECTS,
                    bounds: || $crate::config_section!(@bounds $type $(, $range)?).show(),
                    secret: <$type as $crate::config::Setting>::IS_SECRET,
                },
            )*];

            #[allow(unused_mut, unused_variables, unused_assignments)]
            fn read(values: &mut $crate::config::Values<'_>) -> Self {
                let mut keys = Self::KEYS.iter();
                Self {
                    $( $key: match keys.next() {
                        Some(key) => $crate::config_section!(@take values, key, $type, $default $(, $range)?),
                        None => $default,
                    }, )*
                }
            }

            fn show(&self) -> ::std::vec::Vec<::core::option::Option<$crate::config::Raw>> {
                vec![$( $crate::config::Setting::show(&self.$key), )*]
            }
        }
    };
    (@bounds $type:ty) => { $crate::config::Bounds::<$type>::NONE };
    (@bounds $type:ty, $range:expr) => { $crate::config::Bounds::<$type>::from($range) };
    (@take $values:ident, $key:ident, $type:ty, $default:expr) => { $values.take($key, || $default) };
    (@take $values:ident, $key:ident, $type:ty, $default:expr, $range:expr) => {
        $values.take_within($key, &$crate::config::Bounds::<$type>::from($range), || $default)
    };
    (@env) => { ::core::option::Option::None };
    (@env $env:literal) => { ::core::option::Option::Some($env) };
}
