//! The sample app, called in process: what each address answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod bad_input;
mod comments;
mod events;
mod pages;
mod posts;
mod uploads;

use std::ops::Deref;
use std::path::PathBuf;

use example_app::SiteConfig;
use example_app::models::{Comment, Post};
use zzz::Settings;
use zzz::db::sandbox::SandboxOptions;
use zzz::db::{DatabaseConfig, Repo};
use zzz_testing::{TempDatabase, TestClient};

/// The app in a sandbox of its own, and a browser on it. Tests run side by side.
struct App {
    client: TestClient,
    repo: Repo,
    /// Where images are.
    folder: TempDatabase,
}

impl App {
    async fn start() -> Self {
        Self::start_in(SandboxOptions::new()).await
    }

    async fn start_in(sandbox: SandboxOptions) -> Self {
        let folder = TempDatabase::new();
        let uploads = folder.folder().join("uploads");
        let settings = Settings::test().sandbox_with(sandbox);
        let mut settings = settings.set::<SiteConfig>("uploads", uploads.display().to_string());
        // `cargo xtask test` runs these tests once more on each server.
        if let Ok(server) = std::env::var("ZZZ_TEST_APP_SERVER") {
            settings = settings.set::<DatabaseConfig>("url", on(&server));
        }
        let booted = zzz::boot(example_app::app(), settings).await.unwrap();
        let client = TestClient::new(booted.endpoint().clone());
        Self { client, repo: booted.repo().unwrap().clone(), folder }
    }

    /// The folder of images.
    fn uploads(&self) -> PathBuf {
        self.folder.folder().join("uploads")
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

/// The database that these tests' sandboxes are named after, on a server.
fn on(server: &str) -> String {
    let (address, options) = server.split_once('?').unwrap_or((server, ""));
    let (place, _) = address.rsplit_once('/').unwrap();
    format!("{place}/example_app_test?{options}")
}

impl Deref for App {
    type Target = TestClient;
    fn deref(&self) -> &TestClient {
        &self.client
    }
}
