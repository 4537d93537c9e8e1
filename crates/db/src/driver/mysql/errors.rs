//! MySQL's and MariaDB's errors as ours.

use std::fmt;
use std::time::Duration;

use sqlx::mysql::MySqlDatabaseError;

use super::connection::Failure;
use super::options::Options;
use crate::error::{Constraint, ConstraintKind};
use crate::{Error, ErrorKind};

/// `ER_DB_CREATE_EXISTS`: two created it at once.
pub(super) const DATABASE_EXISTS: u16 = 1007;
/// `ER_BAD_DB_ERROR`
const NO_DATABASE: u16 = 1049;

/// A failure as the caller sees it. The SQL is shown, its values are not.
#[cold]
pub(super) fn explain(failure: Failure, sql: &str, writes: bool, limit: Option<Duration>) -> Error {
    match failure {
        Failure::Ours(error) => error,
        Failure::TooLong => too_long("", limit, sql, None),
        Failure::Unwanted => Error::new(ErrorKind::Other, "the statement was stopped: nobody waited for it"),
        Failure::Silent => lost("the server does not answer", writes, None),
        Failure::Server(sqlx::Error::Database(problem)) => {
            let problem = problem.downcast::<MySqlDatabaseError>();
            refused(&problem, sql, writes, limit)
        }
        Failure::Server(error) => other(error, sql, writes),
    }
}

fn refused(problem: &MySqlDatabaseError, sql: &str, writes: bool, limit: Option<Duration>) -> Error {
    let (message, cause) = (message_of(problem), Cause::of(problem));
    if let Some(constraint) = constraint(problem.number(), problem.code(), problem.message()) {
        return Error::constraint_failed(constraint, message, cause);
    }
    let kind = match problem.number() {
        // Interrupted, and the limits that a server may have of its own.
        1317 | 1969 | 3024 => return too_long(&message, limit, sql, Some(cause)),
        number if says_goodbye(number) => return lost(&message, writes, Some(cause.into())),
        // A lock that took too long: what a deadlock looks like where the server does not look for them.
        1205 if !sql.to_ascii_uppercase().contains("NOWAIT") => {
            return Error::with_source(ErrorKind::Busy, format!("{message}: `{sql}`"), cause).waited();
        }
        // A lock that was not to be waited for; MariaDB has the same number for both.
        1205 | 3572 => ErrorKind::Busy,
        1213 | 1614 => ErrorKind::Deadlock,
        1020 => ErrorKind::Serialization,
        1153 => {
            let text = format!(
                "the statement and its values are larger than the server's `max_allowed_packet` ({message})"
            );
            return Error::with_source(ErrorKind::Value, text, cause);
        }
        1264 | 1265 | 1292 | 1300 | 1365 | 1366 | 1367 | 1390 | 1406 | 1411 | 1690 | 3140 | 3141 | 4038 => {
            return Error::with_source(ErrorKind::Value, format!("{message} in `{sql}`"), cause);
        }
        1792 => {
            let text = format!("{message}: the transaction is read only: `{sql}`");
            return Error::with_source(ErrorKind::Query, text, cause);
        }
        // No room, read-only.
        1021 | 1030 | 1037 | 1038 | 1041 | 1114 | 1290 | 1836 => ErrorKind::Storage,
        1040 | 1044 | 1045 | NO_DATABASE | 1203 | 1226 | 1698 => ErrorKind::Storage,
        1295 => {
            let text =
                format!("{message}; put it into a migration, whose statements are not prepared: `{sql}`");
            return Error::with_source(ErrorKind::Query, text, cause);
        }
        _ => return Error::with_source(ErrorKind::Query, format!("{message} in `{sql}`"), cause),
    };
    Error::with_source(kind, format!("{message}: `{sql}`"), cause)
}

fn too_long(message: &str, limit: Option<Duration>, sql: &str, cause: Option<Cause>) -> Error {
    let limit = limit.map(|limit| format!(" longer than {limit:?}")).unwrap_or_default();
    let said = if message.is_empty() { String::new() } else { format!(" ({message})") };
    let text = format!(
        "the statement ran{limit} and was stopped{said}; add an index, or raise `query_timeout` in the section \
         [database]: `{sql}`"
    );
    match cause {
        Some(cause) => Error::with_source(ErrorKind::QueryTimeout, text, cause),
        None => Error::new(ErrorKind::QueryTimeout, text),
    }
}

/// A failure that the server did not speak of.
fn other(error: sqlx::Error, sql: &str, writes: bool) -> Error {
    if let sqlx::Error::Protocol(words) = &error
        && let Some((expected, given)) = counts(words)
    {
        let text = format!("the statement has {expected} placeholders and was given {given} values: `{sql}`");
        return Error::new(ErrorKind::Query, text);
    }
    let why = plain(&match &error {
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    });
    if let sqlx::Error::Encode(_) = &error {
        return Error::with_source(ErrorKind::Value, format!("{why}: `{sql}`"), error);
    }
    lost(&why, writes, Some(error.into()))
}

/// `prepared statement expected 2 parameters but 1 parameters were provided`
fn counts(words: &str) -> Option<(usize, usize)> {
    let mut numbers =
        words.strip_prefix("prepared statement expected ")?.split(' ').filter_map(|it| it.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// The connection broke under a statement.
#[cold]
fn lost(
    why: &str,
    writes: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
) -> Error {
    let outcome = if writes {
        "it is not known whether the statement took effect; look before it is run again"
    } else {
        "nothing was changed"
    };
    let text = format!("the connection to MySQL broke while a statement ran ({why}); {outcome}");
    match source {
        Some(source) => Error::with_source(ErrorKind::ConnectionLost, text, source),
        None => Error::new(ErrorKind::ConnectionLost, text),
    }
}

/// The server's number of an error.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    match error {
        sqlx::Error::Database(problem) => {
            problem.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
        }
        _ => None,
    }
}

/// Whether the connection broke.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        error => number(error).is_some_and(says_goodbye),
    }
}

/// Whether the server closes the connection after this error.
pub(super) fn closes(error: &sqlx::Error) -> bool {
    is_lost(error) || number(error) == Some(1153)
}

/// Whether the server has ended the whole transaction.
pub(super) fn is_deadlock(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1213 | 1614))
}

/// Whether a savepoint was not there.
pub(super) fn is_no_savepoint(error: &sqlx::Error) -> bool {
    number(error) == Some(1305)
}

/// Whether the server ends the connection: it shuts down, or was told to close this one.
fn says_goodbye(number: u16) -> bool {
    matches!(number, 1053 | 1077..=1079 | 1152 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 | 3169 | 4031)
}

fn constraint(number: u16, state: Option<&str>, message: &str) -> Option<Constraint> {
    let (kind, name, columns) = match number {
        1062 | 1586 | 1859 | 1022 | 1169 => {
            // MySQL writes the table before the index.
            let name = quoted(message.rsplit_once(" for key ")?.1, '\'')?;
            let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
            (ConstraintKind::Unique, Some(name.to_owned()), Vec::new())
        }
        1451 | 1452 => {
            (ConstraintKind::ForeignKey, foreign_key(message), columns_after(message, "FOREIGN KEY "))
        }
        1216 | 1217 => (ConstraintKind::ForeignKey, None, Vec::new()),
        3819 => (ConstraintKind::Check, quoted(message, '\'').map(str::to_owned), Vec::new()),
        // Another error of MySQL's has this number.
        4025 if state == Some("23000") => {
            (ConstraintKind::Check, quoted(message, '`').map(str::to_owned), Vec::new())
        }
        1048 | 1364 => {
            let column = quoted(message, '\'').map(str::to_owned);
            (ConstraintKind::NotNull, None, column.into_iter().collect())
        }
        _ => return None,
    };
    let referring = (number == 1451).then(|| child(message)).flatten();
    Some(Constraint { kind, name, columns, referring })
}

/// What stands between the first two quotes.
fn quoted(text: &str, quote: char) -> Option<&str> {
    let (_, rest) = text.split_once(quote)?;
    rest.split_once(quote).map(|(name, _)| name)
}

/// "... fails (`shop`.`comments`, CONSTRAINT ...": the table that refers to another.
fn child(message: &str) -> Option<String> {
    let (before, _) = message.split_once("`, CONSTRAINT ")?;
    before.rsplit_once("`.`").map(|(_, table)| table.replace("``", "`"))
}

/// "... CONSTRAINT `comments_ibfk_1` FOREIGN KEY ..."
fn foreign_key(message: &str) -> Option<String> {
    quoted(message.split_once("CONSTRAINT ")?.1, '`').map(str::to_owned)
}

/// "... FOREIGN KEY (`a`, `b`) REFERENCES `posts` (`c`, `d`) ..."
fn columns_after(message: &str, word: &str) -> Vec<String> {
    let list = message
        .split_once(word)
        .and_then(|(_, rest)| rest.split_once('('))
        .and_then(|(_, rest)| rest.split_once(')'));
    let Some((list, _)) = list else { return Vec::new() };
    list.split(", ").map(|name| name.trim_matches('`').replace("``", "`")).collect()
}

fn message_of(problem: &MySqlDatabaseError) -> String {
    without_values(problem.number(), problem.message())
}

/// The server's words. Those on values quote the value: it is left out.
fn without_values(number: u16, message: &str) -> String {
    // Of SQL that it does not understand, the server shows the SQL.
    if number == 1064 {
        return message.to_owned();
    }
    if let Some((_, key)) = message.rsplit_once(" for key ") {
        return format!("Duplicate entry for key {key}");
    }
    if matches!(number, 1367 | 1690) {
        return message.split('\'').next().unwrap_or_default().trim_end_matches(" in ").trim_end().to_owned();
    }
    match message.split_once(": '") {
        Some((before, value)) => {
            let after = value.rfind("' for column ").map_or("", |at| &value[at + 1..]);
            format!("{before}{after}")
        }
        None => message.to_owned(),
    }
}

/// What the server said, without what it said of values.
#[derive(Debug)]
struct Cause {
    number: u16,
    state: String,
    message: String,
}

impl Cause {
    fn of(problem: &MySqlDatabaseError) -> Self {
        Self {
            number: problem.number(),
            state: problem.code().unwrap_or_default().to_owned(),
            message: message_of(problem),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MySQL says: {} (error {}, SQLSTATE {})", self.message, self.number, self.state)
    }
}

impl std::error::Error for Cause {}

/// Whether a connection was refused because there is no such database.
pub(super) fn is_missing_database(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<Cause>());
    cause.is_some_and(|cause| cause.number == NO_DATABASE)
}

/// A failure to connect, in one sentence that names the place.
#[cold]
pub(super) fn connecting(error: sqlx::Error, options: &Options) -> Error {
    let place = options.place();
    let text = match &error {
        sqlx::Error::Database(problem) => {
            let problem = problem.downcast_ref::<MySqlDatabaseError>();
            let text = match problem.number() {
                NO_DATABASE => {
                    format!(
                        "there is no database `{}` at {place}; create it with `db create`",
                        options.database()
                    )
                }
                _ => format!("MySQL at {place} refuses the connection: {}", message_of(problem)),
            };
            return Error::with_source(ErrorKind::Storage, text, Cause::of(problem));
        }
        // What rustls has against a certificate comes as this.
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            format!("no connection to MySQL at {place}: TLS failed: {error}")
        }
        sqlx::Error::Io(error) => {
            let why = plain(&error.to_string());
            format!("no connection to MySQL at {place}: {why}; is it running, and is the URL right?")
        }
        sqlx::Error::Tls(error) => format!("no connection to MySQL at {place}: TLS failed: {error}"),
        // The only one that is left is a password that would have to be encrypted by hand.
        sqlx::Error::Configuration(_) => format!(
            "no connection to MySQL at {place}: the user's password is asked for in a way that needs TLS; take \
             `sslmode=disable` out of the URL and turn TLS on in the server, or let the user identify with \
             `mysql_native_password`"
        ),
        error => format!("no connection to MySQL at {place}: {error}"),
    };
    Error::with_source(ErrorKind::Storage, text, error)
}

/// The system's words without `(os error 111)`.
fn plain(text: &str) -> String {
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: u16, message: &str) -> Constraint {
        constraint(number, Some("23000"), message).unwrap()
    }

    #[test]
    fn names_the_index_that_refused() {
        for message in
            ["Duplicate entry 'a' for key 'posts.title'", "Duplicate entry 'x for key 'y'' for key 'title'"]
        {
            let found = of(1062, message);
            assert_eq!((found.kind, found.name.as_deref()), (ConstraintKind::Unique, Some("title")));
        }
    }

    #[test]
    fn names_the_foreign_key_and_its_columns() {
        let words = "a foreign key constraint fails (`d`.`comments`, CONSTRAINT `c_1` FOREIGN KEY (`a`, `b`) \
                     REFERENCES `posts` (`id`, `x``y`) ON DELETE CASCADE)";
        let child = of(1452, words);
        assert_eq!(
            (child.name.as_deref(), child.columns),
            (Some("c_1"), vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(
            (of(1452, words).referring, of(1451, words).referring.as_deref()),
            (None, Some("comments"))
        );
    }

    #[test]
    fn names_checks_and_columns_that_must_not_be_null() {
        assert_eq!(of(3819, "Check constraint 'w' is violated.").name.as_deref(), Some("w"));
        assert_eq!(of(4025, "CONSTRAINT `w` failed for `d`.`tags`").name.as_deref(), Some("w"));
        assert_eq!(constraint(4025, Some("HY000"), "Value for innodb_autoextend_size"), None);
        assert_eq!(of(1048, "Column 'title' cannot be null").columns, ["title"]);
        assert_eq!(of(1364, "Field 'title' doesn't have a default value").columns, ["title"]);
    }

    #[test]
    fn never_shows_a_value() {
        for (number, message, shown) in [
            (1062, "Duplicate entry 'hunter2' for key 'title'", "Duplicate entry for key 'title'"),
            (
                1366,
                "Incorrect integer value: 'hunter2: 'x' for column `d`.`t`.`n` at row 1",
                "Incorrect integer value for column `d`.`t`.`n` at row 1",
            ),
            (1292, "Truncated incorrect DOUBLE value: 'hunter2'", "Truncated incorrect DOUBLE value"),
            (
                1690,
                "BIGINT value is out of range in '(`d`.`t`.`n` + hunter2)'",
                "BIGINT value is out of range",
            ),
            (1406, "Data too long for column 'title' at row 1", "Data too long for column 'title' at row 1"),
        ] {
            assert_eq!(without_values(number, message), shown);
        }
    }

    #[test]
    fn counts_placeholders() {
        let words = "prepared statement expected 2 parameters but 1 parameters were provided";
        assert_eq!(counts(words), Some((2, 1)));
        assert_eq!(counts("Packet empty"), None);
    }
}
