//! The tree against a matcher that asks every pattern in turn, and against patterns made to lead it astray.

use std::cmp::Ordering;

use super::*;
use crate::pattern::Pattern;

fn tree(patterns: &[&str]) -> Tree {
    let mut tree = Builder::default();
    for (number, pattern) in patterns.iter().enumerate() {
        assert_eq!(tree.insert(&Pattern::parse(pattern).unwrap(), number as u32), None, "{pattern}");
    }
    tree.build().unwrap()
}

/// The pattern that takes a path, with the values of its parameters.
fn found<'a>(tree: &Tree, patterns: &[&'a str], path: &str) -> Option<(&'a str, Vec<String>)> {
    let mut params = ParamPlaces::default();
    let hit = tree.find(path, &mut params)?;
    let value = |index| params.decode(path, index).unwrap().into_owned();
    Some((patterns[hit.value as usize], (0..params.len()).map(value).collect()))
}

fn hit(tree: &Tree, path: &str) -> Option<Hit> {
    tree.find(path, &mut ParamPlaces::default())
}

#[test]
fn the_most_specific_pattern_wins() {
    let patterns = [
        "/:a",
        "/*all",
        "/posts/:id",
        "/posts/new",
        "/posts/n:rest",
        "/posts/ne:rest",
        "/posts/:id/edit",
        "/files/*path",
        "/:a/x/:b",
        "/posts/*rest",
        "/posts/:id/:tab/deep",
    ];
    let tree = tree(&patterns);
    for (path, pattern, values) in [
        ("/about", "/:a", &["about"][..]),
        ("/posts/new", "/posts/new", &[]),
        ("/posts/news", "/posts/ne:rest", &["ws"]),
        ("/posts/ne", "/posts/n:rest", &["e"]),
        ("/posts/n", "/posts/:id", &["n"]),
        ("/posts/7", "/posts/:id", &["7"]),
        ("/posts/7/edit", "/posts/:id/edit", &["7"]),
        ("/posts/7/edits", "/posts/*rest", &["7/edits"]),
        ("/posts/7/a/deep", "/posts/:id/:tab/deep", &["7", "a"]),
        ("/posts/7/a/deeper", "/posts/*rest", &["7/a/deeper"]),
        ("/posts/x/7", "/posts/*rest", &["x/7"]),
        ("/other/x/7", "/:a/x/:b", &["other", "7"]),
        ("/other/y/7", "/*all", &["other/y/7"]),
        ("/files/a/b.txt", "/files/*path", &["a/b.txt"]),
        ("/files/", "/*all", &["files/"]),
        ("/posts/", "/*all", &["posts/"]),
        ("//", "/*all", &["/"]),
    ] {
        let wanted = values.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(found(&tree, &patterns, path), Some((pattern, wanted)), "{path}");
    }
    for path in ["/", "", "*", "posts"] {
        assert_eq!(found(&tree, &patterns, path), None, "{path}");
    }
}

#[test]
fn one_pattern_stands_once() {
    let mut tree = Builder::default();
    let mut insert = |text, value| tree.insert(&Pattern::parse(text).unwrap(), value);
    assert_eq!((insert("/a/:x", 0), insert("/a/*x", 1)), (None, None));
    assert_eq!((insert("/a/:other", 7), insert("/a/*other", 7)), (Some(0), Some(1)));
    assert_eq!(hit(&tree.build().unwrap(), "/a/b").unwrap().value, 0);
}

#[test]
fn a_tree_with_more_alternatives_than_can_be_kept_is_not_built() {
    let chain = |depth: usize| {
        let mut tree = Builder::default();
        for count in 0..depth {
            let start = "/x".repeat(count);
            tree.insert(&Pattern::parse(&format!("{start}/x/:last")).unwrap(), 0);
            tree.insert(&Pattern::parse(&format!("{start}/:last/y")).unwrap(), 1);
        }
        tree.build().is_some()
    };
    assert!(chain(MOST_WAYS) && !chain(MOST_WAYS + 1));
}

#[test]
fn what_is_odd_is_seen_wherever_it_stands_in_a_rest() {
    for length in 0..40 {
        let plain = "a".repeat(length);
        let is_odd = |rest: &str| super::is_odd_rest(format!("/files/{rest}").as_bytes(), rest.as_bytes());
        assert!(!is_odd(&plain), "{length}");
        for at in 0..=length {
            let (start, end) = plain.split_at(at);
            for odd in ["%", "\\", "/.", "/../"] {
                assert!(is_odd(&format!("{start}{odd}{end}")), "{start}{odd}{end}");
            }
            assert!(is_odd(&format!(".{start}/{end}")), "it begins with a dot");
            assert_eq!(is_odd(&format!("{start}.{end}")), at == 0, "{start}.{end}");
        }
    }
}

#[test]
fn a_value_that_may_mean_another_path_is_odd() {
    let tree = tree(&["/:a", "/files/*rest"]);
    for path in ["/..", "/.env", "/a%20", "/a\\b", "/files/a/../b", "/files/..", "/files/a%2f"] {
        assert!(hit(&tree, path).unwrap().is_odd, "{path}");
    }
    for path in ["/a.txt", "/files/a.b/c", "/files/a/b"] {
        assert!(!hit(&tree, path).unwrap().is_odd, "{path}");
    }
}

#[test]
fn a_path_longer_than_places_can_tell_matches_nothing() {
    let tree = tree(&["/:a"]);
    assert!(hit(&tree, &format!("/{}", "a".repeat(65_000))).is_some());
    assert!(hit(&tree, &format!("/{}", "a".repeat(66_000))).is_none());
}

#[test]
fn patterns_made_to_lead_astray_are_each_tried_once() {
    // Every mix of `a` and a parameter, of which none has the end that is asked for: 2^10 patterns.
    let depth = 10;
    let patterns: Vec<String> = (0..1 << depth)
        .map(|mix: u32| {
            let segments =
                (0..depth).map(|at| if mix >> at & 1 == 0 { "a".into() } else { format!(":p{at}") });
            format!("/{}/end", segments.collect::<Vec<_>>().join("/"))
        })
        .collect();
    let borrowed: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let tree = tree(&borrowed);
    let path = format!("{}/none", "/a".repeat(depth));
    super::visits::take();
    assert!(hit(&tree, &path).is_none());
    let visits = super::visits::take();
    assert!(visits > 0 && visits <= 3 * tree.nodes.len(), "{visits} visits of {} nodes", tree.nodes.len());

    // Here the tree is a line, and so is the way.
    let chain: Vec<String> = (1..=depth)
        .flat_map(|count| {
            let start: String = (0..count).map(|at| format!("/a/:p{at}")).collect();
            [format!("{start}/x"), format!("{start}/*rest")]
        })
        .collect();
    let borrowed: Vec<&str> = chain.iter().map(String::as_str).collect();
    let tree = self::tree(&borrowed);
    super::visits::take();
    assert!(hit(&tree, &"/a/b".repeat(12)).is_some());
    let visits = super::visits::take();
    assert!(visits > 0 && visits <= 3 * tree.nodes.len(), "{visits} visits of {} nodes", tree.nodes.len());
}

/// How a pattern takes a path, segment by segment.
fn naive(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = path.strip_prefix('/')?;
    let mut segments = pattern[1..].split('/').peekable();
    while let Some(wanted) = segments.next() {
        if wanted.starts_with('*') {
            if rest.is_empty() {
                return None;
            }
            values.push(rest.to_owned());
            return Some(values);
        }
        let (segment, more) = match rest.split_once('/') {
            Some((segment, more)) => (segment, Some(more)),
            None => (rest, None),
        };
        match wanted.split_once(':') {
            Some((prefix, _)) => {
                let value = segment.strip_prefix(prefix).filter(|value| !value.is_empty())?;
                values.push(value.to_owned());
            }
            None if wanted != segment => return None,
            None => {}
        }
        match (more, segments.peek()) {
            (Some(more), Some(_)) => rest = more,
            (None, None) => return Some(values),
            _ => return None,
        }
    }
    None
}

/// Which of two patterns says more, by their first difference.
fn more_specific(one: &str, other: &str) -> Ordering {
    // Fixed, then the longest prefix, then a parameter alone, then the rest.
    let rank = |segment: &str| match (segment.starts_with('*'), segment.split_once(':')) {
        (true, _) => (2, 0),
        (_, Some((prefix, _))) => (1, usize::MAX - prefix.len()),
        _ => (0, 0),
    };
    let ranks = |pattern: &str| pattern[1..].split('/').map(rank).collect::<Vec<_>>();
    ranks(one).cmp(&ranks(other))
}

#[test]
fn finds_what_asking_every_pattern_in_turn_finds() {
    const SEGMENTS: [&str; 14] = [
        "a",
        "ab",
        "b",
        ":",
        "a:",
        "ab:",
        ":",
        "*",
        "",
        "abc",
        "abcdefgh",
        "abcdefghi",
        "abcdefghx",
        "abcdefghi:",
    ];
    const TOKENS: [&str; 10] = ["/", "/", "a", "b", "c", ".", "abcdefgh", "i", "\\", "%zz"];
    bolero::check!().with_type::<(Vec<Vec<u8>>, Vec<u8>)>().for_each(|(tables, path)| {
        let mut tree = Builder::default();
        let mut patterns: Vec<String> = Vec::new();
        for choices in tables.iter().take(24) {
            let mut text = String::new();
            for (at, choice) in choices.iter().take(6).enumerate() {
                let segment = SEGMENTS[usize::from(*choice) % SEGMENTS.len()];
                text.push('/');
                text.push_str(segment);
                if segment.ends_with([':', '*']) {
                    text.push_str(&format!("p{at}"));
                }
            }
            let Ok(pattern) = Pattern::parse(&text) else { continue };
            if tree.insert(&pattern, patterns.len() as u32).is_none() {
                patterns.push(text);
            }
        }
        let Some(tree) = tree.build() else { return };
        let tokens = path.iter().take(14).map(|choice| TOKENS[usize::from(*choice) % TOKENS.len()]);
        let path: String = tokens.collect();
        let path = format!("/{path}");
        let takers = patterns.iter().filter_map(|pattern| Some((pattern.as_str(), naive(pattern, &path)?)));
        let wanted = takers.min_by(|(one, _), (other, _)| more_specific(one, other));
        let borrowed: Vec<&str> = patterns.iter().map(String::as_str).collect();
        assert_eq!(found(&tree, &borrowed, &path), wanted, "{path} among {patterns:?}");
        // What is percent-encoded, too: what is not odd is never decoded.
        let leads_elsewhere = |value: &String| {
            value.contains(['\\', '%']) || value.split('/').any(|segment| [".", ".."].contains(&segment))
        };
        if wanted.is_some_and(|(_, values)| values.iter().any(leads_elsewhere)) {
            assert!(hit(&tree, &path).unwrap().is_odd, "{path} among {patterns:?}");
        }
    });
}
