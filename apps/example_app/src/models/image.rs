//! [`Image`]: the image of a post.

use chrono::{DateTime, Utc};
use serde::Serialize;
use zzz::prelude::*;

/// The image of a post; the file itself is in a folder of the site's.
#[derive(Schema, Serialize, Debug, Clone, Default, PartialEq)]
#[schema(table = "images", timestamps)]
pub struct Image {
    /// Its number.
    pub id: i64,
    /// The post that it belongs to, which has no other.
    pub post_id: i64,
    /// The file in the folder of uploads: a name of our own.
    pub file: String,
    /// What it is by its content.
    pub media_type: String,
    /// Its length.
    pub byte_size: i64,
    /// What the file was called where it came from, for people who save it.
    pub name: String,
    /// What it shows, for people who do not see it: at most 200 characters, may be empty.
    pub alt: String,
    /// When the post got its first image.
    pub inserted_at: DateTime<Utc>,
    /// When it got this one.
    pub updated_at: DateTime<Utc>,
}

impl Image {
    /// `image` with what a form says of it; the file is none of the form's texts.
    #[must_use]
    pub fn changeset(image: Self, params: &Params) -> Changeset<Self> {
        let mut changeset = Changeset::new(image).cast(params, fields![post_id, alt]);
        // A number that was never set is 0, which is no post's.
        if changeset.is_valid() && changeset.get_field(Self::post_id) == Some(0) {
            changeset = changeset.add_error(Self::post_id, "can't be blank");
        }
        changeset.validate_length(Self::alt, ..=200).foreign_key(Self::post_id).unique(Self::post_id)
    }
}
