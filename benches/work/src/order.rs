//! [`Order`]: what a program is told to do.

/// What is to be done, on which database, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Where the database is.
    pub url: String,
    /// What it is.
    pub database: Database,
    /// What is done.
    pub case: Case,
    /// How often.
    pub rounds: u64,
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
    /// A server, of MySQL or of MariaDB.
    Mysql,
}

/// Something that is measured. Each round of it is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// One row by its key.
    Get,
    /// As many rows as [`AT_ONCE`](crate::AT_ONCE), each by its key and with a query of its own, all under way at once.
    Gets,
    /// One row by its key in each of [`TASKS`](crate::TASKS) tasks.
    Gets64,
    /// All rows with one query.
    All,
    /// As many new rows as [`BATCH`](crate::BATCH) with one call.
    InsertAll,
    /// One new row in each of [`TASKS`](crate::TASKS) tasks, each with a call and a transaction of its own.
    Inserts,
}

const CASES: [(&str, Case); 6] = [
    ("get", Case::Get),
    ("gets", Case::Gets),
    ("gets64", Case::Gets64),
    ("all", Case::All),
    ("insert_all", Case::InsertAll),
    ("inserts", Case::Inserts),
];

impl Order {
    /// Reads the words after the program's name, and DATABASE_URL.
    ///
    /// # Panics
    /// If they are not understood.
    #[must_use]
    pub fn of_process() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let url = std::env::var("DATABASE_URL").expect("DATABASE_URL names the database");
        Self::of(&words, url).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Reads the words.
    ///
    /// # Errors
    /// If they are not understood.
    pub fn of(words: &[String], url: String) -> Result<Self, String> {
        let database = Database::of(&url)?;
        let [case, rounds] = words else { return Err("say what to do and how often: `get 1000`".to_owned()) };
        let known = CASES.iter().find(|(name, _)| name == case);
        let Some((_, case)) = known else {
            let names = CASES.map(|(name, _)| name).join(", ");
            return Err(format!("there is no case `{case}`; there are: {names}"));
        };
        let rounds = rounds.parse().map_err(|_| format!("`{rounds}` is no number of rounds"))?;
        Ok(Order { url, database, case: *case, rounds })
    }

    /// The URL in sqlx's words, which are others for MySQL.
    #[must_use]
    pub fn url_for_sqlx(&self) -> String {
        match self.database {
            Database::Mysql => self.url.replace("sslmode=disable", "ssl-mode=disabled"),
            Database::Sqlite | Database::Postgres => self.url.clone(),
        }
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.strip_prefix("sqlite://").unwrap_or(&self.url)
    }
}

impl Database {
    /// What a URL names.
    ///
    /// # Errors
    /// If its scheme is none of the three.
    pub fn of(url: &str) -> Result<Self, String> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Database::Sqlite),
            Some("postgres" | "postgresql") => Ok(Database::Postgres),
            Some("mysql") => Ok(Database::Mysql),
            _ => Err("DATABASE_URL is neither `sqlite://`, `postgres://` nor `mysql://`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str, url: &str) -> Result<Order, String> {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Order::of(&words, url.to_owned())
    }

    #[test]
    fn reads_the_case_the_rounds_and_the_database() {
        let order = of("gets64 30", "sqlite:///tmp/a.db").unwrap();
        assert_eq!((order.case, order.rounds, order.database), (Case::Gets64, 30, Database::Sqlite));
        assert_eq!(order.path(), "/tmp/a.db");
        let order = of("all 1", "mysql://root@h/d?sslmode=disable").unwrap();
        assert_eq!(order.database, Database::Mysql);
        assert_eq!(order.url_for_sqlx(), "mysql://root@h/d?ssl-mode=disabled");
        assert_eq!(of("all 1", "postgres://h/d").unwrap().database, Database::Postgres);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let refused = |words: &str, url: &str| of(words, url).unwrap_err();
        assert_eq!(refused("get", "sqlite://a"), "say what to do and how often: `get 1000`");
        assert_eq!(
            refused("got 1", "sqlite://a"),
            "there is no case `got`; there are: get, gets, gets64, all, insert_all, inserts"
        );
        assert_eq!(refused("get x", "sqlite://a"), "`x` is no number of rounds");
        assert!(refused("get 1", "redis://a").contains("sqlite://"));
    }
}
