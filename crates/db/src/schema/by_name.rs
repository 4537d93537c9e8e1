//! Rows of raw SQL into structs, by the names of their columns.

use super::Schema;
use crate::{Error, ErrorKind, Result, Row, ValueRef};

/// A row whose columns stand in another order.
struct Ordered<'a> {
    row: &'a dyn Row,
    places: Vec<usize>,
}

impl Row for Ordered<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }
    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        match self.places.get(column) {
            Some(at) => self.row.value(*at),
            None => self.row.value(usize::MAX),
        }
    }
    fn name(&self, column: usize) -> Option<&str> {
        self.places.get(column).and_then(|at| self.row.name(*at))
    }
}

/// Reads a struct from a row that has its columns in any order, and perhaps others; for the derive.
///
/// # Errors
/// If a column is missing, or holds something else than its field's type.
pub fn load_by_name<S: Schema>(row: &dyn Row) -> Result<S> {
    let places = S::META.columns().map(|(_, field)| place(row, field.column)).collect::<Result<_>>()?;
    S::load(&Ordered { row, places }, 0)
}

/// Where the column of this name is.
pub(crate) fn place(row: &dyn Row, column: &str) -> Result<usize> {
    (0..row.len()).find(|at| row.name(*at) == Some(column)).ok_or_else(|| missing(row, column))
}

#[cold]
fn missing(row: &dyn Row, column: &str) -> Error {
    let names: Vec<&str> = (0..row.len()).map(|at| row.name(at).unwrap_or("?")).collect();
    Error::new(ErrorKind::Decode, format!("the row has no column `{column}`; it has {}", names.join(", ")))
}
