//! [`Definition`]: the CREATE TABLE of a table as SQLite keeps it, taken apart as far as changing it needs.

use crate::migrate::Database;
use crate::migrate::token::{Kind, Token, Tokens};

/// A table's text in pieces. What is not changed stays as it was written, comments included.
pub(super) struct Definition {
    table: String,
    /// What stands between the commas within the brackets.
    items: Vec<Item>,
    /// What stands behind the brackets.
    tail: String,
}

struct Item {
    text: String,
    /// Of a column its name; of a rule `None`.
    column: Option<String>,
}

/// A rule that stands with a column.
struct Clause {
    kind: ClauseKind,
    name: Option<String>,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ClauseKind {
    PrimaryKey,
    NotNull,
    Unique,
    Check,
    Default,
    Collate,
    References,
    Generated,
}

impl Definition {
    /// Takes the text apart; `None` if it is no table with columns.
    pub(super) fn parse(table: &str, sql: &str) -> Option<Self> {
        let tokens: Vec<Token> = Tokens::new(sql, Database::Sqlite).collect();
        if tokens.get(1).is_some_and(|token| token.is(sql, "VIRTUAL")) {
            return None;
        }
        let open = tokens.iter().position(|token| token.is(sql, "("))?;
        let (mut depth, mut items) = (0_usize, Vec::new());
        let mut start = tokens.get(open)?.end;
        for token in &tokens[open..] {
            if token.is(sql, "(") {
                depth += 1;
            } else if token.is(sql, ")") {
                depth -= 1;
            }
            let ends = depth == 0;
            if ends || depth == 1 && token.is(sql, ",") {
                items.push(Item::new(&sql[start..token.start]));
                start = token.end;
            }
            if ends {
                return Some(Self { table: table.into(), items, tail: sql[start..].to_owned() });
            }
        }
        None
    }

    /// The CREATE TABLE of a table of this name.
    pub(super) fn create(&self, quoted_name: &str) -> String {
        let items: Vec<&str> = self.items.iter().map(|item| item.text.as_str()).collect();
        format!("CREATE TABLE {quoted_name} ({}){}", items.join(","), self.tail)
    }

    pub(super) fn has_column(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.items
            .iter()
            .position(|item| item.column.as_deref().is_some_and(|column| column.eq_ignore_ascii_case(name)))
    }

    /// Adds a column behind the others.
    pub(super) fn add(&mut self, quoted_name: &str, column: &str, definition: &str) {
        let at = self.items.iter().rposition(|item| item.column.is_some()).map_or(0, |at| at + 1);
        let item = Item { text: format!("\n    {quoted_name} {definition}"), column: Some(column.into()) };
        self.items.insert(at, item);
    }

    /// Gives a column another definition; its keys and checks stay.
    pub(super) fn modify(&mut self, column: &str, definition: &str) -> Result<(), String> {
        let Some(item) = self.position(column).and_then(|at| self.items.get_mut(at)) else {
            return Err(self.no_column(column));
        };
        let stay = [ClauseKind::PrimaryKey, ClauseKind::Unique, ClauseKind::Check, ClauseKind::References];
        let (start, name, clauses) = item.parts();
        if clauses.iter().any(|clause| clause.kind == ClauseKind::Generated) {
            return Err(format!("`{column}` is a generated column; remove it and add it again"));
        }
        let mut text = format!("{start}{name} {definition}");
        for clause in clauses.iter().filter(|clause| stay.contains(&clause.kind)) {
            text.push(' ');
            text.push_str(&clause.text);
        }
        item.text = text;
        Ok(())
    }

    /// Removes a column, and the rules of the table that speak of it.
    pub(super) fn remove(&mut self, column: &str) -> Result<(), String> {
        let Some(at) = self.position(column) else { return Err(self.no_column(column)) };
        let is_key = |item: &Item| {
            item.words()
                .find(|word| !word.eq_ignore_ascii_case("CONSTRAINT"))
                .is_some_and(|word| word.eq_ignore_ascii_case("PRIMARY"))
                && mentions(&item.text, column)
        };
        let own_key = self.items[at].parts().2.iter().any(|clause| clause.kind == ClauseKind::PrimaryKey);
        if own_key || self.items.iter().any(|item| item.column.is_none() && is_key(item)) {
            return Err(format!("`{column}` is a part of the primary key"));
        }
        self.items.remove(at);
        self.items.retain(|item| item.column.is_some() || !item.speaks_of(column));
        Ok(())
    }

    pub(super) fn add_constraint(&mut self, sql: &str) {
        self.items.push(Item { text: format!("\n    {sql}\n"), column: None });
    }

    /// Drops a rule by its name. A foreign key without one has Ecto's.
    pub(super) fn drop_constraint(&mut self, name: &str) -> Result<(), String> {
        let before = self.items.len();
        self.items.retain(|item| {
            item.column.is_some()
                || !item.constraint_name().is_some_and(|found| found.eq_ignore_ascii_case(name))
        });
        if self.items.len() < before {
            return Ok(());
        }
        for item in &mut self.items {
            let Some(column) = item.column.clone() else { continue };
            let usual = format!("{}_{column}_fkey", self.table).eq_ignore_ascii_case(name);
            let (_, _, clauses) = item.parts();
            let found = clauses.iter().find(|clause| match &clause.name {
                Some(found) => found.eq_ignore_ascii_case(name),
                None => usual && clause.kind == ClauseKind::References,
            });
            if let Some(clause) = found {
                item.text = item.text.replacen(&clause.text, "", 1);
                return Ok(());
            }
        }
        Err(format!("the table `{}` has no constraint `{name}`", self.table))
    }

    fn no_column(&self, column: &str) -> String {
        format!("the table `{}` has no column `{column}`", self.table)
    }
}

/// Whether SQL names this.
pub(super) fn mentions(sql: &str, name: &str) -> bool {
    Tokens::new(sql, Database::Sqlite)
        .filter(|token| token.kind != Kind::Text)
        .filter_map(|token| token.name(sql))
        .any(|found| found.eq_ignore_ascii_case(name))
}

impl Item {
    fn new(text: &str) -> Self {
        const RULES: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        let first = Tokens::new(text, Database::Sqlite).next();
        let is_rule = |token: &Token| RULES.iter().any(|word| token.is(text, word));
        let column = first.filter(|token| !is_rule(token)).and_then(|token| token.name(text));
        Self { text: text.to_owned(), column }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        Tokens::new(&self.text, Database::Sqlite)
            .filter(|token| token.kind == Kind::Word)
            .map(|token| token.text(&self.text))
    }

    /// The name of a rule of the table.
    fn constraint_name(&self) -> Option<String> {
        let mut tokens = Tokens::new(&self.text, Database::Sqlite);
        tokens.next().filter(|token| token.is(&self.text, "CONSTRAINT"))?;
        tokens.next()?.name(&self.text)
    }

    /// Whether a rule of the table is about a column of it. What a foreign key refers to is not.
    fn speaks_of(&self, column: &str) -> bool {
        let tokens = Tokens::new(&self.text, Database::Sqlite);
        let end = tokens
            .filter(|token| token.is(&self.text, "REFERENCES"))
            .map(|token| token.start)
            .next()
            .unwrap_or(self.text.len());
        mentions(&self.text[..end], column)
    }

    /// Of a column: what stands before its name, the name, and the rules that stand with it.
    fn parts(&self) -> (&str, &str, Vec<Clause>) {
        let sql = &self.text;
        let tokens: Vec<Token> = Tokens::new(sql, Database::Sqlite).collect();
        let Some(name) = tokens.first() else { return ("", "", Vec::new()) };
        let mut clauses: Vec<(ClauseKind, Option<String>, usize)> = Vec::new();
        let (mut depth, mut named): (usize, Option<(String, usize)>) = (0, None);
        for (at, token) in tokens.iter().enumerate().skip(1) {
            if token.is(sql, "(") {
                depth += 1;
            } else if token.is(sql, ")") {
                depth = depth.saturating_sub(1);
            }
            if depth > 0 {
                continue;
            }
            if token.is(sql, "CONSTRAINT") {
                let name = tokens.get(at + 1).and_then(|name| name.name(sql)).unwrap_or_default();
                named = Some((name, token.start));
                continue;
            }
            let before = &tokens[..at];
            if let Some(kind) = clause_kind(sql, before, *token, tokens.get(at + 1)) {
                let (name, start) = named.take().map_or((None, token.start), |(name, at)| (Some(name), at));
                clauses.push((kind, name, start));
            }
        }
        let ends: Vec<usize> =
            clauses.iter().skip(1).map(|clause| clause.2).chain([end_of(&tokens)]).collect();
        let clauses = clauses
            .into_iter()
            .zip(ends)
            .map(|((kind, name, start), end)| Clause {
                kind,
                name,
                text: sql[start..end].trim_end().to_owned(),
            })
            .collect();
        (&sql[..name.start], name.text(sql), clauses)
    }
}

fn end_of(tokens: &[Token]) -> usize {
    tokens.last().map_or(0, |token| token.end)
}

/// The kind of the rule that begins with this word.
fn clause_kind(sql: &str, before: &[Token], token: Token, next: Option<&Token>) -> Option<ClauseKind> {
    let was = |word: &str| before.last().is_some_and(|token| token.is(sql, word));
    let then = |word: &str| next.is_some_and(|token| token.is(sql, word));
    let is = |word: &str| token.is(sql, word);
    if is("PRIMARY") && then("KEY") {
        Some(ClauseKind::PrimaryKey)
    } else if is("NOT") && then("NULL") || is("NULL") && !was("NOT") && !was("SET") && !was("DEFAULT") {
        Some(ClauseKind::NotNull)
    } else if is("UNIQUE") {
        Some(ClauseKind::Unique)
    } else if is("CHECK") {
        Some(ClauseKind::Check)
    } else if is("DEFAULT") && !was("SET") {
        Some(ClauseKind::Default)
    } else if is("COLLATE") {
        Some(ClauseKind::Collate)
    } else if is("REFERENCES") {
        Some(ClauseKind::References)
    } else if is("GENERATED") || is("AS") && !was("ALWAYS") {
        Some(ClauseKind::Generated)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = "CREATE TABLE \"posts\" (id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key, really\n\
        [title] VARCHAR(10, 2) NOT NULL DEFAULT 'a,)' UNIQUE CONSTRAINT short CHECK (length(title) < 9),\n\
        author INT REFERENCES users (id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE,\n\
        x, CONSTRAINT both UNIQUE (title, x), FOREIGN KEY (author) REFERENCES posts (x)) STRICT";

    fn parsed() -> Definition {
        Definition::parse("posts", SQL).unwrap()
    }

    fn lines(definition: &Definition) -> Vec<String> {
        definition.items.iter().map(|item| item.text.trim().to_owned()).collect()
    }

    #[test]
    fn what_is_not_changed_stays_as_it_was_written() {
        assert_eq!(parsed().create("\"posts\""), SQL);
        assert_eq!(lines(&parsed()).len(), 6);
        assert!(Definition::parse("a", "CREATE VIRTUAL TABLE a USING fts5(x)").is_none());
    }

    #[test]
    fn a_changed_column_keeps_its_keys_and_checks() {
        let mut definition = parsed();
        definition.modify("TITLE", "TEXT").unwrap();
        definition.modify("author", "TEXT NOT NULL").unwrap();
        definition.modify("id", "INTEGER").unwrap();
        assert_eq!(
            lines(&definition)[..3],
            [
                "id INTEGER PRIMARY KEY AUTOINCREMENT",
                "-- the key, really\n[title] TEXT UNIQUE CONSTRAINT short CHECK (length(title) < 9)",
                "author TEXT NOT NULL REFERENCES users (id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE"
            ]
        );
        assert!(definition.modify("none", "TEXT").unwrap_err().contains("has no column `none`"));
    }

    #[test]
    fn a_removed_column_takes_its_rules_along() {
        let mut definition = parsed();
        definition.remove("X").unwrap();
        assert_eq!(lines(&definition)[3..], ["FOREIGN KEY (author) REFERENCES posts (x)"]);
        assert!(definition.remove("id").unwrap_err().contains("primary key"));
        let mut composite = Definition::parse("a", "CREATE TABLE a (b, c, PRIMARY KEY (b, c))").unwrap();
        assert!(composite.remove("c").unwrap_err().contains("primary key"));
    }

    #[test]
    fn a_rule_is_dropped_by_its_name_wherever_it_stands() {
        let mut definition = parsed();
        for name in ["both", "short", "posts_author_fkey"] {
            definition.drop_constraint(name).unwrap();
        }
        assert_eq!(
            lines(&definition)[1..],
            [
                "-- the key, really\n[title] VARCHAR(10, 2) NOT NULL DEFAULT 'a,)' UNIQUE",
                "author INT",
                "x",
                "FOREIGN KEY (author) REFERENCES posts (x)"
            ]
        );
        assert!(definition.drop_constraint("both").unwrap_err().contains("no constraint `both`"));
    }

    #[test]
    fn what_is_added_stands_in_its_place() {
        let mut definition = parsed();
        definition.add("\"y\"", "y", "TEXT");
        definition.add_constraint("CHECK (y > 1)");
        let lines = lines(&definition);
        assert_eq!((lines[4].as_str(), lines[7].as_str()), ("\"y\" TEXT", "CHECK (y > 1)"));
    }
}
