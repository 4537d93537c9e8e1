//! A constructor takes a reference.

use zzz_core::ServicesBuilder;

struct Config;
struct Gallery;

fn gallery(_config: &'static Config) -> Gallery {
    Gallery
}

fn main() {
    ServicesBuilder::new().per_request(gallery);
}
