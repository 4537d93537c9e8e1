//! Raw SQL that begins or ends a transaction: refused, for the repo keeps count of them.

use crate::{Error, ErrorKind};

/// What raw SQL does to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// It begins one, or a part of one.
    Begins,
    /// It ends one.
    Ends,
}

/// Looks at the first words: the server takes one statement at a time from us, so nothing can hide behind them.
pub(crate) fn control(sql: &str) -> Option<Control> {
    let mut words = Words(sql);
    let first = words.next()?;
    let is = |word: &str| first.eq_ignore_ascii_case(word);
    if is("begin") || is("start") || is("savepoint") || is("xa") {
        return Some(Control::Begins);
    }
    if is("commit") || is("end") || is("abort") {
        return Some(Control::Ends);
    }
    let second = words.next();
    let then = |word: &str| second.is_some_and(|second| second.eq_ignore_ascii_case(word));
    // MySQL's way to let every statement that follows be part of a transaction.
    if is("set") && then("autocommit") {
        return Some(Control::Begins);
    }
    if is("prepare") && then("transaction") {
        return Some(Control::Ends);
    }
    if is("rollback") {
        let mut target = second;
        while target
            .is_some_and(|word| word.eq_ignore_ascii_case("work") || word.eq_ignore_ascii_case("transaction"))
        {
            target = words.next();
        }
        return (!target.is_some_and(|word| word.eq_ignore_ascii_case("to"))).then_some(Control::Ends);
    }
    None
}

/// The words of SQL, without comments and what stands between them.
#[cfg(all(feature = "sandbox", any(feature = "postgres", feature = "mysql")))]
pub(crate) fn words(sql: &str) -> impl Iterator<Item = &str> {
    Words(sql)
}

/// The words of SQL, without comments. `/*!50000 COMMIT */` is none: MySQL runs what is in it.
struct Words<'a>(&'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.0 = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
            if let Some(comment) = self.0.strip_prefix("--") {
                self.0 = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.0.strip_prefix('#') {
                self.0 = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(run) = self.0.strip_prefix("/*!").or_else(|| self.0.strip_prefix("/*M!")) {
                self.0 = run.trim_start_matches(|c: char| c.is_ascii_digit());
            } else if let Some(comment) = self.0.strip_prefix("/*") {
                self.0 = after_comment(comment);
            } else {
                break;
            }
        }
        let end = self.0.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// What follows a comment, which may hold others.
fn after_comment(mut rest: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let Some(at) = rest.find(['*', '/']) else { return "" };
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("/*") {
            (depth, rest) = (depth + 1, inner);
        } else if let Some(outer) = rest.strip_prefix("*/") {
            (depth, rest) = (depth - 1, outer);
        } else {
            rest = &rest[1..];
        }
    }
    rest
}

/// The error of raw SQL that begins a transaction outside of one.
#[cold]
pub(crate) fn begins(sql: &str) -> Error {
    Error::new(
        ErrorKind::Query,
        format!(
            "a transaction can not be begun with raw SQL, as each statement may run on another connection; \
             use `repo.transaction(...)` instead of `{sql}`"
        ),
    )
}

/// The error of raw SQL that would end the transaction that it runs in.
#[cold]
pub(crate) fn ends(sql: &str) -> Error {
    Error::new(
        ErrorKind::Closed,
        format!("raw SQL can not end a transaction: return from `transaction(...)` instead of `{sql}`"),
    )
}

/// The error of whoever uses a transaction that is over.
#[cold]
pub(crate) fn ended() -> Error {
    Error::new(
        ErrorKind::Closed,
        "the transaction has ended; a handle of it was used after it was committed or rolled back",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_what_begins_and_what_ends_a_transaction() {
        for sql in [
            "BEGIN",
            " ;begin immediate",
            "-- x\nSTART TRANSACTION",
            "/* a /* b */ */ Begin",
            "SAVEPOINT a",
            "/*!50000 BEGIN */",
            "# x\nXA START 'a'",
            "SET autocommit = 0",
        ] {
            assert_eq!(control(sql), Some(Control::Begins), "{sql}");
        }
        for sql in ["COMMIT", "end;", "ROLLBACK", "rollback work", "ABORT", "PREPARE TRANSACTION 'a'"] {
            assert_eq!(control(sql), Some(Control::Ends), "{sql}");
        }
        for sql in
            ["SELECT 1", "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a", "PREPARE a AS SELECT 1", "", "/*"]
        {
            assert_eq!(control(sql), None, "{sql}");
        }
    }
}
