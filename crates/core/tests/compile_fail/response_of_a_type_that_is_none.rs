//! A number is no response.

use zzz_core::http::IntoResponse;

fn answer<T: IntoResponse>(_: T) {}

fn main() {
    answer(7_u32);
}
