//! However conditions and queries are nested, the SQL is understood, its placeholders match its values, and it
//! means what was written: SQLite's answer is compared with one worked out here.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::sync::OnceLock;

use zzz_db::query::{case, value};
use zzz_db::{
    Condition, DatabaseConfig, DatabaseUrl, Query, Repo, Schema, Term, count, exists, fragment, max, scalar,
    storage, sum,
};

#[derive(Schema, Debug, Default, Clone)]
#[schema(table = "cells")]
struct Cell {
    id: i64,
    a: i64,
    b: Option<i64>,
    text: String,
}

zzz_db::alias!(Other: Cell);

/// A repo with a few rows, and the runtime that asks it.
struct Lab {
    runtime: tokio::runtime::Runtime,
    repo: Repo,
    rows: Vec<Cell>,
}

fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        let (repo, rows) = runtime.block_on(async {
            let folder = std::env::temp_dir().join(format!("zzz-db-nesting-{}", std::process::id()));
            let url = DatabaseUrl::sqlite(folder.join("test.db"));
            storage::create(&url).await.unwrap();
            let repo = Repo::connect(&url, &DatabaseConfig::default()).await.unwrap();
            let table = "CREATE TABLE cells (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER, text TEXT NOT NULL)";
            repo.execute(table, []).await.unwrap();
            for a in 0..3_i64 {
                for b in [None, Some(0), Some(1), Some(2)] {
                    let text = format!("{a}%_'{}", b.unwrap_or(-1));
                    repo.insert(Cell { id: 0, a, b, text }).await.unwrap();
                }
            }
            let rows = Cell::query().order_by(Cell::id.asc()).all(&repo).await.unwrap();
            // The connections keep what they have opened.
            std::fs::remove_dir_all(folder).unwrap();
            (repo, rows)
        });
        Lab { runtime, repo, rows }
    })
}

/// Bytes that decide what is built; when they are used up, everything is small.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % limit)
    }

    fn number(&mut self) -> i64 {
        i64::from(self.below(4))
    }
}

/// A number with what it is worth in a row; `None` is NULL.
type Number<'a> = (Term<Cell, i64>, Box<dyn Fn(&Cell) -> Option<i64> + 'a>);
/// A condition with whether a row meets it; `None` is neither.
type Truth<'a> = (Condition<Cell>, Box<dyn Fn(&Cell) -> Option<bool> + 'a>);

fn number<'a>(choices: &mut Choices<'_>, depth: u8) -> Number<'a> {
    let kinds = if depth == 0 { 3 } else { 8 };
    match choices.below(kinds) {
        0 => {
            let number = choices.number();
            (value(number), Box::new(move |_| Some(number)))
        }
        1 => (Cell::a.mul(1), Box::new(|cell| Some(cell.a))),
        2 => (Cell::b.coalesce(-1), Box::new(|cell| Some(cell.b.unwrap_or(-1)))),
        3 => {
            let ((left, l), (right, r)) = (number_of(choices, depth), number_of(choices, depth));
            (left.sub(right), Box::new(move |cell| Some(l(cell)? - r(cell)?)))
        }
        4 => {
            let ((left, l), (right, r)) = (number_of(choices, depth), number_of(choices, depth));
            (left.mul(right), Box::new(move |cell| Some(l(cell)? * r(cell)?)))
        }
        5 => {
            let ((when, w), (then, t)) = (truth(choices, depth - 1), number_of(choices, depth));
            let (otherwise, o) = number_of(choices, depth);
            let term = case::<i64>().when(when, then).otherwise(otherwise);
            (term, Box::new(move |cell| if w(cell) == Some(true) { t(cell) } else { o(cell) }))
        }
        6 => {
            let ((left, l), (right, r)) = (number_of(choices, depth), number_of(choices, depth));
            // The fragment's own operator must not take its arguments apart.
            (fragment!(i64: "? - ?", left, right).add(0), Box::new(move |cell| Some(l(cell)? - r(cell)?)))
        }
        _ => {
            let top = scalar(Cell::query().select(max(Cell::a)));
            (top.coalesce(0), Box::new(|_| Some(2)))
        }
    }
}

fn number_of<'a>(choices: &mut Choices<'_>, depth: u8) -> Number<'a> {
    number(choices, depth - 1)
}

fn truth<'a>(choices: &mut Choices<'_>, depth: u8) -> Truth<'a> {
    let kinds = if depth == 0 { 5 } else { 11 };
    match choices.below(kinds) {
        0 => (Cell::b.is_null(), Box::new(|cell| Some(cell.b.is_none()))),
        1 => {
            let number = choices.number();
            (Cell::b.eq(number), Box::new(move |cell| Some(cell.b? == number)))
        }
        2 => {
            let list: Vec<i64> = (0..choices.below(40)).map(|_| choices.number()).collect();
            let condition = Cell::a.in_list(&list);
            (condition, Box::new(move |cell| Some(list.contains(&cell.a))))
        }
        3 => (Cell::text.contains("%_'1"), Box::new(|cell| Some(cell.text.contains("%_'1")))),
        4 => (Cell::a.lt(Cell::b), Box::new(|cell| Some(cell.a < cell.b?))),
        5 => {
            let (inner, i) = truth(choices, depth - 1);
            (!inner, Box::new(move |cell| i(cell).map(|truth| !truth)))
        }
        6 => {
            let ((left, l), (right, r)) = (truth(choices, depth - 1), truth(choices, depth - 1));
            (left.and(right), Box::new(move |cell| and(l(cell), r(cell))))
        }
        7 => {
            let ((left, l), (right, r)) = (truth(choices, depth - 1), truth(choices, depth - 1));
            (
                left.or(right),
                Box::new(move |cell| and(l(cell).map(|l| !l), r(cell).map(|r| !r)).map(|both| !both)),
            )
        }
        8 => {
            let ((left, l), (right, r)) = (number(choices, depth - 1), number(choices, depth - 1));
            (left.le(right), Box::new(move |cell| Some(l(cell)? <= r(cell)?)))
        }
        9 => {
            let least = choices.number();
            let larger = Query::of().with_parent::<Cell>().filter(Other.a.gt(Cell::a).and(Other.a.ge(least)));
            let larger: Query<(Other, zzz_db::query::Parent<Cell>), Cell> = larger;
            (exists(larger), Box::new(move |cell| Some((0..3).any(|a| a > cell.a && a >= least))))
        }
        _ => {
            let (inner, i) = truth(choices, depth - 1);
            // NULL within the list would make the answer neither, so only whole numbers are selected.
            let rows = Cell::query().filter(inner).select(Cell::a);
            (
                Cell::a.in_query(rows),
                Box::new(move |cell| {
                    Some(lab().rows.iter().any(|row| i(row) == Some(true) && row.a == cell.a))
                }),
            )
        }
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

#[test]
fn a_nested_condition_means_what_it_says() {
    bolero::check!().with_iterations(1_500).with_type::<Vec<u8>>().for_each(|bytes| {
        let lab = lab();
        let mut choices = Choices(bytes.iter());
        let (condition, meets) = truth(&mut choices, 4);
        let expected: Vec<i64> =
            lab.rows.iter().filter(|cell| meets(cell) == Some(true)).map(|cell| cell.id).collect();
        let query = Cell::query().filter(condition).order_by(Cell::id.asc()).select(Cell::id);
        let sql = query.to_sql(lab.repo.dialect()).unwrap().sql;
        let found = lab.runtime.block_on(query.all(&lab.repo));
        assert_eq!(found.unwrap_or_else(|error| panic!("{error}: {sql}")), expected, "{sql}");
    });
}

#[test]
fn a_nested_query_is_understood_with_all_its_values() {
    bolero::check!().with_iterations(1_000).with_type::<Vec<u8>>().for_each(|bytes| {
        let lab = lab();
        let mut choices = Choices(bytes.iter());
        let mut query = Cell::query();
        for _ in 0..choices.below(4) {
            let (condition, _) = truth(&mut choices, 2);
            query = match choices.below(2) {
                0 => query.filter(condition),
                _ => query.or_filter(condition),
            };
        }
        for _ in 0..choices.below(3) {
            let (term, _) = number(&mut choices, 2);
            query = query.order_by(if choices.below(2) == 0 { term.asc() } else { term.desc().nulls_last() });
        }
        if choices.below(2) == 1 {
            query = query.limit(u64::from(choices.below(5)));
        }
        if choices.below(2) == 1 {
            query = query.offset(u64::from(choices.below(5)));
        }
        if choices.below(2) == 1 {
            query = Query::from_query(query).filter(Cell::a.ge(choices.number()));
        }
        let joined = query
            .clone()
            .left_join_query::<Other, _>(
                query.clone(),
                Other.id.eq(Cell::id).and(Cell::a.gt(choices.number())),
            )
            .group_by(Cell::a)
            .having(count().filter(Other.b.is_null()).ge(choices.number()))
            .select((Cell::a, sum(Other.b)));
        let sql = joined.to_sql(lab.repo.dialect()).unwrap();
        assert_eq!(sql.sql.matches('?').count(), sql.params.len(), "{}", sql.sql);
        let plans = lab.runtime.block_on(async {
            let joined =
                joined.exclude(zzz_db::Part::OrderBy).union_all(query.clone().select((Cell::a, Cell::b)));
            let plain = query.clone().explain(&lab.repo).await;
            (plain, joined.explain(&lab.repo).await, query.count(&lab.repo).await)
        });
        let (plain, joined, count) = plans;
        plain.unwrap();
        joined.unwrap();
        count.unwrap();
    });
}
