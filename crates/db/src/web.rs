//! What an app that answers requests needs: the HTTP status of each error, and [`OrNotFound`].

use std::error::Error as StdError;

use zzz_core::ErrorStatus;

use crate::error::{Constraint, ConstraintKind, ErrorKind};

type Cause = Box<dyn StdError + Send + Sync + 'static>;

/// Puts the status that a failure stands for in front of its cause, where `zzz_core::Error` finds it.
///
/// Not found is 404; a conflict with another row (unique index, foreign key) or a row that is gone is 409;
/// an overloaded database is 503, with a wait of one second where another try makes sense. The rest are
/// mistakes of the app: 500, by having no status here.
pub(crate) fn with_status(
    kind: ErrorKind,
    constraint: Option<&Constraint>,
    source: Option<Cause>,
) -> Option<Cause> {
    let status = match kind {
        ErrorKind::NotFound => ErrorStatus::new(404),
        ErrorKind::Stale => {
            ErrorStatus::new(409).message("This has been changed or deleted in the meantime.")
        }
        ErrorKind::Constraint => match constraint?.kind {
            ConstraintKind::Unique | ConstraintKind::ForeignKey | ConstraintKind::Exclusion => {
                ErrorStatus::new(409).message("This is in conflict with other data.")
            }
            ConstraintKind::Check | ConstraintKind::NotNull => return source,
        },
        ErrorKind::AcquireTimeout
        | ErrorKind::Busy
        | ErrorKind::ConnectionLost
        | ErrorKind::Deadlock
        | ErrorKind::Serialization => ErrorStatus::new(503).retry_after(1),
        ErrorKind::QueryTimeout => ErrorStatus::new(503),
        _ => return source,
    };
    Some(Box::new(match source {
        Some(source) => status.with_source(source),
        None => status,
    }))
}

/// `or_404()` on what a query found: the value, or an answer of status 404.
///
/// ```
/// use zzz_db::OrNotFound;
/// assert_eq!(Some(1).or_404().unwrap(), 1);
/// assert_eq!(None::<i32>.or_404().unwrap_err().status(), 404);
/// ```
pub trait OrNotFound {
    /// What is there, if it is there.
    type Found;

    /// The value, or an error of status 404.
    ///
    /// # Errors
    /// If there is none.
    fn or_404(self) -> zzz_core::Result<Self::Found>;
}

impl<T> OrNotFound for Option<T> {
    type Found = T;

    #[track_caller]
    fn or_404(self) -> zzz_core::Result<T> {
        match self {
            Some(found) => Ok(found),
            None => Err(zzz_core::Error::not_found("There is nothing here.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn conflict(kind: ConstraintKind) -> zzz_core::Error {
        let constraint = Constraint { kind, name: None, columns: vec!["slug".into()], referring: None };
        Error::constraint_failed(constraint, "refused", "the database's words").into()
    }

    #[test]
    fn each_error_answers_with_its_status() {
        let status = |kind| zzz_core::Error::from(Error::new(kind, "x"));
        assert_eq!(status(ErrorKind::NotFound).status(), 404);
        assert_eq!(status(ErrorKind::Stale).status(), 409);
        assert_eq!(conflict(ConstraintKind::Unique).status(), 409);
        assert_eq!(conflict(ConstraintKind::ForeignKey).status(), 409);
        assert_eq!(conflict(ConstraintKind::Check).status(), 500);
        for kind in
            [ErrorKind::AcquireTimeout, ErrorKind::Busy, ErrorKind::ConnectionLost, ErrorKind::Deadlock]
        {
            assert_eq!(status(kind).status(), 503);
            assert_eq!(status(kind).headers(), [("retry-after", "1".to_owned())]);
        }
        assert_eq!(status(ErrorKind::QueryTimeout).status(), 503);
        assert_eq!(status(ErrorKind::Decode).status(), 500);
    }

    #[test]
    fn the_databases_words_stay_in_the_chain() {
        let chain: Vec<String> = conflict(ConstraintKind::Unique).chain().collect();
        assert_eq!(chain, ["refused", "the database's words"]);
    }
}
