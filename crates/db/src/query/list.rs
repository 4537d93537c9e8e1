//! What can be done with columns that are lists: arrays on PostgreSQL, JSON elsewhere.

use super::ast::{Expr, ListOperator};
use super::source::{Has, Source, Sources};
use super::{Assignment, Column, Condition};
use crate::ValueFor;
use crate::value::Element;

macro_rules! lists {
    ($($list:ty),*) => {$(
        impl<S: Source, T: Element> Column<S, $list> {
            /// Whether the list has this value: `left @> ARRAY[value]`. PostgreSQL can look it up in a GIN index.
            ///
            /// Ecto writes it `^value in post.tags`. NULL is in no list.
            #[must_use]
            pub fn contains<W: Has<S, At>, At>(self, value: impl ValueFor<T>) -> Condition<W> {
                self.list(ListOperator::Contains, vec![value.into_value()])
            }

            /// Whether the list has each of these values; of none it always has. See [`contains`](Self::contains).
            #[must_use]
            pub fn contains_all<V, W, At>(self, values: impl IntoIterator<Item = V>) -> Condition<W>
            where
                V: ValueFor<T>,
                W: Has<S, At>,
            {
                self.list(ListOperator::Contains, values.into_iter().map(V::into_value).collect())
            }

            /// Whether the list has any of these values: `left && right`; of none it never has. PostgreSQL can look it
            /// up in a GIN index.
            #[must_use]
            pub fn overlaps<V, W, At>(self, values: impl IntoIterator<Item = V>) -> Condition<W>
            where
                V: ValueFor<T>,
                W: Has<S, At>,
            {
                self.list(ListOperator::Overlaps, values.into_iter().map(V::into_value).collect())
            }

            fn list<W>(self, operator: ListOperator, values: Vec<crate::Value>) -> Condition<W> {
                Condition::new(Expr::List(Box::new(self.expr()), operator, values))
            }

            /// For `update_all` and `on_conflict`: adds a value to the end of the list, in the database; NULL counts as an
            /// empty one.
            #[must_use]
            pub fn push<W>(self, value: impl ValueFor<T>) -> Assignment<W>
            where
                W: Sources<Root = S>,
            {
                Assignment::new(self.meta().column, Expr::Append(Box::new(self.expr()), value.into_value()))
            }

            /// For `update_all` and `on_conflict`: takes every such value out of the list, in the database. MySQL can not
            /// do it and says so.
            #[must_use]
            pub fn pull<W>(self, value: impl ValueFor<T>) -> Assignment<W>
            where
                W: Sources<Root = S>,
            {
                Assignment::new(self.meta().column, Expr::Remove(Box::new(self.expr()), value.into_value()))
            }
        }
    )*};
}
lists!(Vec<T>, Option<Vec<T>>);
