//! The sample app, called in process: what each address answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod bad_input;
mod comments;
mod database;
mod events;
mod pages;
mod posts;
mod uploads;

use std::ops::Deref;
use std::path::PathBuf;

use example_app::SiteConfig;
use example_app::models::{Comment, Post};
use zzz::Settings;
use zzz::db::{DatabaseConfig, Repo};
use zzz_testing::TestClient;

use database::Database;

/// The app on an empty database of its own, and a browser on it.
struct App {
    client: TestClient,
    repo: Repo,
    /// The database's folder, in which images are, too.
    database: Database,
}

impl App {
    async fn start() -> Self {
        let database = Database::new().await;
        let settings = Settings::test()
            .set::<DatabaseConfig>("url", database.url())
            .set::<SiteConfig>("uploads", database.folder().join("uploads").display().to_string());
        let booted = zzz::boot(example_app::app(), settings).await.unwrap();
        booted.migrate().await.unwrap();
        let client = TestClient::new(booted.endpoint().clone());
        Self { client, repo: booted.repo().unwrap().clone(), database }
    }

    /// The folder of images.
    fn uploads(&self) -> PathBuf {
        self.database.folder().join("uploads")
    }

    async fn a_post(&self, title: &str) -> Post {
        let url = Some("https://example.org/a".to_owned());
        let post = Post { title: title.into(), url, body: "Some text.".into(), ..Post::default() };
        self.repo.insert(post).await.unwrap()
    }

    async fn a_comment(&self, post: &Post, body: &str) -> Comment {
        let comment = Comment { post_id: post.id, body: body.into(), ..Comment::default() };
        self.repo.insert(comment).await.unwrap()
    }

    /// How many posts and comments there are.
    async fn rows(&self) -> (u64, u64) {
        (Post::query().count(&self.repo).await.unwrap(), Comment::query().count(&self.repo).await.unwrap())
    }
}

impl Deref for App {
    type Target = TestClient;
    fn deref(&self) -> &TestClient {
        &self.client
    }
}
