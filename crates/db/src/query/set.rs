//! Unions, differences and intersections of queries.

use super::ast::{Combination, SetOperator};
use super::source::Complete;
use super::{Query, Sources};

macro_rules! set_operations {
    ($($(#[$doc:meta])+ $name:ident $operator:ident $all:literal;)*) => {
        impl<Q: Sources, T> Query<Q, T> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<W: Complete>(self, other: Query<W, T>) -> Self {
                    self.combined(SetOperator::$operator, $all, other)
                }
            )*
        }
    };
}
set_operations! {
    /// The rows of both queries, each once.
    ///
    /// Orders, limits and offsets of this query are the whole's, whenever they were given, and such an order
    /// is by a selected column; those of the other query are its own. This is as in Ecto.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64, title: String }
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "users")]
    /// # struct User { id: i64, name: String }
    /// let names = User::query().select(User::name);
    /// let words = Post::query().select(Post::title).union(names).order_by(Post::title.asc()).limit(10);
    /// # let _: zzz_db::Query<Post, String> = words;
    /// ```
    union Union false;
    /// The rows of both queries, as often as they come.
    union_all Union true;
    /// The rows of this query that the other has not, each once.
    except Except false;
    /// As [`except`](Self::except), where a row that comes several times is taken out once for each of the
    /// other's. SQLite has no such thing; there it is an error that says so.
    except_all Except true;
    /// The rows that both queries have, each once.
    intersect Intersect false;
    /// As [`intersect`](Self::intersect), and rows that both have several times come several times. SQLite
    /// has no such thing; there it is an error that says so.
    intersect_all Intersect true;
}

impl<Q: Sources, T> Query<Q, T> {
    fn combined<W>(mut self, operator: SetOperator, all: bool, other: Query<W, T>) -> Self {
        let mut select = other.select;
        // Structs may have been selected with their fields in another order: names say which is which.
        if let (Some(ours), Some(theirs)) = (&self.select.outputs, &mut select.outputs) {
            let named = ours.len() == theirs.len() && ours.iter().all(|output| output.name.is_some());
            if named && theirs.iter().all(|output| output.name.is_some()) {
                theirs.sort_by_key(|output| ours.iter().position(|our| our.name == output.name));
            }
        }
        self.select.combinations.push(Combination { operator, all, select });
        self
    }
}
