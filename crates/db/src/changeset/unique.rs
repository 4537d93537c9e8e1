//! `unsafe_validate_unique`: a look into the database before writing.

use super::{Changeset, FieldError, Validation};
use crate::query::ast::Operator;
use crate::query::{Expr, Select};
use crate::schema::{FieldRef, Meta};
use crate::{Error, ErrorKind, Query, Repo, Result, Schema, Value};

impl<S: Schema> Changeset<S> {
    /// Looks whether another row has these values already: the first field "has already been taken".
    ///
    /// It is not safe: another row may be written between the look and the write. It is for telling a user early,
    /// while they fill in a form; what keeps rows unique is an index, and [`unique`](Self::unique).
    ///
    /// Nothing is asked if none of the fields changes, if one of them has an error already, or if one is
    /// NULL, which a unique index does not compare either.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, email: String }
    /// # use zzz_db::{Changeset, Repo, Result, fields};
    /// async fn checked(repo: &Repo, changeset: Changeset<User>) -> Result<Changeset<User>> {
    ///     Ok(changeset.unsafe_validate_unique(fields![email], repo).await?.message("is known to us"))
    /// }
    /// ```
    ///
    /// # Errors
    /// If the database does not answer, or a field has no column.
    pub async fn unsafe_validate_unique<const N: usize>(
        self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
        repo: &Repo,
    ) -> Result<Self> {
        self.unsafe_validate_unique_among(fields, repo, Query::new()).await
    }

    /// As [`unsafe_validate_unique`](Self::unsafe_validate_unique), among the rows of a query: Ecto's option
    /// `:query`.
    ///
    /// # Errors
    /// As [`unsafe_validate_unique`](Self::unsafe_validate_unique).
    pub async fn unsafe_validate_unique_among<const N: usize>(
        mut self,
        fields: impl FnOnce(&'static S::Columns<S>) -> [FieldRef<S>; N],
        repo: &Repo,
        query: Query<S>,
    ) -> Result<Self> {
        let fields = fields(S::columns()).map(|field| field.index);
        self.core.step();
        let Some(&first) = fields.first() else { return Ok(self) };
        self.core.validations.push((first, Validation::UnsafeUnique));
        let changes = fields.iter().any(|at| self.core.changes.get(*at).is_some());
        let is_wrong = fields.iter().any(|at| self.core.has_error(&S::META.fields[*at]));
        let values: Vec<(usize, Value)> =
            fields.iter().map(|at| (*at, self.core.value(&self.data, *at))).collect();
        if !changes || is_wrong || values.iter().any(|(_, value)| value.is_null()) {
            return Ok(self);
        }
        let mut query = query;
        others(&mut query.select, S::META, values, self.data.primary_key())?;
        if repo.exists(query).await? {
            let error = FieldError::of("unsafe_unique", "has already been taken");
            self.core.error(&S::META.fields[first], error);
        }
        Ok(self)
    }
}

/// Only rows with these values, without the one of this key.
fn others(
    select: &mut Select,
    meta: &'static Meta,
    values: Vec<(usize, Value)>,
    key: Vec<Value>,
) -> Result<()> {
    for (at, value) in values {
        let field = &meta.fields[at];
        if field.is_virtual {
            return Err(Error::new(
                ErrorKind::Query,
                format!(
                    "the field `{}` of {} is virtual: no other row can have its value",
                    field.name, meta.name
                ),
            ));
        }
        select.filter(select.root(field.column).binary(Operator::Eq, Expr::Value(value)));
    }
    let is_set = |(at, value): (&usize, &Value)| !(meta.fields[*at].is_unset)(value);
    if !key.is_empty() && meta.primary_key.iter().zip(&key).all(is_set) {
        let equal = select.keys().into_iter().zip(key);
        let equal = equal.map(|(column, value)| column.binary(Operator::Eq, Expr::Value(value)));
        select.filter(Expr::Not(Box::new(Expr::All(equal.collect()))));
    }
    Ok(())
}
