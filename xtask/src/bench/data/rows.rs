//! What the data layer is asked to do: on which database, what, how often, and what it is meant to cost.

use super::{
    database::Kind,
    goals::{Bound, Goal, Of},
};

/// Something that every contender does on a database.
pub(crate) struct DataRow {
    /// How `cargo xtask bench NAME` calls it.
    pub(crate) name: &'static str,
    /// The database.
    pub(super) database: Kind,
    /// The word for it that the programs know.
    pub(super) case: &'static str,
    /// What it does, for the page.
    pub(super) does: &'static str,
    /// What a figure is for.
    pub(super) each: &'static str,
    /// How many of these a round is.
    pub(super) units: u32,
    /// The two numbers of rounds whose difference is measured.
    pub(super) rounds: [u32; 2],
    /// The same under valgrind.
    pub(super) counted: [u32; 2],
    /// What it is meant to cost.
    pub(super) goals: &'static [Goal],
}

impl DataRow {
    /// Whether it writes.
    pub(super) fn writes(&self) -> bool {
        self.case.starts_with("insert")
    }
}

const fn at_most(times: f64, peer: &'static str) -> Goal {
    Goal { of: Of::Cpu, bound: Bound::AtMost { times, peer } }
}

/// Every row, in the order of the page.
pub(crate) const DATA_ROWS: &[DataRow] = &[
    DataRow {
        name: "postgres/get",
        database: Kind::Postgres,
        case: "get",
        does: "One row by its key, and then the next",
        each: "row",
        units: 1,
        rounds: [200, 4_200],
        counted: [100, 1_100],
        goals: &[at_most(1.15, "tokio-postgres")],
    },
    DataRow {
        name: "postgres/gets",
        database: Kind::Postgres,
        case: "gets",
        does: "Twenty rows by their keys, each with a query of its own, all under way at once",
        each: "20 rows",
        units: 1,
        rounds: [20, 420],
        counted: [10, 110],
        goals: &[
            at_most(1.15, "tokio-postgres"),
            Goal { of: Of::Time, bound: Bound::Faster { times: 3.0, peer: "sqlx" } },
        ],
    },
    DataRow {
        name: "postgres/all",
        database: Kind::Postgres,
        case: "all",
        does: "10,000 rows with one query, each into a struct",
        each: "10,000 rows",
        units: 1,
        rounds: [5, 55],
        counted: [2, 7],
        goals: &[at_most(1.15, "tokio-postgres")],
    },
    DataRow {
        name: "postgres/insert_all",
        database: Kind::Postgres,
        case: "insert_all",
        does: "100 new rows with one call",
        each: "100 rows",
        units: 1,
        rounds: [20, 520],
        counted: [10, 110],
        goals: &[at_most(1.25, "tokio-postgres")],
    },
    DataRow {
        name: "sqlite/get",
        database: Kind::Sqlite,
        case: "get",
        does: "One row by its key, and then the next",
        each: "row",
        units: 1,
        rounds: [500, 10_500],
        counted: [100, 1_100],
        goals: &[Goal { of: Of::Time, bound: Bound::Slower { micros: 25.0, peer: "rusqlite" } }],
    },
    DataRow {
        name: "sqlite/gets64",
        database: Kind::Sqlite,
        case: "gets64",
        does: "One row by its key, and then the next, in each of 64 tasks; rusqlite has no tasks and reads as many one \
               after the other",
        each: "row",
        units: 64,
        rounds: [20, 320],
        counted: [2, 22],
        goals: &[at_most(1.5, "rusqlite")],
    },
    DataRow {
        name: "sqlite/all",
        database: Kind::Sqlite,
        case: "all",
        does: "10,000 rows with one query, each into a struct",
        each: "10,000 rows",
        units: 1,
        rounds: [5, 105],
        counted: [2, 7],
        goals: &[at_most(1.15, "rusqlite")],
    },
    DataRow {
        name: "sqlite/insert_all",
        database: Kind::Sqlite,
        case: "insert_all",
        does: "100 new rows with one call",
        each: "100 rows",
        units: 1,
        rounds: [50, 1_050],
        counted: [10, 110],
        goals: &[at_most(1.25, "rusqlite")],
    },
    DataRow {
        name: "sqlite/inserts",
        database: Kind::Sqlite,
        case: "inserts",
        does: "One new row with one call, and then the next, in each of 64 tasks; each is committed before its call \
               returns. rusqlite has no tasks and inserts as many one after the other",
        each: "row",
        units: 64,
        rounds: [20, 520],
        counted: [2, 22],
        goals: &[Goal { of: Of::Time, bound: Bound::EachSecond(60_000.0) }],
    },
    DataRow {
        name: "mysql/get",
        database: Kind::Mysql,
        case: "get",
        does: "One row by its key, and then the next",
        each: "row",
        units: 1,
        rounds: [200, 4_200],
        counted: [100, 1_100],
        goals: &[],
    },
    DataRow {
        name: "mysql/gets",
        database: Kind::Mysql,
        case: "gets",
        does: "Twenty rows by their keys, each with a query of its own, all under way at once",
        each: "20 rows",
        units: 1,
        rounds: [20, 420],
        counted: [10, 110],
        goals: &[],
    },
    DataRow {
        name: "mysql/all",
        database: Kind::Mysql,
        case: "all",
        does: "10,000 rows with one query, each into a struct",
        each: "10,000 rows",
        units: 1,
        rounds: [5, 55],
        counted: [2, 7],
        goals: &[],
    },
    DataRow {
        name: "mysql/insert_all",
        database: Kind::Mysql,
        case: "insert_all",
        does: "100 new rows with one call",
        each: "100 rows",
        units: 1,
        rounds: [20, 520],
        counted: [10, 110],
        goals: &[],
    },
];

/// What a word on the command line means: all rows, those of a database, or one.
pub(crate) fn named(word: &str) -> Vec<&'static str> {
    let means = |row: &&DataRow| word == ALL || word == row.name || word == row.database.word();
    DATA_ROWS.iter().filter(means).map(|row| row.name).collect()
}

/// The word for all rows.
pub(crate) const ALL: &str = "data";

/// Every word that means rows of the data layer.
pub(crate) fn words() -> impl Iterator<Item = &'static str> + Clone {
    let kinds = [Kind::Postgres, Kind::Sqlite, Kind::Mysql].map(Kind::word);
    [ALL].into_iter().chain(kinds).chain(DATA_ROWS.iter().map(|row| row.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::data::contenders::DATA_CONTENDERS;

    #[test]
    fn a_word_means_all_rows_those_of_a_database_or_one() {
        assert_eq!(named("data").len(), DATA_ROWS.len());
        assert_eq!(named("mysql"), ["mysql/get", "mysql/gets", "mysql/all", "mysql/insert_all"]);
        assert_eq!(named("sqlite/all"), ["sqlite/all"]);
        assert_eq!(named("json"), [""; 0]);
        assert!(words().all(|word| !named(word).is_empty()));
    }

    #[test]
    fn every_row_is_named_by_its_database_and_its_case() {
        for row in DATA_ROWS {
            assert_eq!(row.name, format!("{}/{}", row.database.word(), row.case));
            assert!(row.rounds[0] < row.rounds[1] && row.counted[0] < row.counted[1], "{}", row.name);
        }
    }

    #[test]
    fn goals_name_contenders_that_are_there() {
        for row in DATA_ROWS {
            for peer in row.goals.iter().filter_map(Goal::peer) {
                let known = DATA_CONTENDERS.iter().find(|it| it.name == peer);
                assert!(known.is_some_and(|it| it.databases.contains(&row.database)), "{}: {peer}", row.name);
            }
        }
    }
}
