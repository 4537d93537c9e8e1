//! [`Tokens`]: SQL cut into words, names, texts and signs, as far as one must know to find where a statement ends.

use super::Database;

/// What a piece of SQL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word without quotes: a keyword or a name; a number too.
    Word,
    /// A name in quotes.
    Name,
    /// A text in quotes, dollars included.
    Text,
    /// Any other character.
    Sign,
}

/// A piece of SQL, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) fn text(self, sql: &str) -> &str {
        &sql[self.start..self.end]
    }

    pub(crate) fn is(self, sql: &str, word: &str) -> bool {
        self.kind != Kind::Text && self.kind != Kind::Name && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// What is named, without quotes; `None` for what is no name.
    pub(crate) fn name(self, sql: &str) -> Option<String> {
        let text = self.text(sql);
        match self.kind {
            Kind::Word => Some(text.to_owned()),
            Kind::Name | Kind::Text => {
                let close = match text.chars().next()? {
                    '[' => ']',
                    quote @ ('"' | '`' | '\'') => quote,
                    _ => return None,
                };
                let inner = text.get(1..text.len() - close.len_utf8())?;
                Some(inner.replace(&format!("{close}{close}"), &close.to_string()))
            }
            Kind::Sign => None,
        }
    }
}

/// The pieces of SQL in their order, without comments and white space.
pub(crate) struct Tokens<'a> {
    sql: &'a str,
    at: usize,
    database: Database,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(sql: &'a str, database: Database) -> Self {
        Self { sql, at: 0, database }
    }

    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    /// Goes past what means nothing.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let hash = self.database == Database::Mysql && trimmed.starts_with('#');
            if trimmed.starts_with("--") || hash {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if let Some(comment) = trimmed.strip_prefix("/*") {
                self.at += 2 + self.comment(comment);
            } else {
                return;
            }
        }
    }

    /// The length of a comment after its beginning. PostgreSQL's hold others.
    fn comment(&self, text: &str) -> usize {
        let nested = self.database == Database::Postgres;
        let (mut depth, mut at) = (1_usize, 0);
        while let Some(found) = text[at..].find(['*', '/']) {
            at += found;
            if text[at..].starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            } else if nested && text[at..].starts_with("/*") {
                depth += 1;
                at += 2;
            } else {
                at += 1;
            }
        }
        text.len()
    }

    /// The length of what is in quotes, with both.
    fn quoted(&self, rest: &str, close: char) -> usize {
        let escapes = close != ']'
            && (self.database == Database::Mysql && close != '`'
                || self.database == Database::Postgres && close == '\'' && self.is_after_e());
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && escapes {
                chars.next();
            } else if c == close {
                // Doubled, it is one of the text itself.
                if close != ']' && chars.peek().is_some_and(|(_, next)| *next == close) {
                    chars.next();
                } else {
                    return at + c.len_utf8();
                }
            }
        }
        rest.len()
    }

    /// Whether the quote begins a text like `E'...'`.
    fn is_after_e(&self) -> bool {
        let before = &self.sql[..self.at];
        let mut back = before.chars().rev();
        back.next().is_some_and(|c| c.eq_ignore_ascii_case(&'e'))
            && back.next().is_none_or(|c| !c.is_alphanumeric() && c != '_')
    }

    /// The length of `$tag$ ... $tag$`, if it is one.
    fn dollars(&self, rest: &str) -> Option<usize> {
        if self.database != Database::Postgres {
            return None;
        }
        let tag_end = rest[1..].find('$')? + 2;
        let tag = &rest[..tag_end];
        let word = &tag[1..tag_end - 1];
        let is_tag = word.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !word.starts_with(|c: char| c.is_ascii_digit());
        if !is_tag {
            return None;
        }
        Some(rest[tag_end..].find(tag).map_or(rest.len(), |at| tag_end + at + tag_end))
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip();
        let (rest, start) = (self.rest(), self.at);
        let first = rest.chars().next()?;
        let in_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let (kind, length) = match first {
            '\'' => (Kind::Text, self.quoted(rest, '\'')),
            '"' if self.database == Database::Mysql => (Kind::Text, self.quoted(rest, '"')),
            '"' => (Kind::Name, self.quoted(rest, '"')),
            '`' if self.database != Database::Postgres => (Kind::Name, self.quoted(rest, '`')),
            '[' if self.database == Database::Sqlite => (Kind::Name, self.quoted(rest, ']')),
            '$' => match self.dollars(rest) {
                Some(length) => (Kind::Text, length),
                None => (Kind::Sign, 1),
            },
            c if in_word(c) => (Kind::Word, rest.find(|c: char| !in_word(c)).unwrap_or(rest.len())),
            c => (Kind::Sign, c.len_utf8()),
        };
        self.at += length;
        Some(Token { kind, start, end: start + length })
    }
}

/// The statements of a script, each without its semicolon.
///
/// A semicolon within `BEGIN ... END` of a trigger, a procedure, a function or an event ends nothing.
pub(crate) fn statements(sql: &str, database: Database) -> Vec<String> {
    let mut found = Vec::new();
    let mut statement: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    let mut tokens = Tokens::new(sql, database).peekable();
    while let Some(token) = tokens.next() {
        if token.is(sql, ";") && depth == 0 {
            found.extend(cut(sql, &statement));
            statement.clear();
            continue;
        }
        statement.push(token);
        if holds_others(sql, &statement) {
            let closes = |word| token.is(sql, word);
            let next = tokens.peek();
            if closes("BEGIN") || closes("CASE") && !was(sql, &statement, "END") {
                depth += 1;
            } else if closes("END")
                && !["IF", "LOOP", "WHILE", "REPEAT", "FOR"]
                    .iter()
                    .any(|word| next.is_some_and(|next| next.is(sql, word)))
            {
                depth = depth.saturating_sub(1);
            }
        }
    }
    found.extend(cut(sql, &statement));
    found
}

/// Whether the token before the last one is this word.
fn was(sql: &str, statement: &[Token], word: &str) -> bool {
    statement.len().checked_sub(2).and_then(|at| statement.get(at)).is_some_and(|token| token.is(sql, word))
}

/// Whether the statement creates what holds statements.
fn holds_others(sql: &str, statement: &[Token]) -> bool {
    const BEFORE: usize = 12;
    statement.first().is_some_and(|first| first.is(sql, "CREATE"))
        && statement
            .iter()
            .take(BEFORE)
            .any(|token| ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"].iter().any(|word| token.is(sql, word)))
}

fn cut(sql: &str, statement: &[Token]) -> Option<String> {
    Some(sql[statement.first()?.start..statement.last()?.end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(sql: &str, database: Database) -> Vec<String> {
        statements(sql, database)
    }

    #[test]
    fn semicolons_in_texts_names_and_comments_end_nothing() {
        let sql = "INSERT INTO a VALUES ('x;''y;'); -- z;\n /* ; */ CREATE TABLE \"b;\" (c);;\n";
        for database in [Database::Sqlite, Database::Postgres] {
            assert_eq!(
                split(sql, database),
                ["INSERT INTO a VALUES ('x;''y;')", "CREATE TABLE \"b;\" (c)"],
                "{database:?}"
            );
        }
    }

    #[test]
    fn each_database_has_quotes_of_its_own() {
        let sql = "SELECT $a$ ; $$ ; $a$, $1; SELECT E'\\'; ' ; SELECT '\\'; /* /* ; */ ; */ SELECT 2";
        assert_eq!(
            split(sql, Database::Postgres),
            ["SELECT $a$ ; $$ ; $a$, $1", "SELECT E'\\'; '", "SELECT '\\'", "SELECT 2"]
        );
        let sql = "SELECT 'a\\'; ' # ; \n; SELECT \"b;\"; SELECT `c;`";
        assert_eq!(split(sql, Database::Mysql), ["SELECT 'a\\'; '", "SELECT \"b;\"", "SELECT `c;`"]);
        assert_eq!(split("SELECT [a;b]; SELECT 'c", Database::Sqlite), ["SELECT [a;b]", "SELECT 'c"]);
    }

    #[test]
    fn a_trigger_is_one_statement() {
        let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = CASE WHEN d THEN 1 END; END";
        assert_eq!(split(&format!("{trigger}; SELECT 1;"), Database::Sqlite), [trigger, "SELECT 1"]);
        let procedure = "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; \
                         CASE b WHEN 1 THEN SELECT 2; END CASE; WHILE c DO SELECT 3; END WHILE; END";
        assert_eq!(split(&format!("{procedure}; SELECT 4"), Database::Mysql), [procedure, "SELECT 4"]);
    }

    #[test]
    fn names_come_out_of_their_quotes() {
        let sql = "a \"b\"\"c\" [d] `e``f`";
        let names: Vec<_> = Tokens::new(sql, Database::Sqlite).filter_map(|token| token.name(sql)).collect();
        assert_eq!(names, ["a", "b\"c", "d", "e`f"]);
    }
}
