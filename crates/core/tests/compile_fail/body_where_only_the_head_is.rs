//! Only the last argument may take the body.

use zzz_core::http::{Form, FromRequestParts};
use zzz_core::Params;

fn argument<T: FromRequestParts>() {}

fn main() {
    argument::<Form<Params>>();
}
