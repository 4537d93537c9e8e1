//! Transactions: `repo.transaction(async |tx| ...)`, nested ones by savepoints.
//!
//! A transaction has one owner, the future of [`Repo::transaction`]. Whatever makes that future end without a
//! commit (an error, a panic, being dropped at any await) rolls back, also when a handle of the transaction
//! was cloned into a task that lives on: that handle fails from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Repo, Retry, TransactionOptions};
use crate::driver::{End, Reply, Request, Transaction};
use crate::{Error, ErrorKind, Result};

/// A transaction, or a part of one after a savepoint.
pub(super) struct Scope {
    transaction: Arc<dyn Transaction>,
    /// 0 for the transaction itself, then the number of the savepoint.
    depth: u32,
    parent: Option<Arc<Scope>>,
    ended: AtomicBool,
    /// How the whole runs.
    options: TransactionOptions,
    /// Whether others were in the way of the last statement of the whole that failed, and none has succeeded since.
    conflict: Arc<AtomicBool>,
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
        let outcome = self.open()?.run(request).await;
        self.note(&outcome);
        outcome
    }

    /// Reads so many rows at a time, as [`Repo::stream`] does.
    pub(super) async fn stream(&self, request: Request, rows: usize) -> Result<Reply> {
        let outcome = self.open()?.stream(request, rows).await;
        self.note(&outcome);
        outcome
    }

    /// Remembers whether others were in the way of a statement.
    fn note(&self, outcome: &Result<Reply>) {
        let in_the_way = outcome.as_ref().is_err_and(Error::may_be_retried);
        if in_the_way || outcome.is_ok() {
            self.conflict.store(in_the_way, Ordering::Relaxed);
        }
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
            match &ended {
                Err(error) if error.may_be_retried() => self.scope.conflict.store(true, Ordering::Relaxed),
                // It may have been committed.
                Err(error) if error.is_connection_lost() || error.is_timeout() => {
                    self.scope.conflict.store(false, Ordering::Relaxed);
                }
                _ => {}
            }
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
    /// or is dropped. It runs once; [`transaction_retry`](Self::transaction_retry) runs it again after a conflict.
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
        self.transaction_with(TransactionOptions::new(), work).await
    }

    /// As [`transaction`](Self::transaction), at another [level](crate::Isolation), or for reading only.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "accounts")]
    /// # struct Account { id: i64, balance: i64 }
    /// use zzz_db::{Error, Isolation, Repo, TransactionOptions, sum};
    ///
    /// async fn check(repo: &Repo) -> Result<(u64, Option<i64>), Error> {
    ///     let options = TransactionOptions::from(Isolation::RepeatableRead).read_only();
    ///     repo.transaction_with(options, async |tx| {
    ///         let accounts = Account::query().count(&tx).await?;
    ///         // Of the same accounts, whatever others do in between.
    ///         let total = Account::query().select(sum(Account::balance)).one(&tx).await?.flatten();
    ///         Ok((accounts, total))
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// Within a transaction it is a part, and has what the whole was begun with: one that asks for more is an error.
    ///
    /// # Errors
    /// As [`transaction`](Self::transaction), and if the database does not know an option. What writes in a transaction
    /// that only reads is refused.
    pub async fn transaction_with<T, E, F>(
        &self,
        options: impl Into<TransactionOptions>,
        work: F,
    ) -> Result<T, E>
    where
        F: AsyncFnOnce(Self) -> Result<T, E>,
        E: From<Error>,
    {
        end(self.begin(options.into(), true).await?, work).await
    }

    /// As [`transaction_with`](Self::transaction_with), and once more from the beginning when others were in the way:
    /// after a serialization failure, a deadlock, or a wait for a lock that the database gave up (SQLite's `SQLITE_BUSY`,
    /// MySQL's 1205). `work` is cloned for each try, so what it does besides, such as sending a mail, is done again too.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "seats")]
    /// # struct Seat { id: i64, guest: Option<String> }
    /// use zzz_db::{Error, Isolation, Repo};
    ///
    /// async fn take_a_seat(repo: &Repo, guest: &str) -> Result<bool, Error> {
    ///     repo.transaction_retry(Isolation::Serializable, async |tx| {
    ///         let free = tx.first(Seat::query().filter(Seat::guest.is_null())).await?;
    ///         let Some(seat) = free else { return Ok(false) };
    ///         tx.update_all(Seat::query().filter(Seat::id.eq(seat.id)), [Seat::guest.set(guest.to_owned())]).await?;
    ///         Ok(true)
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// How often, and with which pauses, says [`Retry`]; `Retry::new()` keeps the database's own level. Nothing else is
    /// retried: not a failure of `work` for another reason, not a lock that was not to be waited for (`NOWAIT`,
    /// `lock_timeout`), and not a COMMIT during which the connection broke, of which nobody knows whether it took effect.
    ///
    /// Within a transaction `work` runs once, as a part: the conflict is the whole's, and whoever began it runs it again.
    ///
    /// # Errors
    /// As [`transaction_with`](Self::transaction_with); after the last try, what that one failed with.
    pub async fn transaction_retry<T, E, F>(&self, retry: impl Into<Retry>, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(Self) -> Result<T, E> + Clone,
        E: From<Error>,
    {
        let retry = retry.into();
        let mut attempt = 1;
        loop {
            // A transaction that could not be begun was in nobody's way, but somebody may have been in its.
            let (outcome, again) = match self.begin(retry.options, true).await {
                Ok(owner) => {
                    let conflict = Arc::clone(&owner.scope.conflict);
                    let outcome = end(owner, work.clone()).await;
                    (outcome, conflict.load(Ordering::Relaxed))
                }
                Err(error) => {
                    let again = error.may_be_retried();
                    (Err(error.into()), again)
                }
            };
            if outcome.is_ok() || !again || attempt >= retry.attempts || self.in_transaction() {
                return outcome;
            }
            let pause = retry.pause_after(attempt);
            tracing::debug!(target: "zzz_db::transaction", attempt, ?pause, "others were in the way; once more");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// As [`transaction`](Self::transaction); on SQLite foreign keys are not enforced, unless it is a part of
    /// another transaction.
    pub(crate) async fn transaction_without_keys<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(Repo) -> Result<T>,
    {
        end(self.begin(TransactionOptions::new(), false).await?, work).await
    }

    async fn begin(&self, options: TransactionOptions, with_keys: bool) -> Result<Owner> {
        options.check_on(self.dialect().name())?;
        let Some(parent) = &self.scope else {
            let begun = if with_keys { self.driver.begin(options) } else { self.driver.begin_without_keys() };
            return Ok(self.owner(begun.await?.into(), options, None, None));
        };
        options.check_within(&parent.options)?;
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
        let transaction = Arc::clone(&parent.transaction);
        Ok(self.owner(transaction, parent.options, Some(Arc::clone(parent)), Some(turn)))
    }

    fn owner(
        &self,
        transaction: Arc<dyn Transaction>,
        options: TransactionOptions,
        parent: Option<Arc<Scope>>,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Owner {
        let scope = Arc::new(Scope {
            transaction,
            depth: parent.as_ref().map_or(0, |parent| parent.depth + 1),
            options,
            conflict: parent.as_ref().map(|parent| Arc::clone(&parent.conflict)).unwrap_or_default(),
            parent,
            ended: AtomicBool::new(false),
            inner: Arc::new(Mutex::new(())),
        });
        let repo = Self { scope: Some(Arc::clone(&scope)), ..self.clone() };
        Owner { repo, scope, _turn: turn }
    }
}
