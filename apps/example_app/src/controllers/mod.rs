//! The handlers: pages, posts, comments, the JSON API.

pub mod api;
pub mod comments;
pub mod pages;
pub mod posts;
