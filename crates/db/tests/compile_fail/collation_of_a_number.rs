//! Numbers have no collation, and a column has a type.

use zzz_db::migration::*;

pub fn change(m: &mut Change) {
    m.create_table("posts", |t| {
        t.add("views", integer().collation("C"));
        t.add("title", "text");
    });
}

fn main() {}
