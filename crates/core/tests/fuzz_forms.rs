//! Names, values and headers that anybody may send. On the stable toolchain these run over random inputs and the kept
//! corpus in `__fuzz__`; `cargo bolero test` drives them with a fuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use zzz_core::http::{AcceptLanguage, Cookies, FromHeader, HeaderValue, Request, urlencoded};
use zzz_core::{Param, Params, Place, params};

/// Texts that mean something, so that random choices get somewhere.
const WORDS: &[&str] = &[
    "a", "b", "post", "[", "]", "[]", "[a]", "[b]", "=", "&", "%", "%5B", "%5D", "%20", "%ff", "%00", "+",
    "1", "on", "ü", "a[b]=1", "a[]=1", "a=1",
];

fn of_words(choice: &[u8], words: &[&[u8]]) -> Vec<u8> {
    choice.iter().flat_map(|at| words[usize::from(*at) % words.len()]).copied().collect()
}

/// Whatever is read can be written, and is the same when it is read again.
fn comes_back(encoded: &[u8]) {
    let Ok(read) = urlencoded::parse(Place::Form, encoded) else { return };
    let written = urlencoded::encode_params(&read);
    assert_eq!(urlencoded::parse(Place::Form, written.as_bytes()).unwrap(), read, "{written}");
    let _ = params::from_text::<BTreeMap<String, u8>>(read.clone());
    let _ = params::from_text::<BTreeMap<String, Vec<Option<bool>>>>(read.clone());
    assert_eq!(params::from_text::<Params>(read.clone()).unwrap(), read);
}

#[test]
fn any_bytes_of_a_form() {
    bolero::check!().for_each(|input: &[u8]| comes_back(input));
}

#[test]
fn any_words_of_a_form() {
    let words: Vec<&[u8]> = WORDS.iter().map(|word| word.as_bytes()).collect();
    bolero::check!().with_type::<Vec<u8>>().for_each(|choice| comes_back(&of_words(choice, &words)));
}

/// What builds a tree: each step adds something to the map that is being built, or goes a level down or up.
fn tree(steps: &mut impl Iterator<Item = (u8, char)>, depth: usize) -> Params {
    let mut map = Params::new();
    while let Some((step, c)) = steps.next() {
        let named = |prefix: &str| {
            if matches!(c, '[' | ']' | '\0') { prefix.to_owned() } else { format!("{prefix}{c}") }
        };
        let text = || Param::Text(if c == '\0' { String::new() } else { format!("{c}={c}&") });
        match step % 5 {
            0 => map.insert(named("t"), text()),
            1 => map.insert(named("l"), Param::List(vec![text(), text()])),
            2 if depth < 20 => {
                let below = tree(steps, depth + 1);
                if !below.is_empty() {
                    map.insert(named("m"), Param::Map(below));
                }
            }
            3 => {
                let mut item = Params::new();
                item.insert(named("i"), text());
                map.insert(named("o"), Param::List(vec![Param::Map(item.clone()), Param::Map(item)]));
            }
            _ => break,
        }
    }
    map
}

#[test]
fn any_tree_is_read_as_it_was_written() {
    bolero::check!().with_type::<Vec<(u8, char)>>().for_each(|steps| {
        let written = tree(&mut steps.iter().copied(), 0);
        let encoded = urlencoded::encode_params(&written);
        if written.to_pairs().len() <= urlencoded::MAX_PAIRS {
            assert_eq!(urlencoded::parse(Place::Form, encoded.as_bytes()).unwrap(), written, "{encoded}");
        }
    });
}

#[test]
fn any_bytes_in_a_header() {
    bolero::check!().for_each(|input: &[u8]| {
        let Ok(value) = HeaderValue::from_bytes(input) else { return };
        let mut request = Request::get("/");
        request.headers_mut().insert("cookie", value.clone());
        for (name, value) in Cookies::of(request.headers()).iter() {
            assert!(!name.is_empty() && !name.contains(['=', ';']) && !value.contains(';'));
        }
        if let Ok(text) = value.to_str() {
            let _ = AcceptLanguage::parse(text);
        }
    });
}
