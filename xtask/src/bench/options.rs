//! [`Options`]: what the words after `cargo xtask bench` ask for.

use super::{
    data,
    rows::{ROWS, Row},
};

/// What to measure, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// The rows, by name, in the order of the page.
    pub(crate) rows: Vec<&'static str>,
    /// The rows of the data layer, by name.
    pub(crate) data: Vec<&'static str>,
    /// Whether the sample app is built and started.
    pub(crate) app: bool,
    /// Whether an app of 200 routes is compiled, here and on axum.
    pub(crate) routes: bool,
    /// Whether an app of 100 schemas is compiled, here and on its peers.
    pub(crate) schemas: bool,
    /// Fewer rounds.
    pub(crate) quick: bool,
    /// Instructions alone: in seconds, to the percent, and for no page.
    pub(crate) instructions: bool,
    /// The results as JSON instead of tables.
    pub(crate) json: bool,
}

/// The word for the sample app.
const APP: &str = "build";

/// The word for the app of 200 routes.
const ROUTES: &str = "routes";

/// The word for the app of 100 schemas.
const SCHEMAS: &str = "schemas";

/// Every word that asks for something to be measured.
pub(crate) fn known() -> impl Iterator<Item = &'static str> + Clone {
    ROWS.iter().map(|row| row.name).chain(data::rows::words()).chain([APP, ROUTES, SCHEMAS])
}

impl Options {
    /// Reads them; the error is the word that nobody knows.
    pub(crate) fn of(words: &[String]) -> Result<Self, String> {
        let mut options = Options {
            rows: Vec::new(),
            data: Vec::new(),
            app: false,
            routes: false,
            schemas: false,
            quick: false,
            instructions: false,
            json: false,
        };
        for word in words {
            match word.as_str() {
                "--quick" => options.quick = true,
                "--instructions" => options.instructions = true,
                "--json" => options.json = true,
                APP => options.app = true,
                ROUTES => options.routes = true,
                SCHEMAS => options.schemas = true,
                name => match ROWS.iter().find(|row| row.name == name) {
                    Some(row) => options.rows.push(row.name),
                    None => {
                        let named = data::rows::named(name);
                        if named.is_empty() {
                            return Err(word.clone());
                        }
                        options.data.extend(named);
                    }
                },
            }
        }
        let compiles = options.routes || options.schemas;
        if options.rows.is_empty() && options.data.is_empty() && !options.app && !compiles {
            options.rows = ROWS.iter().map(|row| row.name).collect();
        }
        Ok(options)
    }

    /// The rows that are asked for, each once.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(|row| self.rows.contains(&row.name))
    }

    /// Rounds of load that count.
    pub(crate) fn rounds(&self) -> usize {
        match (self.instructions, self.quick) {
            (true, _) => 0,
            (false, true) => 3,
            (false, false) => 7,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Result<Options, String> {
        Options::of(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn without_a_row_all_are_meant_but_not_the_sample_app() {
        let all = of(&["--quick"]).unwrap();
        assert_eq!(all.chosen().count(), ROWS.len());
        assert!(!all.app && all.rounds() == 3);
        let app = of(&["build"]).unwrap();
        assert!(app.app && app.rows.is_empty());
        let schemas = of(&["schemas"]).unwrap();
        assert!(schemas.schemas && schemas.rows.is_empty() && !schemas.routes);
        assert_eq!(of(&["json", "json", "build"]).unwrap().chosen().count(), 1);
        let data = of(&["sqlite/all", "mysql"]).unwrap();
        assert!(data.rows.is_empty() && data.data.len() == 5 && all.data.is_empty());
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert_eq!(of(&["jsn"]).unwrap_err(), "jsn");
        assert_eq!(of(&["--fast"]).unwrap_err(), "--fast");
    }
}
