//! Comments go with their post.

use zzz::migration::*;

pub fn change(m: &mut Change) {
    m.create_table("comments", |t| {
        t.add("post_id", references("posts").on_delete(OnDelete::DeleteAll).not_null());
        t.add("body", text().not_null());
        t.timestamps();
    });
    m.create_index(index("comments", ["post_id"]));
}
