//! A post has one image at most, and an image a file of its own.

use zzz::migration::*;

pub fn change(m: &mut Change) {
    m.create_table("images", |t| {
        t.add("post_id", references("posts").on_delete(OnDelete::DeleteAll).not_null());
        t.add("file", string(255).not_null());
        t.add("media_type", string(255).not_null());
        t.add("byte_size", bigint().not_null());
        t.add("name", text().not_null());
        t.add("alt", text().not_null());
        t.timestamps();
    });
    m.create_index(unique_index("images", ["post_id"]));
    m.create_index(unique_index("images", ["file"]));
}
