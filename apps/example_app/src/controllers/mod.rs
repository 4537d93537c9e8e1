//! The handlers: pages, posts, their images, comments, events, the JSON API.

pub mod api;
pub mod comments;
pub mod events;
pub mod images;
pub mod pages;
pub mod posts;
