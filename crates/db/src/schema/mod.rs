//! [`Schema`]: a struct that a row of a table becomes, and the description of its fields.

mod by_name;
mod generate;
mod key;
mod meta;

use std::marker::PhantomData;

pub use by_name::load_by_name;
pub(crate) use by_name::place;
pub use generate::{Autogenerate, Timestamp, Version};
pub use key::{ForeignKey, Key, KeyFor, KeyValues, NoKey};
pub use meta::{Field, Meta, Timestamps, Writing};

use crate::query::Source;
use crate::relation::RelationMeta;
use crate::{FieldType, Mismatch, Result, Row, Value, ValueRef};

/// A struct whose values are rows of a table. Derive it:
///
/// ```
/// use chrono::{DateTime, Utc};
/// use zzz_db::Schema;
///
/// #[derive(Schema, Debug, Default)]
/// #[schema(table = "posts", timestamps)]
/// pub struct Post {
///     pub id: i64,
///     pub title: String,
///     #[schema(source = "href")]
///     pub url: Option<String>,
///     #[schema(virtual)]
///     pub preview: bool,
///     pub inserted_at: DateTime<Utc>,
///     pub updated_at: DateTime<Utc>,
/// }
///
/// let newest = Post::query().filter(Post::url.is_not_null()).order_by(Post::id.desc()).limit(10);
/// # let _ = newest;
/// ```
///
/// On the struct:
///
/// | attribute | meaning |
/// |---|---|
/// | `table = "posts"` | the table, or the view; required |
/// | `prefix = "archive"` | the schema (PostgreSQL), database (MySQL) or attached file (SQLite) it is in |
/// | `primary_key = false` | there is none, as in a view; such a row can be inserted, and read by queries |
/// | `timestamps` | `inserted_at` and `updated_at` are set by the repo; `timestamps(inserted_at = "created", updated_at = false)` gives other names, or leaves one out; `timestamps(precision = "seconds")` leaves fractions of a second out, else they are kept to the microsecond. They are of type `DateTime<Utc>`, `NaiveDateTime`, or an `Option` of one |
/// | `debug` | the derive writes `impl Debug` too, in which fields with `redact` are `**redacted**`: use it instead of `#[derive(Debug)]` |
/// | `crate = "path"` | where this crate is found, if it is not `zzz_db` or `zzz::db` |
///
/// On a field:
///
/// | attribute | meaning |
/// |---|---|
/// | `primary_key` | the field is the primary key, or one of several that are it together; by default it is the one named `id`. A whole number of 0 counts as not set, and the database assigns one |
/// | `source = "href"` | the column's name, if it is not the field's |
/// | `default = "Status::Draft"` | what the field is by default, also where a form sends it empty; the derive then writes `impl Default`, with `Default::default()` for the other fields |
/// | `virtual` | the field has no column; a row read has its type's default |
/// | `redact` | the value is not shown by a changeset's `Debug`, nor by the struct's if the derive writes that (`debug`), nor filled into a form again: `**redacted**` |
/// | `writable = "insert"` | the field is written when the row is inserted and by no changeset after that; `writable = "never"`: the database alone fills it. A change of it is left out silently, as in Ecto |
/// | `autogenerate` | a value that is not set is made here when the row is inserted: a UUID of version 7, or what `autogenerate = "path::to::function"` gives |
/// | `read_after_writes` | the database changes the value (a trigger, a generated column): it is read back after each write |
/// | `lock_version` | a number that counts the row's changes: who writes over a change that they have not seen gets a [stale](crate::Error::is_stale) error |
/// | `belongs_to`, `has_one`, `has_many`, `many_to_many` | the field is a [relation](crate::relation) |
///
/// The derive adds to the struct: a constant per field ([`Column`](crate::Column), [`VirtualField`], or
/// [`Relation`](crate::Relation)) of the field's name and visibility, and `query()`. A struct is also what
/// raw SQL can be [read into](crate::FromRow), by the names of its columns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a schema",
    label = "not a schema",
    note = "add `#[derive(Schema)]` and `#[schema(table = \"...\")]` to the struct"
)]
pub trait Schema: Source<Schema = Self> + Sized {
    /// The struct's columns by name, for it and for each [alias](crate::alias!) of it; `fields![...]` picks
    /// from them.
    type Columns<A: Source<Schema = Self>>: ColumnSet;
    /// The type of the primary key: of several a tuple, of none [`NoKey`].
    type PrimaryKey;
    /// What is known of it without a value.
    const META: &'static Meta;

    /// The struct's columns by name.
    #[must_use]
    fn columns() -> &'static Self::Columns<Self> {
        ColumnSet::ALL
    }

    /// Reads a struct from a row whose columns, from `at` on, are those of [`Meta::columns`].
    ///
    /// # Errors
    /// If a column holds something else than its field's type.
    fn load(row: &dyn Row, at: usize) -> Result<Self>;

    /// The value of the field with this place in [`Meta::fields`].
    fn dump(&self, field: usize) -> Value;

    /// Sets the field with this place.
    ///
    /// # Errors
    /// If the value is not of the field's type.
    fn put(&mut self, field: usize, value: ValueRef<'_>) -> Result<(), Mismatch>;

    /// The values of the primary key.
    #[must_use]
    fn primary_key(&self) -> Vec<Value> {
        Self::META.primary_key.iter().map(|at| self.dump(*at)).collect()
    }
}

/// A schema's columns by name: what the derive makes, and an alias gives access to.
pub trait ColumnSet: 'static {
    /// All of them.
    const ALL: &'static Self;
}

/// A field of a schema, its type forgotten: what `fields![...]` lists.
pub struct FieldRef<S> {
    pub(crate) index: usize,
    marker: PhantomData<fn() -> S>,
}

impl<S> Clone for FieldRef<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for FieldRef<S> {}

impl<S> FieldRef<S> {
    pub(crate) const fn new(index: usize) -> Self {
        Self { index, marker: PhantomData }
    }
}

/// A field of `S` and its type: a [`Column`](crate::Column) or a [`VirtualField`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a field of `{S}`",
    note = "name a field as `{S}::title`"
)]
pub trait FieldOf<S>: Copy {
    /// The field's type.
    type Type: FieldType;

    /// The field, its type forgotten.
    fn field(&self) -> FieldRef<S>;
}

/// A field without a column: it can be cast and validated, and not be queried.
pub struct VirtualField<S, T> {
    index: usize,
    marker: PhantomData<fn() -> (S, T)>,
}

impl<S, T> VirtualField<S, T> {
    /// For the derive: the field with this place in [`Meta::fields`].
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self { index, marker: PhantomData }
    }

    /// The field, its type forgotten.
    #[must_use]
    pub const fn field(&self) -> FieldRef<S> {
        FieldRef::new(self.index)
    }
}

/// Of no type: it makes comparing a virtual field an error that says why.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a virtual field has no column, so it can not be part of a query",
    label = "a virtual field"
)]
pub trait HasColumn {}

macro_rules! not_in_queries {
    ($($name:ident),*) => {
        // Without these the compiler finds `Iterator::eq`, and complains that the field is no iterator.
        #[allow(missing_docs, clippy::should_implement_trait)]
        impl<S: Schema, T: FieldType> VirtualField<S, T> {
            $(
                #[doc(hidden)]
                #[must_use]
                pub fn $name<V>(self, _: V) -> crate::Condition<S>
                where
                    Self: HasColumn,
                {
                    crate::Condition::any([])
                }
            )*
        }
    };
}
not_in_queries!(eq, ne, gt, ge, lt, le);

impl<S, T> Clone for VirtualField<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, T> Copy for VirtualField<S, T> {}

impl<S, T: FieldType> FieldOf<S> for VirtualField<S, T> {
    type Type = T;
    fn field(&self) -> FieldRef<S> {
        FieldRef::new(self.index)
    }
}

/// A list of fields by their bare names, checked as it compiles: `fields![title, url, body]`.
///
/// Which schema they belong to is known from where the list is used: `changeset.cast(params, fields![title])`.
/// Where it is not, each name says it: `OnConflict::replace(fields![Post::title, Post::url])`.
#[macro_export]
macro_rules! fields {
    ($($name:ident),* $(,)?) => {
        |columns| {
            let _ = columns;
            [$(columns.$name.field()),*]
        }
    };
    ($($schema:ident :: $name:ident),+ $(,)?) => {
        |_| [$($schema::$name.field()),+]
    };
}

/// A schema's value, its type forgotten, so that writing is compiled once and not for each schema.
pub(crate) trait Record: Send + Sync {
    fn meta(&self) -> &'static Meta;
    fn dump(&self, field: usize) -> Value;
    fn put(&mut self, field: usize, value: ValueRef<'_>) -> Result<(), Mismatch>;
}

impl<S: Schema> Record for S {
    fn meta(&self) -> &'static Meta {
        S::META
    }
    fn dump(&self, field: usize) -> Value {
        Schema::dump(self, field)
    }
    fn put(&mut self, field: usize, value: ValueRef<'_>) -> Result<(), Mismatch> {
        Schema::put(self, field, value)
    }
}
