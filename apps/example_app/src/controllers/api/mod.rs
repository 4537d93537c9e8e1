//! The JSON API.

pub mod posts;
