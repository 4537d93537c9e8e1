//! Names that nest: `post[tags][]=a` as a tree of [`Params`], and back.
//!
//! The rules are Plug's: `a[b]` is a map, `a[]` a list, and of values that contradict each other the last one wins. There
//! are no indexes: `a[0]` is a map with the name `0`. Each `a[][b]` begins a new item.

use std::borrow::Cow;
use std::fmt;

use super::{Param, Params};
use crate::{Fault, Place, Rejection};

/// How deep the name of a form's field or of a query parameter may nest: `a[b][c]` nests 2 deep.
pub const MAX_DEPTH: usize = 32;

/// That a name nests deeper than [`MAX_DEPTH`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NestingError {
    name: String,
}

impl fmt::Display for NestingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = crate::rejection::shown(&self.name);
        write!(f, "the parameter `{name}` nests more than {MAX_DEPTH} levels deep")
    }
}

impl std::error::Error for NestingError {}

impl NestingError {
    /// The error as an answer, of status 400, to a client who sent the parameters in `place`.
    #[must_use]
    pub fn into_rejection(self, place: Place) -> Rejection {
        let what = format!("nests more than {MAX_DEPTH} levels deep");
        Rejection::of(place, self.name, Fault::Malformed(what.into())).with_status(400)
    }
}

impl Params {
    /// Nests decoded pairs: `a[b]=1` is a map, `a[]=1` a list; of conflicting values the last wins.
    ///
    /// # Errors
    /// If a name nests deeper than [`MAX_DEPTH`].
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Self, NestingError> {
        let mut params = Self::new();
        for (name, value) in pairs {
            params.nest(&name, value.into_owned())?;
        }
        Ok(params)
    }

    /// Sets a text at the place that its name says: `post[title]`.
    ///
    /// # Errors
    /// If the name nests deeper than [`MAX_DEPTH`].
    pub fn nest(&mut self, name: &str, value: String) -> Result<(), NestingError> {
        let (first, steps) = split(name);
        if steps.clone().nth(MAX_DEPTH).is_some() {
            return Err(NestingError { name: name.to_owned() });
        }
        let mut slot = self.slot(first);
        for step in steps {
            slot = match step {
                "" => slot.next_item(),
                step => slot.entry(step),
            };
        }
        *slot = Param::Text(value);
        Ok(())
    }

    /// The pairs that nest to these parameters, in their order: what [`from_pairs`](Self::from_pairs) takes apart.
    ///
    /// Numbers and booleans become their texts and `null` an empty one. Empty lists and maps have no name and are left
    /// out, and what [`from_pairs`](Self::from_pairs) could not tell apart (a name with brackets in it) is written as it
    /// is.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, value) in self.iter() {
            write(name.to_owned(), value, &mut pairs);
        }
        pairs
    }
}

fn write(name: String, value: &Param, pairs: &mut Vec<(String, String)>) {
    match value {
        Param::Null => pairs.push((name, String::new())),
        Param::Bool(value) => pairs.push((name, value.to_string())),
        Param::Int(value) => pairs.push((name, value.to_string())),
        Param::Float(value) => pairs.push((name, value.to_string())),
        Param::Text(text) => pairs.push((name, text.clone())),
        Param::List(items) => items.iter().for_each(|item| write(format!("{name}[]"), item, pairs)),
        Param::Map(map) => {
            map.iter().for_each(|(inner, value)| write(format!("{name}[{inner}]"), value, pairs));
        }
    }
}

impl Param {
    /// A new item at the end of the list that this is now.
    fn next_item(&mut self) -> &mut Self {
        if !matches!(self, Self::List(_)) {
            *self = Self::List(Vec::new());
        }
        match self {
            Self::List(items) => {
                items.push(Self::Null);
                let last = items.len() - 1;
                &mut items[last]
            }
            other => other,
        }
    }

    /// The value of this name in the map that this is now.
    fn entry(&mut self, name: &str) -> &mut Self {
        if !matches!(self, Self::Map(_)) {
            *self = Self::Map(Params::new());
        }
        match self {
            Self::Map(map) => map.slot(name),
            other => other,
        }
    }
}

/// `a[b][c]` is `a`, `b` and `c`; a name whose brackets do not fit is taken as it stands.
fn split(name: &str) -> (&str, impl Iterator<Item = &str> + Clone) {
    let parts = name.split_once('[').and_then(|(first, rest)| {
        let rest = rest.strip_suffix(']')?;
        let fits = !first.is_empty()
            && !first.contains(']')
            && rest.split("][").all(|step| !step.contains(['[', ']']));
        fits.then_some((first, rest))
    });
    let (first, rest) = match parts {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    (first, rest.into_iter().flat_map(|rest| rest.split("][")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::from_pairs(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()))).unwrap()
    }

    fn text(text: &str) -> Param {
        Param::Text(text.into())
    }

    fn map(pairs: &[(&str, &str)]) -> Param {
        Param::Map(params(pairs))
    }

    #[test]
    fn nests_maps_and_lists() {
        let nested =
            params(&[("a[b][c]", "1"), ("a[b][d]", "2"), ("l[]", "x"), ("l[]", "y"), ("m[][n]", "z")]);
        let Some(Param::Map(a)) = nested.get("a") else { panic!("{nested:?}") };
        assert_eq!(a.get("b"), Some(&map(&[("c", "1"), ("d", "2")])));
        assert_eq!(nested.get("l"), Some(&Param::List(vec![text("x"), text("y")])));
        assert_eq!(nested.get("m"), Some(&Param::List(vec![map(&[("n", "z")])])));
    }

    #[test]
    fn each_item_of_a_list_is_one_of_its_own() {
        let nested = params(&[("x[][a]", "1"), ("x[][b]", "2"), ("y[][a][]", "1"), ("z[][]", "1")]);
        assert_eq!(nested.get("x"), Some(&Param::List(vec![map(&[("a", "1")]), map(&[("b", "2")])])));
        let inner = params(&[("a[]", "1")]);
        assert_eq!(nested.get("y"), Some(&Param::List(vec![Param::Map(inner)])));
        assert_eq!(nested.get("z"), Some(&Param::List(vec![Param::List(vec![text("1")])])));
        assert_eq!(params(&[("x[0]", "a")]).get("x"), Some(&map(&[("0", "a")])), "there are no indexes");
    }

    #[test]
    fn of_values_that_contradict_each_other_the_last_wins() {
        let one = || Some(map(&[("b", "2")]));
        for pairs in [
            [("a", "1"), ("a[b]", "2")],
            [("a[]", "1"), ("a[b]", "2")],
            [("a[b][]", "1"), ("a[b]", "2")],
            [("a[b][][c]", "1"), ("a[b]", "2")],
            [("a[b]", "1"), ("a[b]", "2")],
        ] {
            assert_eq!(params(&pairs).get("a").cloned(), one(), "{pairs:?}");
        }
        assert_eq!(params(&[("a[b]", "1"), ("a", "2")]).text("a"), Some("2"));
        assert_eq!(params(&[("a[b]", "1"), ("a[]", "2")]).get("a"), Some(&Param::List(vec![text("2")])));
        assert_eq!(params(&[("a", "1"), ("a[]", "2")]).get("a"), Some(&Param::List(vec![text("2")])));
    }

    #[test]
    fn odd_brackets_are_part_of_the_name() {
        for name in [
            "[a]", "a[", "a]", "a[b", "[", "[]", "a]b[c]", "a[b]c", "a[b]c[d]", "a[[b]]", "a[b[c]", "a[]]",
            "",
        ] {
            assert_eq!(params(&[(name, "1")]).text(name), Some("1"), "{name}");
        }
    }

    #[test]
    fn refuses_a_bottomless_name() {
        let of_depth = |depth: usize| {
            let name = format!("a{}", "[x]".repeat(depth));
            Params::from_pairs([(Cow::from(name), Cow::from("1"))])
        };
        assert!(of_depth(MAX_DEPTH).is_ok());
        for depth in [MAX_DEPTH + 1, 100_000] {
            let error = of_depth(depth).unwrap_err().to_string();
            assert!(error.contains("32 levels") && error.len() < 200, "{error}");
        }
    }

    #[test]
    fn pairs_come_back_as_they_went() {
        let pairs = [
            ("a[b][c]", "1"),
            ("a[b][d][]", "2"),
            ("a[b][d][]", "3"),
            ("l[][n]", "x"),
            ("l[][n]", "y"),
            ("", "z"),
        ];
        let back = params(&pairs).to_pairs();
        assert_eq!(back.iter().map(|(name, value)| (&**name, &**value)).collect::<Vec<_>>(), pairs);
        let mut others = Params::new();
        others.insert("n", Param::Null);
        others.insert("t", Param::List(vec![Param::Bool(true), Param::Int(-1), Param::Float(1.5)]));
        others.insert("empty", Param::List(Vec::new()));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            others.to_pairs(),
            [pair("n", ""), pair("t[]", "true"), pair("t[]", "-1"), pair("t[]", "1.5")]
        );
    }
}
