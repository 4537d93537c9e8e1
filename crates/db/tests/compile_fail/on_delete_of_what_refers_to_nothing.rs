//! Only a column that refers to another table has something to do when a row of that is deleted.

use zzz_db::migration::*;

pub fn change(m: &mut Change) {
    m.alter_table("posts", |t| {
        t.add("author_id", bigint().on_delete(OnDelete::DeleteAll));
    });
}

fn main() {}
