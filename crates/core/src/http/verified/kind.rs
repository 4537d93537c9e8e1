//! Numbers that stand for types: what a constant knows of a handler's parameters, and how the compiler finds the
//! type again.
//!
//! A handler's type can not be named, so neither can the types of its parameters. But a constant can be made from
//! it, a constant can be a generic argument, and `Kind<THAT>: TypeOf<T>` holds for one `T` alone.

use super::Any;
use super::fit::same;
use crate::http::inspect::HandlerShape;

/// A parameter that no handler gives a type: it takes values of every type.
pub const ANY: u64 = 0;

/// The type with this number.
#[derive(Debug)]
pub struct Kind<const KIND: u64>;

/// Says which type has a number; `#[derive(PathParam)]` does it for types of your own.
pub trait TypeOf<T> {
    /// What a bare number (`path!("/posts/{7}")`) is here.
    type Number;
}

impl TypeOf<Any> for Kind<ANY> {
    type Number = i64;
}

macro_rules! kinds {
    ($($name:ident = $number:literal: $type:ty, $literal:ty;)*) => {$(
        #[doc = concat!("`", stringify!($type), "`")]
        pub const $name: u64 = $number;

        impl TypeOf<$type> for Kind<$number> {
            type Number = $literal;
        }
    )*};
}
kinds! {
    U8 = 1: u8, u8;
    U16 = 2: u16, u16;
    U32 = 3: u32, u32;
    U64 = 4: u64, u64;
    U128 = 5: u128, u128;
    USIZE = 6: usize, usize;
    I8 = 7: i8, i8;
    I16 = 8: i16, i16;
    I32 = 9: i32, i32;
    I64 = 10: i64, i64;
    I128 = 11: i128, i128;
    ISIZE = 12: isize, isize;
    F32 = 13: f32, f32;
    F64 = 14: f64, f64;
    BOOL = 15: bool, i32;
    CHAR = 16: char, i32;
    STRING = 17: String, i32;
}

/// `uuid::Uuid`, with the feature `uuid`
pub const UUID: u64 = 18;
/// `chrono::NaiveDate`, with the feature `chrono`
pub const NAIVE_DATE: u64 = 19;
/// `chrono::NaiveDateTime`, with the feature `chrono`
pub const NAIVE_DATE_TIME: u64 = 20;
/// `chrono::DateTime<Utc>`, with the feature `chrono`
pub const DATE_TIME_UTC: u64 = 21;

/// The number of a type of an app's own, from its path (FNV-1a); never one of those above.
#[must_use]
pub const fn of(module: &str, name: &str) -> u64 {
    let mut hash = hash_on(0xcbf2_9ce4_8422_2325, module);
    hash = hash_on(hash, "::");
    hash_on(hash, name) | 1 << 63
}

const fn hash_on(mut hash: u64, text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// The table of this number.
#[derive(Debug)]
pub struct Of<const TABLE: u64>;

/// The handlers of a table, as `router!` finds them. `Local` is a type of the app, which makes the implementation the
/// app's own; nobody needs to name it.
pub trait Table<Local> {
    /// What they take from the path, by their group, list, and place in it.
    const SHAPES: Shapes;
}

/// What handlers take from the path, by their group, list, and place in it.
pub type Shapes = &'static [&'static [&'static [HandlerShape]]];

/// The place of a handler: its group, list, and place in it.
pub type HandlerPlace = [usize; 3];

/// The kind of a parameter of a path: of `names`, the one at `index`, by the handlers of this path. [`ANY`] if none of
/// them says. Whether they agree is not asked here.
#[must_use]
pub const fn at<const TABLE: u64, Local>(names: &[&str], handlers: &[HandlerPlace], index: usize) -> u64
where
    Of<TABLE>: Table<Local>,
{
    let shapes = <Of<TABLE> as Table<Local>>::SHAPES;
    let mut at = 0;
    while at < handlers.len() {
        let [group, list, place] = handlers[at];
        let paths = shapes[group][list][place].paths;
        let mut argument = 0;
        while argument < paths.len() {
            if let Some(shape) = paths[argument] {
                let mut param = 0;
                while param < shape.params.len() {
                    let is_it = if shape.by_name {
                        index < names.len() && same(names[index], shape.params[param].name)
                    } else {
                        param == index
                    };
                    if is_it && shape.params[param].kind != ANY {
                        return shape.params[param].kind;
                    }
                    param += 1;
                }
            }
            argument += 1;
        }
        at += 1;
    }
    ANY
}
