//! What can be done with columns and terms alike: comparing, computing, ordering. Written once for both.

use super::ast::{Expr, Function, Operator, Pattern};
use super::condition::{Condition, Order};
use super::operand::Operand;
use super::source::{Has, Source, Within};
use super::{Column, Query, Term};
use crate::{FieldType, Numeric, Textual, Value, ValueFor};

macro_rules! comparisons {
    ($($(#[$doc:meta])+ $name:ident $operator:ident;)*) => {
        impl<S: Source, T: FieldType> Column<S, T> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<W, At, By>(self, value: impl Operand<W, T, By>) -> Condition<W>
                where
                    W: Has<S, At>,
                {
                    Condition::new(self.expr().compare(Operator::$operator, value.into_operand().0))
                }
            )*
        }

        // `Ord`, which a term is not, has methods of the same names.
        #[allow(clippy::should_implement_trait)]
        impl<W, T: FieldType, K> Term<W, T, K> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<By>(self, value: impl Operand<W, T, By>) -> Condition<W> {
                    Condition::new(self.expr.compare(Operator::$operator, value.into_operand().0))
                }
            )*
        }
    };
}
comparisons! {
    /// `left = right`; with the value `None` it is `left IS NULL`.
    eq Eq;
    /// `left <> right`, which a row with NULL does not meet, as in SQL; with the value `None` it is
    /// `left IS NOT NULL`.
    ne Ne;
    /// `left > right`
    gt Gt;
    /// `left >= right`
    ge Ge;
    /// `left < right`
    lt Lt;
    /// `left <= right`
    le Le;
}

macro_rules! arithmetic {
    ($($(#[$doc:meta])+ $name:ident $operator:ident;)*) => {
        // The operators' traits have no place for the query that a term is for.
        #[allow(clippy::should_implement_trait)]
        impl<S: Source, T: Numeric> Column<S, T> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<W, At, By>(self, value: impl Operand<W, T, By>) -> Term<W, W::Of<T>>
                where
                    W: Has<S, At>,
                {
                    Term::new(self.expr().binary(Operator::$operator.of_numbers(T::CAST), value.into_operand().0))
                }
            )*
        }

        #[allow(clippy::should_implement_trait)]
        impl<W, T: Numeric, K> Term<W, T, K> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<By>(self, value: impl Operand<W, T, By>) -> Term<W, T> {
                    Term::new(self.expr.binary(Operator::$operator.of_numbers(T::CAST), value.into_operand().0))
                }
            )*
        }
    };
}
arithmetic! {
    /// `left + right`
    add Add;
    /// `left - right`
    sub Sub;
    /// `left * right`
    mul Mul;
    /// `left / right`; of whole numbers, the whole part, as databases divide. Dividing by zero gives NULL on
    /// SQLite and MySQL, and an error on PostgreSQL.
    div Div;
}

macro_rules! functions {
    ($($(#[$doc:meta])+ $name:ident $function:ident;)*) => {
        impl<S: Source, T: Textual> Column<S, T> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<W, At>(self) -> Term<W, W::Of<T>>
                where
                    W: Has<S, At>,
                {
                    Term::new(Expr::Call(Function::$function, vec![self.expr()]))
                }
            )*
        }

        impl<W, T: Textual, K> Term<W, T, K> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name(self) -> Term<W, T> {
                    Term::new(Expr::Call(Function::$function, vec![self.expr]))
                }
            )*
        }
    };
}
functions! {
    /// The text in lower case; SQLite knows ASCII letters only.
    lower Lower;
    /// The text in upper case; SQLite knows ASCII letters only.
    upper Upper;
}

macro_rules! patterns {
    ($($(#[$doc:meta])+ $name:ident($text:ident) $pattern:ident $format:expr;)*) => {
        impl<S: Source, T: Textual> Column<S, T> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name<W: Has<S, At>, At>(self, $text: impl AsRef<str>) -> Condition<W> {
                    let $text = $text.as_ref();
                    matches(self.expr(), Pattern::$pattern, $format)
                }
            )*
        }

        impl<W, T: Textual, K> Term<W, T, K> {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name(self, $text: impl AsRef<str>) -> Condition<W> {
                    let $text = $text.as_ref();
                    matches(self.expr, Pattern::$pattern, $format)
                }
            )*
        }
    };
}
patterns! {
    /// `left LIKE pattern`, where `%` stands for any text, `_` for any character, and `\` takes the
    /// meaning from either. Upper and lower case of ASCII letters are the same on SQLite.
    like(text) Like text.to_owned();
    /// As [`like`](Self::like), with upper and lower case of ASCII letters the same on every database.
    ilike(text) Text text.to_owned();
    /// Whether it holds this text somewhere; `%` and `_` in it mean themselves. Upper and lower case of
    /// ASCII letters are the same.
    contains(text) Text format!("%{}%", escape(text));
    /// Whether it begins with this text; see [`contains`](Self::contains).
    starts_with(text) Text format!("{}%", escape(text));
    /// Whether it ends with this text; see [`contains`](Self::contains).
    ends_with(text) Text format!("%{}", escape(text));
}

fn matches<W>(left: Expr, pattern: Pattern, text: String) -> Condition<W> {
    Condition::new(Expr::Like(Box::new(left), pattern, Value::Text(text)))
}

/// Takes their meaning from LIKE's wildcards; every dialect is told that `\` escapes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

impl<S: Source, T: FieldType> Column<S, T> {
    /// `left IS NULL`
    #[must_use]
    pub fn is_null<W: Has<S, At>, At>(self) -> Condition<W> {
        Condition::new(Expr::IsNull(Box::new(self.expr()), true))
    }

    /// `left IS NOT NULL`
    #[must_use]
    pub fn is_not_null<W: Has<S, At>, At>(self) -> Condition<W> {
        Condition::new(Expr::IsNull(Box::new(self.expr()), false))
    }

    /// Whether the value is one of these; of an empty list it never is.
    ///
    /// The list may have any length where its values are numbers, texts, times or booleans.
    #[must_use]
    pub fn in_list<V, W, At>(self, values: impl IntoIterator<Item = V>) -> Condition<W>
    where
        V: ValueFor<T>,
        W: Has<S, At>,
    {
        let values = values.into_iter().map(V::into_value).collect();
        Condition::new(Expr::InList(Box::new(self.expr()), values))
    }

    /// Whether the value is among those that a query of one column gives.
    ///
    /// ```
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "posts")]
    /// # struct Post { id: i64 }
    /// # #[derive(zzz_db::Schema, Default)]
    /// # #[schema(table = "comments")]
    /// # struct Comment { id: i64, post_id: i64 }
    /// let commented = Post::query().filter(Post::id.in_query(Comment::query().select(Comment::post_id)));
    /// # let _ = commented;
    /// ```
    #[must_use]
    pub fn in_query<Q, U, W, At, In>(self, query: Query<Q, U>) -> Condition<W>
    where
        Q: Within<W, In>,
        U: FieldType<NotNull = T::NotNull>,
        W: Has<S, At>,
    {
        Condition::new(Expr::InQuery(Box::new(self.expr()), Box::new(query.select)))
    }

    /// Smallest first.
    #[must_use]
    pub fn asc<W: Has<S, At>, At>(self) -> Order<W> {
        Order::new(self.expr(), false)
    }

    /// Largest first.
    #[must_use]
    pub fn desc<W: Has<S, At>, At>(self) -> Order<W> {
        Order::new(self.expr(), true)
    }

    /// This value, or where it is NULL, that one.
    #[must_use]
    pub fn coalesce<W, At, By>(self, other: impl Operand<W, T::NotNull, By>) -> Term<W, T::NotNull>
    where
        W: Has<S, At>,
    {
        Term::new(Expr::Call(Function::Coalesce, vec![self.expr(), other.into_operand().0]))
    }

    /// How many characters the text has; `None` of NULL.
    #[must_use]
    pub fn length<W, At>(self) -> Term<W, Option<i64>>
    where
        T: Textual,
        W: Has<S, At>,
    {
        Term::new(Expr::Call(Function::Length, vec![self.expr()]))
    }
}

impl<W, T: FieldType, K> Term<W, T, K> {
    /// `left IS NULL`
    #[must_use]
    pub fn is_null(self) -> Condition<W> {
        Condition::new(Expr::IsNull(Box::new(self.expr), true))
    }

    /// `left IS NOT NULL`
    #[must_use]
    pub fn is_not_null(self) -> Condition<W> {
        Condition::new(Expr::IsNull(Box::new(self.expr), false))
    }

    /// Whether the value is one of these; of an empty list it never is.
    #[must_use]
    pub fn in_list<V: ValueFor<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<W> {
        let values = values.into_iter().map(V::into_value).collect();
        Condition::new(Expr::InList(Box::new(self.expr), values))
    }

    /// Whether the value is among those that a query of one column gives.
    #[must_use]
    pub fn in_query<Q, U, In>(self, query: Query<Q, U>) -> Condition<W>
    where
        Q: Within<W, In>,
        U: FieldType<NotNull = T::NotNull>,
    {
        Condition::new(Expr::InQuery(Box::new(self.expr), Box::new(query.select)))
    }

    /// Smallest first.
    #[must_use]
    pub fn asc(self) -> Order<W> {
        Order::new(self.expr, false)
    }

    /// Largest first.
    #[must_use]
    pub fn desc(self) -> Order<W> {
        Order::new(self.expr, true)
    }

    /// This value, or where it is NULL, that one.
    #[must_use]
    pub fn coalesce<By>(self, other: impl Operand<W, T::NotNull, By>) -> Term<W, T::NotNull> {
        Term::new(Expr::Call(Function::Coalesce, vec![self.expr, other.into_operand().0]))
    }

    /// How many characters the text has; `None` of NULL.
    #[must_use]
    pub fn length(self) -> Term<W, Option<i64>>
    where
        T: Textual,
    {
        Term::new(Expr::Call(Function::Length, vec![self.expr]))
    }
}

impl<S: Source> Column<S, bool> {
    /// The column as a condition.
    #[must_use]
    pub fn is_true<W: Has<S, At>, At>(self) -> Condition<W> {
        Condition::new(self.expr().binary(Operator::Eq, Expr::Value(Value::Bool(true))))
    }
}

impl<W, K> Term<W, bool, K> {
    /// The term as a condition: `fragment!(bool: "? GLOB ?", Post::title, "a*").is_true()`.
    #[must_use]
    pub fn is_true(self) -> Condition<W> {
        Condition::new(self.expr)
    }
}
