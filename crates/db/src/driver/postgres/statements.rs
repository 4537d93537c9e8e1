//! [`Statements`]: which statements a connection has prepared.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::Statement;

/// Longer SQL is not kept: it is written for one use, such as an INSERT of a thousand rows.
const LONGEST: usize = 16 * 1024;

/// SQL to run.
#[derive(Clone, Copy)]
pub(crate) struct Sql<'a> {
    pub(crate) text: &'a str,
    /// The number of this text among those that the repo keeps: by it a statement is found without a look at the text.
    pub(crate) number: Option<usize>,
}

impl<'a> From<&'a str> for Sql<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, number: None }
    }
}

/// A bounded list by SQL text, of which the one that was not used for longest makes way.
///
/// A statement is prepared when it comes for the second time: what comes once costs one way to the server and
/// back, and pushes nothing out.
pub(super) struct Statements {
    entries: HashMap<Box<str>, Entry, BuildHasherDefault<Hash>>,
    /// Those that the repo has given a number, by it.
    numbered: Vec<Option<Arc<Prepared>>>,
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
    prepared: Option<Arc<Prepared>>,
    /// When it was last used before it was prepared.
    used: u64,
}

struct Prepared {
    statement: Statement,
    /// When it was last used.
    used: AtomicU64,
}

impl Entry {
    fn last_used(&self) -> u64 {
        self.prepared.as_ref().map_or(self.used, |prepared| prepared.used.load(Ordering::Relaxed))
    }
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
        Self { entries: HashMap::default(), numbered: Vec::new(), capacity, clock: 0 }
    }

    pub(super) fn plan(&mut self, sql: Sql<'_>) -> Plan {
        self.clock += 1;
        if let Some(number) = sql.number
            && let Some(Some(prepared)) = self.numbered.get(number)
        {
            prepared.used.store(self.clock, Ordering::Relaxed);
            return Plan::Run(prepared.statement.clone());
        }
        if let Some(entry) = self.entries.get_mut(sql.text) {
            let Some(prepared) = &entry.prepared else {
                entry.used = self.clock;
                return Plan::Prepare;
            };
            prepared.used.store(self.clock, Ordering::Relaxed);
            return Plan::Run(prepared.statement.clone());
        }
        if self.capacity > 0 && sql.text.len() <= LONGEST {
            if self.entries.len() >= self.capacity {
                self.make_way();
            }
            self.entries.insert(sql.text.into(), Entry { prepared: None, used: self.clock });
        }
        Plan::Once
    }

    pub(super) fn keep(&mut self, sql: Sql<'_>, statement: &Statement) {
        let Some(entry) = self.entries.get_mut(sql.text) else { return };
        let used = AtomicU64::new(self.clock);
        let prepared = Arc::new(Prepared { statement: statement.clone(), used });
        if let Some(number) = sql.number {
            if number >= self.numbered.len() {
                self.numbered.resize(number + 1, None);
            }
            self.numbered[number] = Some(Arc::clone(&prepared));
        }
        entry.prepared = Some(prepared);
    }

    /// The database does not know it any more, or its result has other columns now.
    pub(super) fn forget(&mut self, sql: &str) {
        let Some(Entry { prepared: Some(prepared), .. }) = self.entries.remove(sql) else { return };
        for numbered in &mut self.numbered {
            if numbered.as_ref().is_some_and(|it| Arc::ptr_eq(it, &prepared)) {
                *numbered = None;
            }
        }
    }

    /// Dropping a statement tells the server, as soon as no query uses it any more.
    fn make_way(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last_used());
        if let Some(sql) = oldest.map(|(sql, _)| sql.clone()) {
            self.forget(&sql);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(statements: &mut Statements, sql: &str) -> &'static str {
        match statements.plan(sql.into()) {
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
            statements.plan(sql.into());
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
