//! A constructor takes a value that is no service: it is named, with what to write instead.

use zzz_core::{ServicesBuilder, Svc};

struct Config;
struct Gallery;

impl Gallery {
    fn new(_config: Svc<Config>, _folder: String) -> Self {
        Self
    }
}

fn main() {
    ServicesBuilder::new().singleton(Gallery::new);
}
