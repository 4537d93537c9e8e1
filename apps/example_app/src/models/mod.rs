//! Posts, their images and comments: their fields, and what a valid one is.

mod comment;
mod image;
mod post;

pub use comment::Comment;
pub use image::Image;
pub use post::Post;
