//! [`Schema`]: a struct that a row of a table becomes, and the description of its fields.

use std::fmt;
use std::marker::PhantomData;

use zzz_core::Param;

use crate::{CastError, FieldType, Mismatch, Result, Row, Value, ValueRef};

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
/// | `table = "posts"` | the table; required |
/// | `timestamps` | `inserted_at` and `updated_at`, both `DateTime<Utc>`, are set by the repo |
/// | `crate = "path"` | where this crate is found, if it is not `zzz_db` or `zzz::db` |
///
/// On a field:
///
/// | attribute | meaning |
/// |---|---|
/// | `primary_key` | the field is the primary key; by default it is the one named `id`. A whole number of 0 counts as not set, and the database assigns one |
/// | `source = "href"` | the column's name, if it is not the field's |
/// | `virtual` | the field has no column; a row read has its type's default |
/// | `redact` | the value is not shown by a changeset's `Debug`, nor filled into a form again |
///
/// The derive adds to the struct: a constant per field ([`Column`](crate::Column), or [`VirtualField`]) of
/// the field's name and visibility, and `query()`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a schema",
    label = "not a schema",
    note = "add `#[derive(Schema)]` and `#[schema(table = \"...\")]` to the struct"
)]
pub trait Schema: Sized + Send + Sync + 'static {
    /// The struct's columns by name, which `fields![...]` picks from.
    type Columns: 'static;
    /// The type of the primary key.
    type PrimaryKey: FieldType;
    /// What is known of it without a value.
    const META: &'static Meta;

    /// The struct's columns by name.
    fn columns() -> &'static Self::Columns;

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

    /// The value of the primary key.
    fn primary_key(&self) -> Value {
        self.dump(Self::META.primary_key)
    }
}

/// The type of `inserted_at` and `updated_at`, for the derive's check.
#[doc(hidden)]
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// The description of a schema.
#[derive(Debug)]
pub struct Meta {
    /// The struct's name, for messages.
    pub name: &'static str,
    /// The table's name.
    pub table: &'static str,
    /// Every field, in the order of the struct.
    pub fields: &'static [Field],
    /// The place of the primary key among them.
    pub primary_key: usize,
    /// The places of `inserted_at` and `updated_at`, if the repo sets them.
    pub timestamps: Option<(usize, usize)>,
}

impl Meta {
    /// The fields that have a column, with their places.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &'static Field)> {
        self.fields.iter().enumerate().filter(|(_, field)| !field.is_virtual)
    }

    pub(crate) fn primary_key(&self) -> &'static Field {
        &self.fields[self.primary_key]
    }
}

/// The description of a field.
pub struct Field {
    /// The field's name in the struct.
    pub name: &'static str,
    /// The column's name in the table.
    pub column: &'static str,
    /// Whether it has no column.
    pub is_virtual: bool,
    /// Whether its value must not be shown.
    pub is_redacted: bool,
    /// Casts what a user sent.
    pub cast: fn(&Param) -> Result<Value, CastError>,
    /// What an empty form field stands for.
    pub blank: fn() -> Option<Value>,
}

impl Field {
    /// The description of a field of type `T`, for the derive.
    #[must_use]
    pub const fn new<T: FieldType>(name: &'static str, column: &'static str) -> Self {
        Self {
            name,
            column,
            is_virtual: false,
            is_redacted: false,
            cast: |param| T::cast(param).map(|value| value.dump()),
            blank: || T::blank().map(|value| value.dump()),
        }
    }

    /// The field has no column.
    #[must_use]
    pub const fn without_column(mut self) -> Self {
        self.is_virtual = true;
        self
    }

    /// The field's value must not be shown.
    #[must_use]
    pub const fn redacted(mut self) -> Self {
        self.is_redacted = true;
        self
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &self.name)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
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
pub trait FieldOf<S> {
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
#[macro_export]
macro_rules! fields {
    ($($name:ident),* $(,)?) => {
        |columns| {
            let _ = columns;
            [$(columns.$name.field()),*]
        }
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
