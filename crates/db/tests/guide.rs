//! The schemas of the guides' examples are those that they show, and what their tables show is compiled.

fn page(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[test]
fn the_guide_shows_the_schemas_that_its_examples_use() {
    let guide = page(include_str!("../../../docs/database-queries.md"));
    assert!(guide.contains(&format!("```rust\n{}```", page(include_str!("guide/schemas.inc")))));
    let changesets = page(include_str!("../../../docs/changesets.md"));
    assert!(changesets.contains(&format!("```rust\n{}```", page(include_str!("guide/accounts.inc")))));
}

/// Code without the differences of layout.
fn squeezed(code: &str) -> String {
    code.split_whitespace().collect()
}

#[test]
fn what_the_tables_show_of_ours_is_in_the_compiled_part() {
    let page = page(include_str!("../../../docs/database-coming-from.md"));
    let (_, rest) = page.split_once("```rust\n").expect("a compiled part");
    let (compiled, tables) = rest.split_once("```\n").expect("an end of it");
    let compiled = squeezed(compiled);
    let mut rows = 0;
    for row in tables.lines().filter(|line| line.starts_with("| ")) {
        let row = row.replace("\\|", "\u{0}");
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells[1].is_empty() || cells[1].starts_with('-') {
            continue;
        }
        let code = cells[3].trim_matches('`').replace('\u{0}', "|");
        assert!(compiled.contains(&squeezed(&code)), "not in the compiled part: {code}");
        rows += 1;
    }
    assert_eq!(rows, 80, "twenty tasks for each of the four");
}
