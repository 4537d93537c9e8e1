//! Nightowl, the sample app of zzz: a small link-sharing site with talk.
//!
//! | module | holds |
//! |---|---|
//! | [`router`] | which handler answers which address |
//! | [`controllers`] | the handlers: pages, posts, comments, the JSON API |
//! | [`client`] | what a client wants |
//! | [`models`] | posts and comments: their fields, and what a valid one is |
//! | [`listing`] | pages, order and search of lists |
//! | [`feed`] | tells open pages of new posts |
//! | [`gallery`] | the files of images |
//! | [`filters`] | `ago` and `date` for templates |
//! | [`seeds`] | sample content |
//!
//! Templates, static files, migrations and the configuration are in the folders of these names at the root.

pub mod client;
pub mod controllers;
pub mod feed;
pub mod filters;
pub mod gallery;
pub mod listing;
pub mod models;
pub mod router;
pub mod seeds;

use zzz::ServicesBuilder;
use zzz::prelude::*;

zzz::config_section! {
    /// The site itself.
    pub struct SiteConfig in "site" {
        /// How many posts a page shows.
        per_page: u64 = 20, in 1..=100;
        /// The folder of uploaded images; a relative path starts at the root.
        uploads: String = "data/uploads".into();
    }
}

/// The services of the app's own.
pub fn services(services: &mut ServicesBuilder) {
    services.singleton(feed::Feed::default);
    services.singleton(gallery::Gallery::new);
}

/// The app: what it is made of, before anything runs.
#[must_use]
pub fn app() -> App {
    App::new("example_app")
        .config::<SiteConfig>()
        .services(services)
        .templates(folder!("templates"))
        .template_setup(filters::add)
        .migrations(migrations!("migrations"))
        .seed(seeds::sow)
        .router(router::router)
}
