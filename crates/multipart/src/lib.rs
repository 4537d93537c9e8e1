//! Uploads: `multipart/form-data` (RFC 7578 on RFC 2046), streamed, strict, and without copies.
//!
//! [`Multipart`] is a handler's last argument and gives part after part, each of which is read as a stream, into
//! memory, or into a file. [`MultipartForm`] reads a whole form at once, its texts as a type, its files to temporary
//! places. Neither ever holds a whole file in memory.
//!
//! ```
//! use zzz_core::Result;
//! use zzz_multipart::{FileKind, Multipart};
//!
//! async fn upload(mut form: Multipart) -> Result<String> {
//!     while let Some(mut part) = form.next_part().await? {
//!         if part.name() == "image" && part.kind().await? == Some(FileKind::Png) {
//!             let image = part.limit(5 << 20).bytes(5 << 20).await?;
//!             return Ok(format!("a PNG of {} bytes", image.len()));
//!         }
//!     }
//!     Ok("no PNG".to_owned())
//! }
//! # use zzz_core::http::{HandlerExt, Request, now_or_never};
//! # let body = b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\n\x89PNG\r\n\x1a\n\r\n--x--";
//! # let request = Request::post("/", &body[..]).with_header("content-type", "multipart/form-data; boundary=x");
//! # let response = now_or_never(upload.erase().call(request)).unwrap();
//! # assert_eq!(response.into_body().full_bytes().unwrap(), "a PNG of 8 bytes");
//! ```
//!
//! # What is refused
//!
//! What the RFCs call wrong is answered with 400 and never guessed at: a boundary of other than 1 to 70 allowed
//! characters, a bare LF or CR in a head, a folded or nameless header, a `Content-Disposition` that is missing, double,
//! not `form-data`, or without a name, a name that is not UTF-8, a `Content-Transfer-Encoding` other than `binary`,
//! `8bit` and `7bit`, a boundary with something behind it, a body that ends before its last boundary, more than 1,024
//! bytes before the first boundary and behind the last one. `filename*`, which RFC 7578 forbids, is never read; beside a
//! `filename` it is passed over, since .NET's `HttpClient` sends both, and alone it is refused.
//!
//! # Limits
//!
//! | limit | default | beyond it |
//! |---|---|---|
//! | the body: the route's `Limits::body`, else `[upload] max_total` | 2MiB | 413, before it is read where `Content-Length` tells |
//! | `max_fields`, `max_files` | 1000, 100 | 413 |
//! | `max_part_head` | 8KiB | 400 |
//! | one part: [`Part::limit`], and what [`Part::bytes`] and [`Part::text`] are given | none | 413 |
//! | all texts of a [`MultipartForm`]: `max_text` | 2MiB | 413 |
//!
//! # Files
//!
//! Client's names never become paths: temporary files have names of ours, and where a file is saved is the app's word.
//! A temporary file is removed when its [`TempFile`] is dropped: on success, on an error, in a panic, when the client
//! breaks off and the handler is dropped. What a killed process leaves is in a folder that [`TempFolder::sweep`] knows.
//!
//! Writing needs tokio; parsing alone does not.
//!
//! # Map
//!
//! | file | holds |
//! |---|---|
//! | `multipart`, `part`, `form` | [`Multipart`], [`Part`], [`MultipartForm`], [`Files`], [`Upload`] |
//! | `boundary`, `head`, `parameters`, `parser` | the grammar; `parser` does no I/O |
//! | `config`, `uploads` | [`UploadConfig`], the service [`Uploads`] |
//! | `spool` | [`TempFolder`], [`TempFile`], saving |
//! | `file_kind`, `file_name` | [`FileKind`], names for people |
//! | `error` | [`MultipartError`] |

mod boundary;
mod config;
mod error;
mod file_kind;
mod file_name;
mod form;
mod head;
mod multipart;
mod parameters;
mod parser;
mod part;
mod spool;
mod uploads;

pub use boundary::Boundary;
pub use config::UploadConfig;
pub use error::MultipartError;
pub use file_kind::FileKind;
pub use form::{Files, MultipartForm, Upload};
pub use multipart::Multipart;
pub use part::Part;
pub use spool::{TempFile, TempFolder};
pub use uploads::Uploads;
