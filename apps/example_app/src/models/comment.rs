//! [`Comment`]: what somebody says under a post.

use chrono::{DateTime, Utc};
use serde::Serialize;
use zzz::prelude::*;

/// What somebody says under a post.
#[derive(Schema, Serialize, Debug, Clone, Default, PartialEq)]
#[schema(table = "comments", timestamps)]
pub struct Comment {
    /// Its number.
    pub id: i64,
    /// The post it stands under.
    pub post_id: i64,
    /// Plain text of 1 to 2,000 characters.
    pub body: String,
    /// When it was written.
    pub inserted_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Comment {
    /// `comment` with what a form says of it.
    #[must_use]
    pub fn changeset(comment: Self, params: &Params) -> Changeset<Self> {
        Changeset::new(comment)
            .cast(params, fields![body])
            .validate_required(fields![body])
            .validate_length(Self::body, 1..=2_000)
            .foreign_key(Self::post_id)
    }
}
