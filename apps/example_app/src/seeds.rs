//! Sample content: thirty posts and a hundred comments, told from `seeds/posts.json`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use zzz::prelude::*;

use crate::models::{Comment, Post};

const POSTS: &str = include_str!("../seeds/posts.json");

#[derive(Deserialize)]
struct SeedPost {
    title: String,
    url: Option<String>,
    body: String,
    age_minutes: i64,
    comments: Vec<SeedComment>,
}

#[derive(Deserialize)]
struct SeedComment {
    body: String,
    age_minutes: i64,
}

/// Adds the sample content, all of it or nothing.
///
/// # Errors
/// If the database refuses it.
pub async fn sow(repo: Repo) -> Result<()> {
    let mut posts: Vec<SeedPost> = serde_json::from_str(POSTS)?;
    // The oldest first, so that numbers grow with time.
    posts.sort_by_key(|post| std::cmp::Reverse(post.age_minutes));
    let now = Utc::now();
    repo.transaction(async |tx| {
        for seed in posts {
            let at = before(now, seed.age_minutes);
            let SeedPost { title, url, body, comments, .. } = seed;
            let post: Post = tx
                .insert(Post { title, url, body, inserted_at: at, updated_at: at, ..Post::default() })
                .await?;
            let mut comments: Vec<Comment> =
                comments.into_iter().map(|seed| comment(&post, seed, now)).collect();
            comments.sort_by_key(|comment| comment.inserted_at);
            tx.insert_all(comments).await?;
        }
        Ok::<_, Error>(())
    })
    .await
}

fn comment(post: &Post, seed: SeedComment, now: DateTime<Utc>) -> Comment {
    let at = before(now, seed.age_minutes);
    Comment { post_id: post.id, body: seed.body, inserted_at: at, updated_at: at, ..Comment::default() }
}

fn before(now: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    now - TimeDelta::minutes(minutes)
}
