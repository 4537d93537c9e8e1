//! A method is always there: an `Option` around it says nothing.

use zzz_core::http::{FromRequestParts, Method};

fn argument<T: FromRequestParts>() {}

fn main() {
    argument::<Option<Method>>();
}
