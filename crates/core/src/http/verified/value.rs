//! [`PathValue`]: which value fits a parameter of which type.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use super::PathWriter;

/// The type of a parameter that no handler gives a type.
#[derive(Debug)]
pub enum Any {}

/// A value that may stand in a path where the route takes a `T`.
///
/// Numbers fit where nothing of them can get lost (an `i32` where the route takes an `i64`), texts fit texts whatever
/// holds them, and references fit like what they refer to. `#[derive(PathParam)]` makes a type fit itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit a path parameter of type `{T}`",
    label = "the route takes `{T}` here",
    note = "the type of a parameter is what the route's handlers say in their `Path<...>`"
)]
pub trait PathValue<T> {
    /// Writes the value as one segment or a part of one.
    fn write(&self, path: &mut PathWriter);
}

#[diagnostic::do_not_recommend]
impl<T, V: PathValue<T> + ?Sized> PathValue<T> for &V {
    fn write(&self, path: &mut PathWriter) {
        (**self).write(path);
    }
}

macro_rules! displayed {
    ($($target:ty: $($value:ty)*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl PathValue<$target> for $value {
            fn write(&self, path: &mut PathWriter) {
                path.display(self);
            }
        }
    )*)*};
}
displayed! {
    u8: u8;
    u16: u8 u16;
    u32: u8 u16 u32;
    u64: u8 u16 u32 u64;
    u128: u8 u16 u32 u64 u128 usize;
    usize: u8 u16 u32 usize;
    i8: i8;
    i16: i8 u8 i16;
    i32: i8 u8 i16 u16 i32;
    i64: i8 u8 i16 u16 i32 u32 i64;
    i128: i8 u8 i16 u16 i32 u32 i64 u64 i128 usize isize;
    isize: i8 u8 i16 u16 i32 isize;
    f32: f32;
    f64: f32 f64;
    bool: bool;
    char: char;
    Any: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char;
}

macro_rules! texts {
    ($($target:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl PathValue<$target> for str {
            fn write(&self, path: &mut PathWriter) {
                path.encoded(self);
            }
        }
        texts!($target: String, Cow<'_, str>, Box<str>, Arc<str>);
    )*};
    ($target:ty: $($value:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl PathValue<$target> for $value {
            fn write(&self, path: &mut PathWriter) {
                path.encoded(self);
            }
        }
    )*};
}
texts!(String, Any);

/// A value that may stand for `*rest`: a text, whose slashes stay slashes, or a list of segments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not stand for the rest of a path",
    label = "not a text, and not a list of segments",
    note = "use a text with slashes (`\"a/b\"`), or a list of texts or numbers, one for each segment"
)]
pub trait RestValue {
    /// Writes the segments, with slashes between them.
    fn write_rest(&self, path: &mut PathWriter);
}

impl<V: RestValue + ?Sized> RestValue for &V {
    fn write_rest(&self, path: &mut PathWriter) {
        (**self).write_rest(path);
    }
}

macro_rules! rest_texts {
    ($($value:ty),*) => {$(
        impl RestValue for $value {
            fn write_rest(&self, path: &mut PathWriter) {
                // A slash at the beginning would make `//`, which browsers take for another site.
                for (at, segment) in self.trim_start_matches('/').split('/').enumerate() {
                    if at > 0 {
                        path.text("/");
                    }
                    path.encoded(segment);
                }
            }
        }
    )*};
}
rest_texts!(str, String, Cow<'_, str>, Box<str>, Arc<str>);

impl<V: Display> RestValue for [V] {
    fn write_rest(&self, path: &mut PathWriter) {
        for (at, segment) in self.iter().enumerate() {
            if at > 0 {
                path.text("/");
            }
            path.display(segment);
        }
    }
}

impl<V: Display, const N: usize> RestValue for [V; N] {
    fn write_rest(&self, path: &mut PathWriter) {
        self.as_slice().write_rest(path);
    }
}

impl<V: Display> RestValue for Vec<V> {
    fn write_rest(&self, path: &mut PathWriter) {
        self.as_slice().write_rest(path);
    }
}
