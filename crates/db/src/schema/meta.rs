//! [`Meta`] and [`Field`]: a schema's description, as the derive writes it.

use std::fmt;

use chrono::{DateTime, SubsecRound, Utc};
use zzz_core::Param;

use super::{Autogenerate, RelationMeta, Timestamp, Version};
use crate::{CastError, FieldType, Mismatch, Value, ValueRef};

/// The description of a schema.
#[derive(Debug)]
pub struct Meta {
    /// The struct's name, for messages.
    pub name: &'static str,
    /// The schema, database or file that the table is in, if not the connection's own.
    pub prefix: Option<&'static str>,
    /// The table's name.
    pub table: &'static str,
    /// How columns that refer to it are called unless they say otherwise: `blog_post_id`.
    pub foreign_key: &'static str,
    /// Every field, in the order of the struct.
    pub fields: &'static [Field],
    /// The places of the primary key's fields among them.
    pub primary_key: &'static [usize],
    /// The fields that the repo sets.
    pub timestamps: Timestamps,
    /// The place of the field that counts changes.
    pub lock_version: Option<usize>,
    /// What rows refer to.
    pub relations: &'static [RelationMeta],
}

/// The places of the fields that the repo sets when a row is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timestamps {
    /// When it is inserted.
    pub inserted: Option<usize>,
    /// When it is inserted or updated.
    pub updated: Option<usize>,
}

impl Meta {
    /// The fields that have a column, with their places.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &'static Field)> {
        self.fields.iter().enumerate().filter(|(_, field)| !field.is_virtual)
    }

    /// The fields of the primary key.
    pub fn keys(&self) -> impl Iterator<Item = &'static Field> {
        self.primary_key.iter().map(|at| &self.fields[*at])
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.fields.iter().filter(|field| !field.is_virtual).count()
    }

    /// The field with this column.
    pub(crate) fn of_column(&self, column: &str) -> Option<(usize, &'static Field)> {
        self.columns().find(|(_, field)| field.column == column)
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
    /// Whether it is read back after each write.
    pub read_after_writes: bool,
    /// Casts what a user sent.
    pub cast: fn(&Param) -> Result<Value, CastError>,
    /// What an empty form field stands for.
    pub blank: fn() -> Option<Value>,
    /// A value of the database as the field has it.
    pub normalize: fn(ValueRef<'_>) -> Result<Value, Mismatch>,
    /// Makes a value for a row that has none: the moment it is given, or a new UUID.
    pub generate: Option<fn(DateTime<Utc>) -> Value>,
    /// Whether a value counts as none.
    pub is_unset: fn(&Value) -> bool,
    /// The number after this one, of a field that counts changes.
    pub next_version: Option<fn(&Value) -> Value>,
    /// What the field is by default, if the schema says it.
    pub default: Option<fn() -> Value>,
    /// When it may be written.
    pub writable: Writing,
}

/// When a field may be written: `#[schema(writable = "...")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// In inserts and updates.
    Always,
    /// In inserts only.
    Insert,
    /// Never: the database fills it.
    Never,
}

impl Writing {
    pub(crate) const fn ever(self) -> bool {
        !matches!(self, Self::Never)
    }

    pub(crate) const fn in_updates(self) -> bool {
        matches!(self, Self::Always)
    }
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
            read_after_writes: false,
            cast: |param| T::cast(param).map(|value| value.dump()),
            blank: || T::blank().map(|value| value.dump()),
            normalize: |value| T::load(value).map(|value| value.dump()),
            generate: None,
            is_unset: Value::is_null,
            next_version: None,
            default: None,
            writable: Writing::Always,
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

    /// The field is read back after each write.
    #[must_use]
    pub const fn read_back(mut self) -> Self {
        self.read_after_writes = true;
        self
    }

    /// The field is one of the primary key: a number of 0 is none.
    #[must_use]
    pub const fn key(mut self) -> Self {
        self.is_unset = |value| matches!(value, Value::Null | Value::Int(0));
        self
    }

    /// The field is the moment of a write.
    #[must_use]
    pub const fn timestamp<T: Timestamp>(mut self) -> Self {
        self.generate = Some(|now| T::at(now).dump());
        self.is_unset = |value| match value {
            Value::DateTime(at) => *at == DateTime::UNIX_EPOCH,
            Value::NaiveDateTime(at) => *at == DateTime::UNIX_EPOCH.naive_utc(),
            other => other.is_null(),
        };
        self
    }

    /// Moments that are made have no fractions of a second.
    #[must_use]
    pub const fn in_seconds<T: Timestamp>(mut self) -> Self {
        self.generate = Some(|now| T::at(now.trunc_subsecs(0)).dump());
        self
    }

    /// The field's type makes its values.
    #[must_use]
    pub const fn generated<T: Autogenerate>(self) -> Self {
        self.generated_by(|_| T::autogenerate().dump())
    }

    /// A function makes the field's values. What its type's default is counts as not set.
    #[must_use]
    pub const fn generated_by(mut self, generate: fn(DateTime<Utc>) -> Value) -> Self {
        self.generate = Some(generate);
        self.is_unset = |value| match value {
            Value::Null | Value::Int(0) => true,
            Value::Uuid(bytes) => *bytes == [0; 16],
            Value::Text(text) => text.is_empty(),
            _ => false,
        };
        self
    }

    /// What the field is by default.
    #[must_use]
    pub const fn or_default(mut self, default: fn() -> Value) -> Self {
        self.default = Some(default);
        self
    }

    /// When the field may be written.
    #[must_use]
    pub const fn writable(mut self, writable: Writing) -> Self {
        self.writable = writable;
        self
    }

    /// The field counts changes.
    #[must_use]
    pub const fn version<T: Version>(mut self) -> Self {
        self.next_version = Some(T::after);
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
