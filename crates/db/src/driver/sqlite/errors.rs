//! SQLite's errors as ours.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Constraint, ConstraintKind};
use crate::{Error, ErrorKind};

/// A statement's failure. The SQL is shown, its values are not.
#[cold]
pub(super) fn statement(error: rusqlite::Error, sql: &str) -> Error {
    let message = match &error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let Some(code) = error.sqlite_error() else {
        return Error::with_source(ErrorKind::Query, format!("{message} in `{sql}`"), error);
    };
    let (code, extended) = (code.code, code.extended_code);
    match code {
        ErrorCode::ConstraintViolation => {
            let constraint = constraint(extended, &message);
            Error::constraint_failed(constraint, message, error)
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Error::with_source(ErrorKind::Busy, "another process holds the database's lock", error).waited()
        }
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Error::with_source(
            ErrorKind::Storage,
            format!("the database file is damaged ({message}); restore it from a backup"),
            error,
        ),
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen => {
            Error::with_source(
                ErrorKind::Storage,
                format!("the database file can not be used: {message}"),
                error,
            )
        }
        ErrorCode::TooBig => Error::with_source(ErrorKind::Value, format!("{message} in `{sql}`"), error),
        _ => Error::with_source(ErrorKind::Query, format!("{message} in `{sql}`"), error),
    }
}

/// Reads what SQLite says: `UNIQUE constraint failed: posts.slug, posts.user_id`,
/// `UNIQUE constraint failed: index 'posts_lower_title'`, `CHECK constraint failed: name`,
/// `NOT NULL constraint failed: posts.title`, `FOREIGN KEY constraint failed`.
fn constraint(extended: i32, message: &str) -> Constraint {
    let kind = match extended {
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_TRIGGER => ConstraintKind::ForeignKey,
        ffi::SQLITE_CONSTRAINT_CHECK => ConstraintKind::Check,
        ffi::SQLITE_CONSTRAINT_NOTNULL => ConstraintKind::NotNull,
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            ConstraintKind::Unique
        }
        _ => ConstraintKind::Check,
    };
    let subject = message.split_once("failed: ").map_or("", |(_, subject)| subject);
    if let Some(name) = subject.strip_prefix("index '") {
        return Constraint {
            kind,
            name: Some(name.trim_end_matches('\'').to_owned()),
            columns: Vec::new(),
            referring: None,
        };
    }
    let columns = |subject: &str| {
        subject
            .split(", ")
            .filter(|part| !part.is_empty())
            .map(|part| part.rsplit_once('.').map_or(part, |(_, column)| column).to_owned())
            .collect()
    };
    match kind {
        ConstraintKind::Unique | ConstraintKind::NotNull => {
            Constraint { kind, name: None, columns: columns(subject), referring: None }
        }
        ConstraintKind::Check if !subject.is_empty() => {
            Constraint { kind, name: Some(subject.to_owned()), columns: Vec::new(), referring: None }
        }
        ConstraintKind::Check | ConstraintKind::ForeignKey | ConstraintKind::Exclusion => {
            Constraint { kind, name: None, columns: Vec::new(), referring: None }
        }
    }
}

/// A failure to open the file, in one sentence that names it.
#[cold]
pub(super) fn opening(error: rusqlite::Error, path: &Path) -> Error {
    let shown = path.display();
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => format!(
            "the file `{shown}` is not a SQLite database; move it away, or set DATABASE_URL to another path"
        ),
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("the database `{shown}` is damaged; restore it from a backup")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            format!(
                "the database `{shown}` can not be written; check who owns it, its folder and its permissions"
            )
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let message = format!("the database `{shown}` is locked by another process");
            return Error::with_source(ErrorKind::Busy, message, error);
        }
        _ => format!("the database `{shown}` can not be opened: {error}"),
    };
    Error::with_source(ErrorKind::Storage, message, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_columns_and_the_name() {
        let of = |code, message| constraint(code, message);
        let unique = of(ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: posts.slug, posts.user_id");
        assert_eq!(
            (unique.kind, unique.columns),
            (ConstraintKind::Unique, vec!["slug".into(), "user_id".into()])
        );
        let index = of(ffi::SQLITE_CONSTRAINT_UNIQUE, "UNIQUE constraint failed: index 'posts_lower'");
        assert_eq!(index.name.as_deref(), Some("posts_lower"));
        let check = of(ffi::SQLITE_CONSTRAINT_CHECK, "CHECK constraint failed: stars_in_range");
        assert_eq!((check.kind, check.name.as_deref()), (ConstraintKind::Check, Some("stars_in_range")));
        let foreign = of(ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed");
        assert_eq!((foreign.kind, foreign.columns.len()), (ConstraintKind::ForeignKey, 0));
    }
}
