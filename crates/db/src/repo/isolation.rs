//! [`TransactionOptions`]: what one transaction does otherwise, its [`Isolation`] above all.

use crate::{Error, ErrorKind, Result};

/// How much of what others do at the same time a transaction sees.
///
/// These are the levels of the SQL standard, and each database may keep more than a level asks for:
///
/// | | SQLite | PostgreSQL | MySQL, MariaDB |
/// |---|---|---|---|
/// | the level without options | serializable | read committed, or the server's `default_transaction_isolation` | repeatable read, or the server's `transaction_isolation` |
/// | `ReadCommitted`, `RepeatableRead` | accepted, and serializable all the same | as they are | as they are |
/// | `Serializable` | as without options | an order is looked for, and a transaction that does not fit fails | reads lock what they read, and what would wait in a circle fails |
///
/// What fails for such a reason is a [conflict](Error::is_transaction_conflict), which
/// [`Repo::transaction_retry`](crate::Repo::transaction_retry) runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// Every statement sees what was committed before the first one began. On PostgreSQL changing a row that
    /// another has changed since is a conflict; on MySQL it is not, and the change is made to the row as it is.
    RepeatableRead,
    /// As if the transactions ran one after the other.
    Serializable,
}

impl Isolation {
    /// As SQL has it.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

/// How a transaction runs: [`Repo::transaction_with`](crate::Repo::transaction_with).
///
/// ```
/// use zzz_db::{Isolation, TransactionOptions};
///
/// let report = TransactionOptions::new().isolation(Isolation::RepeatableRead).read_only();
/// # let _ = report;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionOptions {
    pub(crate) isolation: Option<Isolation>,
    pub(crate) read_only: bool,
    pub(crate) deferrable: bool,
}

impl From<Isolation> for TransactionOptions {
    fn from(isolation: Isolation) -> Self {
        Self::new().isolation(isolation)
    }
}

impl TransactionOptions {
    /// The database's own level, for reading and writing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// At this level.
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = Some(isolation);
        self
    }

    /// Refuses what writes. On SQLite it runs on a reader, beside the one who writes, and sees the database as it was
    /// at its first statement.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// For a long report: serializable, read only, and on PostgreSQL deferrable: it waits until it can run without
    /// ever being in conflict with others, and without keeping track of them. On SQLite every reader is so anyway.
    /// MySQL has nothing of the kind, and refuses it.
    #[must_use]
    pub fn deferrable(mut self) -> Self {
        self.isolation = Some(Isolation::Serializable);
        self.read_only = true;
        self.deferrable = true;
        self
    }

    /// Refuses what a database does not have.
    pub(super) fn check_on(&self, dialect: &str) -> Result<()> {
        if !self.deferrable || dialect != "mysql" {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Query,
            "MySQL has no deferrable transactions; take `.isolation(Isolation::RepeatableRead).read_only()`, which \
             never is in conflict with others there",
        ))
    }

    /// Whether a transaction that runs like this is as good as one with other options; an error that says what it
    /// lacks otherwise.
    pub(super) fn check_within(&self, outer: &Self) -> Result<()> {
        let lacks = match self.isolation {
            Some(level) if outer.isolation.is_none_or(|outer| outer < level) => {
                let has = outer.isolation.map_or("the database's own level", Isolation::sql);
                format!("the isolation {}, and the one around it has {has}", level.sql())
            }
            _ if self.read_only && !outer.read_only => {
                "a read-only one, and the one around it writes".to_owned()
            }
            _ if self.deferrable && !outer.deferrable => {
                "a deferrable one, and the one around it is not".to_owned()
            }
            _ => return Ok(()),
        };
        Err(Error::new(
            ErrorKind::Query,
            format!(
                "a transaction within a transaction asks for {lacks}; the whole has one level, which is settled when \
                 it begins: give the options to the outermost `transaction_with`"
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_may_ask_for_what_the_whole_has() {
        let of = TransactionOptions::from;
        let (new, serializable) = (TransactionOptions::new(), of(Isolation::Serializable));
        assert!(new.check_within(&new).is_ok() && new.check_within(&serializable).is_ok());
        assert!(of(Isolation::RepeatableRead).check_within(&serializable).is_ok());
        let refused = |inner: TransactionOptions, outer: TransactionOptions| {
            inner.check_within(&outer).unwrap_err().to_string()
        };
        let message = refused(serializable, of(Isolation::ReadCommitted));
        assert!(
            message.contains("asks for the isolation SERIALIZABLE, and the one around it has READ COMMITTED")
        );
        assert!(refused(serializable, new).contains("the database's own level"));
        assert!(refused(new.read_only(), serializable).contains("asks for a read-only one"));
        assert!(refused(new.deferrable(), serializable.read_only()).contains("asks for a deferrable one"));
    }
}
