//! The placeholders of many rows, of which a bulk INSERT mostly consists.

use std::sync::Mutex;

use super::Dialect;

/// How many texts are kept, and how long each may be.
const KEPT: usize = 8;
const LONGEST: usize = 64 * 1024;

/// The rows of numbered placeholders that were written last: the next INSERT is mostly of as many, and a tenth of its time
/// would go to counting.
static LAST: Mutex<Vec<Rows>> = Mutex::new(Vec::new());

struct Rows {
    /// The first placeholder, as dialects differ in what they put before the number.
    first: String,
    count: usize,
    width: usize,
    text: String,
}

/// Writes `(?, ?), (?, ?)` or `($1, $2), ($3, $4)`, the first placeholders of a statement.
pub(super) fn write(dialect: &dyn Dialect, sql: &mut String, count: usize, width: usize) {
    if !dialect.has_numbers() {
        let row = row(dialect, 0, width);
        sql.reserve(count * (row.len() + 2));
        for at in 0..count {
            sql.push_str(if at == 0 { "" } else { ", " });
            sql.push_str(&row);
        }
        return;
    }
    // Whoever finds it taken writes his own.
    let Ok(mut last) = LAST.try_lock() else { return sql.push_str(&numbered(dialect, count, width)) };
    let mut first = String::new();
    dialect.placeholder(&mut first, 1);
    let alike = |kept: &&Rows| (kept.count, kept.width, &kept.first) == (count, width, &first);
    if let Some(kept) = last.iter().find(alike) {
        return sql.push_str(&kept.text);
    }
    let text = numbered(dialect, count, width);
    sql.push_str(&text);
    if text.len() <= LONGEST {
        if last.len() >= KEPT {
            last.remove(0);
        }
        last.push(Rows { first, count, width, text });
    }
}

fn numbered(dialect: &dyn Dialect, count: usize, width: usize) -> String {
    let rows: Vec<String> = (0..count).map(|at| row(dialect, at * width, width)).collect();
    rows.join(", ")
}

fn row(dialect: &dyn Dialect, before: usize, width: usize) -> String {
    let mut sql = String::from("(");
    for at in 1..=width {
        sql.push_str(if at == 1 { "" } else { ", " });
        dialect.placeholder(&mut sql, before + at);
    }
    sql.push(')');
    sql
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::dialect::{Postgres, Sqlite};

    fn text(dialect: &dyn Dialect, count: usize, width: usize) -> String {
        let mut sql = String::from("VALUES ");
        write(dialect, &mut sql, count, width);
        sql
    }

    #[test]
    fn rows_are_separated_as_their_values_are() {
        assert_eq!(text(&Sqlite, 1, 1), "VALUES (?)");
        assert_eq!(text(&Sqlite, 3, 2), "VALUES (?, ?), (?, ?), (?, ?)");
        for _ in 0..2 {
            assert_eq!(text(&Postgres, 1, 1), "VALUES ($1)");
            assert_eq!(text(&Postgres, 3, 2), "VALUES ($1, $2), ($3, $4), ($5, $6)");
            assert_eq!(text(&Postgres, 2, 3), "VALUES ($1, $2, $3), ($4, $5, $6)");
        }
    }

    #[test]
    fn few_and_short_texts_are_kept() {
        for count in 1..=3 * KEPT {
            let all: Vec<String> = (1..=count).map(|number| format!("(${number})")).collect();
            assert_eq!(text(&Postgres, count, 1), format!("VALUES {}", all.join(", ")));
        }
        assert!(text(&Postgres, 30_000, 1).ends_with("($29999), ($30000)"));
        let last = LAST.lock().unwrap();
        assert!(last.len() <= KEPT && last.iter().all(|rows| rows.text.len() <= LONGEST));
    }
}
