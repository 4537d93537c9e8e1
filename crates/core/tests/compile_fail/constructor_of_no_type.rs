//! A constructor that may fail is registered without the type that it makes.

use zzz_core::ServicesBuilder;

struct Keys;

fn load() -> zzz_core::Result<Keys> {
    Ok(Keys)
}

fn main() {
    ServicesBuilder::new().singleton(load);
}
