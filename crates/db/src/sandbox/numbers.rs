//! [`Numbers`]: what numbers the rows of tables, and goes on when a transaction is rolled back.
//!
//! A test that expects its first post to be number 1 is right on SQLite, and shall be on the others.

#[cfg(feature = "mysql")]
use std::collections::BTreeMap;

#[cfg(feature = "mysql")]
use crate::dialect::mysql;
use crate::{Repo, Result, driver::Transaction};
#[cfg(feature = "postgres")]
use crate::{
    dialect::{Statement, postgres},
    driver::{Access, Discard, Request},
};

/// What numbers the rows of a database, as it is when no sandbox is in it.
pub(super) enum Numbers {
    /// SQL that sets sequences back within a transaction; they stay so when it is rolled back.
    #[cfg(feature = "postgres")]
    Sequences(Option<String>),
    /// The next number of each table, which DDL sets back.
    #[cfg(feature = "mysql")]
    Tables(BTreeMap<String, i64>),
}

impl Numbers {
    /// Finds them out, in a database that no sandbox is in.
    pub(super) async fn of(repo: &Repo) -> Result<Self> {
        #[cfg(feature = "postgres")]
        if repo.dialect().name() == "postgres" {
            let each = repo.sql::<(String,)>(postgres::SET_BACK, []).await?;
            let each: Vec<String> = each.into_iter().map(|(sql,)| sql).collect();
            return Ok(Self::Sequences((!each.is_empty()).then(|| each.join(" UNION ALL "))));
        }
        #[cfg(feature = "mysql")]
        {
            // MariaDB does not know it, and does not need it.
            let _ = repo.execute(mysql::NUMBERS_OF_NOW, []).await;
            // The tests of another process may have left them anywhere.
            Self::Tables(BTreeMap::new()).set_back(repo).await?;
            let next = repo.sql::<(String, i64)>(mysql::NUMBERED, []).await?;
            Ok(Self::Tables(next.into_iter().collect()))
        }
        #[cfg(not(feature = "mysql"))]
        Ok(Self::Sequences(None))
    }

    /// Sets back what is set back in the transaction that a sandbox is, at its beginning.
    pub(super) async fn set_back_within(&self, transaction: &dyn Transaction) -> Result<()> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Sequences(None) => {}
            #[cfg(feature = "postgres")]
            Self::Sequences(Some(sql)) => {
                let request = Request {
                    statement: Statement::new(sql.as_str(), []),
                    access: Access::Unknown,
                    sink: Box::new(Discard),
                    timeout: None,
                    timed: false,
                    guarded: false,
                };
                transaction.run(request).await?;
            }
            #[cfg(feature = "mysql")]
            Self::Tables(_) => {
                let _ = transaction;
            }
        }
        Ok(())
    }

    /// Sets back what is set back outside of it, after its end.
    pub(super) async fn set_back(&self, repo: &Repo) -> Result<()> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Sequences(_) => {
                let _ = repo;
            }
            #[cfg(feature = "mysql")]
            Self::Tables(known) => {
                for (table, next) in repo.sql::<(String, i64)>(mysql::NUMBERED, []).await? {
                    if next > *known.get(&table).unwrap_or(&1) {
                        repo.execute(&mysql::set_back(&table), []).await?;
                    }
                }
            }
        }
        Ok(())
    }
}
