//! [`Path`]: the parameters of the route.

use super::FromRequestParts;
use crate::http::Parts;
use crate::{Error, Result};

/// The parameters of the route, in their order: `Path<i64>` for `/posts/:id`, `Path<(i64, i64)>` for
/// `/posts/:post_id/comments/:id`.
///
/// A value that does not fit its type is answered with 400, naming the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path<T>(pub T);

/// A type that one path parameter may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be a path parameter",
    note = "use a number, a String, a bool or a char, or implement `PathParam`"
)]
pub trait PathParam: Sized {
    /// What is expected, for the message: `a whole number`.
    const EXPECTS: &'static str;

    /// Reads the percent-decoded text; `None` if it is not what is expected.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! path_param {
    ($($type:ty),* => $expects:literal) => {$(
        impl PathParam for $type {
            const EXPECTS: &'static str = $expects;
            fn parse(text: &str) -> Option<Self> {
                // `parse` takes a plus sign, which would give one resource two addresses.
                if text.starts_with('+') { None } else { text.parse().ok() }
            }
        }
    )*};
}
path_param!(u8, u16, u32, u64, usize, i8, i16, i32, i64 => "a whole number");
path_param!(bool => "true or false");

impl PathParam for String {
    const EXPECTS: &'static str = "a text";
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl PathParam for char {
    const EXPECTS: &'static str = "one character";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// All parameters of a route together: one [`PathParam`], or a tuple of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not hold a route's path parameters",
    note = "use one type (`Path<i64>`) or a tuple with one type for each parameter (`Path<(i64, String)>`)"
)]
pub trait PathValues: Sized {
    /// Reads them from the request.
    ///
    /// # Errors
    /// 400 if a value does not fit; 500 if the route has another number of parameters.
    fn from_parts(parts: &Parts) -> Result<Self>;
}

impl<T: PathValues + Send> FromRequestParts for Path<T> {
    async fn from_request_parts(parts: &mut Parts) -> Result<Self> {
        T::from_parts(parts).map(Self)
    }
}

impl<T: PathParam> PathValues for T {
    fn from_parts(parts: &Parts) -> Result<Self> {
        expect_count(parts, 1)?;
        value(parts, 0)
    }
}

macro_rules! path_tuple {
    ($count:literal: $($type:ident $index:literal),*) => {
        impl<$($type: PathParam),*> PathValues for ($($type,)*) {
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

fn value<T: PathParam>(parts: &Parts, index: usize) -> Result<T> {
    let Some((name, text)) = parts.param_at(index) else {
        return Err(Error::bad_request("The path is not valid UTF-8."));
    };
    T::parse(&text).ok_or_else(|| refused(name, &text, T::EXPECTS))
}

#[cold]
fn refused(name: &str, text: &str, expects: &str) -> Error {
    let shown: String = text.chars().take(60).collect();
    Error::bad_request(format!("The path parameter `{name}` must be {expects}, not `{shown}`."))
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
