//! [`Syntax`]: where the databases' SQL differs by a word or by being able to do a thing at all.

/// How a database writes what it is told to do about a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upsert {
    /// `ON CONFLICT (...) DO ...`
    OnConflict,
    /// `ON DUPLICATE KEY UPDATE ...`, for whichever unique index
    OnDuplicateKey,
}

/// How a database keeps lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// As arrays, with operators of their own.
    Array,
    /// As JSON, whose values are rows of `json_each`.
    JsonTable,
    /// As JSON, with `JSON_CONTAINS` and `JSON_OVERLAPS`.
    JsonFunctions,
}

/// Which statements can give back the rows that they wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returning {
    /// `INSERT ... RETURNING`
    pub insert: bool,
    /// `UPDATE ... RETURNING`
    pub update: bool,
    /// `DELETE ... RETURNING`
    pub delete: bool,
}

/// What a database can do, and how it calls it. [`Syntax::STANDARD`] is what most have in common.
#[non_exhaustive]
#[derive(Debug, Clone, Copy)]
pub struct Syntax {
    /// The function that counts the characters of a text.
    pub length: &'static str,
    /// The type of a whole number of 64 bits in a CAST.
    pub integer: &'static str,
    /// The operator that divides whole numbers and gives a whole one.
    pub integer_division: &'static str,
    /// The type of a floating-point number of 64 bits in a CAST.
    pub float: &'static str,
    /// What goes before a query to have its plan.
    pub explain: &'static str,
    /// Whether a plan has its parts in columns; else its last column is a line of it.
    pub plan_is_a_table: bool,
    /// `NULLS FIRST` and `NULLS LAST`; else they are written as an order of their own.
    pub nulls_order: bool,
    /// `DISTINCT ON`
    pub distinct_on: bool,
    /// `RIGHT JOIN`
    pub right_join: bool,
    /// `FULL JOIN`
    pub full_join: bool,
    /// `JOIN LATERAL`
    pub lateral: bool,
    /// `count(*) FILTER (WHERE ...)`; else it is written with CASE.
    pub aggregate_filter: bool,
    /// `EXCEPT ALL` and `INTERSECT ALL`
    pub set_operations_all: bool,
    /// `FOR UPDATE`; where it is not, reading locks nothing.
    pub row_locks: bool,
    /// What locks rows against changes, and lets others read them.
    pub shared_lock: &'static str,
    /// `UPDATE ... FROM ...`; else `UPDATE ... JOIN ... SET ...`
    pub update_from: bool,
    /// Where `RETURNING` can stand; else rows are read in a statement of their own.
    pub returning: Returning,
    /// Whether a placeholder that nothing around it gives a type has to be told one.
    pub typed_values: bool,
    /// What is done about conflicts.
    pub upsert: Upsert,
    /// What says that a backslash makes a character of a pattern stand for itself.
    pub escape: &'static str,
    /// Whether a subquery after IN may have a limit; else it is wrapped in another one.
    pub limit_in_subquery: bool,
    /// Whether a decimal number is one of itself; else a placeholder is told that it stands for one.
    pub decimals: bool,
    /// How lists are kept, and what can be asked of them.
    pub lists: Lists,
    /// Appending a value to a JSON array: the text before the column, between it and the value, and after.
    pub json_push: [&'static str; 3],
}

impl Syntax {
    /// What PostgreSQL writes.
    pub const STANDARD: Self = Self {
        length: "length",
        integer: "bigint",
        integer_division: " / ",
        float: "double precision",
        explain: "EXPLAIN ",
        plan_is_a_table: false,
        nulls_order: true,
        distinct_on: true,
        right_join: true,
        full_join: true,
        lateral: true,
        aggregate_filter: true,
        set_operations_all: true,
        row_locks: true,
        shared_lock: " FOR SHARE",
        update_from: true,
        returning: Returning { insert: true, update: true, delete: true },
        typed_values: true,
        upsert: Upsert::OnConflict,
        escape: " ESCAPE '\\'",
        limit_in_subquery: true,
        decimals: true,
        lists: Lists::Array,
        json_push: ["coalesce(", ", '[]'::jsonb) || jsonb_build_array(", "::jsonb)"],
    };

    /// What SQLite writes.
    pub const SQLITE: Self = Self {
        integer: "INTEGER",
        float: "REAL",
        explain: "EXPLAIN QUERY PLAN ",
        lateral: false,
        distinct_on: false,
        set_operations_all: false,
        row_locks: false,
        typed_values: false,
        lists: Lists::JsonTable,
        json_push: ["json_insert(coalesce(", ", '[]'), '$[#]', json(", "))"],
        ..Self::STANDARD
    };

    /// What MariaDB writes.
    pub const MARIADB: Self = Self {
        returning: Returning { insert: true, update: false, delete: true },
        shared_lock: " LOCK IN SHARE MODE",
        lateral: false,
        ..Self::MYSQL
    };

    /// What MySQL writes.
    pub const MYSQL: Self = Self {
        length: "char_length",
        integer: "SIGNED",
        integer_division: " DIV ",
        float: "DOUBLE",
        plan_is_a_table: true,
        nulls_order: false,
        distinct_on: false,
        full_join: false,
        aggregate_filter: false,
        set_operations_all: true,
        update_from: false,
        returning: Returning { insert: false, update: false, delete: false },
        typed_values: false,
        upsert: Upsert::OnDuplicateKey,
        escape: " ESCAPE '\\\\'",
        limit_in_subquery: false,
        decimals: false,
        lists: Lists::JsonFunctions,
        // MariaDB has no type JSON to cast to.
        json_push: ["json_array_append(coalesce(", ", json_array()), '$', json_extract(", ", '$'))"],
        ..Self::STANDARD
    };
}
