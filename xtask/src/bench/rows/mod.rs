//! The rows, one file each: what is asked for, and what a right answer is.
//!
//! A new row is a file here, a line in [`ROWS`], and the route in the servers under `benches/`; each contender
//! that answers it names it in its own file.

mod json;
mod plaintext;
mod upload;
mod users;

/// One thing that every contender is asked to do.
pub(crate) struct Row {
    /// How `cargo xtask bench NAME` calls it.
    pub(crate) name: &'static str,
    /// What it does, for the page.
    pub(crate) does: &'static str,
    /// What the load asks for.
    pub(crate) path: &'static str,
    /// What it sends along.
    pub(crate) sends: Sends,
    /// What is asked with GET before anything is measured, and what has to come back.
    pub(crate) checks: &'static [Check],
}

/// What a request sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sends {
    /// Nothing: it is a GET.
    Nothing,
    /// A POST of a form with a file of so many bytes. The right answer is that number as text.
    File(u64),
}

/// A GET request and its right answer.
pub(crate) struct Check {
    /// What is asked for.
    pub(crate) path: &'static str,
    /// The answer.
    pub(crate) answer: Answer,
}

/// What a right answer is.
pub(crate) enum Answer {
    /// 200 with this body, and a content type that begins so.
    Body {
        /// Such as `text/plain`.
        content_type: &'static str,
        /// All of it.
        body: &'static str,
    },
    /// Any status from 400 to 499.
    Refused,
}

/// Every row, in the order of the page.
pub(crate) const ROWS: &[Row] = &[plaintext::ROW, json::ROW, users::ROW, upload::ROW];
