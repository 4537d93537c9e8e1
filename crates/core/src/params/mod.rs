//! [`Params`]: names and values as a form, a query string or a JSON body carries them.

mod form;
mod format;
mod names;
mod typed;

use std::collections::HashMap;

pub use form::{OWN_FIELDS, from_form};
pub use names::{MAX_DEPTH, NestingError};
pub use typed::{TypeError, from_text};

/// A value from outside, not cast to any type yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// JSON's `null`.
    Null,
    /// JSON's `true` or `false`.
    Bool(bool),
    /// A whole JSON number.
    Int(i64),
    /// Any other JSON number.
    Float(f64),
    /// A text; every value of a form.
    Text(String),
    /// `a[]=1&a[]=2`, or a JSON array.
    List(Vec<Param>),
    /// `a[b]=1`, or a JSON object.
    Map(Params),
}

impl Param {
    /// The text, if this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Names and values from outside, in their order; a later value of a name replaces the earlier one.
///
/// Forms and query strings nest as in Phoenix and Rails:
///
/// ```
/// use zzz_core::{Param, Params};
/// let pairs = [("post[title]", "Hi"), ("tags[]", "a"), ("tags[]", "b"), ("q", "1"), ("q", "2")];
/// let params = Params::from_pairs(pairs.map(|(name, value)| (name.into(), value.into()))).unwrap();
/// assert_eq!(params.text("q"), Some("2"));
/// let Some(Param::Map(post)) = params.get("post") else { panic!() };
/// assert_eq!(post.text("title"), Some("Hi"));
/// assert_eq!(params.get("tags"), Some(&Param::List(vec![Param::Text("a".into()), Param::Text("b".into())])));
/// ```
#[derive(Clone, Default)]
pub struct Params {
    entries: Vec<(String, Param)>,
    /// Where each name is, once there are so many that looking at all of them for each would be felt: names come from
    /// outside, up to as many as a body has room for.
    index: Option<Box<Index>>,
}

/// In a box, since few have one, and a map of its own is six words.
#[derive(Clone)]
struct Index {
    places: HashMap<String, usize>,
}

/// Up to how many names are looked at one by one.
const FEW: usize = 24;

impl Params {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn place(&self, name: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.places.get(name).copied(),
            None => self.entries.iter().position(|(known, _)| known == name),
        }
    }

    /// The value of this name, `Null` if there is none yet.
    fn slot(&mut self, name: &str) -> &mut Param {
        let at = self.place(name).unwrap_or_else(|| self.push(name.to_owned(), Param::Null));
        &mut self.entries[at].1
    }

    /// Adds a name that is not there yet.
    fn push(&mut self, name: String, value: Param) -> usize {
        let at = self.entries.len();
        if at == FEW {
            let names = self.entries.iter().enumerate();
            let places = names.map(|(at, (name, _))| (name.clone(), at)).collect();
            self.index = Some(Box::new(Index { places }));
        }
        if let Some(index) = &mut self.index {
            index.places.insert(name.clone(), at);
        }
        self.entries.push((name, value));
        at
    }

    /// Sets a value, in the place of an earlier one of that name.
    pub fn insert(&mut self, name: impl AsRef<str>, value: Param) {
        *self.slot(name.as_ref()) = value;
    }

    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.place(name).map(|at| &self.entries[at].1)
    }

    /// The text of this name; `None` also if the value is not a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Param::as_text)
    }

    /// Every name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.entries.iter().map(|(name, value)| (&**name, value))
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl PartialEq for Params {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_name_among_few_and_among_many() {
        let mut params = Params::new();
        for number in 0..FEW as i64 * 3 {
            params.insert(number.to_string(), Param::Int(number));
            params.insert("0", Param::Int(-number));
            assert_eq!(
                params.get(&number.to_string()),
                Some(&Param::Int(if number == 0 { 0 } else { number }))
            );
        }
        assert_eq!(params.get("0"), Some(&Param::Int(1 - FEW as i64 * 3)));
        assert_eq!((params.len(), params.get("none")), (FEW * 3, None));
        assert_eq!(params.iter().nth(FEW + 1).map(|(name, _)| name), Some(&*(FEW + 1).to_string()));
    }
}
