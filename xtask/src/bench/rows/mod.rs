//! The rows, one file each: what is asked for, and what a right answer is.
//!
//! A new row is a file here, a line in [`ROWS`], and the route in the servers under `benches/`; each contender
//! that answers it names it in its own file.

mod db;
mod fortunes;
mod json;
mod plaintext;
mod queries;
mod updates;
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
    /// Whether it needs a database with the tables of [`world`](super::world).
    pub(crate) database: bool,
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
    /// A row of `world` as JSON, as the database has it.
    World,
    /// So many different rows of `world` as JSON, as the database has them.
    Worlds(usize),
    /// The same, and they have other numbers in the database than they had before.
    Changed(usize),
    /// The page of fortunes.
    Fortunes,
}

impl Answer {
    /// How its content type begins.
    pub(crate) fn content_type(&self) -> &'static str {
        match self {
            Answer::Body { content_type, .. } => content_type,
            Answer::Refused => "",
            Answer::World | Answer::Worlds(_) | Answer::Changed(_) => "application/json",
            Answer::Fortunes => "text/html",
        }
    }

    /// Whether it shows rows of `world`.
    pub(crate) fn shows_rows(&self) -> bool {
        matches!(self, Answer::World | Answer::Worlds(_) | Answer::Changed(_))
    }
}

/// Every row, in the order of the page.
pub(crate) const ROWS: &[Row] =
    &[plaintext::ROW, json::ROW, users::ROW, upload::ROW, db::ROW, queries::ROW, updates::ROW, fortunes::ROW];
