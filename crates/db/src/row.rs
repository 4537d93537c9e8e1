//! [`Row`] and [`FromRow`]: a row of a result while it is decoded.

use crate::{Error, ErrorKind, FieldType, Result, ValueRef};

/// A row of a result, on the thread that reads it; columns are numbered from 0.
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

    /// The name of a column, for messages.
    fn name(&self, column: usize) -> Option<&str>;
}

/// The value of a column as a Rust type.
///
/// # Errors
/// If there is no such column, or it holds something else; the message names the column.
pub fn get<T: FieldType>(row: &dyn Row, column: usize) -> Result<T> {
    T::load(row.value(column)?).map_err(|mismatch| decode_error(row, column, &mismatch))
}

#[cold]
fn decode_error(row: &dyn Row, column: usize, problem: &dyn std::fmt::Display) -> Error {
    let name = row.name(column).unwrap_or("?");
    Error::new(ErrorKind::Decode, format!("the column `{name}` can not be read: {problem}"))
}

/// What a row of raw SQL can be read into: a tuple of [`FieldType`]s in the order of the columns, or one
/// [`FieldType`] for the first column.
///
/// ```
/// # fn with(repo: &zzz_db::Repo) -> impl Future<Output = zzz_db::Result<Vec<(i64, String)>>> + '_ {
/// repo.sql::<(i64, String)>("SELECT id, title FROM posts WHERE id > ?", zzz_db::params![5])
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be read from a row",
    note = "use a tuple of field types such as `(i64, String)`, or a field type for one column"
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
