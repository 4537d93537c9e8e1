//! A small app, as one would be written.

pub mod handlers;
pub mod router;
