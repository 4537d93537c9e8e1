//! The handlers: pages, posts, comments, events, the JSON API.

pub mod api;
pub mod comments;
pub mod events;
pub mod pages;
pub mod posts;
