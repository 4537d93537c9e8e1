//! A value is registered as if it were a constructor.

use zzz_core::ServicesBuilder;

struct Gallery;

fn main() {
    ServicesBuilder::new().transient(Gallery);
}
