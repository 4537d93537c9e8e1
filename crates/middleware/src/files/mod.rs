//! Files as responses: ranges, conditions, encodings, and reading them from the disk.
//!
//! [`SendFile`] is for handlers; [`StaticFiles`](crate::StaticFiles) serves a whole folder. Both speak the same HTTP:
//! validators and preconditions (RFC 9110, section 13), one range of bytes (section 14), and for folders variants
//! that were compressed beforehand (section 12.5.3).
//!
//! | module | holds |
//! |---|---|
//! | `send_file` | [`SendFile`]: a handler's argument that sends a file |
//! | [`range`] | which bytes a `Range` asks for |
//! | [`encoding`] | which variant an `Accept-Encoding` prefers |
//! | `conditions` | `If-Match` and its kind |
//! | `validators` | `ETag` and `Last-Modified` |
//! | [`disposition`] | names of downloads |
//! | `disk` | opening and reading files |
//! | `content_type` | media types by a name's extension |

mod conditions;
pub(crate) mod content_type;
pub(crate) mod disk;
pub mod disposition;
pub mod encoding;
pub mod range;
mod representation;
mod send_file;
mod validators;

pub(crate) use conditions::Conditions;
pub(crate) use representation::Representation;
pub use send_file::SendFile;
pub(crate) use send_file::{is_plain, slice};
pub(crate) use validators::{ETag, Modified, Validators};
