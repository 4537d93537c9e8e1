//! [`ColumnType`]: what a column is: its type, whether it may be NULL, its default, what it refers to.

use std::marker::PhantomData;

use super::kind::{
    Bytes, Characters, Clock, Day, DefaultFor, Document, Fraction, Identifier, Literal, Moment, Other,
    Refers, Truth, Whole,
};
use super::table::TableName;

/// A type as each database has a word for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SqlType {
    Identity,
    Smallint,
    Integer,
    Bigint,
    Text,
    String(u32),
    Boolean,
    Float,
    Decimal(u32, u32),
    Date,
    Time(u8),
    UtcDatetime(u8),
    NaiveDatetime(u8),
    Uuid,
    Binary,
    Json,
    Named(String),
}

/// What a column holds where nothing is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Default {
    Literal(Literal),
    Sql(String),
    Now,
}

/// A column that is computed from others.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Generated {
    pub(crate) expression: String,
    pub(crate) stored: bool,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference {
    pub(crate) table: TableName,
    pub(crate) column: String,
    /// More columns of a composite key: (of this table, of the other).
    pub(crate) with: Vec<(String, String)>,
    pub(crate) name: Option<String>,
    pub(crate) on_delete: OnDelete,
    pub(crate) on_update: OnUpdate,
    pub(crate) validate: bool,
}

/// What happens to a row when the row that it refers to is deleted. The names are Ecto's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OnDelete {
    /// The other row can not be deleted: `NO ACTION`.
    #[default]
    Nothing,
    /// The row is deleted too: `CASCADE`.
    DeleteAll,
    /// The column becomes NULL: `SET NULL`.
    NilifyAll,
    /// These columns of a composite key become NULL; PostgreSQL 15 or later.
    Nilify(Vec<String>),
    /// The column becomes its default: `SET DEFAULT`. InnoDB of MySQL does not have it.
    DefaultAll,
    /// The other row can not be deleted, not even if this row goes within the same transaction: `RESTRICT`.
    Restrict,
}

/// What happens to a row when the key that it refers to is changed. The names are Ecto's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUpdate {
    /// The key can not be changed: `NO ACTION`.
    #[default]
    Nothing,
    /// The column is changed too: `CASCADE`.
    UpdateAll,
    /// The column becomes NULL: `SET NULL`.
    NilifyAll,
    /// The key can not be changed: `RESTRICT`.
    Restrict,
}

/// A column without its name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    pub(crate) kind: SqlType,
    pub(crate) not_null: bool,
    pub(crate) primary_key: bool,
    pub(crate) default: Option<Default>,
    pub(crate) collation: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) generated: Option<Generated>,
    pub(crate) reference: Option<Reference>,
}

/// What a column is: made by [`text`], [`integer`], [`references`] and the like, and told more by its methods.
///
/// A column may be NULL unless [`not_null`](Self::not_null) is said.
#[must_use = "a column's type does nothing until a column is added with it"]
#[derive(Debug, Clone)]
pub struct ColumnType<K> {
    pub(crate) spec: Spec,
    kind: PhantomData<K>,
}

fn of<K>(kind: SqlType) -> ColumnType<K> {
    let spec = Spec {
        kind,
        not_null: false,
        primary_key: false,
        default: None,
        collation: None,
        comment: None,
        generated: None,
        reference: None,
    };
    ColumnType { spec, kind: PhantomData }
}

/// A number of 64 bits that the database counts up by itself: what a table's `id` is unless something else is
/// said. It is the table's only primary key.
pub fn identity() -> ColumnType<Whole> {
    let mut column = of(SqlType::Identity);
    column.spec.primary_key = true;
    column.spec.not_null = true;
    column
}

/// A whole number of 16 bits, for `i16`. SQLite has whole numbers of 64 bits only.
pub fn smallint() -> ColumnType<Whole> {
    of(SqlType::Smallint)
}

/// A whole number of 32 bits, for `i32`. SQLite has whole numbers of 64 bits only.
pub fn integer() -> ColumnType<Whole> {
    of(SqlType::Integer)
}

/// A whole number of 64 bits, for `i64`.
pub fn bigint() -> ColumnType<Whole> {
    of(SqlType::Bigint)
}

/// A text of any length. MySQL can not index it, nor make it unique: take [`string`] there.
pub fn text() -> ColumnType<Characters> {
    of(SqlType::Text)
}

/// A text of at most `size` characters. SQLite keeps the size in the table's definition and does not check it.
pub fn string(size: u32) -> ColumnType<Characters> {
    of(SqlType::String(size))
}

/// True or false.
pub fn boolean() -> ColumnType<Truth> {
    of(SqlType::Boolean)
}

/// A binary fraction of 64 bits, for `f64`.
pub fn float() -> ColumnType<Fraction> {
    of(SqlType::Float)
}

/// A decimal number of `precision` digits, `scale` of them after the point. SQLite computes with 15 digits.
pub fn decimal(precision: u32, scale: u32) -> ColumnType<Fraction> {
    of(SqlType::Decimal(precision, scale))
}

/// A date.
pub fn date() -> ColumnType<Day> {
    of(SqlType::Date)
}

/// A time of day, in microseconds.
pub fn time() -> ColumnType<Clock> {
    of(SqlType::Time(6))
}

/// A moment, for `DateTime<Utc>`, in microseconds.
pub fn utc_datetime() -> ColumnType<Moment> {
    of(SqlType::UtcDatetime(6))
}

/// A date with a time and without a place, for `NaiveDateTime`, in microseconds.
pub fn naive_datetime() -> ColumnType<Moment> {
    of(SqlType::NaiveDatetime(6))
}

/// A UUID.
pub fn uuid() -> ColumnType<Identifier> {
    of(SqlType::Uuid)
}

/// Bytes.
pub fn binary() -> ColumnType<Bytes> {
    of(SqlType::Binary)
}

/// A JSON document, for `Json<T>`: `jsonb` on PostgreSQL, `json` on MySQL, a text on SQLite.
pub fn json() -> ColumnType<Document> {
    of(SqlType::Json)
}

/// A type by the name that the database has for it: `named("citext")`, `named("point")`. The name is SQL.
pub fn named(name: impl Into<String>) -> ColumnType<Other> {
    of(SqlType::Named(name.into()))
}

/// A key of another table: a foreign key to its `id`, which is a [`bigint`].
///
/// The constraint's name is `{table}_{column}_fkey`, where a changeset looks for it.
pub fn references(table: impl Into<TableName>) -> ColumnType<Refers<Whole>> {
    let mut column = of(SqlType::Bigint);
    column.spec.reference = Some(Reference {
        table: table.into(),
        column: "id".into(),
        with: Vec::new(),
        name: None,
        on_delete: OnDelete::Nothing,
        on_update: OnUpdate::Nothing,
        validate: true,
    });
    column
}

impl<K> ColumnType<K> {
    /// It is never NULL.
    pub fn not_null(mut self) -> Self {
        self.spec.not_null = true;
        self
    }

    /// It is the table's primary key, or a part of it if other columns are too. The table gets no `id` then.
    pub fn primary_key(mut self) -> Self {
        self.spec.primary_key = true;
        self.spec.not_null = true;
        self
    }

    /// What it holds where nothing is said.
    pub fn default(mut self, value: impl DefaultFor<K>) -> Self {
        self.spec.default = Some(Default::Literal(value.literal()));
        self
    }

    /// What it holds where nothing is said, as SQL: `default_sql("gen_random_uuid()")`.
    pub fn default_sql(mut self, expression: impl Into<String>) -> Self {
        self.spec.default = Some(Default::Sql(expression.into()));
        self
    }

    /// What is said about it in the database. SQLite keeps it as a comment in the table's SQL.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.spec.comment = Some(text.into());
        self
    }

    /// It is computed from others whenever a row is written, and kept: `generated("price * amount")`.
    pub fn generated(mut self, expression: impl Into<String>) -> Self {
        self.spec.generated = Some(Generated { expression: expression.into(), stored: true });
        self
    }

    /// It is computed from others whenever it is read. PostgreSQL has it from version 18 on.
    pub fn generated_virtual(mut self, expression: impl Into<String>) -> Self {
        self.spec.generated = Some(Generated { expression: expression.into(), stored: false });
        self
    }
}

impl ColumnType<Characters> {
    /// How it is compared and sorted, by the database's own name for it: `NOCASE` on SQLite, `de-x-icu` on
    /// PostgreSQL, `utf8mb4_bin` on MySQL.
    pub fn collation(mut self, name: impl Into<String>) -> Self {
        self.spec.collation = Some(name.into());
        self
    }
}

impl ColumnType<Moment> {
    /// How many digits of a second it keeps, 0 to 6. SQLite keeps what is written.
    pub fn precision(mut self, digits: u8) -> Self {
        match &mut self.spec.kind {
            SqlType::UtcDatetime(precision) | SqlType::NaiveDatetime(precision) => *precision = digits,
            _ => {}
        }
        self
    }

    /// The moment at which the row is written, where nothing is said.
    pub fn default_now(mut self) -> Self {
        self.spec.default = Some(Default::Now);
        self
    }
}

impl<K> ColumnType<Refers<K>> {
    /// What the other key is, if it is no [`bigint`]: `references("users").of(uuid())`.
    pub fn of<L>(self, kind: ColumnType<L>) -> ColumnType<Refers<L>> {
        ColumnType { spec: Spec { kind: kind.spec.kind, ..self.spec }, kind: PhantomData }
    }

    /// The column of the other table, if it is not `id`.
    pub fn column(self, name: impl Into<String>) -> Self {
        self.change(|reference| reference.column = name.into())
    }

    /// One more column of a composite key: of this table, and of the other.
    pub fn with(self, here: impl Into<String>, there: impl Into<String>) -> Self {
        self.change(|reference| reference.with.push((here.into(), there.into())))
    }

    /// The constraint's name, if it is not `{table}_{column}_fkey`.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.change(|reference| reference.name = Some(name.into()))
    }

    /// What happens when the other row is deleted.
    pub fn on_delete(self, action: OnDelete) -> Self {
        self.change(|reference| reference.on_delete = action)
    }

    /// What happens when the other row's key is changed.
    pub fn on_update(self, action: OnUpdate) -> Self {
        self.change(|reference| reference.on_update = action)
    }

    /// Rows that are there already are not looked at: `NOT VALID`, of PostgreSQL. Only for a column of a table that
    /// is there.
    pub fn not_valid(self) -> Self {
        self.change(|reference| reference.validate = false)
    }

    fn change(mut self, change: impl FnOnce(&mut Reference)) -> Self {
        if let Some(reference) = &mut self.spec.reference {
            change(reference);
        }
        self
    }
}

impl Reference {
    /// The constraint's name.
    pub(crate) fn full_name(&self, table: &TableName, column: &str) -> String {
        self.name.clone().unwrap_or_else(|| format!("{}_{column}_fkey", table.name))
    }
}
