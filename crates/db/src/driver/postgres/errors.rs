//! PostgreSQL's errors as ours.

use std::fmt;
use std::time::Duration;

use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use crate::error::{Constraint, ConstraintKind};
use crate::{Error, ErrorKind};

/// How much of the SQL is shown from where it is wrong, in characters.
const EXCERPT: usize = 40;

/// A statement's failure. The SQL is shown, its values are not.
#[cold]
pub(super) fn statement(
    error: tokio_postgres::Error,
    sql: &str,
    writes: bool,
    limit: Option<Duration>,
) -> Error {
    match error.as_db_error() {
        Some(problem) => refused(problem, sql, writes, limit),
        None => other(error, sql, writes),
    }
}

fn refused(problem: &DbError, sql: &str, writes: bool, limit: Option<Duration>) -> Error {
    let state = problem.code().code();
    let message = message_of(problem);
    let cause = Cause::of(problem);
    if let Some(constraint) = constraint(problem) {
        return Error::constraint_failed(constraint, message, cause);
    }
    let hint = problem.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    match state {
        "57014" => {
            let limit = limit.map(|limit| format!(" longer than {limit:?}")).unwrap_or_default();
            let text = format!(
                "the statement ran{limit} and was stopped ({message}); add an index, or raise `query_timeout` in \
                 the section [database]: `{sql}`"
            );
            Error::with_source(ErrorKind::QueryTimeout, text, cause)
        }
        "55P03" => Error::with_source(ErrorKind::Busy, format!("{message}: `{sql}`"), cause),
        "40P01" => {
            let text =
                format!("{message}: another transaction waited for this one, and this one for it: `{sql}`");
            Error::with_source(ErrorKind::Deadlock, text, cause)
        }
        "40001" => Error::with_source(ErrorKind::Serialization, format!("{message}{hint}: `{sql}`"), cause),
        "25P02" => Error::with_source(
            ErrorKind::Closed,
            format!(
                "the transaction is not open any more: an earlier failure ended it; what shall go on after a \
                 failure belongs into a `transaction` within the transaction: `{sql}`"
            ),
            cause,
        ),
        "25P01" | "3B001" => Error::with_source(
            ErrorKind::Closed,
            "the transaction is not open any more: raw SQL ended it",
            cause,
        ),
        // `bind message supplies 0 parameters, but prepared statement "" requires 1`
        "08P01" => {
            let mut numbers =
                message.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<usize>().ok());
            match (numbers.next(), numbers.next()) {
                (Some(given), Some(expected)) => count(given, expected, sql),
                _ => lost(&message, writes, Some(cause.into())),
            }
        }
        _ if says_goodbye(state) => lost(&message, writes, Some(cause.into())),
        _ if state.starts_with("28") || state.starts_with("3D") => {
            Error::with_source(ErrorKind::Storage, format!("{message}{hint}"), cause)
        }
        // Of a server that is read only it is said in the same words.
        "25006" => {
            let text = format!("{message}: the transaction is read only, or the server is: `{sql}`");
            Error::with_source(ErrorKind::Query, text, cause)
        }
        "53100" | "53200" | "58030" => {
            Error::with_source(ErrorKind::Storage, format!("{message}{hint}: `{sql}`"), cause)
        }
        _ if state.starts_with("22") => {
            Error::with_source(ErrorKind::Value, format!("{message}{hint} in `{sql}`"), cause)
        }
        _ => {
            let place = excerpt(problem.position(), sql);
            Error::with_source(ErrorKind::Query, format!("{message}{hint}{place} in `{sql}`"), cause)
        }
    }
}

/// A failure that the server did not speak of.
fn other(error: tokio_postgres::Error, sql: &str, writes: bool) -> Error {
    let cause = std::error::Error::source(&error);
    let why = cause.map_or_else(|| error.to_string(), ToString::to_string);
    if is_lost(&error) {
        return lost(&why, writes, Some(error.into()));
    }
    let text = error.to_string();
    if let Some(number) =
        text.strip_prefix("error serializing parameter ").and_then(|at| at.parse::<usize>().ok())
    {
        let text = format!("value {} of the statement {why}: `{sql}`", number + 1);
        return Error::with_source(ErrorKind::Value, text, error);
    }
    Error::with_source(ErrorKind::Query, format!("{text} ({why}) in `{sql}`"), error)
}

/// As many values as placeholders.
#[cold]
pub(super) fn count(given: usize, expected: usize, sql: &str) -> Error {
    let text = format!("the statement has {expected} placeholders and was given {given} values: `{sql}`");
    Error::new(ErrorKind::Query, text)
}

/// The connection broke under a statement.
#[cold]
pub(super) fn lost(
    why: &str,
    writes: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> Error {
    let outcome = if writes {
        "it is not known whether the statement took effect; look before it is run again"
    } else {
        "nothing was changed"
    };
    let text = format!("the connection to PostgreSQL broke while a statement ran ({why}); {outcome}");
    match source {
        Some(source) => Error::with_source(ErrorKind::ConnectionLost, text, source),
        None => Error::new(ErrorKind::ConnectionLost, text),
    }
}

/// Whether the connection broke.
pub(super) fn is_lost(error: &tokio_postgres::Error) -> bool {
    match error.as_db_error() {
        Some(problem) => says_goodbye(problem.code().code()),
        // The library does not tell the kind of a failure otherwise.
        None => error.is_closed() || error.to_string().starts_with("error communicating"),
    }
}

/// Whether the server ends the connection, or a part of it is broken.
fn says_goodbye(state: &str) -> bool {
    matches!(state, "57P01" | "57P02" | "57P03" | "57P05") || (state.starts_with("08") && state != "08P01")
}

/// Whether a prepared statement has to be prepared anew: its table has changed, or a pooler has given us a
/// connection that does not know it.
pub(super) fn is_outdated(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|problem| {
        *problem.code() == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*problem.code() == SqlState::FEATURE_NOT_SUPPORTED
                && problem.routine().is_some_and(|routine| routine == "RevalidateCachedQuery"))
    })
}

fn constraint(problem: &DbError) -> Option<Constraint> {
    let kind = match problem.code().code() {
        "23505" => ConstraintKind::Unique,
        "23503" | "23001" => ConstraintKind::ForeignKey,
        "23514" | "44000" => ConstraintKind::Check,
        "23502" => ConstraintKind::NotNull,
        "23P01" => ConstraintKind::Exclusion,
        _ => return None,
    };
    let columns = match (kind, problem.column()) {
        (ConstraintKind::NotNull, Some(column)) => vec![column.to_owned()],
        (ConstraintKind::Unique | ConstraintKind::ForeignKey, _) => {
            problem.detail().map(columns_of).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    Some(Constraint { kind, name: problem.constraint().map(str::to_owned), columns, referring: None })
}

/// `Key (post_id, "Odd")=(5, 6) is not present in table "posts".`, in whatever language.
fn columns_of(detail: &str) -> Vec<String> {
    let list = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=("));
    let Some((list, _)) = list else { return Vec::new() };
    list.split(", ").map(|name| name.trim_matches('"').replace("\"\"", "\"")).collect()
}

/// The server's words. Those on values quote the value: it is left out.
fn message_of(problem: &DbError) -> String {
    let message = problem.message();
    let state = problem.code().code();
    if state.starts_with("22") {
        if let Some((before, _)) = message.split_once(": \"") {
            return before.to_owned();
        }
        // `value "70000" is out of range for type smallint`
        let mut shown = String::with_capacity(message.len());
        for (at, part) in message.split('"').enumerate() {
            shown.push_str(if at % 2 == 0 { part } else { "..." });
        }
        return shown;
    }
    message.to_owned()
}

/// ", here: `missing FROM posts`": the SQL from where it is wrong.
fn excerpt(position: Option<&ErrorPosition>, sql: &str) -> String {
    let (at, text) = match position {
        Some(ErrorPosition::Original(at)) => (*at, sql),
        Some(ErrorPosition::Internal { position, query }) => (*position, query.as_str()),
        None => return String::new(),
    };
    // Counted in characters, from 1.
    let rest = text.chars().skip((at as usize).saturating_sub(1));
    let mut shown: String = rest.clone().take(EXCERPT).map(|c| if c == '\n' { ' ' } else { c }).collect();
    if rest.count() > EXCERPT {
        shown.push_str("...");
    }
    if shown.is_empty() { ", at its end".to_owned() } else { format!(", here: `{shown}`,") }
}

/// What the server said, without what it said of values.
#[derive(Debug)]
pub(super) struct Cause {
    state: String,
    message: String,
    constraint: Option<String>,
}

impl Cause {
    pub(super) fn of(problem: &DbError) -> Self {
        Self {
            state: problem.code().code().to_owned(),
            message: message_of(problem),
            constraint: problem.constraint().map(str::to_owned),
        }
    }

    pub(super) fn state(&self) -> &str {
        &self.state
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL says: {} (SQLSTATE {})", self.message, self.state)?;
        match &self.constraint {
            Some(name) => write!(f, ", constraint `{name}`"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Cause {}

/// A failure to connect, in one sentence that names the place.
#[cold]
pub(super) fn connecting(error: tokio_postgres::Error, place: &str, database: &str) -> Error {
    let Some(problem) = error.as_db_error() else {
        let cause = std::error::Error::source(&error);
        let why = cause.map_or_else(|| error.to_string(), |cause| plain(&cause.to_string()));
        let text =
            format!("no connection to PostgreSQL at {place}: {why}; is it running, and is the URL right?");
        return Error::with_source(ErrorKind::Storage, text, error);
    };
    let cause = Cause::of(problem);
    let text = match problem.code().code() {
        "3D000" => format!("there is no database `{database}` at {place}; create it with `db create`"),
        _ => format!("PostgreSQL at {place} refuses the connection: {}", problem.message()),
    };
    Error::with_source(ErrorKind::Storage, text, cause)
}

/// The system's words without `(os error 111)`.
fn plain(text: &str) -> String {
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_columns_of_a_key() {
        assert_eq!(columns_of("Key (title)=(a) already exists."), ["title"]);
        assert_eq!(
            columns_of("Key (post_id, \"Odd\")=(5, 6) is not present in table \"posts\"."),
            ["post_id", "Odd"]
        );
        assert_eq!(columns_of("Schlüssel »(title)=(a)« existiert bereits."), ["title"]);
        assert_eq!(columns_of("Key (lower(name))=(x) already exists."), ["lower(name)"]);
        assert_eq!(columns_of("nothing"), [""; 0]);
    }

    #[test]
    fn shows_the_sql_from_where_it_is_wrong() {
        let at = |position| Some(ErrorPosition::Original(position));
        assert_eq!(excerpt(at(8).as_ref(), "SELECT größe FROM a"), ", here: `größe FROM a`,");
        assert_eq!(excerpt(at(1).as_ref(), &"x".repeat(50)), format!(", here: `{}...`,", "x".repeat(40)));
        assert_eq!(excerpt(at(99).as_ref(), "SELECT"), ", at its end");
    }

    #[test]
    fn a_write_on_a_broken_connection_says_that_its_outcome_is_unknown() {
        let error = lost("connection closed", true, None);
        assert!(error.is_connection_lost() && error.to_string().contains("not known"), "{error}");
        assert!(lost("connection closed", false, None).to_string().contains("nothing was changed"));
    }
}
