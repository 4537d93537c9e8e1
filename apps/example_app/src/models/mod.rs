//! Posts and comments: their fields, and what a valid one is.

mod comment;
mod post;

pub use comment::Comment;
pub use post::Post;
