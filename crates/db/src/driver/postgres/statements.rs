//! [`Statements`]: which statements a connection has prepared.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use tokio_postgres::Statement;

/// Longer SQL is not kept: it is written for one use, such as an INSERT of a thousand rows.
const LONGEST: usize = 16 * 1024;

/// A bounded list by SQL text, of which the one that was not used for longest makes way.
///
/// A statement is prepared when it comes for the second time: what comes once costs one way to the server and
/// back, and pushes nothing out.
pub(super) struct Statements {
    entries: HashMap<Box<str>, Entry, BuildHasherDefault<Hash>>,
    capacity: usize,
    /// Counts uses.
    clock: u64,
}

/// A quick hash of SQL, eight bytes at a time. The keys are the app's own statements, and few: nobody gains
/// anything by making them collide.
#[derive(Default)]
struct Hash(u64);

impl Hasher for Hash {
    fn write(&mut self, bytes: &[u8]) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mix = |word: u64| self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(ODD);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
        mix(rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte)));
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

struct Entry {
    /// `None` until the second use.
    prepared: Option<Statement>,
    used: u64,
}

/// What to do with a statement.
pub(super) enum Plan {
    /// It is prepared.
    Run(Statement),
    /// It shall be prepared, and be given to [`Statements::keep`].
    Prepare,
    /// It shall be sent with its text.
    Once,
}

impl Statements {
    /// Of none, nothing is ever prepared.
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: HashMap::default(), capacity, clock: 0 }
    }

    pub(super) fn plan(&mut self, sql: &str) -> Plan {
        self.clock += 1;
        if let Some(entry) = self.entries.get_mut(sql) {
            entry.used = self.clock;
            return entry.prepared.clone().map_or(Plan::Prepare, Plan::Run);
        }
        if self.capacity > 0 && sql.len() <= LONGEST {
            if self.entries.len() >= self.capacity {
                self.make_way();
            }
            self.entries.insert(sql.into(), Entry { prepared: None, used: self.clock });
        }
        Plan::Once
    }

    pub(super) fn keep(&mut self, sql: &str, statement: &Statement) {
        if let Some(entry) = self.entries.get_mut(sql) {
            entry.prepared = Some(statement.clone());
        }
    }

    /// The database does not know it any more, or its result has other columns now.
    pub(super) fn forget(&mut self, sql: &str) {
        self.entries.remove(sql);
    }

    /// Dropping a statement tells the server, as soon as no query uses it any more.
    fn make_way(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(sql, _)| sql.clone());
        if let Some(sql) = oldest {
            self.entries.remove(&sql);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(statements: &mut Statements, sql: &str) -> &'static str {
        match statements.plan(sql) {
            Plan::Run(_) => "run",
            Plan::Prepare => "prepare",
            Plan::Once => "once",
        }
    }

    #[test]
    fn what_comes_twice_is_prepared() {
        let mut statements = Statements::new(2);
        assert_eq!(planned(&mut statements, "a"), "once");
        assert_eq!(planned(&mut statements, "a"), "prepare");
        statements.forget("a");
        assert_eq!(planned(&mut statements, "a"), "once");
    }

    #[test]
    fn the_one_not_used_for_longest_makes_way() {
        let mut statements = Statements::new(2);
        for sql in ["a", "b", "a", "c"] {
            statements.plan(sql);
        }
        assert_eq!(statements.entries.len(), 2);
        assert_eq!(planned(&mut statements, "a"), "prepare");
        assert_eq!(planned(&mut statements, "b"), "once");
    }

    #[test]
    fn long_sql_and_a_pooler_keep_nothing() {
        let long = "x".repeat(LONGEST + 1);
        let mut statements = Statements::new(2);
        assert_eq!([planned(&mut statements, &long), planned(&mut statements, &long)], ["once", "once"]);
        let mut none = Statements::new(0);
        assert_eq!([planned(&mut none, "a"), planned(&mut none, "a")], ["once", "once"]);
    }
}
