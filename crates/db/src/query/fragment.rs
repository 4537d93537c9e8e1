//! [`fragment!`](crate::fragment): SQL of the app's own within a query.

use std::marker::PhantomData;

use super::Term;
use super::ast::Expr;
use super::operand::Argument;
use crate::FieldType;

/// SQL of the app's own as a [`Term`](crate::query::Term) of a given type, each `?` standing for a column, a
/// term, or a value that is bound:
///
/// ```
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64, title: String }
/// use zzz_db::fragment;
///
/// let query = Post::query()
///     .filter(fragment!(bool: "? GLOB ?", Post::title, "[A-F]*").is_true())
///     .order_by(fragment!(i64: "abs(? - ?)", Post::id, 100).asc());
/// # let _ = query;
/// ```
///
/// The SQL is a literal, so that nothing from outside gets into it, and its `?` are counted as it compiles.
/// `\\?` is a question mark of the SQL's own. The type is not checked: a row that gives another is a decode
/// error.
///
/// ```compile_fail
/// # #[derive(zzz_db::Schema, Default)]
/// # #[schema(table = "posts")]
/// # struct Post { id: i64 }
/// let query = Post::query().order_by(zzz_db::fragment!(i64: "abs(?, ?)", Post::id).asc());
/// ```
#[macro_export]
macro_rules! fragment {
    ($type:ty: $sql:literal $(, $argument:expr)* $(,)?) => {{
        const _: () = ::core::assert!(
            $crate::query::placeholders($sql) == 0 $(+ { let _ = ::core::stringify!($argument); 1 })*,
            "the fragment must have one `?` for each of its arguments"
        );
        $crate::query::Fragment::<_, $type>::new($sql)$(.argument($argument))*.term()
    }};
}

/// How many placeholders a fragment has.
#[doc(hidden)]
#[must_use]
pub const fn placeholders(sql: &str) -> usize {
    let bytes = sql.as_bytes();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if at + 1 < bytes.len() && bytes[at + 1] == b'?' => at += 1,
            b'?' => count += 1,
            _ => {}
        }
        at += 1;
    }
    count
}

/// A fragment while its arguments are put together, for the macro.
#[doc(hidden)]
pub struct Fragment<W, T> {
    sql: &'static str,
    arguments: Vec<Expr>,
    marker: PhantomData<fn() -> (W, T)>,
}

#[doc(hidden)]
impl<W, T: FieldType> Fragment<W, T> {
    #[must_use]
    pub fn new(sql: &'static str) -> Self {
        Self { sql, arguments: Vec::new(), marker: PhantomData }
    }

    #[must_use]
    pub fn argument<By>(mut self, argument: impl Argument<W, By>) -> Self {
        self.arguments.push(argument.into_argument().0);
        self
    }

    #[must_use]
    pub fn term(self) -> Term<W, T> {
        Term::new(Expr::Fragment(self.sql, self.arguments))
    }
}
