//! The code that the README shows is the sample app's.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::support::root;

fn lines_below(folder: &Path, lines: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines_below(&path, lines);
        } else {
            lines.extend(fs::read_to_string(path).unwrap().lines().map(|line| line.trim().to_owned()));
        }
    }
}

#[test]
fn every_line_of_code_in_the_readme_is_a_line_of_the_sample_app() {
    let mut known = HashSet::new();
    lines_below(&root().join("apps/example_app/src"), &mut known);
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let mut count = 0;
    for block in readme.split("```rust\n").skip(1) {
        for line in block.split("```").next().unwrap().lines().map(str::trim) {
            let shown = !line.is_empty() && !line.starts_with("//");
            assert!(!shown || known.contains(line), "the sample app has no line `{line}`");
            count += usize::from(shown);
        }
    }
    assert!(count > 20, "the README shows code");
}
