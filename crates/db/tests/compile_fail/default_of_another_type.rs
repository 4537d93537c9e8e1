//! A default has the type of its column.

use zzz_db::migration::*;

pub fn change(m: &mut Change) {
    m.create_table("posts", |t| {
        t.add("views", integer().default("none"));
    });
}

fn main() {}
