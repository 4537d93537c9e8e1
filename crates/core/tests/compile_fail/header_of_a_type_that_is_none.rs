//! A number has no header's name.

use zzz_core::http::{FromRequestParts, TypedHeader};

fn argument<T: FromRequestParts>() {}

fn main() {
    argument::<TypedHeader<u32>>();
}
