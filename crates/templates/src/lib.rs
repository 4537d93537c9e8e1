//! Templates of zzz, on minijinja (Jinja2's language).
//!
//! [`Templates`] holds an app's templates: embedded in the binary they are parsed once at the start, read from
//! the disk they show every change at once. A page is rendered into its layout: the page's output is the
//! layout's `content`, and what the page sets at its top level (`{% set title = "..." %}`) is visible there.
//! Files whose names end in `.html` are escaped; a variable that does not exist is an error, not an empty text.
//!
//! ```
//! use std::sync::Arc;
//! use zzz_core::http::Embedded;
//! use zzz_templates::Templates;
//!
//! const FILES: Embedded = Embedded(&[
//!     ("hello.html", b"{% set title = 'Hi' %}<p>Hello, {{ name }}!</p>"),
//!     ("layouts/app.html", b"<title>{{ title }}</title>{{ content }}"),
//! ]);
//! #[derive(serde::Serialize)]
//! struct Hello {
//!     name: &'static str,
//! }
//!
//! let templates = Templates::new(Arc::new(FILES)).layout("app").build().unwrap();
//! let page = templates.page("hello.html", &Hello { name: "<Ada>" }).unwrap();
//! assert_eq!(page, "<title>Hi</title><p>Hello, &lt;Ada&gt;!</p>");
//! ```
//!
//! In a handler, [`View`] is the extractor that renders with what the request's middleware shared (flash
//! messages, the current user).
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `engine` | [`Templates`], [`TemplatesBuilder`] |
//! | `names` | what variables stand for |
//! | `view` | [`View`] |
//! | `escape` | how values are written |
//! | `error` | [`TemplateError`] |

mod engine;
mod error;
mod escape;
mod names;
mod view;

pub use engine::{Templates, TemplatesBuilder};
pub use error::TemplateError;
pub use minijinja;
pub use view::View;
