//! Posts are what the site is about.

use zzz::migration::*;

pub fn change(m: &mut Change) {
    m.create_table("posts", |t| {
        t.add("title", text().not_null());
        t.add("url", text());
        t.add("body", text().not_null());
        t.timestamps();
    });
}
