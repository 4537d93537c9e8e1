//! What kinds of columns there are, as types: a default of another kind does not compile.

/// A whole number.
#[derive(Debug, Clone, Copy)]
pub enum Whole {}
/// A number with a fraction.
#[derive(Debug, Clone, Copy)]
pub enum Fraction {}
/// A text.
#[derive(Debug, Clone, Copy)]
pub enum Characters {}
/// True or false.
#[derive(Debug, Clone, Copy)]
pub enum Truth {}
/// A date.
#[derive(Debug, Clone, Copy)]
pub enum Day {}
/// A time of day.
#[derive(Debug, Clone, Copy)]
pub enum Clock {}
/// A date with a time.
#[derive(Debug, Clone, Copy)]
pub enum Moment {}
/// Bytes.
#[derive(Debug, Clone, Copy)]
pub enum Bytes {}
/// A UUID.
#[derive(Debug, Clone, Copy)]
pub enum Identifier {}
/// A JSON document.
#[derive(Debug, Clone, Copy)]
pub enum Document {}
/// A type that only the database knows.
#[derive(Debug, Clone, Copy)]
pub enum Other {}
/// A key of another table, of this kind.
#[derive(Debug, Clone, Copy)]
pub struct Refers<K>(std::marker::PhantomData<K>);

/// A default as it is written into SQL.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A whole number.
    Int(i64),
    /// Digits with a point.
    Number(String),
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
}

/// A value that a column of the kind `K` may have by default.
///
/// Any other value is written as SQL, with `default_sql`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can not be the default of a column of this type",
    label = "the column is of the kind `{K}`",
    note = "an integer column takes a whole number, a text or string column a text, a boolean column `true` or \
            `false`; write any other default as SQL: `.default_sql(\"...\")`"
)]
pub trait DefaultFor<K> {
    /// The value as SQL shall hold it.
    #[doc(hidden)]
    fn literal(self) -> Literal;
}

macro_rules! defaults {
    ($($kind:ident: $($type:ty)+ => |$value:ident| $literal:expr;)+) => {
        $($(impl DefaultFor<$kind> for $type {
            fn literal(self) -> Literal {
                let $value = self;
                $literal
            }
        })+)+
    };
}

defaults! {
    Whole: i16 i32 u8 u16 u32 => |value| Literal::Int(i64::from(value));
    Whole: i64 => |value| Literal::Int(value);
    Fraction: i32 => |value| Literal::Int(i64::from(value));
    Fraction: f64 => |value| Literal::Number(value.to_string());
    Characters: &str => |value| Literal::Text(value.into());
    Characters: String => |value| Literal::Text(value);
    Truth: bool => |value| Literal::Bool(value);
    Document: &str => |value| Literal::Text(value.into());
    Other: &str => |value| Literal::Text(value.into());
    Day: chrono::NaiveDate => |value| Literal::Text(crate::value::time::date(value));
    Clock: chrono::NaiveTime => |value| Literal::Text(crate::value::time::time(value));
}

impl<K, T: DefaultFor<K>> DefaultFor<Refers<K>> for T {
    fn literal(self) -> Literal {
        self.literal()
    }
}
