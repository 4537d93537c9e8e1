//! [`Row`] and [`FromRow`]: a row of a result while it is decoded.

use crate::schema::{Field, place};
use crate::{Error, ErrorKind, FieldType, Result, Value, ValueRef};

/// A row of a result while it is read; columns are numbered from 0.
pub trait Row {
    /// How many columns it has.
    fn len(&self) -> usize;

    /// Whether it has no column.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a column, borrowed.
    ///
    /// # Errors
    /// If there is no such column, or its text is not UTF-8.
    fn value(&self, column: usize) -> Result<ValueRef<'_>>;

    /// A whole number, where it can be had more quickly than by [`value`](Self::value), which tells the rest.
    #[doc(hidden)]
    fn int(&self, column: usize) -> Option<i64> {
        let _ = column;
        None
    }

    /// A text, as [`int`](Self::int) a number.
    #[doc(hidden)]
    fn text(&self, column: usize) -> Option<&str> {
        let _ = column;
        None
    }

    /// The name of a column, for messages.
    fn name(&self, column: usize) -> Option<&str>;

    /// The database's name of a column's type, for messages; `None` where values have types and columns have
    /// none, as on SQLite.
    fn type_name(&self, column: usize) -> Option<&str> {
        let _ = column;
        None
    }
}

/// The value of a column as a Rust type.
///
/// # Errors
/// If there is no such column, or it holds something else; the message names the column.
#[inline]
pub fn get<T: FieldType>(row: &dyn Row, column: usize) -> Result<T> {
    match T::read(row, column) {
        Some(value) => Ok(value),
        None => load(row, column),
    }
}

/// By the value, whatever it is. Apart, so that what is common is small.
#[inline(never)]
fn load<T: FieldType>(row: &dyn Row, column: usize) -> Result<T> {
    T::load(row.value(column)?)
        .map_err(|mismatch| decode_error(row, column, std::any::type_name::<T>(), &mismatch))
}

/// The value of the column of this name, for `#[derive(FromRow)]`.
///
/// # Errors
/// If there is no such column, or it holds something else.
pub fn get_by_name<T: FieldType>(row: &dyn Row, column: &str) -> Result<T> {
    get(row, place(row, column)?)
}

/// The value of a column as the field has it.
pub(crate) fn value_of(row: &dyn Row, column: usize, field: &Field) -> Result<Value> {
    (field.normalize)(row.value(column)?).map_err(|mismatch| decode_error(row, column, field.name, &mismatch))
}

#[cfg_attr(
    not(any(feature = "postgres", feature = "mysql", feature = "sqlite")),
    allow(dead_code, reason = "without a driver there are no rows")
)]
#[cold]
pub(crate) fn no_column(row: &dyn Row, column: usize) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the row has {} columns, and column {} was asked for", row.len(), column + 1),
    )
}

#[cold]
fn decode_error(row: &dyn Row, column: usize, wanted: &str, problem: &dyn std::fmt::Display) -> Error {
    let name = row.name(column).unwrap_or("?");
    let database_type = row.type_name(column).map(|name| format!(" of type `{name}`")).unwrap_or_default();
    Error::new(
        ErrorKind::Decode,
        format!("the column `{name}`{database_type} can not be read as `{wanted}`: {problem}"),
    )
}

/// What a row of raw SQL can be read into: a tuple of [`FieldType`]s in the order of the columns, one
/// [`FieldType`] for the first column, or a struct by the names of the columns. Every [`Schema`](crate::Schema)
/// is one; others derive it:
///
/// ```
/// #[derive(zzz_db::FromRow)]
/// struct Line {
///     title: String,
///     #[row(column = "n")]
///     comments: i64,
/// }
///
/// # fn with(repo: &zzz_db::Repo) -> impl Future<Output = zzz_db::Result<Vec<Line>>> + '_ {
/// repo.sql::<Line>("SELECT title, 5 AS n FROM posts", [])
/// # }
/// ```
///
/// ```
/// # fn with(repo: &zzz_db::Repo) -> impl Future<Output = zzz_db::Result<Vec<(i64, String)>>> + '_ {
/// repo.sql::<(i64, String)>("SELECT id, title FROM posts WHERE id > ?", zzz_db::params![5])
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be read from a row",
    note = "use a tuple of field types such as `(i64, String)`, a field type for one column, a schema, or add `#[derive(zzz_db::FromRow)]` to the struct"
)]
pub trait FromRow: Sized + Send + 'static {
    /// Reads the row.
    ///
    /// # Errors
    /// If a column is missing or holds something else.
    fn from_row(row: &dyn Row) -> Result<Self>;
}

impl<T: FieldType> FromRow for T {
    fn from_row(row: &dyn Row) -> Result<Self> {
        get(row, 0)
    }
}

macro_rules! tuples {
    ($($type:ident $at:tt),+) => {
        impl<$($type: FieldType),+> FromRow for ($($type,)+) {
            fn from_row(row: &dyn Row) -> Result<Self> {
                Ok(($(get::<$type>(row, $at)?,)+))
            }
        }
    };
}
tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
