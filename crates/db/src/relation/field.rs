//! The fields that keep what a relation refers to: [`BelongsTo`], [`HasOne`], [`HasMany`], [`ManyToMany`].

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, ErrorKind, Result, Schema};

/// The rows of a relation, or that they were not loaded. Records that refer to the same rows share them.
///
/// It is a `Vec<T>` behind a type that says nothing of `T`: whether a struct may go to another thread is found
/// by looking into its fields, and with the rows in sight that would lead from schema to schema through all
/// of an app, deeper than the compiler goes.
struct Slot<T> {
    rows: Option<Arc<dyn Any + Send + Sync>>,
    marker: PhantomData<fn() -> T>,
}

impl<T> Slot<T> {
    const EMPTY: Self = Self { rows: None, marker: PhantomData };
}

impl<T: Send + Sync + 'static> Slot<T> {
    fn new(rows: Arc<Vec<T>>) -> Self {
        Self { rows: Some(rows), marker: PhantomData }
    }

    fn take(&mut self) -> Option<Arc<Vec<T>>> {
        self.rows.take().and_then(|rows| rows.downcast().ok())
    }
}

impl<T: 'static> Slot<T> {
    fn filled(&self) -> Option<&[T]> {
        self.rows.as_ref().and_then(|rows| rows.downcast_ref::<Vec<T>>()).map(|rows| &**rows)
    }

    fn rows(&self) -> &[T] {
        self.filled().unwrap_or_default()
    }

    fn loaded(&self, kind: &str) -> Result<&[T]> {
        self.filled().ok_or_else(|| {
            Error::new(
                ErrorKind::NotLoaded,
                format!(
                    "the {kind}<{}> is not loaded; add it to the query with `.preload(...)`, or use `repo.preload`",
                    std::any::type_name::<T>().rsplit("::").next().unwrap_or_default()
                ),
            )
        })
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), marker: PhantomData }
    }
}

/// A field that keeps the rows of a relation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of a relation's field",
    label = "not a relation",
    note = "use BelongsTo<T>, HasOne<T>, HasMany<T> or ManyToMany<T>"
)]
pub trait Association: Default + Send + Sync + 'static {
    /// The schema of the rows.
    type Target: Schema;
    #[doc(hidden)]
    fn is_filled(&self) -> bool;
    /// Takes the rows out, which makes the field not loaded.
    #[doc(hidden)]
    fn empty(&mut self) -> Option<Arc<Vec<Self::Target>>>;
    #[doc(hidden)]
    fn fill(&mut self, rows: Arc<Vec<Self::Target>>);
}

macro_rules! fields {
    ($($(#[$doc:meta])+ $name:ident;)*) => {$(
        $(#[$doc])+
        pub struct $name<T>(Slot<T>);

        impl<T> $name<T> {
            /// Whether it was loaded.
            #[must_use]
            pub fn is_loaded(&self) -> bool {
                self.0.rows.is_some()
            }

            /// For serde's `skip_serializing_if`.
            #[must_use]
            pub fn is_not_loaded(&self) -> bool {
                !self.is_loaded()
            }
        }

        impl<T> Default for $name<T> {
            /// Not loaded.
            fn default() -> Self {
                Self(Slot::EMPTY)
            }
        }

        impl<T> Clone for $name<T> {
            /// Shares what is loaded.
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<T: PartialEq + 'static> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.0.filled() == other.0.filled()
            }
        }

        impl<T: Eq + 'static> Eq for $name<T> {}

        impl<T: Schema> Association for $name<T> {
            type Target = T;
            fn is_filled(&self) -> bool {
                self.is_loaded()
            }
            fn empty(&mut self) -> Option<Arc<Vec<T>>> {
                self.0.take()
            }
            fn fill(&mut self, rows: Arc<Vec<T>>) {
                self.0 = Slot::new(rows);
            }
        }
    )*};
}
fields! {
    /// The row that this one refers to by a foreign key of its own.
    ///
    /// As JSON it is the row, or `null` if there is none or it was not loaded;
    /// `#[serde(skip_serializing_if = "BelongsTo::is_not_loaded")]` leaves it out then.
    BelongsTo;
    /// The one row that refers to this one. As JSON it is like a [`BelongsTo`].
    HasOne;
    /// The rows that refer to this one. As JSON it is an array, or `null` if it was not loaded.
    HasMany;
    /// The rows that are connected to this one by rows of a join table. As JSON it is like a [`HasMany`].
    ManyToMany;
}

macro_rules! one {
    ($($name:ident $kind:literal;)*) => {$(
        impl<T: 'static> $name<T> {
            /// The row; `None` if there is none, or it was not loaded.
            #[must_use]
            pub fn get(&self) -> Option<&T> {
                self.0.rows().first()
            }

            /// The row, if there is one.
            ///
            /// # Errors
            /// If it was not loaded.
            pub fn loaded(&self) -> Result<Option<&T>> {
                self.0.loaded($kind).map(|rows| rows.first())
            }
        }

        impl<T: Send + Sync + 'static> From<T> for $name<T> {
            /// Loaded, with this row.
            fn from(row: T) -> Self {
                Self(Slot::new(Arc::new(vec![row])))
            }
        }

        impl<T: Send + Sync + 'static> From<Option<T>> for $name<T> {
            /// Loaded, with this row or none.
            fn from(row: Option<T>) -> Self {
                Self(Slot::new(Arc::new(row.into_iter().collect())))
            }
        }

        impl<T: fmt::Debug + 'static> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_loaded() { self.get().fmt(f) } else { f.write_str("NotLoaded") }
            }
        }

        impl<T: Serialize + 'static> Serialize for $name<T> {
            fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                self.get().serialize(serializer)
            }
        }

        impl<'de, T: Deserialize<'de> + Send + Sync + 'static> Deserialize<'de> for $name<T> {
            /// `null` is read as not loaded.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Option::<T>::deserialize(deserializer)?.map_or_else(Self::default, Self::from))
            }
        }
    )*};
}
one! {
    BelongsTo "BelongsTo";
    HasOne "HasOne";
}

macro_rules! many {
    ($($name:ident $kind:literal;)*) => {$(
        impl<T: 'static> $name<T> {
            /// The rows; none if there are none, or they were not loaded.
            #[must_use]
            pub fn get(&self) -> &[T] {
                self.0.rows()
            }

            /// The rows.
            ///
            /// # Errors
            /// If they were not loaded.
            pub fn loaded(&self) -> Result<&[T]> {
                self.0.loaded($kind)
            }
        }

        impl<T: Send + Sync + 'static> From<Vec<T>> for $name<T> {
            /// Loaded, with these rows.
            fn from(rows: Vec<T>) -> Self {
                Self(Slot::new(Arc::new(rows)))
            }
        }

        impl<'a, T: 'static> IntoIterator for &'a $name<T> {
            type Item = &'a T;
            type IntoIter = std::slice::Iter<'a, T>;
            fn into_iter(self) -> Self::IntoIter {
                self.get().iter()
            }
        }

        impl<T: fmt::Debug + 'static> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.is_loaded() { self.get().fmt(f) } else { f.write_str("NotLoaded") }
            }
        }

        impl<T: Serialize + 'static> Serialize for $name<T> {
            fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                self.is_loaded().then(|| self.get()).serialize(serializer)
            }
        }

        impl<'de, T: Deserialize<'de> + Send + Sync + 'static> Deserialize<'de> for $name<T> {
            /// `null` is read as not loaded.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Ok(Option::<Vec<T>>::deserialize(deserializer)?.map_or_else(Self::default, Self::from))
            }
        }
    )*};
}
many! {
    HasMany "HasMany";
    ManyToMany "ManyToMany";
}
