//! Reading: `all`, `one`, `first`, `get`, `get_by`, `reload`, `count`, `exists`.

use super::Repo;
use crate::dialect::{self, Statement};
use crate::driver::Access;
use crate::query::{Expr, OrderTerm};
use crate::{Condition, Error, ErrorKind, Query, Result, Row, Schema, ValueFor, row};

impl Repo {
    /// Every row of a query.
    ///
    /// # Errors
    /// If the database can not answer, or a row is not of the fields' types.
    pub async fn all<S: Schema, T: Send + 'static>(&self, query: Query<S, T>) -> Result<Vec<T>> {
        let statement = dialect::select(self.dialect(), &query.select);
        self.fetch(statement, Access::Read, query.load).await
    }

    /// The only row of a query, if there is one.
    ///
    /// # Errors
    /// As [`all`](Self::all), and [if there are several](Error::is_multiple_results).
    pub async fn one<S: Schema, T: Send + 'static>(&self, mut query: Query<S, T>) -> Result<Option<T>> {
        // Two rows tell that there are several.
        query.select.limit = Some(query.select.limit.unwrap_or(2).min(2));
        let table = query.select.meta.table;
        only(self.all(query).await?, table)
    }

    /// The first row of a query, if there is one; ordered by the primary key unless it is ordered already.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn first<S: Schema, T: Send + 'static>(&self, mut query: Query<S, T>) -> Result<Option<T>> {
        let select = &mut query.select;
        if select.order_by.is_empty() && select.group_by.is_empty() && !select.distinct {
            let key = Expr::Column(S::META.primary_key());
            select.order_by.push(OrderTerm { expr: key, descending: false });
        }
        select.limit = Some(select.limit.unwrap_or(1).min(1));
        Ok(self.all(query).await?.pop())
    }

    /// The row with this primary key, if there is one.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64 }
    /// # async fn with(repo: &zzz_db::Repo) -> zzz_db::Result<Option<Post>> {
    /// repo.get::<Post>(5).await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn get<S: Schema>(&self, key: impl ValueFor<S::PrimaryKey>) -> Result<Option<S>> {
        self.get_value(key.into_value()).await
    }

    async fn get_value<S: Schema>(&self, key: crate::Value) -> Result<Option<S>> {
        let mut query = Query::<S>::new();
        let column = Expr::Column(S::META.primary_key());
        query.select.filter(Expr::compare(column, crate::query::Comparison::Eq, key));
        self.one(query).await
    }

    /// The only row that meets a condition, if there is one.
    ///
    /// # Errors
    /// As [`one`](Self::one).
    pub async fn get_by<S: Schema>(&self, condition: Condition<S>) -> Result<Option<S>> {
        self.one(Query::new().filter(condition)).await
    }

    /// The row of this struct as it is in the database now.
    ///
    /// # Errors
    /// As [`all`](Self::all), and [not found](Error::is_not_found) if the row is gone.
    pub async fn reload<S: Schema>(&self, record: &S) -> Result<S> {
        let found = self.get_value(record.primary_key()).await?;
        found.ok_or_else(|| Error::not_found(format_args!("the {} to reload", S::META.name)))
    }

    /// How many rows a query has.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn count<S: Schema, T: Send + 'static>(&self, query: Query<S, T>) -> Result<u64> {
        let statement = dialect::count(self.dialect(), &query.select);
        let rows = self.fetch(statement, Access::Read, |row| row::get::<i64>(row, 0)).await?;
        Ok(rows.first().and_then(|count| u64::try_from(*count).ok()).unwrap_or(0))
    }

    /// Whether a query has any row.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub async fn exists<S: Schema, T: Send + 'static>(&self, query: Query<S, T>) -> Result<bool> {
        self.any(dialect::exists(self.dialect(), &query.select)).await
    }

    /// Whether a statement gives any row.
    pub(crate) async fn any(&self, statement: Statement) -> Result<bool> {
        let none: fn(&dyn Row) -> Result<()> = |_| Ok(());
        Ok(!self.fetch(statement, Access::Read, none).await?.is_empty())
    }
}

fn only<T>(mut rows: Vec<T>, table: &str) -> Result<Option<T>> {
    if rows.len() > 1 {
        return Err(Error::new(
            ErrorKind::MultipleResults,
            format!("the query on `{table}` gave several rows where one was asked for; use `first` or `all`"),
        ));
    }
    Ok(rows.pop())
}
