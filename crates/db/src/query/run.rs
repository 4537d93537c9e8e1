//! Asking: each method hands the query to the repo.

use super::source::Complete;
use super::{PerGroup, Query, Term};
use crate::repo::Rows;
use crate::{FieldType, Repo, Result};

impl<Q: Complete, T: Send + 'static> Query<Q, T> {
    /// Every row.
    ///
    /// # Errors
    /// If the database can not answer, or a row is not of the fields' types.
    pub async fn all(self, repo: &Repo) -> Result<Vec<T>> {
        repo.all(self).await
    }

    /// The only row, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all), and if there are several rows.
    pub async fn one(self, repo: &Repo) -> Result<Option<T>> {
        repo.one(self).await
    }

    /// The first row, if there is one; ordered by the primary key unless another order was given.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first(self, repo: &Repo) -> Result<Option<T>> {
        repo.first(self).await
    }

    /// The last row, if there is one; ordered by the primary key unless another order was given.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn last(self, repo: &Repo) -> Result<Option<T>> {
        repo.first(self.reverse_order()).await
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn count(self, repo: &Repo) -> Result<u64> {
        repo.count(self).await
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn exists(self, repo: &Repo) -> Result<bool> {
        repo.exists(self).await
    }

    /// An aggregate over the rows; see [`Repo::aggregate`].
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn aggregate<U: FieldType>(self, repo: &Repo, aggregate: Term<Q, U, PerGroup>) -> Result<U> {
        repo.aggregate(self, aggregate).await
    }

    /// The rows one by one, as they are read; see [`Repo::stream`].
    #[must_use]
    pub fn stream(self, repo: &Repo) -> Rows<T> {
        repo.stream(self)
    }

    /// How the database would answer, in its own words; nothing is run.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn explain(self, repo: &Repo) -> Result<String> {
        repo.explain(self).await
    }
}
