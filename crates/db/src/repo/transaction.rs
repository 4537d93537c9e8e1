//! Transactions: `repo.transaction(async |tx| ...)`, nested ones by savepoints.
//!
//! A transaction has one owner, the future of [`Repo::transaction`]. Whatever makes that future end without a
//! commit (an error, a panic, being dropped at any await) rolls back, also when a handle of the transaction
//! was cloned into a task that lives on: that handle fails from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Repo;
use crate::driver::{End, Reply, Request, Transaction};
use crate::{Error, ErrorKind, Result};

/// A transaction, or a part of one after a savepoint.
pub(super) struct Scope {
    transaction: Arc<dyn Transaction>,
    /// 0 for the transaction itself, then the number of the savepoint.
    depth: u32,
    parent: Option<Arc<Scope>>,
    ended: AtomicBool,
    /// Held by the one part of it that is open: savepoints are a stack.
    inner: Arc<Mutex<()>>,
}

impl Scope {
    fn is_open(&self) -> bool {
        !self.ended.load(Ordering::Acquire) && self.parent.as_ref().is_none_or(|parent| parent.is_open())
    }

    /// The transaction, unless this part of it is over.
    pub(super) fn open(&self) -> Result<&dyn Transaction> {
        if !self.is_open() {
            return Err(Error::new(
                ErrorKind::Closed,
                "the transaction has ended; a handle of it was used after it was committed or rolled back",
            ));
        }
        Ok(&*self.transaction)
    }

    pub(super) async fn run(&self, request: Request) -> Result<Reply> {
        self.open()?.run(request).await
    }
}

/// The owner of a scope: dropping it undoes what was done in the scope.
struct Owner {
    repo: Repo,
    scope: Arc<Scope>,
    /// Lets the next savepoint of the same parent begin once this one has ended.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Owner {
    async fn commit(self) -> Result<()> {
        if self.scope.depth == 0 {
            // Still the owner while it waits: dropped before the database begins to commit, it rolls back.
            let ended = self.scope.transaction.end(End::Commit).await;
            self.scope.ended.store(true, Ordering::Release);
            return ended;
        }
        if !self.scope.ended.swap(true, Ordering::AcqRel) {
            self.scope.transaction.post(self.repo.dialect().release(self.scope.depth));
        }
        Ok(())
    }

    async fn roll_back(self) {
        if self.scope.depth == 0 {
            // Waited for, so that who comes next sees it done. Nothing is to be done about a failure: the
            // driver closes a connection that can not roll back.
            let _ = self.scope.transaction.end(End::Rollback).await;
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if self.scope.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        match self.scope.depth {
            0 => self.scope.transaction.abandon(),
            depth => self.scope.transaction.post(self.repo.dialect().rollback_to(depth)),
        }
    }
}

/// Does the work, and keeps or undoes it.
async fn end<T, E: From<Error>>(owner: Owner, work: impl AsyncFnOnce(Repo) -> Result<T, E>) -> Result<T, E> {
    match work(owner.repo.clone()).await {
        Ok(value) => {
            owner.commit().await?;
            Ok(value)
        }
        Err(error) => {
            owner.roll_back().await;
            Err(error)
        }
    }
}

impl Repo {
    /// Runs `work` in a transaction: committed if it returns `Ok`, rolled back if it returns `Err`, panics,
    /// or is dropped. It runs once; nothing is retried.
    ///
    /// `work` is given a repo that belongs to the transaction; what goes through any other repo is not part
    /// of it. On SQLite there is one writer: a write through the outer repo waits for this transaction to
    /// end, and fails after `acquire_timeout` if it is `work` itself that waits.
    ///
    /// On PostgreSQL a statement that fails ends the whole transaction: what follows fails, and so does the
    /// commit. A changeset's write whose constraints are declared is an exception, and so is what failed within
    /// a part. On MySQL a deadlock does, and what commits by itself (`CREATE TABLE`) makes the end of the
    /// transaction an error.
    ///
    /// Within a transaction it is a part that can be undone alone (a savepoint); parts of the same
    /// transaction that are begun at once run one after the other.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "accounts")]
    /// # struct Account { id: i64, balance: i64 }
    /// use zzz_db::{Error, Repo};
    ///
    /// async fn transfer(repo: &Repo, from: i64, to: i64, amount: i64) -> Result<(), Error> {
    ///     repo.transaction(async |tx| {
    ///         tx.update_all(Account::query().filter(Account::id.eq(from)), [Account::balance.inc(-amount)]).await?;
    ///         tx.update_all(Account::query().filter(Account::id.eq(to)), [Account::balance.inc(amount)]).await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    /// What `work` returned; or a failure to begin or to commit.
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(Repo) -> Result<T, E>,
        E: From<Error>,
    {
        end(self.begin(true).await?, work).await
    }

    /// As [`transaction`](Self::transaction); on SQLite foreign keys are not enforced, unless it is a part of
    /// another transaction.
    pub(crate) async fn transaction_without_keys<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(Repo) -> Result<T>,
    {
        end(self.begin(false).await?, work).await
    }

    async fn begin(&self, with_keys: bool) -> Result<Owner> {
        let Some(parent) = &self.scope else {
            let transaction =
                if with_keys { self.driver.begin() } else { self.driver.begin_without_keys() }.await?;
            return Ok(self.owner(transaction.into(), 0, None, None));
        };
        if !parent.is_open() {
            return Err(Error::new(ErrorKind::Closed, "the transaction has ended"));
        }
        let turn = tokio::time::timeout(self.acquire_timeout, Arc::clone(&parent.inner).lock_owned()).await;
        let Ok(turn) = turn else {
            return Err(Error::new(
                ErrorKind::AcquireTimeout,
                format!(
                    "a part of this transaction has been open for {:?}, so no other can begin; inside of \
                     `transaction(async |tx| ...)` use the inner `tx`",
                    self.acquire_timeout
                ),
            ));
        };
        let depth = parent.depth + 1;
        // Neither waited for: if it fails, the transaction is over and what follows fails.
        parent.transaction.post(self.dialect().savepoint(depth));
        Ok(self.owner(Arc::clone(&parent.transaction), depth, Some(Arc::clone(parent)), Some(turn)))
    }

    fn owner(
        &self,
        transaction: Arc<dyn Transaction>,
        depth: u32,
        parent: Option<Arc<Scope>>,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Owner {
        let scope = Arc::new(Scope {
            transaction,
            depth,
            parent,
            ended: AtomicBool::new(false),
            inner: Arc::new(Mutex::new(())),
        });
        let repo = Self { scope: Some(Arc::clone(&scope)), ..self.clone() };
        Owner { repo, scope, _turn: turn }
    }
}
