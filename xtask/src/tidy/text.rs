//! Clean text: no trailing whitespace, a newline at the end, no tabs in Rust, nothing left to be done, no path
//! of somebody's machine.
//!
//! White space that nobody sees makes diffs that nobody wants. An unfinished thing belongs in an issue, where
//! it is found, and not in a comment, where it is forgotten. A path that exists on one machine is a bug on all
//! others, and tells who wrote it.
//!
//! The inputs of fuzz targets, in folders of the name `__fuzz__`, are what they are to the byte.

use super::Rule;
use crate::{finding::Finding, workspace::TextFile};

pub(super) const RULE: Rule = Rule {
    name: "text",
    checks: "no trailing whitespace, tabs, leftovers to be done, or paths of one machine",
    check: |workspace| Ok(check(&workspace.files, EXEMPT)),
};

/// What may be exempt in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whitespace,
    Leftover,
    MachinePath,
}

/// A file that may break a part of the rule.
struct Exempt {
    path: &'static str,
    kind: Kind,
    reason: &'static str,
}

const EXEMPT: &[Exempt] = &[
    Exempt {
        path: "xtask/src/tidy/text.rs",
        kind: Kind::Leftover,
        reason: "names the words that it looks for",
    },
    Exempt {
        path: "xtask/src/tidy/text.rs",
        kind: Kind::MachinePath,
        reason: "names the paths that it looks for",
    },
    Exempt { path: "docs/style.md", kind: Kind::Leftover, reason: "explains this rule" },
    Exempt { path: "docs/style.md", kind: Kind::MachinePath, reason: "explains this rule" },
    Exempt {
        path: "LICENSE-APACHE",
        kind: Kind::Whitespace,
        reason: "the licence's text is kept as its authors publish it",
    },
];

/// Words that mark something unfinished.
const LEFTOVERS: &[&str] = &["TODO", "FIXME", "XXX:", "todo!(", "unimplemented!("];

/// Where people's and build machines' files are.
const MACHINE_PATHS: &[&str] = &["/home/", "/root/", "/Users/", "C:\\Users\\"];

fn check(files: &[TextFile], exempt: &[Exempt]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = files
        .iter()
        .filter(|file| !file.path.split('/').any(|folder| folder == "__fuzz__"))
        .flat_map(|file| {
            let spared = |kind| exempt.iter().any(|row| row.path == file.path && row.kind == kind);
            of_file(file).into_iter().filter(move |(kind, _)| !spared(*kind)).map(|(_, finding)| finding)
        })
        .collect();
    for row in exempt.iter().filter(|row| !files.iter().any(|file| file.path == row.path)) {
        findings.push(Finding::new(
            "xtask/src/tidy/text.rs",
            1,
            format!("`{}` is exempt ({}) and does not exist", row.path, row.reason),
            "remove its row from EXEMPT",
        ));
    }
    findings
}

fn of_file(file: &TextFile) -> Vec<(Kind, Finding)> {
    let mut found = Vec::new();
    let mut add = |kind, line, what: String, mend: &str| {
        found.push((kind, Finding::new(&file.path, line, what, mend)));
    };
    let is_rust = file.path.ends_with(".rs");
    for (number, line) in file.text.split('\n').enumerate().map(|(at, line)| (at + 1, line)) {
        if line.ends_with('\r') {
            add(Kind::Whitespace, number, "a carriage return".to_owned(), "end lines with a line feed alone");
        } else if line.ends_with([' ', '\t']) {
            add(Kind::Whitespace, number, "trailing whitespace".to_owned(), "remove it");
        }
        if is_rust && line.contains('\t') {
            add(Kind::Whitespace, number, "a tab".to_owned(), "use spaces, or \\t in a string");
        }
        for word in LEFTOVERS.iter().filter(|word| has_word(line, word)) {
            add(Kind::Leftover, number, format!("`{word}` is left"), "finish it, or open an issue");
        }
        for path in MACHINE_PATHS.iter().filter(|path| has_path(line, path)) {
            let mend = "use a path relative to the workspace, or a placeholder";
            add(Kind::MachinePath, number, format!("a path under `{path}`, which other machines lack"), mend);
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        let last = file.text.lines().count();
        add(Kind::Whitespace, last, "no newline at the end of the file".to_owned(), "add one");
    }
    found
}

/// Whether the word stands alone, and not inside another.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let open_end = word.ends_with(|last: char| !part_of_word(last));
        !line[..at].ends_with(part_of_word)
            && (open_end || !line[at + word.len()..].starts_with(part_of_word))
    })
}

/// Whether an absolute path begins here, and goes on: `https://example.org/home/` and "`/home/`" are none.
fn has_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let inside = |letter: char| letter.is_alphanumeric() || "_-./}".contains(letter);
        !line[..at].ends_with(inside)
            && line[at + start.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&Workspace::of(&[(path, text)]).files, &[]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn finds_white_space_that_nobody_sees() {
        assert_eq!(findings("a.md", "one \ntwo\n"), ["a.md:1: trailing whitespace; remove it"]);
        assert_eq!(findings("a.md", "one"), ["a.md:1: no newline at the end of the file; add one"]);
        assert_eq!(findings("a.rs", "fn a() {\n\tb()\n}\n").len(), 1);
        assert_eq!(findings("a.md", "one\r\n").len(), 1);
        assert_eq!(findings("Makefile", "all:\n\tmake\n"), [""; 0]);
    }

    #[test]
    fn finds_what_is_left_to_be_done() {
        assert_eq!(
            findings("a.rs", "// TODO: later\n"),
            ["a.rs:1: `TODO` is left; finish it, or open an issue"]
        );
        assert_eq!(findings("a.rs", "fn a() { todo!() }\n").len(), 1);
        assert_eq!(findings("a.rs", "// FIXME\n").len(), 1);
        assert_eq!(findings("a.rs", "struct TodoList; const TODOS: u8 = 1; // todo list\n"), [""; 0]);
    }

    #[test]
    fn finds_paths_of_one_machine_and_not_routes() {
        assert_eq!(findings("a.toml", "dir = \"/home/ada/zzz\"\n").len(), 1);
        assert_eq!(findings("a.sh", "cp /root/.cargo/config .\n").len(), 1);
        assert_eq!(
            findings("a.md", "see https://example.org/home/page, `{base}/root/x` and `/home/`\n"),
            [""; 0]
        );
    }

    #[test]
    fn spares_the_inputs_of_fuzz_targets() {
        assert!(findings("crates/a/tests/__fuzz__/b/corpus/c", "no end \r").is_empty());
        assert!(!findings("crates/a/tests/__fuzz__.rs", "no end").is_empty());
    }

    #[test]
    fn spares_what_is_exempt_and_finds_rows_that_are_stale() {
        let row = || Exempt { path: "a.md", kind: Kind::Whitespace, reason: "" };
        let workspace = Workspace::of(&[("a.md", "one \n// TODO\n")]);
        let found = check(&workspace.files, &[row()]);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("TODO"));
        assert!(check(&[], &[row()])[0].what.contains("does not exist"));
    }
}
