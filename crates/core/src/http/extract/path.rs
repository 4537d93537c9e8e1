//! [`Path`]: the parameters of the route; [`PathParam`] and [`PathParams`]: what they may be.

use super::{FromRequestParts, OptionalFromRequestParts};
use crate::http::Parts;
use crate::http::verified::kind;
use crate::{Error, Fault, FieldPath, Place, Rejection, Result};

/// The parameters of the route: `Path<i64>` for `/posts/:id`, `Path<(i64, i64)>` for
/// `/posts/:post_id/comments/:id` in their order, or a struct with `#[derive(PathParams)]` by their names.
///
/// In `router!` a `Path` that does not fit its route is a compile error. A value that does not fit its type is
/// answered with 400, naming the parameter.
///
/// `Option<Path<T>>` is for a handler that routes with and without parameters share: `None` where the route has none, or
/// where no route matched. `Result<Path<T>, Rejection>` hands a value that does not fit to the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// A type that one path parameter may have: a number, a text, a bool, a char, or a type of your own with
/// `#[derive(PathParam)]`; with the feature `uuid` a `Uuid`, with the feature `chrono` a `NaiveDate`, a `NaiveDateTime`
/// or a `DateTime<Utc>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be a path parameter",
    note = "use a number, a String, a bool or a char, or write `#[derive(PathParam)]` on a newtype of one of these",
    note = "a `Uuid` is one with the feature `uuid`, a date or time of chrono with the feature `chrono`"
)]
pub trait PathParam: Sized {
    /// What is expected, for the message: `a whole number`.
    const EXPECTS: &'static str;

    /// The type's name in messages and in the table of routes.
    const TYPE_NAME: &'static str = Self::EXPECTS;

    /// Which type it is, for values in `path!`; [`kind::ANY`] takes values of every type.
    const KIND: u64 = kind::ANY;

    /// Whether it can hold `*rest`: all that is left of a path, slashes among it. A number can not, which `router!` refuses.
    const TAKES_REST: bool = true;

    /// Reads the percent-decoded text; `None` if it is not what is expected.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! path_param {
    ($($type:ty, $kind:ident => $expects:literal, $parse:expr;)*) => {$(
        impl PathParam for $type {
            const EXPECTS: &'static str = $expects;
            const TYPE_NAME: &'static str = stringify!($type);
            const KIND: u64 = kind::$kind;
            const TAKES_REST: bool = kind::$kind == kind::STRING;
            fn parse(text: &str) -> Option<Self> {
                ($parse)(text)
            }
        }
    )*};
}

/// `parse` takes a plus sign, zeros in front and `-0`, which would give one resource several addresses.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_odd = text.starts_with('+') || text == "-0" || (digits.len() > 1 && digits.starts_with('0'));
    if is_odd { None } else { text.parse().ok() }
}

/// A number with a point; what is infinite, written so or too large, and `NaN` are none.
fn decimal<T: std::str::FromStr + Into<f64> + Copy>(text: &str) -> Option<T> {
    let is_odd = text.starts_with('+') || text.bytes().any(|byte| byte.is_ascii_alphabetic() && byte != b'e');
    if is_odd { None } else { text.parse().ok().filter(|number: &T| (*number).into().is_finite()) }
}

path_param! {
    u8, U8 => "a whole number", number;
    u16, U16 => "a whole number", number;
    u32, U32 => "a whole number", number;
    u64, U64 => "a whole number", number;
    u128, U128 => "a whole number", number;
    usize, USIZE => "a whole number", number;
    i8, I8 => "a whole number", number;
    i16, I16 => "a whole number", number;
    i32, I32 => "a whole number", number;
    i64, I64 => "a whole number", number;
    i128, I128 => "a whole number", number;
    isize, ISIZE => "a whole number", number;
    f32, F32 => "a number", decimal;
    f64, F64 => "a number", decimal;
    bool, BOOL => "true or false", |text: &str| text.parse().ok();
    char, CHAR => "one character", |text: &str| text.parse().ok();
    String, STRING => "a text", |text: &str| Some(text.to_owned());
}

/// All parameters of a route together: one [`PathParam`], a tuple of up to six, or a struct with
/// `#[derive(PathParams)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not hold a route's path parameters",
    note = "use one type (`Path<i64>`), a tuple with one type for each parameter (`Path<(i64, String)>`), or a struct with `#[derive(PathParams)]`"
)]
pub trait PathParams: Sized {
    /// What it takes from a path, for checks at compile time.
    const SHAPE: PathShape;

    /// Reads them from the request.
    ///
    /// # Errors
    /// 400 if a value does not fit; 500 if the route has other parameters.
    fn from_parts(parts: &Parts) -> Result<Self>;
}

/// What a [`PathParams`] takes from a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathShape {
    /// Its name in messages: `i64`, `a tuple of 2`, a struct's own.
    pub name: &'static str,
    /// Whether parameters are found by name; else by their order, and then all must be taken.
    pub by_name: bool,
    /// The parameters.
    pub params: &'static [ParamShape],
    /// Whether a path without parameters is taken too, as in `Option<Path<T>>`.
    pub optional: bool,
}

impl PathShape {
    /// The same, for a path that may have no parameters.
    pub(super) const fn or_none(&self) -> Self {
        Self { name: self.name, by_name: self.by_name, params: self.params, optional: true }
    }

    /// What takes nothing from a path.
    pub(super) const NOTHING: Self = Self { name: "", by_name: true, params: &[], optional: true };
}

/// One parameter of a [`PathShape`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParamShape {
    /// Its name, where parameters are found by name.
    pub name: &'static str,
    /// [`PathParam::TYPE_NAME`].
    pub type_name: &'static str,
    /// [`PathParam::KIND`].
    pub kind: u64,
    /// [`PathParam::TAKES_REST`].
    pub takes_rest: bool,
}

impl ParamShape {
    /// A parameter of type `T`; its name is empty where only its place counts.
    #[must_use]
    pub const fn of<T: PathParam>(name: &'static str) -> Self {
        Self { name, type_name: T::TYPE_NAME, kind: T::KIND, takes_rest: T::TAKES_REST }
    }
}

impl<T: PathParams + Send> FromRequestParts for Path<T> {
    const PATH: Option<&'static PathShape> = Some(&T::SHAPE);

    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        T::from_parts(parts).map(Self)
    }
}

impl<T: PathParams + Send> OptionalFromRequestParts for Path<T> {
    async fn from_request_parts_if_any(parts: &mut Parts) -> Result<Option<Self>> {
        if parts.param_count() == 0 { Ok(None) } else { T::from_parts(parts).map(Self).map(Some) }
    }
}

impl<T: PathParam> PathParams for T {
    const SHAPE: PathShape =
        PathShape { name: T::TYPE_NAME, by_name: false, params: &[ParamShape::of::<T>("")], optional: false };

    fn from_parts(parts: &Parts) -> Result<Self> {
        expect_count(parts, 1)?;
        value(parts, 0)
    }
}

macro_rules! path_tuple {
    ($count:literal: $($type:ident $index:literal),*) => {
        impl<$($type: PathParam),*> PathParams for ($($type,)*) {
            const SHAPE: PathShape = PathShape {
                name: concat!("a tuple of ", $count),
                by_name: false,
                params: &[$(ParamShape::of::<$type>("")),*],
                optional: false,
            };

            fn from_parts(parts: &Parts) -> Result<Self> {
                expect_count(parts, $count)?;
                Ok(($(value::<$type>(parts, $index)?,)*))
            }
        }
    };
}
path_tuple!(1: A 0);
path_tuple!(2: A 0, B 1);
path_tuple!(3: A 0, B 1, C 2);
path_tuple!(4: A 0, B 1, C 2, D 3);
path_tuple!(5: A 0, B 1, C 2, D 3, E 4);
path_tuple!(6: A 0, B 1, C 2, D 3, E 4, F 5);

/// The parameter of this name, as `#[derive(PathParams)]` reads a field.
///
/// # Errors
/// 400 if the value does not fit; 500 if the route has no such parameter.
pub fn named_param<T: PathParam>(parts: &Parts, name: &str) -> Result<T> {
    let names = parts.route().map_or(&[][..], |route| &route.params);
    match names.iter().position(|known| known.name == name) {
        Some(index) => value(parts, index),
        None => Err(no_such_param(parts, name)),
    }
}

fn value<T: PathParam>(parts: &Parts, index: usize) -> Result<T> {
    let Some((name, text)) = parts.param_at(index) else { return Err(undecodable(parts, index)) };
    T::parse(&text).ok_or_else(|| refused(name, &text, T::EXPECTS))
}

#[cold]
fn refused(name: &str, text: &str, expects: &'static str) -> Error {
    Rejection::unexpected(Place::Path, name, expects, text).into()
}

#[cold]
fn undecodable(parts: &Parts, index: usize) -> Error {
    let name = parts.route().and_then(|route| route.params.get(index)).map_or("", |param| &param.name);
    let fault = Fault::Malformed("is not valid UTF-8".into());
    Rejection::of(Place::Path, FieldPath::from(name), fault).into()
}

fn expect_count(parts: &Parts, wanted: usize) -> Result<()> {
    if parts.param_count() == wanted { Ok(()) } else { Err(wrong_count(parts, wanted)) }
}

#[cold]
fn wrong_count(parts: &Parts, wanted: usize) -> Error {
    let (pattern, handler) = parts.route().map_or(("?", "?"), |route| (&route.pattern, route.handler));
    Error::internal(format!(
        "the handler {handler} takes {wanted} path parameter(s), but its route `{pattern}` has {}",
        parts.param_count()
    ))
}

#[cold]
fn no_such_param(parts: &Parts, name: &str) -> Error {
    let (pattern, handler) = parts.route().map_or(("?", "?"), |route| (&route.pattern, route.handler));
    Error::internal(format!(
        "the handler {handler} takes the path parameter `{name}`, which its route `{pattern}` does not have"
    ))
}

#[cfg(test)]
mod tests {
    use super::PathParam;

    #[test]
    fn a_number_has_one_spelling() {
        for odd in ["+1", "01", "-01", "-0", "00", "", "1.0"] {
            assert_eq!(i64::parse(odd), None, "{odd}");
        }
        assert_eq!((i64::parse("0"), i64::parse("-10"), u8::parse("255")), (Some(0), Some(-10), Some(255)));
    }

    #[test]
    fn no_number_is_infinite() {
        for odd in ["1e400", "-1e400", "inf", "NaN", "infinity"] {
            assert_eq!(f64::parse(odd), None, "{odd}");
        }
        assert_eq!(
            (f32::parse("1e39"), f32::parse("0.5"), f64::parse("1e39")),
            (None, Some(0.5), Some(1e39))
        );
    }
}
