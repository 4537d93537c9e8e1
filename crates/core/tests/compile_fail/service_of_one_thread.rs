//! A service that can not be shared between threads.

use std::cell::Cell;
use zzz_core::ServicesBuilder;

struct Counter(Cell<u32>);

fn main() {
    ServicesBuilder::new().singleton(|| Counter(Cell::new(0)));
}
