//! The words of migrations in Rust: `use zzz_db::migration::*;` is how each begins.
//!
//! A migration tells a [`Change`] what is to be done with [tables](table), [indexes](index) and constraints; the columns
//! of a table are of [types](ColumnType) made by the functions [`text`], [`integer`], [`references`] and so on.
//! The guide on migrations shows them at work.

pub use crate::migrate::Database;
pub use crate::migrate::change::column::{
    ColumnType, OnDelete, OnUpdate, bigint, binary, boolean, date, decimal, float, identity, integer, json,
    naive_datetime, named, references, smallint, string, text, time, utc_datetime, uuid,
};
pub use crate::migrate::change::constraint::{Constraint, check, exclude};
pub use crate::migrate::change::index::{Index, IndexColumn, asc, desc, expression, index, unique_index};
pub use crate::migrate::change::table::{Alteration, Columns, Modified, Removed, Table, TableName, table};
pub use crate::migrate::change::{Change, Dropped, kind};
